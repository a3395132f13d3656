"""The HAR format: what is read is what stands there, what is written can be told apart, damage is named."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from calibration import DataError
from calibration.readers.har import HarArray, header_names, read_har, short_labels, write_har
from tests.gtap_folders import full, head, record, sets_record


def test_labels_that_twelve_characters_do_not_tell_apart_stay_two(tmp_path) -> None:
    regions = ("north-africa-east", "north-africa-west", "usa")
    write_har(tmp_path / "x.har", {"AB": HarArray(np.arange(3.0), "", ("REG",), {"REG": regions})})
    back = read_har(tmp_path / "x.har")
    assert len(set(back["AB"].elements["REG"])) == 3
    assert all(len(x) <= 12 for x in back["AB"].elements["REG"])
    table = dict(line.split(" = ") for line in back["LREG"].values)  # the full labels stand in the file
    assert [table.get(x, x) for x in back["AB"].elements["REG"]] == list(regions)


def test_a_cut_label_never_takes_the_name_of_a_short_one() -> None:
    assert short_labels(["abcdefghijklm", "abcdefghijkl"]) == ["abcdefghij_2", "abcdefghijkl"]
    with pytest.raises(DataError, match="stand twice"):
        short_labels(["a", "a"])


def test_every_variable_has_a_header_of_its_own() -> None:
    names = ["qxs", "del_tbal", "del_tbalry", "pfactor", "pfactwld", "Qxs2", "qxs3"]
    headers = header_names(names)
    assert list(headers) == names
    assert len({h.upper() for h in headers.values()}) == len(names)
    assert all(1 <= len(h) <= 4 and h.replace("_", "").isalnum() for h in headers.values())


def test_one_header_is_not_written_over_another(tmp_path) -> None:
    one = HarArray(np.ones(2), "", ("REG",), {"REG": ("a", "b")})
    with pytest.raises(DataError, match="would be written twice"):
        write_har(tmp_path / "x.har", {"Ab": one, "AB": one})
    with pytest.raises(DataError, match="set REG has other elements"):
        write_har(tmp_path / "x.har", {"A": one, "B": HarArray(np.ones(2), "", ("REG",), {"REG": ("b", "a")})})


def test_text_headers_survive_the_round_trip(tmp_path) -> None:
    lines = np.array([f"line {k} of a text longer than a label" for k in range(500)])
    write_har(tmp_path / "x.har", {"XXCR": HarArray(lines, "credits")})
    back = read_har(tmp_path / "x.har")["XXCR"]
    assert list(back.values) == list(lines)
    assert back.description == "credits"


EMPTY = (0, 3, 1, 1, 1, 1, 1)
AFTER = head("NEXT", "2R", (1, 1)) + record(b"    " + struct.pack("<7i", 1, 1, 1, 1, 1, 1, 1) + struct.pack("<f", 7.0))


@pytest.mark.parametrize("remains", [b"", record(b"    " + struct.pack("<3i", 1, 0, 0))], ids=["no record", "empty record"])
@pytest.mark.parametrize(
    "header",
    [
        head("NONE", "1C", (0, 12)),
        head("NONE", "2R", (0, 3)),
        head("NONE", "2I", (3, 0)),
        head("NONE", "RL", EMPTY),
        head("NONE", "RL", EMPTY, "SPSE"),
        head("NONE", "RE", EMPTY) + sets_record(("MARG", "REG"), "uu"),
        head("NONE", "RE", EMPTY, "SPSE") + sets_record(("MARG", "REG"), "uu"),
    ],
    ids=["1C", "2R", "2I", "RL", "RL sparse", "RE", "RE sparse"],
)
def test_headers_without_cells_are_read_in_every_kind(tmp_path, header: bytes, remains: bytes) -> None:
    (tmp_path / "x.har").write_bytes(header + remains + AFTER)
    read = read_har(tmp_path / "x.har")
    assert read["NONE"].values.size == 0
    assert float(read["NEXT"].values.ravel()[0]) == 7.0


def test_an_empty_set_keeps_its_name_and_its_neighbours(tmp_path) -> None:
    elements = {"MARG": (), "REG": ("a", "b")}
    write_har(tmp_path / "x.har", {"VST": HarArray(np.zeros((0, 2)), "", ("MARG", "REG"), elements)})
    back = read_har(tmp_path / "x.har")["VST"]
    assert back.values.shape == (0, 2)
    assert back.elements == {"MARG": (), "REG": ("a", "b")}


HUGE = (1024, 1024, 1024, 1, 1, 1, 1)  # 2^30 values


@pytest.mark.parametrize(
    "header",
    [
        head("BIG", "RE", HUGE) + sets_record(("A", "B", "C"), "uuu"),
        head("BIG", "RE", HUGE, "SPSE") + sets_record(("A", "B", "C"), "uuu"),
        head("BIG", "RL", HUGE),
        head("BIG", "2R", (2**15, 2**15)),
        head("BIG", "2I", (2**30, 1)),
        head("BIG", "1C", (2**30, 12)),
        head("BIG", "RE", (2**31 - 1,) * 7) + sets_record(("A",), "u"),
    ],
    ids=["RE", "RE sparse", "RL", "2R", "2I", "1C", "beyond 64 bits"],
)
def test_a_size_that_the_file_cannot_hold_is_refused_before_memory_is_asked_for(tmp_path, header: bytes) -> None:
    (tmp_path / "x.har").write_bytes(header + record(b"    " + bytes(200)))
    with pytest.raises(DataError, match=r"header 'BIG' states [\d,]+ values .* more than its [\d,]+ bytes can hold"):
        read_har(tmp_path / "x.har")


def test_cells_that_are_not_in_the_file_are_no_zeros(tmp_path) -> None:
    dims = (4, 1, 1, 1, 1, 1, 1)
    half = full(np.ones(4), dims).replace(struct.pack("<14i", 1, 4, *[1] * 12), struct.pack("<14i", 1, 2, *[1] * 12))
    half = half.replace(
        record(b"    " + struct.pack("<i", 1) + np.ones(4, "<f4").tobytes()),
        record(b"    " + struct.pack("<i", 1) + np.ones(2, "<f4").tobytes()),
    )
    (tmp_path / "x.har").write_bytes(head("AB", "RL", dims) + half)
    with pytest.raises(DataError, match="header 'AB': 2 of 4 values"):
        read_har(tmp_path / "x.har")


def test_a_header_that_stands_twice_is_named(tmp_path) -> None:
    (tmp_path / "x.har").write_bytes(AFTER + AFTER)
    with pytest.raises(DataError, match="header 'NEXT' stands twice"):
        read_har(tmp_path / "x.har")


def test_any_damage_is_a_line_that_names_the_file(tmp_path) -> None:
    elements = {"COMM": ("a", "b"), "REG": ("x", "y", "z")}
    arrays = {"AB": HarArray(np.ones((2, 3)), "", ("COMM", "REG"), elements), "TX": HarArray(np.array(["one", "two"]))}
    write_har(tmp_path / "x.har", arrays)
    whole = (tmp_path / "x.har").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(600):
        spoilt = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            spoilt[place] = rng.integers(0, 256)
        (tmp_path / "x.har").write_bytes(bytes(spoilt[: rng.integers(1, len(whole) + 1)]))
        try:
            read_har(tmp_path / "x.har")
        except DataError as error:  # any other error fails the test
            refused += "x.har" in str(error)
    assert refused > 300
