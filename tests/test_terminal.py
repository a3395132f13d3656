"""The command on a terminal and in a pipe: it fits, completes, and honours NO_COLOR."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

CGE = [sys.executable, "-m", "cge.cli"]
COLOUR = re.compile(rb"\x1b\[[0-9;]*(3[0-7]|9[0-7]|38|48)[0-9;]*m")


def on_a_terminal(words: list[str], **extra: str) -> bytes:
    """What a command writes to a terminal of 80 columns."""
    pty = pytest.importorskip("pty")
    main, side = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm-256color", "COLUMNS": "80"} | extra
    with subprocess.Popen([*CGE, *words], stdin=side, stdout=side, stderr=side, env=environment) as process:
        os.close(side)
        out = b""
        try:
            while chunk := os.read(main, 65536):
                out += chunk
        except OSError:  # the other end has closed
            pass
        finally:
            os.close(main)
        assert process.wait(120) == 0, out
    return out


def test_long_work_pulses_in_colour_unless_no_color_is_set() -> None:
    words = ["run", "usmca"]
    assert COLOUR.search(on_a_terminal(words))
    plain = on_a_terminal(words, NO_COLOR="1")
    assert b"cge run usmca" in plain  # the pulse is there
    assert not COLOUR.search(plain)


@pytest.mark.parametrize(
    "words",
    [
        ["--help"], ["run", "--help"], ["docs", "--help"], ["shock", "--help"], ["data", "build", "--help"], ["list"], ["info"],
        ["run", "rcep", "--ranges"], ["run", "usmca"], ["gvc", "rcep"], ["shock", "tm=+10%", "--decompose", "--subtotals"],
        ["check"], ["dynamics", "rcep", "--years", "2018:2019"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_nothing_is_wider_than_80_columns_in_a_pipe(command, words: list[str]) -> None:
    code, out, err = command(*words)
    assert code == 0
    assert out
    assert [line for line in out.splitlines() if len(line.rstrip()) > 80] == []
    assert "\x1b" not in out + err


def test_the_shell_completes_commands_and_options() -> None:
    def offered(line: str) -> list[str]:
        environment = os.environ | {"_CGE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        code = "import sys; sys.argv = ['cge']; from cge.cli import app; app(prog_name='cge')"
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
        return done.stdout.split()

    assert offered("cge ru") == ["run"]
    assert "--ranges" in offered("cge run --ra")
