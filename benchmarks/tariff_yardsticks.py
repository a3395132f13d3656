"""Yardsticks of tariffs that may be compared with but not shipped: WTO MFN 2018, WITS means by stage, Teti's bilateral rates.

They are read from ``../shared/data`` by tests and by :mod:`benchmarks.replication`; only errors are written down.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from calibration.classification import GOODS
from calibration.preferences import GROUPS
from calibration.readers.oecd_cube import TradeCube

WTO_GROUPS = {
    "A01": ["Cereals", "Fruits", "Vegetables", "Oilseeds", "Coffee, tea, mate"],
    "A03": ["Fish and fish products"],
    "B05": ["Mineral fuels, other than petroleum oils"],
    "B06": ["Crude oils"],
    "B08": ["Other minerals"],
    "C10T12": [
        "Meat",
        "Dairy products",
        "Sugars and sugar confectionery",
        "Vegetable fats and oils",
        "Fruit and vegetable preparations",
        "Alcohols",
    ],
    "C13T15": ["Textiles", "Clothing", "Footwear", "Leather and leather products"],
    "C16": ["Wood and wood products"],
    "C17_18": ["Pulp, paper and printed matter"],
    "C19": ["Petroleum oils, other than crude"],
    "C20": ["Chemicals"],
    "C21": ["Pharmaceuticals"],
    "C22": ["Plastics", "Rubber and rubber products"],
    "C23": ["Non-metallic mineral products"],
    "C24A": ["Iron and steel"],
    "C24B": ["Non-ferrous metals"],
    "C25": ["Metal products"],
    "C26": [
        "Computers and office machinery",
        "Telecommunication equipment",
        "Semiconductors",
        "Audio-visual devices",
        "Measuring instruments",
    ],
    "C27": ["Electrical machinery", "Domestic appliances"],
    "C28": ["General industrial machinery", "Machinery for specialized industries", "Power generating machinery"],
    "C29": ["Motor vehicles"],
    "C301": ["Ships and floating structures"],
    "C302T309": ["Aircraft", "Railway vehicles"],
    "C31T33": ["Furniture", "Jewellery and related products", "Recreational and sports products", "Medical equipment"],
}
"""Detailed good -> product groups of the WTO, whose trade-weighted means are averaged."""

WTO_IMPORTERS = {"CHN": "China", "DEU": "European Union", "IND": "India", "JPN": "Japan", "USA": "United States of America"}

STAGES = {
    "raw materials": ("wm_raw_materials", "A01 A02 A03 B05 B06 B07 B08 B09"),
    "intermediate": ("wm_intermediate_goods", "C16 C17_18 C19 C20 C22 C23 C24A C24B C25"),
    "capital": ("wm_capital_goods", "C26 C27 C28 C301 C302T309"),
    "consumer": ("wm_consumer_goods", "C10T12 C13T15 C21 C29 C31T33"),
}
"""Stage of processing -> column of WITS, goods that mostly lie in it (the stages are by product: a rough match)."""


def wto_mfn(shared: Path) -> pd.DataFrame:
    """MFN duties of 2018, per cent, by good and importer (``DEU`` stands for the EU)."""
    raw = pd.read_csv(shared / "wto_mfn_2018" / "wto_mfn_2018.csv")
    table = raw.drop_duplicates(["reporter_name", "mtn_categories"]).set_index(["mtn_categories", "reporter_name"])[
        "trade_weighted"
    ]
    rows = {
        good: {code: float(np.mean([table[g, name] for g in groups])) for code, name in WTO_IMPORTERS.items()}
        for good, groups in WTO_GROUPS.items()
    }
    return pd.DataFrame(rows).T


def teti(shared: Path) -> np.ndarray:
    """Bilateral rates of 2018 as fractions, dims (i, s, d) in the trade cube's order; food is distorted by tobacco."""
    with h5py.File(shared / "oecd_icio_gross" / "ICIO2018.mat") as file:
        rates: np.ndarray = np.swapaxes(file["data/tjik_3D"][()], 1, 2)
    return rates


def wits(shared: Path) -> pd.DataFrame:
    """Weighted means of applied rates of 2018 by stage of processing, per cent; index importer."""
    raw = pd.read_csv(shared / "wits_profiles" / "wits_tariff_means_2010_2019.csv")
    return raw[raw["year"] == 2018].set_index("iso3").filter(like="wm_")


def stage_errors(shared: Path, cube: TradeCube, rates: np.ndarray) -> pd.DataFrame:
    """By stage: mean absolute gap (points) and correlation of importers' weighted means with WITS; the EU left out.

    Parameters
    ----------
    rates : ndarray, dims (i, s, d)
        Applied rates of :data:`calibration.classification.GOODS`, fractions.
    """
    table, regions, goods = wits(shared), cube.regions, list(GOODS)
    flows = imports_of_goods(cube)
    importers = [r for r in regions if r in table.index and r not in GROUPS["EU28"]]
    found = {}
    for stage, (column, words) in STAGES.items():
        rows = [goods.index(g) for g in words.split()]
        mean = pd.Series(100 * (flows[rows] * rates[rows]).sum((0, 1)) / flows[rows].sum((0, 1)), regions)[importers]
        theirs = table.loc[importers, column].astype(float)
        found[stage] = {"gap": float((mean - theirs).abs().mean()), "correlation": float(np.corrcoef(mean, theirs)[0, 1])}
    return pd.DataFrame(found).T


def wto_errors(shared: Path, mfn: pd.DataFrame) -> pd.DataFrame:
    """Gap to the WTO's most-favoured-nation rates, points; index good, columns importers."""
    truth = wto_mfn(shared)
    return 100 * mfn.loc[truth.index, list(truth.columns)] - truth


def imports_of_goods(cube: TradeCube) -> np.ndarray:
    """Imports of goods without own sales; dims (i, s, d)."""
    flows: np.ndarray = cube.flows.sel(i=list(GOODS)).values.copy()
    flows[:, np.arange(len(cube.regions)), np.arange(len(cube.regions))] = 0.0
    return flows
