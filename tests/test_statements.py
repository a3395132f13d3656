"""What the documentation says of the default world's trade and elasticities, held against its numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from calibration import Benchmark, DataError, load_benchmark
from calibration.classification import KIND, SECTORS, SERVICES
from calibration.elasticities import STUDIES, study_table
from cge import Scenario, solve
from cge.report import findings
from cge.report.html_report import range_sentence
from policies.any_tariff import tariff_change
from policies.us_china_tariffs import us_china

KINDS = {**KIND, "cns": "construction", "trd": "trade"}


@pytest.fixture(scope="module")
def default() -> Benchmark:
    return load_benchmark("world")


def test_goods_that_pass_through_hong_kong_and_singapore_are_not_their_trade(default: Benchmark) -> None:
    goods = default.sam.data["vxsb"].isel(i=slice(0, 19)).sum(("i", "d"))
    # billion USD, customs of 2018: Hong Kong 531, of which domestic about 6; Singapore 413, of which domestic about half
    assert float(goods.sel(s="HKG")) < 15e3
    assert 100e3 < float(goods.sel(s="SGP")) < 0.6 * 413e3
    imports = default.sam.data["vcif"].isel(i=slice(0, 19)).sum(("i", "s"))
    assert float(imports.sel(d="HKG")) < 0.05 * 627e3
    assert "leaves re-exports out" in str(default.attrs["note"])


def test_every_use_of_a_good_has_one_import_share_and_one_mix_of_origins(default: Benchmark) -> None:
    g = default.sam
    for region in ("CHN", "USA", "IDN"):
        r = default.regions.index(region)
        for i in range(len(default.commodities)):
            home = np.concatenate([g["vdfb"][i, :, r], [g[f"vd{k}b"][i, r] for k in "pgi"]])
            abroad = np.concatenate([g["vmfb"][i, :, r], [g[f"vm{k}b"][i, r] for k in "pgi"]])
            used = (home + abroad) > 1.0
            if abroad.sum() > 1.0 and len(_share_of_members(default, i)) == 1:
                share = abroad[used] / (home + abroad)[used]
                assert share == pytest.approx(share.mean(), rel=1e-6), (region, default.commodities[i])


def _share_of_members(benchmark: Benchmark, i: int) -> list[str]:
    """Detailed sectors inside a commodity of the default: those with several mix the shares of each."""
    from calibration.datasets.world_2018 import AGGREGATES

    return list(AGGREGATES[benchmark.commodities[i]][1])


@pytest.mark.parametrize("study", STUDIES)
def test_one_nest_gives_home_goods_the_substitution_the_study_found(study: str, default: Benchmark) -> None:
    two, one = study_table(study, list(SECTORS), KINDS), study_table(f"{study}/one", list(SECTORS), KINDS)
    services = [x for x in SECTORS if x in SERVICES]
    goods = [x for x in SECTORS if x not in SERVICES]
    assert (one["esubm"] == two["esubm"]).all()
    assert (one.loc[goods, "esubd"] == one.loc[goods, "esubm"]).all()
    assert (one.loc[services, "esubd"] == two.loc[services, "esubd"]).all()
    assert one.loc["C29", "source"].count("one nest") == 1
    changed = default.with_elasticities(f"{study}/one").elasticities
    assert np.array_equal(changed["esubd"].values[:19], changed["esubm"].values[:19])
    assert changed["esubd"].sel(i="bus", r="USA") == pytest.approx(1.9)
    assert "one nest" in changed.attrs["elasticity_sources"].splitlines()[0]
    assert "one nest" not in changed.attrs["elasticity_sources"].splitlines()[-1]


def test_an_unknown_study_is_named_with_its_neighbour_in_either_nest(default: Benchmark) -> None:
    for call in (
        lambda: default.with_elasticities("fontagn/one"),
        lambda: study_table("fontagn/one", list(SECTORS), KINDS),
    ):
        with pytest.raises(DataError, match="did you mean 'fontagne'"):
            call()


def test_ranges_show_both_nests(default: Benchmark) -> None:
    policy = tariff_change(sources="CHN", destinations="USA", commodities="elc", points=5)
    small = findings.welfare_range(Scenario(default).under(policy), studies=["gtap", "gtap/one"])
    assert list(small) == ["gtap", "gtap/one"]
    assert not np.allclose(small["gtap"], small["gtap/one"], atol=1e-4)
    result = solve(Scenario(default).under(policy))
    text = range_sentence(small, result)
    assert text.startswith("Over the elasticities of 1 studies (gtap), each in two nests and in one, the sign")
    assert "in one" not in range_sentence(small[["gtap"]], result)


def test_by_default_every_study_is_shown_in_both_nests(monkeypatch: pytest.MonkeyPatch, default: Benchmark) -> None:
    asked: list[str] = []

    class Run:
        @staticmethod
        def table() -> pd.DataFrame:
            return pd.DataFrame({"welfare_percent": [0.0]}, index=["CHN"])

    def solve(scenario: Scenario) -> type[Run]:
        asked.append(str(scenario.data().elasticities.attrs["elasticity_sources"]).splitlines()[0])
        return Run

    monkeypatch.setattr(findings, "solve", solve)
    found = findings.welfare_range(Scenario(default).under(us_china()))
    assert list(found) == [*STUDIES, *(f"{x}/one" for x in STUDIES)]
    assert sum("one nest" in line for line in asked) == len(STUDIES)
    assert list(findings.welfare_range(Scenario(default).under(us_china()), one_nest=False)) == list(STUDIES)


def test_the_nest_decides_who_loses_from_the_tariff_war(default: Benchmark) -> None:
    welfare = findings.welfare_range(Scenario(default).under(us_china()), studies=["gtap", "gtap/one"]).loc["USA"]
    assert welfare["gtap"] < -0.03 < -0.01 < welfare["gtap/one"]
