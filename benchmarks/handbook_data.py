"""Make the folder that ``cge replicate costinot-rodriguez-clare-2014`` reads, from a table of WIOD 2013.

``python -m benchmarks.handbook_data WIOD_FOLDER CALIENDO_PARRO_FOLDER OUT``

The chapter has 33 countries and a rest of the world, 31 sectors, and the year 2008. Countries are its list; WIOD's 35
industries become 31 by joining what its data often leave empty or what shares an elasticity (textiles with leather, the
three trades, the last two services), a grouping of ours. The year is that of the table given, and the study says so. Final
demand is one; changes of inventories are left out (they make flows negative, and home shares zero), and a flow that is
negative without them counts as zero (told when the folder is made).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.elasticities import wiod_table
from calibration.readers import read_caliendo_parro, read_wiod
from calibration.tariffs import WIOD_GOODS

COUNTRIES = (
    "AUS AUT BEL BRA CAN CHN CZE DEU DNK ESP FIN FRA GBR GRC HUN IDN IND IRL ITA JPN KOR MEX NLD POL PRT ROM RUS SVK SVN "
    "SWE TUR TWN USA"
).split()
JOINED = {"c5": "c4", "c20": "c19", "c21": "c19", "c35": "c34"}
SERVICES_THETA = 5.0
"""Trade elasticity of services, for which Caliendo and Parro estimate none."""


def main(wiod: Path, caliendo_parro: Path, out: Path) -> None:
    """Write the folder."""
    table = read_wiod(wiod)
    region = {r: r if r in COUNTRIES else "ROW" for r in table.regions}
    sector = {i: JOINED.get(i, i) for i in table.industries}
    regions, sectors = [*COUNTRIES, "ROW"], list(dict.fromkeys(sector.values()))
    to_r = np.array([[float(region[x] == y) for y in regions] for x in table.regions])
    to_i = np.array([[float(sector[x] == y) for y in sectors] for x in table.industries])
    inter = np.einsum("sida,sS,iI,dD,aA->SIDA", table.inter, to_r, to_i, to_r, to_i, optimize=True)
    final = np.einsum("sid,sS,iI,dD->SID", table.final.sum(3) - table.of_agent("stocks"), to_r, to_i, to_r, optimize=True)
    flow = inter.sum(3) + final  # (s, i, d)
    print(f"{int((flow < 0).sum())} negative flows of {flow[flow < 0].sum():,.0f} million USD count as zero")
    flow = np.maximum(flow, 0.0)
    made = flow.sum(2)  # (s, i)
    used = inter.sum(0)  # (input, d, sector)
    share = np.divide(used, made[None], out=np.zeros_like(used), where=made[None] > 0)
    dear = share.sum(0) > 1
    print(f"{int(dear.sum())} industries whose materials exceed output get no value added")
    share = share / np.maximum(share.sum(0), 1.0)
    left = np.maximum(flow.sum(0) - np.einsum("irj,rj->ir", share, made), 0.0)
    theta = wiod_table(read_caliendo_parro(caliendo_parro), table.industries)["esubm"] - 1
    theta[[i for i in theta.index if i not in WIOD_GOODS]] = SERVICES_THETA
    out.mkdir(parents=True, exist_ok=True)

    def save(name: str, values: np.ndarray, labels: dict[str, list[str]], column: str) -> None:
        index = pd.MultiIndex.from_product(list(labels.values()), names=list(labels))
        series = pd.Series(values.ravel(), index=index, name=column)
        series[series != 0].reset_index().to_csv(out / f"{name}.csv", index=False, float_format="%.9g")

    trade = {"sector": sectors, "source": regions, "destination": regions}
    save("flows", np.swapaxes(flow, 0, 1), trade, "value")
    save("inputs", np.moveaxis(share, 1, 0), {"region": regions, "input": sectors, "sector": sectors}, "share")
    save("consumption", (left / left.sum(0)).T, {"region": regions, "sector": sectors}, "share")
    theta[sectors].rename("theta").rename_axis("sector").reset_index().to_csv(out / "elasticities.csv", index=False)
    about = {
        "year": str(table.year),
        "source": f"WIOD 2013 release, {table.year} (CC BY 4.0); 33 countries and ROW, 31 sectors",
        "elasticities": "goods: Caliendo and Parro (2015), replication data; services: 5",
        "rebalance": "yes",
    }
    pd.Series(about, name="value").rename_axis("key").reset_index().to_csv(out / "about.csv", index=False)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
