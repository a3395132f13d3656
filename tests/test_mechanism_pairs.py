"""Every pair of mechanisms stands together: what one adds, the other does not disturb."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest

from cge import InstrumentChange, Model, ModelError, Policy
from cge.gtap import contributions, decompose, result_of
from cge.results.updated_data import updated_benchmark, updated_sam
from tests.mechanism_pairs import MECHANISMS, WORLDS, put_on

PAIRS = list(combinations(MECHANISMS, 2))
STANDING = [(c, *pair) for c in WORLDS for pair in PAIRS if not any(c in MECHANISMS[name].refused for name in pair)]
REFUSED = [(c, name) for c in WORLDS for name in MECHANISMS if c in MECHANISMS[name].refused]


def policy_of(*names: str) -> Policy:
    """A duty, and what moves the instruments of each mechanism."""
    duty = InstrumentChange(instrument="tms", where={"d": "R0"}, factor=1.03)
    return Policy(name=" and ".join(names), instruments=(duty, *(move for n in names for move in MECHANISMS[n].moves)))


@pytest.mark.parametrize(("composition", "one", "other"), STANDING)
def test_two_mechanisms_stand_together(composition: str, one: str, other: str) -> None:
    model = put_on(composition, WORLDS[composition], one, other)
    base, after = model.solve(), model.solve(policy_of(one, other))
    for name in ("y", "pds", "qinv"):
        assert base.values_of(name) == pytest.approx(1.0, abs=1e-9), name  # nothing changes where nothing moves
    for solution in (base, after):
        assert solution.checks()["ok"].all()
        assert abs(solution.walras) < 1e-9
        assert solution.homogeneity() < 1e-9
        gdp = solution.values_of("gdp")
        assert solution.values_of("gdpinc") == pytest.approx(gdp, rel=1e-9)
        assert solution.values_of("gdpva") == pytest.approx(gdp, rel=1e-9)
    sam = updated_sam(after)
    assert sam.largest_gap() < 1e-9
    assert sam.gdp() == pytest.approx(after.values_of("gdp"), rel=1e-9)
    table = after.icio()
    assert table.value_added.sum() == pytest.approx(table.y.sum(), rel=1e-9)  # world value added is world final demand
    again = put_on(composition, updated_benchmark(after), one, other).solve()
    for name in ("gdp", "saving", "vexp"):
        assert again.values_of(name) == pytest.approx(after.values_of(name), rel=1e-8), name
    if "carbon" in (one, other):
        assert again.values_of("emitted_0") == pytest.approx(after.values_of("emitted"), rel=1e-9)


# over the kinks of rules of origin the integral along the path is not taken: tests/test_origin_mechanism.py asks its integrand
SMOOTH = [(one, other) for c, one, other in STANDING if c == "gtap" and "rules of origin" not in (one, other)]


@pytest.mark.parametrize(("one", "other"), SMOOTH)
def test_parts_of_equivalent_variation_add_up_with_mechanisms(one: str, other: str) -> None:
    result = result_of(put_on("gtap", WORLDS["gtap"], one, other).solve(policy_of(one, other)))
    parts = decompose(result)
    assert parts.sum("part").values == pytest.approx(result.ev(), abs=1e-9 * float(result.base["y_0"].max()))
    if "foreign income" in (one, other):
        given = np.array([0.2, -0.2, 0.0])  # to the first region, from the second
        assert parts.sel(part="abroad").values[:2] == pytest.approx(given[:2], rel=0.1)
        assert "CNTabroad" in contributions(result)
    if "growth" in (one, other):
        assert float(parts.sel(part="tech", r="R0")) > 0
    if "carbon" in (one, other):
        shrinks = float(parts.sel(part="co2", r="R0")) < 0
        assert shrinks == ("growth" not in (one, other))  # the base of a tax that rises shrinks, unless all grows
        assert "co2" in contributions(result)["CNTalleff_tax"]["tax"]


@pytest.mark.parametrize(("composition", "one", "other"), STANDING)
def test_each_of_two_moves_the_world_as_it_does_beside_no_other(composition: str, one: str, other: str) -> None:
    """A mechanism whose instruments rest changes nothing; but that one changes what the other's benchmark is made of."""
    model = put_on(composition, WORLDS[composition], one, other)
    for mover, idle in ((one, other), (other, one)):
        if idle in ("foreign income", "investment by returns"):
            continue  # income on positions and the rule of investment act without being moved
        both, alone = (m.solve(policy_of(mover)) for m in (model, put_on(composition, WORLDS[composition], mover)))
        assert both.values_of("qo") == pytest.approx(alone.values_of("qo"), rel=1e-9)


@pytest.mark.parametrize(("one", "other"), list(permutations(MECHANISMS, 2)))
def test_the_order_of_two_mechanisms_does_not_count(one: str, other: str) -> None:
    there, back = (put_on("core", WORLDS["core"], *names) for names in ((one, other), (other, one)))
    for name, values in there.benchmark_values.items():
        assert np.allclose(values, back.benchmark_values[name], rtol=1e-12, atol=1e-12), name


@pytest.mark.parametrize(("composition", "name"), REFUSED)
def test_a_mechanism_without_a_place_in_a_composition_is_refused_by_name(composition: str, name: str) -> None:
    with pytest.raises(ModelError, match=MECHANISMS[name].refused[composition]) as refusal:
        put_on(composition, WORLDS[composition], name)
    assert "cannot stand on these blocks" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_all_mechanisms_stand_together_on_the_core() -> None:
    model: Model = put_on("core", WORLDS["core"], *MECHANISMS)
    after = model.solve(policy_of(*MECHANISMS))
    assert after.checks()["ok"].all()
    assert updated_sam(after).largest_gap() < 1e-9
