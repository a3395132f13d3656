"""Units are said: rates in per cent are not fractions, euro are not dollars, and every output names its currency."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from calibration import DataError, load_benchmark
from calibration.build import build_benchmark
from calibration.tariff_table import read_tariffs
from cge import Model, SolveError
from tests.test_data_build import figaro_csv, icio_csv
from tests.test_readers import tiny_table

ROOT = str(Path(__file__).resolve().parents[1])
SECTORS, REGIONS = ["A01", "C29"], ["CHN", "MEX", "USA"]


def tariffs(folder: Path, text: str) -> Path:
    path = folder / "t.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        (("25", "10.5"), "line 2: the rate 25 of C29 CHN MEX would be 2500% as a fraction"),
        (("2.5", "3"), "half the positive rates are above"),
        (("0.1", "25"), "line 3: the rate 25 of A01 USA CHN"),
    ],
)
def test_rates_that_look_like_per_cent_are_refused_until_the_unit_is_said(tmp_path: Path, rates, message: str) -> None:
    text = f"C29,CHN,MEX,{rates[0]}\nA01,USA,CHN,{rates[1]}\n"
    with pytest.raises(DataError, match=message):
        read_tariffs(tariffs(tmp_path, "i,s,d,rate\n" + text), SECTORS, REGIONS)
    expected = float(rates[0]) / 100
    for header, unit in (("i,s,d,rate", "percent"), ("i,s,d,percent", None), ("i,s,d,percent", "percent")):
        found = read_tariffs(tariffs(tmp_path, f"{header}\n{text}"), SECTORS, REGIONS, unit)  # type: ignore[arg-type]
        assert float(found.sel(i="C29", s="CHN", d="MEX")) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C29,CHN,MEX,0.25\nA01,CHN,USA,0.1\nA01,USA,CHN,2.5\n", "line 4: the rate 2.5 of A01 USA CHN would be 250%"),
        (
            "A01,CHN,USA,0.1\nA01,MEX,USA,0.1\nA01,USA,MEX,0.1\nC29,USA,MEX,1.2\nC29,CHN,MEX,1.9\n",
            "half the positive rates of the sector C29 are above 1.55, or 155% as fractions, unlike the rest",
        ),
        (
            "A01,CHN,USA,0.1\nC29,CHN,USA,0.1\nA01,CHN,MEX,0.1\nA01,USA,MEX,0.1\nC29,MEX,CHN,1.5\nA01,MEX,CHN,1.1\n",
            "half the positive rates of the exporter MEX are above",
        ),
    ],
)
def test_per_cent_hidden_among_fractions_are_refused_until_the_unit_is_said(tmp_path: Path, text: str, message: str) -> None:
    path = tariffs(tmp_path, "i,s,d,rate\n" + text)
    with pytest.raises(DataError, match=message):
        read_tariffs(path, SECTORS, REGIONS)
    assert float(read_tariffs(path, SECTORS, REGIONS, "fraction").max()) > 1  # as the user says


def test_fractions_are_taken_as_they_are_and_coverage_is_told(tmp_path: Path) -> None:
    path = tariffs(tmp_path, "i,s,d,rate\nC29,CHN,MEX,0.25\nA01,USA,CHN,1.5\nA01,CHN,USA,0.1\n")
    found = read_tariffs(path, SECTORS, REGIONS)
    assert float(found.sel(i="A01", s="USA", d="CHN")) == 1.5  # 150 % is high, and one of three
    assert found.attrs["source"] == "t.csv (3 rates from 10 % to 150 %; the other 9 of 12 bilateral cells are free)"


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("i,s,d,rate\nC29,CHN,CHN,0.1\n", None, "CHN pays no duty on its trade with itself"),
        ("i,s,d,rate,percent\nC29,CHN,MEX,0.1,10\n", None, "columns rate and percent"),
        ("i,s,d,percent\nC29,CHN,MEX,10\n", "fraction", "fractions were asked for"),
        ("i,s,d,rate\nC29,CHN,MEX,45\n", "fraction", "more than any duty"),
        ("i,s,d,rate\nC29,CHN,MEX,10%\n", None, "'10%' is not a number"),
        ("i,s,d,rate\nC29,CHN,MEX,\n", None, "column rate is empty"),
        ("i,s,d,rate,note\nC29,CHN,MEX,0.1,x\n", None, "unknown column 'note'"),
        ("i,s,d,rate\nC92,CHN,MEX,0.1\n", None, "'C92' is no sector; did you mean 'C29'"),
    ],
)
def test_a_tariff_table_says_what_it_means(tmp_path: Path, text: str, unit, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_tariffs(tariffs(tmp_path, text), SECTORS, REGIONS, unit)


@pytest.fixture
def euro(tmp_path: Path) -> Path:
    path = tmp_path / "matrix_eu-ic-io_ind-by-ind_24ed_2022.csv"
    figaro_csv(path)
    return path


POLICY = "name: duty\ninstruments:\n- {instrument: tms, factor: 1.1, among: true}\n"


def test_a_table_in_euro_says_euro_in_every_output(command, euro: Path, tmp_path: Path) -> None:
    benchmark, policy = tmp_path / "eur.nc", tmp_path / "p.yaml"
    policy.write_text(POLICY)
    code, text, _ = command("data", "build", str(euro), "--source", "figaro", "--out", str(benchmark))
    assert code == 0
    assert "EUR" in text
    assert load_benchmark(benchmark).currency == "EUR"
    texts = [text, (tmp_path / "eur.html").read_text(), (tmp_path / "eur.json").read_text()]
    at = ("--benchmark", str(benchmark))
    for words in (
        ("info", str(benchmark)),
        ("run", str(policy), *at, "--report", str(tmp_path / "r.html"), "--out", str(tmp_path / "run")),
        ("run", str(policy), *at, "--json"),
        ("shock", "tm=+10%", *at, "--decompose", "--report", str(tmp_path / "s.html")),
        ("gvc", str(policy), *at, "--json"),
        ("docs", *at, "--out", str(tmp_path / "docs")),
    ):
        code, text, _ = command(*words)
        assert code == 0, words
        texts.append(text)
    pages = [*tmp_path.glob("*.html"), *(tmp_path / "docs").glob("*.html"), *(tmp_path / "run").glob("*.json")]
    texts += [re.sub(r"base64,[A-Za-z0-9+/=]+", "", page.read_text()) for page in pages]
    assert [text for text in texts if "USD" in text] == []
    assert sum("million EUR" in text or "m EUR" in text for text in texts) >= 7
    base = Model(load_benchmark(benchmark)).solve()
    assert base["ev"].attrs["units"] == "million EUR"
    assert base.icio().units == "million EUR"
    assert base.to_dataset(["u"]).attrs["currency"] == "EUR"


def test_a_stated_rate_converts_every_value_and_is_recorded(euro: Path) -> None:
    own = build_benchmark("figaro", euro)
    turned = build_benchmark("figaro", euro, rate=1.181, currency="USD")
    assert turned.benchmark.sam.gdp() == pytest.approx(1.181 * own.benchmark.sam.gdp())
    assert (own.benchmark.currency, turned.benchmark.currency) == ("EUR", "USD")
    assert turned.report["conversion"] == "from EUR at 1 EUR = 1.181 USD, as given"
    assert "1.181" in str(turned.benchmark.attrs["note"])


def test_half_a_conversion_is_refused(euro: Path, tmp_path: Path) -> None:
    for options, message in (
        ({"rate": 1.2}, "give both or none"),
        ({"currency": "USD"}, "give both or none"),
        ({"rate": 1.2, "currency": "EUR"}, "is in EUR already"),
        ({"rate": -1.0, "currency": "USD"}, "must be a positive number"),
        ({"rate": 1.2, "currency": "usd"}, "three capital letters"),
    ):
        with pytest.raises(DataError, match=message):
            build_benchmark("figaro", euro, **options)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="are not 'million' and a currency"):
        type(tiny_table())(**{**vars(tiny_table()), "units": "thousand USD"})


def test_benchmarks_of_before_are_in_dollars(small) -> None:
    assert small.currency == "USD"
    assert load_benchmark("world-2011").currency == "USD"
    assert small.sam.data["vdfb"].attrs["units"] == "million USD"


# -- nothing of the user's is written over -----------------------------------------------------------------------


def test_a_build_never_overwrites_what_it_reads(command, tmp_path: Path) -> None:
    raw = icio_csv(tmp_path, ["CHN", "JPN", "USA"])
    before = raw.read_bytes()
    map_ = tmp_path / "o.json"
    map_.write_text("from,to\nCHN,a\nJPN,b\nUSA,c\n")
    link = tmp_path / "link.nc"
    link.symlink_to(raw)
    for words, message in (
        (["--out", str(raw)], "must end in .nc"),
        (["--out", str(link)], "is the table of this run and would be overwritten"),
        (["--out", str(tmp_path / "o.nc"), "--regions", str(map_)], "is the region map of this run"),
        (["--out", str(tmp_path / "o.nc"), "--tariff-unit", "percent"], "without a tariff table"),
        (["--out", str(raw / "x" / "o.nc")], "is a file, not a folder"),
    ):
        code, _, error = command("data", "build", str(raw), "--source", "oecd-icio", *words)
        assert (code, message in error) == (2, True), error
    assert raw.read_bytes() == before
    assert not (tmp_path / "o.nc").exists()


def test_results_never_overwrite_the_policy_the_benchmark_or_a_table(command, small, tmp_path: Path) -> None:
    policy, benchmark, rates = tmp_path / "policy.yaml", tmp_path / "solution.nc", tmp_path / "regions.csv"
    policy.write_text(POLICY)
    small.save(benchmark)
    rates.write_text("i,s,d,percent\ng0,R0,R1,10\n")
    held = {path: path.read_bytes() for path in (policy, benchmark, rates)}
    at = ("--benchmark", str(benchmark))
    for words in (
        ("run", str(policy), "--benchmark", "world-2011", "--out", str(tmp_path)),
        ("run", "rcep", *at, "--out", str(tmp_path)),
        ("run", str(policy), *at, "--report", str(policy)),
        ("gvc", str(policy), *at, "--report", str(benchmark)),
        ("shock", f"tms=@{rates}", "--benchmark", "world-2011", "--out", str(tmp_path)),
    ):
        code, _, error = command(*words)
        assert (code, "overwrit" in error) == (2, True), (words, error)
    assert {path: path.read_bytes() for path in held} == held


@pytest.mark.parametrize(
    "words",
    [
        ("run", "rcep", "--assembly", "fixed"),
        ("run", "rcep", "--rules", "nafta"),
        ("run", "usmca", "--method", "auto"),
        ("dynamics", "rcep", "--finance", "loans"),
        ("data", "build", "x", "--source", "gtap-har", "--out", "x.nc", "--year", "2011"),
        ("data", "build", "x", "--source", "gtap-har", "--out", "x.nc", "--elasticities", "gtap"),
    ],
    ids=" ".join,
)
def test_an_option_that_does_not_apply_is_refused_by_name(command, words: tuple[str, ...]) -> None:
    code, _, error = command(*words)
    option = next(x for x in reversed(words) if x.startswith("--"))
    assert code == 2
    assert f"{option} does not apply" in error


def test_ranges_need_studies(command, small, tmp_path: Path) -> None:
    small.save(tmp_path / "b.nc")
    (tmp_path / "p.yaml").write_text(POLICY)
    code, _, error = command("run", str(tmp_path / "p.yaml"), "--benchmark", str(tmp_path / "b.nc"), "--ranges")
    assert code == 2
    assert "carries none" in error


# -- what stops a command from outside ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (KeyboardInterrupt(), "interrupted", 130),
        (BrokenPipeError(32, "Broken pipe"), "the output was closed", 141),
        (MemoryError("Unable to allocate 9 TiB"), "out of memory (Unable to allocate 9 TiB)", 2),
        (RecursionError("too deep"), "nested too deep", 2),
        (PermissionError(13, "Permission denied", "/x/y.csv"), "/x/y.csv: Permission denied", 2),
        (OSError(28, "No space left on device"), "No space left on device", 2),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "cannot be read or written", 2),
    ],
    ids=lambda x: type(x).__name__,
)
def test_what_stops_a_command_is_one_line_and_a_code(command, monkeypatch, error, line: str, code: int) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("cge.cli.benchmarks.load_benchmark", fails)
    monkeypatch.setattr("cge.cli.stops.os.dup2", lambda *_: None)
    found, out, told = command("info")
    assert (found, out) == (code, "")
    assert told.startswith("error: ")
    assert line in told
    assert told.count("\n") == 1


def test_a_fault_of_the_library_keeps_its_traceback(command, monkeypatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("cge.cli.benchmarks.load_benchmark", fails)
    with pytest.raises(ZeroDivisionError):
        command("info")


def test_json_of_info_names_the_currency(command) -> None:
    code, text, _ = command("info", "world-2011", "--json")
    assert code == 0
    assert json.loads(text)["currency"] == "USD"


def test_an_option_is_given_once(command, small, tmp_path: Path) -> None:
    policy, benchmark = tmp_path / "p.yaml", tmp_path / "b.nc"
    policy.write_text(POLICY)
    small.save(benchmark)
    at = ("run", str(policy), "--benchmark", str(benchmark))
    for words in (("--benchmark", "world"), (f"--benchmark={benchmark}",), ("--method", "auto", "--method", "ipopt")):
        code, _, error = command(*at, *words)
        assert (code, error) == (2, f"error: {words[0].partition('=')[0]} is given twice; keep one\n")
    assert command(*at, "--quiet", "--quiet")[0] == 0  # a switch says the same twice


def test_a_closed_output_does_not_stop_a_run(small, tmp_path: Path) -> None:
    small.save(tmp_path / "b.nc")
    (tmp_path / "p.yaml").write_text(POLICY)
    line = f"{sys.executable} -c 'from cge.cli import main; main()' run p.yaml --benchmark b.nc --out r >&- 2>&-"
    assert subprocess.run(["sh", "-c", line], cwd=tmp_path, env=os.environ | {"PYTHONPATH": ROOT}, check=False).returncode == 0
    assert (tmp_path / "r" / "regions.csv").is_file()


def test_an_interrupt_while_the_command_is_loaded_is_one_line(tmp_path: Path) -> None:
    script = tmp_path / "cge"
    script.write_text("import cge\nraise KeyboardInterrupt\n")
    done = subprocess.run(
        [sys.executable, str(script)], env=os.environ | {"PYTHONPATH": ROOT}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert done.stderr == "error: interrupted\n"


def test_results_are_written_before_the_ranges(command, tmp_path: Path, monkeypatch) -> None:
    from cge.report import findings

    def fail(*_: object, **__: object) -> None:
        raise SolveError("no range")

    monkeypatch.setattr(findings, "welfare_range", fail)
    out = tmp_path / "r"
    code, _, error = command("run", "us-china", "--ranges", "--out", str(out))
    assert (code, "no range" in error) == (2, True)
    assert (out / "regions.csv").is_file()
