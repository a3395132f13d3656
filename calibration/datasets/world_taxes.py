"""Taxes of the world of 2018: revenue of the World Bank, value added that meets GDP at market prices, and the SAM with both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from calibration.arrays import ratio
from calibration.classification import GOODS
from calibration.errors import DataError, require_labels
from calibration.estimate import FINALS, Donors, Tables, Totals, estimate, national_value_added
from calibration.from_cube import border
from calibration.sam import Sam
from calibration.taxes import (
    COVERAGE,
    FEDERATIONS,
    FINAL_SHARE,
    MOST_OF_CONSUMPTION,
    RELATIVE,
    read_taxes,
    relative_rates,
    with_factor_taxes,
    with_product_taxes,
)

Kept = Literal["products", "all", "none"]
"""Which taxes beside duties: on products, those and on factors, or none."""
NOTES: dict[Kept, str] = {
    "products": (
        "Taxes on goods and services (World Bank, WDI) lie on private consumption and on output: the central government's, in "
        "federations a lower bound (tax_coverage by region). Taxes on factors and exports are zero."
    ),
    "all": (
        "Taxes on goods and services (World Bank, WDI) lie on private consumption and on output: the central government's, in "
        "federations a lower bound (tax_coverage by region). Social contributions lie on labour, taxes on income and profits "
        "on all factors, zero where the World Bank has no figure. Taxes on exports are zero."
    ),
    "none": (
        "Value added is output less inputs: it holds taxes less subsidies on products (duties apart) and transport margins. "
        "Taxes other than import duties are zero."
    ),
}
"""What a benchmark says of its taxes."""
PASSES = 50
CLOSE = 1e-6
"""Duties on final goods depend on the table that they help to estimate: repeated until they move less, as a share of GDP."""
STATUS = {"own": 1, "own, from value added": 1, "central": 2, "none levied": 3, "neighbours": 4, "members": 4}
"""Codes of the satellite ``tax_status``; 0 is a world without taxes."""
FUELS = ("B05", "B06", "C19")
"""Detailed sectors that are fuel."""
MEANINGS = "1 own figure; 2 lower bound (central government); 3 none levied; 4 of other economies"


@dataclass(frozen=True)
class TaxRules:
    """What the build assumes of taxes.

    Attributes
    ----------
    kept : {"products", "all", "none"}
        Taxes beside duties: on products, those and on factors, or none (value added then by the donors' ratio).
    final_share : float
        Share of taxes on goods and services that private consumption bears, other than the stated one for sensitivity.
    relative : mapping
        Relative rates by kind of good, in the same way.

    Raises
    ------
    DataError
        A share outside [0, 1], or taxes of an unknown kind.
    """

    kept: Kept = "products"
    final_share: float = FINAL_SHARE
    relative: Mapping[str, float] = field(default_factory=lambda: dict(RELATIVE))

    def __post_init__(self) -> None:
        require_labels([self.kept], NOTES, "choice of taxes")
        if not 0 <= self.final_share <= 1:
            raise DataError(f"share of taxes that consumption bears is {self.final_share}; a share between 0 and 1 is needed")


STATED = TaxRules()
"""The rules of the shipped world."""


@dataclass(frozen=True)
class TaxedTables:
    """Tables whose value added, consumption taxes and duties on final goods add up to GDP at market prices.

    Attributes
    ----------
    tables : Tables
    record : DataFrame
        By region, the columns of :func:`calibration.taxes.read_taxes`, and in million USD: ``consumption_tax``,
        ``output_tax`` and of it ``remainder`` (federations), ``final_duties``, ``gdp``, ``value_added``, and
        ``borrowed_value_added`` (by the donors' ratio, not used).
    rules : TaxRules
    """

    tables: Tables
    record: pd.DataFrame
    rules: TaxRules

    def status(self) -> tuple[str, np.ndarray, dict[str, str]]:
        """Where revenue comes from, codes of :data:`STATUS`, as the variable ``tax_status``; zero without taxes."""
        codes = np.array([STATUS[x] if self.rules.kept != "none" else 0 for x in self.record["source"]], dtype=np.int8)
        return "r", codes, {"long_name": "source of tax revenue", "flag_meanings": MEANINGS}

    def coverage(self) -> tuple[str, np.ndarray, dict[str, str]]:
        """Whose taxes revenue holds, codes of :data:`calibration.taxes.COVERAGE`, as ``tax_coverage``; zero without taxes."""
        kept = self.rules.kept != "none"
        codes = np.array([COVERAGE[x] if kept else 0 for x in self.record["coverage"]], dtype=np.int8)
        meanings = "; ".join(f"{code} {what}" for what, code in COVERAGE.items())
        row = self.record.loc["ROW", "covered"] if "ROW" in self.record.index else 1.0
        rest = f"of the rest of the world, {100 * float(row):.0f} % of GDP has a figure"
        return "r", codes, {"long_name": "whose taxes revenue holds", "flag_meanings": f"{meanings}; {rest}"}

    def log(self) -> list[dict[str, object]]:
        """A line of the SAM's adjustments for each tax and each value added that the identity sets; none without taxes."""
        lines: list[dict[str, object]] = []
        if self.rules.kept == "none":
            return lines
        for region, row in self.record.iterrows():
            for name in ("social", "income") if self.rules.kept == "all" else ():
                absent = bool(np.isnan(float(row[name])))
                rule = f"taxes on factors ({name}) added, million USD" + (": no figure, zero" if absent else "")
                after = 0.0 if absent else float(row[name]) * float(row["gdp"])
                lines.append({"rule": rule, "cell": str(region), "before": 0.0, "after": after})
            told = f"({row['source']}, {int(row['year'])}; {row['coverage']}; {100 * float(row['covered']):.0f} % of GDP)"
            for what, column in (("consumption tax", "consumption_tax"), ("output tax", "output_tax")):
                rule = f"{what} added, million USD {told}"
                lines.append({"rule": rule, "cell": str(region), "before": 0.0, "after": float(row[column])})
            rule = "value added: donors' ratio replaced by GDP less taxes, million USD"
            before, after = float(row["borrowed_value_added"]), float(row["value_added"])
            lines.append({"rule": rule, "cell": str(region), "before": before, "after": after})
        return lines


def fuel_share(flows: np.ndarray, sectors: list[str], regions: list[str]) -> pd.Series:
    """Share of coal, oil, gas and their products in exports of goods, by region.

    Parameters
    ----------
    flows : ndarray, dims (i, s, d)
        Sales with own ones on the diagonal.
    sectors, regions : list of str
    """
    abroad = flows.sum(2) - np.einsum("iss->is", flows)
    of_goods = [k for k, sector in enumerate(sectors) if sector in GOODS]
    of_fuel = [k for k, sector in enumerate(sectors) if sector in FUELS]
    return pd.Series(ratio(abroad[of_fuel].sum(0), abroad[of_goods].sum(0)), index=regions)


def taxed_tables(
    folder: Path,
    totals: Totals,
    sectors: list[str],
    donors: Donors,
    weights: np.ndarray,
    donor_gdp: np.ndarray,
    flows: np.ndarray,
    rates: np.ndarray,
    rules: TaxRules = STATED,
) -> TaxedTables:
    """Estimate the tables with value added from the identity of :mod:`calibration.taxes`.

    Parameters
    ----------
    folder : path
        ``wdi_2018``.
    totals, sectors, donors, weights, donor_gdp
        As for :func:`calibration.estimate.estimate`; final shares at market prices.
    flows, rates : ndarray, dims (i, s, d)
        Sales with own ones on the diagonal, million USD, and duties as fractions.
    rules : TaxRules
    """
    record = read_taxes(folder, totals.regions, fuel=fuel_share(flows, sectors, totals.regions))
    if rules.kept == "none":
        return TaxedTables(estimate(totals, sectors, donors, weights, donor_gdp), record, rules)
    gdp, private = totals.gdp, FINALS.index("prv")
    revenue = record["goods"].to_numpy() * gdp
    consumption = rules.final_share * revenue
    on_final = np.zeros((len(gdp), len(FINALS)))
    at_home, duty = border(flows, rates)
    for _ in range(PASSES):
        value_added = gdp - consumption - on_final.sum(1)
        spent = totals.absorption.sum(1) + value_added - totals.output.sum(1)
        # shares of final use are published at market prices; those of a table at basic prices are without taxes and duties
        bought = totals.final_shares * (spent + consumption + on_final.sum(1))[:, None] - on_final
        bought[:, private] -= consumption
        at_basic = replace(totals, final_shares=bought / bought.sum(1, keepdims=True), value_added=value_added)
        tables = estimate(at_basic, sectors, donors, weights, donor_gdp)
        before, on_final = on_final, np.einsum("rik,ir->rk", tables.final, (1 - at_home) * duty)
        private_spending = tables.final[..., private].sum(1) + on_final[:, private]
        lower = np.minimum(rules.final_share * revenue, MOST_OF_CONSUMPTION * private_spending)
        if (abs(on_final - before).sum(1) / gdp).max() < CLOSE and (abs(lower - consumption) / gdp).max() < CLOSE:
            break
        consumption = lower
    else:
        far = totals.regions[int((abs(on_final - before).sum(1) / gdp).argmax())]
        what = "check its tariffs and taxes"
        raise DataError(f"duties on final goods of {far} still move its table after {PASSES} passes; {what}")
    borrowed = national_value_added(totals, donors, weights, donor_gdp)
    above = gdp - borrowed - on_final.sum(1) - revenue
    remainder = np.where([r in FEDERATIONS for r in totals.regions], np.maximum(above, 0.0), 0.0)
    record = record.assign(
        consumption_tax=consumption,
        output_tax=revenue - consumption + remainder,
        remainder=remainder,
        final_duties=on_final.sum(1),
        gdp=gdp,
        value_added=tables.report["value_added"].to_numpy(),
        borrowed_value_added=borrowed,
    )
    return TaxedTables(tables, record, rules)


def apply_taxes(sam: Sam, taxed: TaxedTables) -> Sam:
    """The SAM with taxes on products and, with ``"all"``, on factors where they are published (zero elsewhere, said).

    Parameters
    ----------
    sam : Sam
        With duties alone, in the detailed sectors.
    taxed : TaxedTables
    """
    rules, record = taxed.rules, taxed.record
    if rules.kept == "none":
        return sam
    relative = relative_rates(sam.commodities, rules.relative)
    new = with_product_taxes(sam, record["consumption_tax"].to_numpy(), record["output_tax"].to_numpy(), relative)
    return new if rules.kept == "products" else add_factor_taxes(new, record)


def add_factor_taxes(sam: Sam, record: pd.DataFrame) -> Sam:
    """The SAM with the World Bank's social contributions on labour and taxes on income on all factors; zero where absent."""
    social, income = ((record[name].fillna(0.0) * record["gdp"]).to_numpy() for name in ("social", "income"))
    return with_factor_taxes(sam, social, income, ["unskl", "skl"])


def tax_table(sam: Sam, taxed: TaxedTables, gdp: pd.Series) -> pd.DataFrame:
    """By economy, per cent of GDP: revenue (whose, and of what share of GDP), what consumption and output bear, duties; GDP of
    the SAM over the World Bank's."""
    record, per_cent = taxed.record, 100.0 / gdp
    streams = sam.taxes()
    return pd.DataFrame(
        {
            "revenue": 100 * record["goods"],
            "year": record["year"].astype(int),
            "source": record["source"],
            "coverage": record["coverage"],
            "covered": record["covered"],
            "consumption": (streams["tpd"] + streams["tpm"]) * per_cent,
            "output": streams["to"] * per_cent,
            "remainder": record.get("remainder", 0.0) * per_cent,
            "duties": streams["tms"] * per_cent,
            "gdp_ratio": sam.gdp() / gdp,
        }
    ).rename_axis("region")
