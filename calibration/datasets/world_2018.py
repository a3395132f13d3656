"""Build the embedded default: the world of 2018, 35 regions x 24 sectors, from a trade cube and estimated tables.

Run: ``python -m calibration.datasets.world_2018 --data DATA [--out FOLDER] [--full FILE] [--report FOLDER]``, where
DATA holds ``oecd_icio_gross``, ``wiod_2013``, ``national_accounts``, ``gtap_v7_sample``; for tariffs,
``caliendo_parro_2015``, ``wdi_2018``, ``tariff_japan``, ``tariff_australia``, ``eu_uk_mfn_tariff``, ``section_301``,
``china_retaliation``; for energy and CO2, ``emissions_2018``, ``jrc_namea``, ``eia_energy``; for labour, ``ilo_occupations``,
``wdi_macro``; for capital, ``pwt_10_01``; for population, ``un_wpp``. With ``--tariffs macmap:FILE`` (``teti``, ``wits``,
``csv``) the rates are those of a data base you have access to (:mod:`calibration.readers.tariff_data`; ``--tariff-unit`` says
per cent or fractions). The method and its measured errors are in
``calibration/estimate.py`` and docs/data.md.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from calibration.aggregate import aggregate
from calibration.arrays import ratio
from calibration.benchmark import Benchmark
from calibration.classification import GOODS, KIND, SECTORS, SERVICES
from calibration.datasets.world_capital import add_capital
from calibration.datasets.world_demand import demand
from calibration.datasets.world_energy import summed, world_energy
from calibration.datasets.world_freight import Freight, add_freight, freight, sea_share
from calibration.datasets.world_labour import grouped_labour
from calibration.datasets.world_labour import labour as labour_by_skill
from calibration.datasets.world_people import accounts_of
from calibration.datasets.world_tariffs import chosen_tariffs, duty_table, grouped_satellites, tariff_satellites
from calibration.datasets.world_taxes import NOTES, STATED, TaxedTables, TaxRules, apply_taxes, tax_table, taxed_tables
from calibration.elasticities import STUDIES, study_table, to_dataset
from calibration.errors import DataError, require_labels
from calibration.estimate import (
    FINAL_ERROR,
    FINALS,
    LIMITS,
    OWN_WEIGHT,
    Donors,
    Tables,
    Totals,
    check_sectors,
    donor_weights,
    donors_from_wiod,
    leave_one_out,
    split_services,
    structure,
)
from calibration.factors import sample_shares
from calibration.from_cube import cube_sam
from calibration.geography import EU27, economy
from calibration.income_elasticities import grouped_demand
from calibration.preferences import Agreement
from calibration.readers import read_accounts, read_trade_cube, read_wiod, rest_of_world
from calibration.sam import Sam
from calibration.script import arguments_of, parser_of, script
from calibration.tariff_table import Unit
from calibration.tariffs_2018 import Tariffs

YEAR = 2018
STEPS = ("freight", "capital")
"""Steps of the build that can be left out: international freight; capital stocks and depreciation."""
DEFAULT_STUDY = "gtap"
GROUPED = {
    **dict.fromkeys(EU27, "EU"),
    **dict.fromkeys(("BRN", "KHM", "LAO", "MMR"), "XSE"),
    **dict.fromkeys(("BLR", "ISL", "NOR", "UKR"), "XEU"),
    **dict.fromkeys(("ARG", "CHL", "COL", "CRI", "PER"), "XLA"),
    **dict.fromkeys(("ARE", "ISR", "JOR", "MAR", "TUN"), "XME"),
    **dict.fromkeys(("AGO", "CIV", "CMR", "COD", "NGA", "SEN", "STP"), "XAF"),
}
REGIONS = (
    "USA CAN MEX CHN HKG TWN JPN KOR AUS NZL IDN VNM THA MYS SGP PHL XSE IND PAK BGD EU GBR CHE XEU RUS KAZ TUR SAU EGY "
    "XME ZAF XAF BRA XLA ROW"
).split()
GROUP_NAMES = {
    "EU": "European Union (27)",
    "XSE": "Brunei, Cambodia, Lao PDR, Myanmar",
    "XEU": "Belarus, Iceland, Norway, Ukraine",
    "XLA": "Argentina, Chile, Colombia, Costa Rica, Peru",
    "XME": "Israel, Jordan, Morocco, Tunisia, United Arab Emirates",
    "XAF": "Angola, Cameroon, Congo D.R., Cote d'Ivoire, Nigeria, Sao Tome, Senegal",
    "ROW": "rest of the world",
}
AGGREGATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "agr": ("agriculture, forestry, fishing", ("A01", "A02", "A03")),
    "ene": ("coal, oil, gas", ("B05", "B06")),
    "min": ("ores and other mining", ("B07", "B08", "B09")),
    "foo": ("food, beverages, tobacco", ("C10T12",)),
    "tex": ("textiles, apparel, leather", ("C13T15",)),
    "wpp": ("wood and paper", ("C16", "C17_18")),
    "pet": ("refined petroleum", ("C19",)),
    "chm": ("chemicals", ("C20",)),
    "pha": ("pharmaceuticals", ("C21",)),
    "rub": ("rubber and plastics", ("C22",)),
    "nmm": ("mineral products", ("C23",)),
    "met": ("basic metals", ("C24A", "C24B")),
    "fab": ("fabricated metal", ("C25",)),
    "elc": ("electronics", ("C26",)),
    "ele": ("electrical equipment", ("C27",)),
    "mac": ("machinery", ("C28",)),
    "mot": ("motor vehicles and parts", ("C29",)),
    "otr": ("other transport equipment", ("C301", "C302T309")),
    "omf": ("other manufactures and repair", ("C31T33",)),
    "utl": ("utilities", ("utl",)),
    "cns": ("construction", ("cns",)),
    "trd": ("trade, hotels, transport, post", ("trd",)),
    "bus": ("finance, real estate, business", ("bus",)),
    "pub": ("public and other services", ("pub",)),
}


@dataclass(frozen=True)
class Built:
    """The full 81 x 32 benchmark with what the documentation shows of its making."""

    full: Benchmark
    tables: Tables
    donors: Donors
    accounts: pd.DataFrame
    validation: pd.DataFrame
    tariffs: Tariffs
    taxes: TaxedTables
    freight: Freight


def build(
    data: Path,
    rates: str = "",
    agreed: tuple[Agreement, ...] | None = None,
    taxes: TaxRules = STATED,
    without: Collection[str] = (),
    unit: Unit | None = None,
    collected: bool = False,
) -> Built:
    """The benchmark of 81 economies x 32 sectors from the raw tables under ``data``.

    Parameters
    ----------
    data : path
    rates : str
        ``kind:file`` of another data base of tariffs; empty takes those of :mod:`calibration.tariffs_2018`.
    agreed : tuple of Agreement, optional
        Other agreements than the table's, for sensitivity.
    taxes : TaxRules
        Which taxes beside duties, and what is stated of them.
    without : collection of str
        Steps left out, to measure what each does (:data:`STEPS`).
    unit : {"fraction", "percent"}, optional
        Of the rates in that data base; default its publisher's.
    collected : bool
        Duties as far as customs collect them, instead of the rates that meet every published mean
        (:mod:`calibration.tariffs_2018`).

    Raises
    ------
    DataError
        An unknown step, or raw tables that do not fit.
    """
    require_labels(list(without), STEPS, "steps of the build")
    cube = read_trade_cube(data / "oecd_icio_gross", YEAR)
    check_sectors(cube.sectors)
    wiod = read_wiod(data / "wiod_2013")
    donors = donors_from_wiod(wiod)
    accounts = accounts_of(data, cube.regions, YEAR)
    before = read_accounts(data / "national_accounts", donors.regions, donors.year)
    validation = leave_one_out(donors, before)
    relative = (before["per_head"] / before.loc["USA", "per_head"]).to_numpy()
    goods, services = cube.flows.values[:-1], cube.flows.values[-1]
    output = np.vstack([goods.sum(2), services.sum(1)[None]]).T
    weights = donor_weights(
        donors,
        relative,
        cube.regions,
        (accounts["per_head"] / accounts.loc["USA", "per_head"]).to_numpy(),
        structure(output, [*GOODS, "services"]),
    )
    flows = np.concatenate([goods, split_services(services, weights, donors)])
    sectors = list(SECTORS)
    totals = Totals(
        cube.regions,
        flows.sum(2).T,
        flows.sum(1).T,
        accounts["gdp"].to_numpy(),
        accounts["per_head"].to_numpy(),
        accounts[list(FINALS)].to_numpy(),
    )
    tariffs, tariff_log = chosen_tariffs(data, cube, rates, agreed, unit)
    chosen = tariffs.paid() if collected else tariffs.applied
    duties = chosen.reindex(i=sectors, fill_value=0.0).transpose("i", "s", "d")
    shipping = freight(data, cube, sectors)
    if "freight" in without:
        shipping = replace(shipping, rates=0.0 * shipping.rates)
    on_landed = duties.values * (1.0 + shipping.rates.transpose("i", "s", "d").values)  # a duty falls on the freight too
    inputs = (totals, sectors, donors, weights, before["gdp"].to_numpy())
    taxed = taxed_tables(data / "wdi_2018", *inputs, flows, on_landed, taxes)
    tables = taxed.tables
    labour = accounts["labsh"].fillna(accounts["labsh"].mean()).to_numpy()
    mean = validation.abs().mean()
    attrs = {
        "title": f"World SAM {YEAR}, {len(cube.regions)} economies x {len(sectors)} sectors",
        "year": YEAR,
        "source": (
            f"{cube.flows.attrs['source']} (gross trade by sector); World Input-Output Database 2013 release, year {wiod.year} "
            "(structure of use); World Bank, World Development Indicators (GDP, tax revenue); Penn World Table 10.01 "
            "(final-use shares, labour share, capital stocks, depreciation); United Nations, World Population Prospects 2019 "
            "(population); "
            f"tariffs: {tariffs.applied.attrs['source']}"
        ),
        "licence": (
            "OECD: reuse with attribution; WIOD CC BY 4.0; World Bank WDI CC BY 4.0; Penn World Table CC BY 4.0; UN WPP CC BY "
            "3.0 IGO; "
            "see DATA_LICENCES.md for each part"
        ),
        "observed": "output, absorption and bilateral trade of 27 goods and of all services together; national GDP; population",
        "estimated": (
            "who uses what, value added by sector, the split of services into five, factor shares: see status codes by cell "
            "(1 observed, 2 total observed and split estimated, 3 from the economy's own table of 2011, 4 from other economies)"
        ),
        "rules": (
            f"own table {OWN_WEIGHT:g}, peers by income, output structure and region; value added = "
            f"{'GDP less taxes on final use' if taxes.kept != 'none' else 'GDP x the ratio of the donors'} within "
            f"{LIMITS[0]:g}-{LIMITS[1]:g} of output; final-use shares with standard error {FINAL_ERROR:g}; import "
            f"shares equal across uses; "
            f"{donors.clipped[0]} negative final cells of the donors set to zero ({100 * donors.clipped[1]:.2f} % of final use)"
        ),
        "validation": (
            f"each of {len(donors.regions)} known tables of {wiod.year} hidden in turn: weighted absolute error "
            f"of coefficients "
            f"{mean['coefficients']:.2f}, value-added share {mean['value_added_share']:.3f}, private basket "
            f"{mean['final_structure']:.2f}, national value added {100 * mean['value_added']:.1f} %"
        ),
        "factor_split": (
            "value added split with the factor cost shares of the public GTAP v7 sample by part of the world and "
            "kind of sector, "
            "labour scaled to the Penn World Table's labour share (mean where absent)"
        ),
        "note": (
            "Technology is of 2011 for WIOD economies and borrowed for the others; value-added shares of VNM "
            "manufactures are the most "
            f"uncertain. {NOTES[taxes.kept]} The source leaves re-exports out: goods that only pass through Hong Kong or "
            "Singapore are trade of their makers. Sourcing by use is not observed: every use of a good has the same import "
            f"share and origins. Saving is {'gross' if 'capital' in without else 'net of depreciation'}. "
            "Duties of the US-China tariff war are not in the benchmark: they are a policy (us-china). Preferences given to "
            "and by the rest of the world are estimated: its members' agreements weighed with stated shares of its trade "
            "(calibration/rest_of_world.py). "
            + (
                "Duties are those that customs collect, where far below published rates."
                if collected
                else "Duties are of published rates: customs collect far less in some, see duty_collected."
            )
        ),
        "built_by": "calibration/datasets/world_2018.py",
        "row_members": json.dumps(
            {k: round(v, 5) for k, v in rest_of_world(data / "national_accounts", cube.regions, YEAR).items()}
        ),
    }
    sam = cube_sam(
        flows,
        sectors,
        tables,
        duties,
        sample_shares(data / "gtap_v7_sample"),
        labour,
        accounts["pop"].to_numpy(),
        attrs,
    )
    log = [
        {
            "rule": "known tables: negative final cells set to zero (count, share of final use)",
            "cell": "donors",
            "before": n,
            "after": share,
        }
        for n, share in [donors.clipped]
    ]
    log += [
        {
            "rule": "prior table moved by balancing (share of the table)",
            "cell": str(r),
            "before": 0.0,
            "after": float(row["moved_share"]),
        }
        for r, row in tables.report.iterrows()
    ]
    sam = Sam(sam.data, pd.DataFrame(log + tariff_log + taxed.log()))
    sam = apply_taxes(sam if "freight" in without else add_freight(sam, shipping), taxed)
    sam = sam if "capital" in without else add_capital(sam, data, YEAR)
    private = (sam.data["vdpb"] + sam.data["vmpb"]).sum("i").to_series()
    energy, energy_log, _ = world_energy(data, YEAR, sam.data["makb"].sum("i"), private)
    sam = Sam(sam.data, pd.concat([sam.adjustments, pd.DataFrame(energy_log)], ignore_index=True))
    tables_by_study = {study: study_table(study, sectors, _kinds()) for study in STUDIES}
    satellites = xr.Dataset(
        {
            **energy,
            **{
                f"{symbol}_by_study": (("study", "i"), np.array([tables_by_study[s][symbol] for s in STUDIES]))
                for symbol in ("esubm", "esubd")
            },
            # goods are observed in the cube, services only in total; use comes from the own table of 2011 or from others
            "trade_status": ("i", np.where(np.isin(sectors, SERVICES), 2, 1).astype(np.int8)),
            **tariff_satellites(tariffs, sectors, collected),
            "tax_status": taxed.status(),
            "tax_coverage": taxed.coverage(),
            "sea_borne": shipping.sea,
            "use_status": ("r", np.where(np.isin(cube.regions, donors.regions), 3, 4).astype(np.int8)),
        },
        coords={"a": sectors, "r": cube.regions, "s": cube.regions, "d": cube.regions, "i": sectors, "study": list(STUDIES)},
    )
    full = Benchmark(
        sam,
        to_dataset(tables_by_study[DEFAULT_STUDY], sectors, cube.regions),
        "world-2018-full",
        satellites=satellites,
    )
    full = labour_by_skill(demand(full, data, KIND), data)
    return Built(full, tables, donors, accounts, validation, tariffs, taxed, shipping)


def _kinds() -> dict[str, str]:
    return {**KIND, "cns": "construction", "trd": "trade"}


def world(full: Benchmark, sectors: Mapping[str, tuple[str, tuple[str, ...]]] = AGGREGATES) -> Benchmark:
    """The default: regions and sectors grouped; elasticities weighted with imports (value added: factors)."""
    region_map = {r: GROUPED.get(r, r) for r in full.regions}
    sector_map = {old: new for new, (_, olds) in sectors.items() for old in olds}
    names = list(sectors)
    sam = aggregate(full.sam, region_map, sector_map, order=(REGIONS, names))
    sam.data["vcif"].values[:] = (sam.data["vfob"] + sam.data["vtwr"].sum("m")).values  # exact, so that it need not be stored
    take = np.array([[float(sector_map[s] == name) for s in full.commodities] for name in names])
    imports, factors = full.sam["vmsb"].sum((1, 2)), full.sam["evfb"].sum((0, 2))

    def mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return np.asarray(ratio(take @ (values * weight), take @ weight))

    old = full.elasticities
    sources = dict(line.split(": ", 1) for line in str(old.attrs["elasticity_sources"]).splitlines())
    first = {name: next(s for s in full.commodities if sector_map[s] == name) for name in names}
    table = pd.DataFrame(
        {
            "esubm": mean(old["esubm"].values[:, 0], imports),
            "esubd": mean(old["esubd"].values[:, 0], imports),
            "esubva": mean(old["esubva"].values[:, 0], factors),
            "esubt": 0.0,
            "esubc": 0.0,
            "source": [sources[first[name]] for name in names],
        },
        index=pd.Index(names, name="i"),
    )
    assert full.satellites is not None
    by_study = {
        symbol: np.array([mean(row, imports) for row in full.satellites[symbol].values])
        for symbol in ("esubm_by_study", "esubd_by_study")
    }
    columns = np.array([[float(region_map[r] == name) for r in full.regions] for name in REGIONS])
    energy = summed(full.satellites, _groups(names, "a", full.commodities, take), _groups(REGIONS, "r", full.regions, columns))
    least_certain: dict[str, tuple[object, ...]] = {
        "trade_status": ("i", np.max(take.astype(np.int8) * full.satellites["trade_status"].values, axis=1)),
        "use_status": ("r", np.max(columns.astype(np.int8) * full.satellites["use_status"].values, axis=1)),
    }
    for name in ("tax_status", "tax_coverage"):
        codes = full.satellites[name]
        least_certain[name] = ("r", np.max(columns.astype(np.int8) * codes.values, axis=1), codes.attrs)
    satellites = xr.Dataset(
        {
            **energy,
            "sea_borne": sea_share(full, columns),
            **grouped_satellites(full, take, columns),
            **{k: (("study", "i"), v) for k, v in by_study.items()},
            **least_certain,
            **grouped_labour(full, columns),
        },
        coords={"a": names, "r": REGIONS, "s": REGIONS, "d": REGIONS, "i": names, "study": full.satellites["study"].values},
    )
    sam.data.attrs["title"] = f"World SAM {YEAR}, {len(REGIONS)} regions x {len(names)} sectors"
    sam.data.attrs["sector_names"] = "; ".join(f"{k} {name}" for k, (name, _) in sectors.items())
    sam.data.attrs["region_names"] = "; ".join(f"{r} {GROUP_NAMES.get(r) or economy(r).name}" for r in REGIONS)
    members = {g: [r for r in full.regions if region_map[r] == g] for g in GROUP_NAMES}
    # shares of gross domestic product let a policy treat a member inside a group by its weight in it
    gdp = dict(zip(full.regions, full.sam.gdp(), strict=True))
    shares = {g: {r: round(gdp[r] / sum(gdp[x] for x in rs), 4) for r in rs} for g, rs in members.items()}
    shares["ROW"] = json.loads(sam.data.attrs.pop("row_members"))
    sam.data.attrs["members"] = json.dumps(shares)
    grouped = Benchmark(
        sam,
        to_dataset(table, names, REGIONS),
        "world",
        satellites=satellites,
    )
    return grouped_demand(full, region_map, sector_map, grouped)


def _groups(names: Sequence[str], dim: str, labels: Sequence[str], member: np.ndarray) -> xr.DataArray:
    """Which labels belong to each group, 1 or 0; dims (new, dim)."""
    return xr.DataArray(member, dims=("new", dim), coords={"new": list(names), dim: list(labels)})


@script
def main() -> None:
    """Command line of the build."""
    parser = parser_of(__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder of the embedded file")
    parser.add_argument("--full", type=Path, help="also write the 81 x 32 benchmark to this file")
    parser.add_argument("--report", type=Path, help="also write validation and GDP tables (CSV) to this folder")
    parser.add_argument("--taxes", default="products", choices=list(NOTES), help="taxes beside duties")
    parser.add_argument("--tariffs", default="", help="another data base: macmap:FILE, teti:FILE, wits:FILE or csv:FILE")
    parser.add_argument("--tariff-unit", choices=("fraction", "percent"), help="unit of its rates, where not its publisher's")
    parser.add_argument(
        "--duties",
        default="published",
        choices=("published", "collected"),
        help="rates as published, or as customs collect them",
    )
    args = arguments_of(parser)
    if args.tariff_unit and not args.tariffs:
        raise DataError("--tariff-unit belongs to --tariffs: name the data base whose rates it measures")
    if args.tariffs and args.duties == "collected":
        raise DataError("--duties collected belongs to the tariffs of this build: leave --tariffs out")
    collected = args.duties == "collected"
    built = build(args.data, args.tariffs, taxes=TaxRules(args.taxes), unit=args.tariff_unit, collected=collected)
    world(built.full).save(args.out / "world.nc")
    if args.full:
        built.full.save(args.full)
    if args.report:
        args.report.mkdir(parents=True, exist_ok=True)
        built.validation.to_csv(args.report / "world_2018_validation.csv", float_format="%.4f")
        gdp = pd.DataFrame({"sam": built.full.sam.gdp(), "wdi": built.accounts["gdp"].to_numpy()}, index=built.full.regions)
        gdp["ratio"] = gdp["sam"] / gdp["wdi"]
        gdp.rename_axis("region").to_csv(args.report / "world_2018_gdp.csv", float_format="%.4f")
        duties = duty_table(built.full, built.accounts["gdp"], built.tariffs.record, args.data / "wdi_2018")
        duties.to_csv(args.report / "world_2018_tariffs.csv", float_format="%.4f")
        taxes = tax_table(built.full.sam, built.taxes, built.accounts["gdp"])
        taxes.to_csv(args.report / "world_2018_taxes.csv", float_format="%.4f")
        built.freight.validation.to_csv(args.report / "world_2018_freight.csv", float_format="%.5f")
        built.tables.report.to_csv(args.report / "world_2018_balance.csv", float_format="%.5f")


if __name__ == "__main__":
    main()
