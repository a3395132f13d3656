"""A text is one label, never its letters, wherever labels are taken; YAML says each thing once."""

from __future__ import annotations

import numpy as np
import pytest

from calibration import DataError
from calibration.labels import as_labels
from calibration.yaml_file import read_yaml
from cge import Closure, Model, ModelError, Policy, ShockError
from cge.gvc.icio import Icio
from cge.model.path import subtotals
from policies import tariff_change
from policies.belt_and_road_initiative import BeltAndRoadProgramme


def test_a_text_is_one_label() -> None:
    assert as_labels("CHN") == ("CHN",)
    assert as_labels(x for x in ("a", "b")) == ("a", "b")
    assert as_labels(np.array(["a", "b"])) == ("a", "b")
    for wrong in (5, [1, 2], None, ["CHN", None]):
        with pytest.raises(DataError, match=r"members: .* is no label"):
            as_labels(wrong, "members")


def test_tariff_change_takes_one_label_or_several() -> None:
    one = tariff_change(sources="CHN", destinations="USA", commodities="elc", points=25)
    assert one == tariff_change(sources=["CHN"], destinations=("USA",), commodities={"elc"}, points=25)
    assert one.instruments[0].where == {"s": ("CHN",), "d": ("USA",), "i": ("elc",)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give one finite number as points, to .* or times, not none"),
        ({"points": 5, "to": 3}, "not points=5, to=3"),
        ({"points": float("nan")}, "give one finite number"),
        ({"to": "25"}, "give one finite number"),
        ({"to": -100}, "makes the power of the tariff zero or negative"),
        ({"points": 5, "sources": []}, "sources names no label"),
    ],
)
def test_tariff_change_refuses_in_one_line(options: dict, message: str) -> None:
    with pytest.raises(ShockError, match=message) as told:
        tariff_change(**options)
    assert "\n" not in str(told.value)


def test_every_function_of_labels_takes_a_text_as_one(small, small_model) -> None:
    assert Closure.standard(specific="cap") == Closure.standard(specific=["cap"]) == Closure(specific=("cap",))
    assert Closure(specific="cap").specific == ("cap",)
    fixed = Closure.standard(labour="fixed real wage", labour_factors="lab")
    assert fixed.swaps[0].where == (("f", ("lab",)),)
    assert small.participation("R1") == {"R1": 1.0}
    assert BeltAndRoadProgramme(park_sectors="tex").park_sectors == ("tex",)
    base = small_model.solve()
    shock = tariff_change(points=5, destinations="R1")
    after = small_model.solve(shock)
    assert list(base.to_dataset("qo")) == ["qo"]
    change = after.compare(base)
    assert change.trade_among(["R0", "R1"]) == change.trade_among(["R0", "R1", "R0"])
    assert np.isnan(change.trade_among("R0"))  # one region trades with no other
    with pytest.raises(DataError, match="unknown region 'R9'"):
        change.trade_among(["R0", "R9"])
    parts = {"a": tariff_change(points=5, destinations="R0"), "b": shock}
    assert list(subtotals(base, parts, "u")) == ["u"]
    chains = base.gvc()
    assert chains.gvc_income("g1").equals(chains.gvc_income(["g1"]))
    assert chains.services_content("g2")["domestic"].equals(chains.services_content(["g2"])["domestic"])
    assert chains.output_at_risk("R0", "g1").equals(chains.output_at_risk("R0", ["g1"]))
    blocs = [chains.bloc_matrix({"x": members, "y": ["R1", "R2"]}) for members in ("R0", ["R0"])]
    assert blocs[0].equals(blocs[1])
    one = Icio.from_arrays(np.array([[1.0]]), np.array([[2.0]]), regions="EU", sectors="all")
    assert (one.regions, one.sectors) == (["EU"], ["all"])


def test_a_label_that_holds_another_is_not_taken_for_it(small) -> None:
    # park sectors were looked up as parts of a text: 'c1' is in 'c12'
    from cge.dynamics import Baseline, Dynamics, Flows

    growth = __import__("pandas").DataFrame(
        dict.fromkeys(("gdp", "population", "skl", "unskl", "nat"), 0.01), index=small.regions
    )
    model = Dynamics(small, Baseline((2018,), growth), capital="vintage")

    class Parks:
        name = "parks"

        def flows(self, year, model, state):
            return Flows(parks={"R0": 0.01, "R1": -0.01}, park_sectors="g0g1")

    with pytest.raises(ModelError, match="park sector 'g0g1' is no sector of the benchmark; did you mean 'g"):
        model.run(Parks(), progress=False)


# -- YAML ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\ntitle: b\nname: c\n", "line 3: key 'name' is given twice, first on line 1"),
        ("name: x\ninstruments:\n- {instrument: tms, factor: 1.1, factor: 2.0}\n", "line 3: key 'factor' is given twice"),
        ("a: 1\n'a': 2\n", "line 2: key 'a' is given twice"),
        ("[" * 800 + "]" * 800, "nested too deeply"),
        ("a: " + "9" * 30000, "is not YAML"),
        ("a: 1\n---\nb: 2\n", "is not YAML"),
        ("a: !!python/object/apply:os.system ['true']\n", "is not YAML"),
        ("a: [1\n", "is not YAML"),
    ],
)
def test_yaml_that_could_be_misread_is_refused_with_its_line(tmp_path, text: str, message: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(DataError, match=message) as told:
        read_yaml(tmp_path / "p.yaml")
    assert "\n" not in str(told.value)
    with pytest.raises(ShockError, match=message):
        Policy.from_yaml(tmp_path / "p.yaml")


def test_yaml_means_what_a_reader_sees(tmp_path) -> None:
    text = "a: NO\nb: 1:30\nc: 010\nd: 1e-3\ne: 2018-01-01\nf: true\ng: .5\nh:\ni: &x {k: 1}\nj: {<<: *x, k: 2}\nm: 0x10\n"
    (tmp_path / "p.yaml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    held = read_yaml(tmp_path / "p.yaml")
    wanted = {"a": "NO", "b": "1:30", "c": 10, "d": 0.001, "e": "2018-01-01", "f": True, "g": 0.5, "h": None, "m": 16}
    assert {k: v for k, v in held.items() if k not in "ij"} == wanted
    assert held["j"] == {"k": 2}  # a merged key is meant to be overridden
    (tmp_path / "p.yaml").write_bytes(b"name: caf\xe9\n")
    with pytest.raises(DataError, match=r"is not UTF-8 text \(byte 9\)"):
        read_yaml(tmp_path / "p.yaml")
    with pytest.raises(DataError, match="not found"):
        read_yaml(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("factor: true", "a number is needed, not true"),
        ("rate_to: 25%", "'25%' is no number; rates are fractions, 25 % is 0.25"),
        ("rate_to: 1:30", "valid number"),
        ("factor: 1.1, scale: 0", "every change has scale 0, so the policy changes nothing"),
        ("factor: 1.1, scale: .nan", "scale is nan; it must be finite"),
        ("factor: 1.1, where: {s: []}", "dim s names no label"),
        ("factor: 1.1, where: {s: ''}", "dim s names no label"),
    ],
)
def test_policy_files_are_refused_with_the_fault(tmp_path, change: str, message: str) -> None:
    (tmp_path / "p.yaml").write_text(f"name: x\ninstruments:\n- {{instrument: tms, {change}}}\n")
    with pytest.raises(ShockError, match=message) as told:
        Policy.from_yaml(tmp_path / "p.yaml")
    assert "\n" not in str(told.value)


def test_members_are_regions(small) -> None:
    asked = Policy(name="x", members=("R0",), instruments=({"instrument": "tms", "factor": 1.1, "where": {"i": "@members"}},))
    with pytest.raises(ShockError, match="@members are regions; dim i takes labels of its own"):
        Model(small).solve(asked)
