r"""Most-favoured-nation rates by importer and good, from tariff lines where there are some, from law and peers elsewhere.

**Lines to goods.** Line :math:`l` of GTAP sector :math:`g` weighs

.. math:: w_l = M_g \, \tfrac12 \left( \tfrac1{n_g} + v_l / \textstyle\sum_{k \in g} v_k \right),

with :math:`M_g` the reference imports of the sector (United States, 2024), :math:`n_g` its lines, :math:`v_l` China's imports
from the United States in 2017: one reference for all importers, so that a prohibitive duty hides itself in none but those
two. Half the weight is equal, for the United States does not sell every good to China. A line with a specific duty alone
takes the mean of the dutiable ad valorem lines of its heading (of its chapter, where the heading has none): a lower bound,
and the good is flagged with the share of its weight in such lines. So does a line above :data:`OVER_QUOTA`, the rate of a
tariff-rate quota once it is full, at which next to nothing enters.

**Level.** A mean known from elsewhere (the World Bank's, of the rates after all agreements) is met by the rates nearest to
these, each as firm as it is known: with the good's share :math:`s_i` of the duty-paying imports and :math:`v_i` the variance
of its rate over the rate,

.. math:: m_i(\theta) = m_i \, e^{\theta v_i (s_i + c)},

to first order the least-squares reconciliation of Stone, Champernowne and Meade (1942). The variance of a good with lines is
that of its lines (composition is what is unknown), plus, for farm goods and food whose rates rise, :math:`0.5^2` times the
share of its weight in specific duties (they are lower bounds); a good with one rate on all lines, free or not, does not move,
and :math:`c = 0`. Elsewhere :math:`v_i = 1`, a quarter of it where law fixes the rate, and :math:`c` = :data:`COMMON`, an
error common to all goods (the level of 2005). What moves are thus large goods of mixed lines.

**Structure without lines.** Own rates of 2005 (Caliendo and Parro 2015; mean over partners without an agreement, weighted
with trade), else the mean of peers' structures relative to their own mean, neighbours thrice; then the law of
``legal_rates.csv``. Sources and what this cannot see: docs/data.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.classification import GOODS
from calibration.errors import DataError
from calibration.geography import economy
from calibration.hs import FOLDER, line_weights, sectors_of
from calibration.preferences import FARM, economies_of, in_force
from calibration.readers.caliendo_parro import COUNTRIES, CaliendoParro
from calibration.readers.schedules import (
    read_australia_lines,
    read_china_imports,
    read_china_lines,
    read_eu_lines,
    read_japan_lines,
    read_us_lines,
)

GOODS_2005 = {
    "A01": ["Agriculture"],
    "A02": ["Agriculture"],
    "A03": ["Agriculture"],
    **{x: ["Mining"] for x in ("B05", "B06", "B07", "B08", "B09")},
    "C10T12": ["Food"],
    "C13T15": ["Textile"],
    "C16": ["Wood"],
    "C17_18": ["Paper"],
    "C19": ["Petroleum"],
    "C20": ["Chemicals"],
    "C21": ["Chemicals"],
    "C22": ["Plastic"],
    "C23": ["Minerals"],
    "C24A": ["Basic metals"],
    "C24B": ["Basic metals"],
    "C25": ["Metal products"],
    "C26": ["Office", "Communication", "Medical"],
    "C27": ["Electrical"],
    "C28": ["Machinery n.e.c."],
    "C29": ["Auto"],
    "C301": ["Other transport"],
    "C302T309": ["Other transport"],
    "C31T33": ["Other"],
}
"""Goods -> sectors of Caliendo and Parro, whose rates of 2005 they take."""

STATUS = {
    1: "schedule, by tariff line",
    2: "schedule, more than a tenth of the weight in specific duties: too low",
    3: "law",
    4: "own rates of 2005",
    5: "peers' structure",
}
"""Where a rate comes from."""

SPECIFIC_LIMIT = 0.10
OVER_QUOTA = 1.0
"""Rates above this are over-quota rates."""
SPECIFIC_SPREAD = 0.5
"""Standard deviation of the ad valorem equivalent of a specific duty."""
COMMON = 0.1
"""Part of a rate's error common to all goods of an importer without lines, beside the share of a good in imports."""
LEGAL_MOVE = 0.25
"""How much a rate that law fixes moves with the level, relative to others."""
HIGHEST = 3.0
"""No mean rate of a good exceeds this."""
NEIGHBOUR = 3.0
PEERS = {"TWN": "CHN JPN KOR", "ISR": "EU28 JPN TUR USA", "BRN": "CHN IDN", "ISL": "NOR", "CHE": "NOR"}
"""Peers of importers that neither file has; others take :data:`EMERGING`."""
EMERGING = "ARG BRA CHN IDN IND MEX TUR ZAF".split()
OUTSIDE_ITA = ("ARG", "BRA", "CHL", "MEX", "ZAF", "PAK", "BGD", "KHM", "LAO", "MMR", "BRN", "BLR")
OUTSIDE_ITA_AFRICA = ("AGO", "CIV", "CMR", "COD", "NGA", "SEN", "STP", "TUN", "ROW")
"""Economies that had not joined the Information Technology Agreement by 2018."""
AUSTRALIA_FREE = ("28", "30", "78", "81")
AUSTRALIA_STANDARD = 0.05


@dataclass(frozen=True)
class Lines:
    """Tariff lines of an importer at six digits.

    Attributes
    ----------
    table : DataFrame
        Columns ``hs6, gtap, good, rate, weight, specific`` (share of the code's lines with a specific part).
    """

    table: pd.DataFrame

    def mean(self) -> pd.Series:
        """Weighted mean rate by good; index :data:`GOODS`, goods without lines at zero."""
        return self._moments()[0]

    def spread(self) -> pd.Series:
        """Variance of a good's rate over the rate; zero for a good without lines or with one rate."""
        mean, variance = self._moments()
        return (variance / mean.where(mean > 0)).fillna(0.0)

    def rise(self) -> pd.Series:
        """What specific duties add to :meth:`spread` where rates rise: they are known to be too low; farm goods and food."""
        mean = self.mean()
        farm = pd.Series([g in FARM for g in GOODS], list(GOODS))
        return (SPECIFIC_SPREAD**2 * self.specific() * farm / mean.where(mean > 0)).fillna(0.0)

    def _moments(self) -> tuple[pd.Series, pd.Series]:
        good, weight, rate = (self.table[c] for c in ("good", "weight", "rate"))
        total = weight.groupby(good).sum()
        mean = (weight * rate).groupby(good).sum() / total
        variance = (weight * (rate - good.map(mean)) ** 2).groupby(good).sum() / total
        return mean.reindex(list(GOODS)).fillna(0.0), variance.reindex(list(GOODS)).fillna(0.0)

    def specific(self) -> pd.Series:
        """Share of a good's weight in lines with a specific part."""
        weight = self.table["weight"].groupby(self.table["good"]).sum()
        share = (self.table["weight"] * self.table["specific"]).groupby(self.table["good"]).sum() / weight
        return share.reindex(list(GOODS)).fillna(0.0)


def to_codes(lines: pd.DataFrame, flows: pd.Series, values: tuple[str, ...] = ("rate",)) -> Lines:
    """Lines to HS6 codes with weights; missing rates as in the module's text.

    Parameters
    ----------
    lines : DataFrame
        From :mod:`calibration.readers.schedules`.
    flows : Series
        See :func:`line_weights`.
    values : tuple of str
        Columns averaged over the lines of a code.
    """
    table = lines.copy()
    over = table["rate"] > OVER_QUOTA
    table["rate"], table["specific"] = table["rate"].mask(over), table["specific"] | over
    positive = table["rate"].where((table["rate"] > 0) & ~table["specific"])
    for size in (4, 2):
        table["rate"] = table["rate"].fillna(positive.groupby(table["hs6"].str[:size]).transform("mean"))
    table["rate"] = table["rate"].fillna(0.0)
    by_code = table.groupby("hs6").agg({**dict.fromkeys(values, "mean"), "specific": "mean"}).reset_index()
    by_code[["gtap", "good"]] = sectors_of(by_code["hs6"])
    by_code = by_code.dropna(subset=["good"]).reset_index(drop=True)
    by_code["weight"] = line_weights(by_code, flows)
    return Lines(by_code)


def read_schedules(data: Path) -> dict[str, Lines]:
    """Lines of the importers whose schedule is at hand; ``EU28`` is the common external tariff.

    Zero-for-zero agreements are applied to their participants' lines: medicines (ISIC 21) and aircraft (chapter 88).
    """
    flows = read_china_imports(data / "china_retaliation")
    found = {
        "EU28": to_codes(read_eu_lines(data / "eu_uk_mfn_tariff"), flows),
        "USA": to_codes(read_us_lines(data / "section_301"), flows),
        "JPN": to_codes(read_japan_lines(data / "tariff_japan"), flows),
        "CHN": to_codes(read_china_lines(data / "china_retaliation"), flows),
    }
    for lines in (found["EU28"], found["USA"], found["JPN"]):
        free = (lines.table["good"] == "C21") | lines.table["hs6"].str.startswith("88")
        lines.table.loc[free, "rate"] = 0.0
    found["AUS"] = _australia(data, flows, found["EU28"])
    return found


def _australia(data: Path, flows: pd.Series, complete: Lines) -> Lines:
    """Australia's lines, with the codes of the absent chapters at the standard rate of dutiable goods (some free)."""
    lines = read_australia_lines(data / "tariff_australia")
    codes = complete.table["hs6"]
    absent = codes[~codes.str[:2].isin(lines["hs6"].str[:2])]
    rate = np.where(absent.str[:2].isin(AUSTRALIA_FREE), 0.0, AUSTRALIA_STANDARD)
    added = pd.DataFrame({"hs6": absent.to_numpy(), "rate": rate, "specific": False})
    return to_codes(pd.concat([lines, added], ignore_index=True), flows)


def rates_of_2005(source: CaliendoParro, importer: str) -> pd.Series:
    """The importer's rates on partners without an agreement by 2005, by good."""
    data, d = source.data, COUNTRIES.index(importer)
    partners = [
        s
        for s, code in enumerate(COUNTRIES)
        if s != d and not any(a.entry <= 2005 and a.lowers(code, importer) for a in in_force(2005))
    ]
    rate = data["tariff2005"].values[:, d][:, partners] / 100.0
    trade = data["trade"].values[:, d][:, partners]
    sectors = [str(x) for x in data["t"].values]
    out = {}
    for good in GOODS:
        rows = [sectors.index(x) for x in GOODS_2005.get(good, [])]
        weight = trade[rows]
        out[good] = float((rate[rows] * weight).sum() / weight.sum()) if weight.sum() > 0 else float(rate[rows].mean())
    rates = pd.Series(out).reindex(list(GOODS))
    # logs and fish pay no more than what is made of them; the file has one rate for all that a farm, a forest or a boat gives
    rates["A02"], rates["A03"] = min(rates["A02"], rates["C16"]), min(rates["A03"], rates["C10T12"])
    return rates


def _legal(importer: str, rates: pd.Series, spread: pd.Series, status: pd.Series, eu: pd.Series) -> None:
    """Write the law of ``legal_rates.csv`` into the importer's rates, in the file's order."""
    table = pd.read_csv(FOLDER / "legal_rates.csv", comment="#", dtype=str)
    for row in table.itertuples():
        if importer not in economies_of(str(row.importer)):
            continue
        if row.kind not in ("rate", "cap", "statutory", "factor"):
            raise DataError(f"legal_rates.csv: {importer} has kind {row.kind!r}; known: rate, cap, statutory, factor")
        for good in _goods_of(str(row.goods)):
            if row.kind == "factor":
                rates[good] *= float(row.value)
                continue
            value = float(eu[good]) if row.value == "EU" else float(row.value)
            if row.kind == "cap" and rates[good] <= value:
                continue
            rates[good], spread[good], status[good] = value, 1.0 if row.kind == "statutory" else LEGAL_MOVE, 3


def _goods_of(words: str) -> list[str]:
    goods: list[str] = []
    for word in words.split():
        if word.endswith("*"):
            goods += [g for g in GOODS if g.startswith(word[:-1]) and (word == "*" or g != "C10T12")]
        elif word in GOODS:
            goods.append(word)
        else:
            raise DataError(f"legal_rates.csv: {word!r} is no good")
    return goods


@dataclass(frozen=True)
class Structure:
    """Rates of an importer before their level is set.

    Attributes
    ----------
    rates, spread, status : Series
        By good: fraction, variance over rate (relative within the importer), code of :data:`STATUS`.
    common : float
        c of the module's text.
    rise, fall : Series, optional
        Added to ``spread`` where rates rise, and where they fall.
    """

    rates: pd.Series
    spread: pd.Series
    status: pd.Series
    common: float = COMMON
    rise: pd.Series | None = None
    fall: pd.Series | None = None

    def with_quotas(self) -> Structure:
        """The same where farm rates above the importer's mean are those of quotas once full: as unsure as they are high.

        What enters within a quota pays less, so that such a rate can only be too high; its standard deviation is the rate.
        """
        farm = pd.Series([g in FARM for g in GOODS], list(GOODS))
        positive = self.rates[self.rates > 0]
        relative = self.rates / float(positive.mean()) if len(positive) else self.rates
        return replace(self, fall=(relative - self.spread).clip(lower=0.0) * farm)

    def at(self, theta: float, share: pd.Series) -> pd.Series:
        """Rates moved by ``theta``; ``share`` of each good in the imports that pay."""
        extra = self.rise if theta > 0 else self.fall
        spread = self.spread if extra is None else self.spread + extra
        power = np.clip(theta * spread * (share + self.common), -50.0, 50.0)
        return (self.rates * np.exp(power)).clip(upper=HIGHEST)


def structures(
    importers: list[str], schedules: Mapping[str, Lines], source: CaliendoParro, world_imports: pd.Series
) -> dict[str, Structure]:
    """Structure of each importer; ``EU28`` stands for its members.

    Parameters
    ----------
    importers : list of str
        ISO codes, or a key of ``schedules``.
    world_imports : Series
        Imports by good, the weights of a structure's own mean when peers are averaged.
    """
    own = {k: lines.mean() for k, lines in schedules.items()}
    for code in COUNTRIES:
        if code not in own and code != "ROW" and code not in economies_of("EU28"):
            own[code] = rates_of_2005(source, code)
    weight = world_imports / world_imports.sum()
    relative = {k: v / float((v * weight).sum()) for k, v in own.items()}
    out = {}
    for importer in importers:
        if importer in schedules:
            lines = schedules[importer]
            status = (lines.specific() > SPECIFIC_LIMIT).map({True: 2, False: 1})
            out[importer] = Structure(lines.mean(), lines.spread(), status, common=0.0, rise=lines.rise())
            continue
        if importer in own:
            rates, origin = own[importer].copy(), 4
        else:
            rates, origin = 0.05 * peers(importer, relative), 5
        spread, status = pd.Series(1.0, list(GOODS)), pd.Series(origin, list(GOODS))
        _legal(importer, rates, spread, status, own["EU28"])
        out[importer] = Structure(rates, spread, status)
    return out


def peers(importer: str, relative: Mapping[str, pd.Series]) -> pd.Series:
    """Mean of the peers' relative rates; electronics from peers inside, or outside, the Information Technology Agreement."""
    names = PEERS[importer].split() if importer in PEERS else EMERGING
    part = economy(importer).region
    weight = {k: NEIGHBOUR if k != "EU28" and economy(k).region == part else 1.0 for k in names}
    mean = sum(weight[k] * relative[k] for k in names) / sum(weight.values())
    outside = (*OUTSIDE_ITA, *OUTSIDE_ITA_AFRICA)
    alike = [k for k in names if (k in outside) == (importer in outside)]
    if alike:
        mean["C26"] = np.average([relative[k]["C26"] for k in alike], weights=[weight[k] for k in alike])
    return pd.Series(mean)
