"""Scripts that build data (``python -m calibration.datasets...``, ``policies.data...``): one way to read arguments and to fail.

A missing folder or file, or bad data, is one line on the error stream and the exit code 2, as in the command ``cge``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from calibration.errors import DataError

BAD_INPUT = 2
"""Exit code."""


def parser_of(doc: str | None) -> argparse.ArgumentParser:
    """A parser with the first line of a module's text and the argument ``--data``."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0] if doc else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with the raw tables")
    return parser


def arguments_of(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parsed arguments, with the folder of raw tables and that of the output checked before any work.

    Raises
    ------
    DataError
        ``--data`` is no folder, or the folder of ``--out`` or ``--full`` does not exist.
    """
    args = parser.parse_args()
    if not args.data.is_dir():
        raise DataError(f"--data {args.data} is not a folder; give the folder that holds the folders of raw tables")
    for name in ("out", "full"):
        path = getattr(args, name, None)
        if path is not None and not (path.is_dir() or path.absolute().parent.is_dir()):
            raise DataError(f"--{name} {path}: the folder {path.absolute().parent} does not exist; make it first")
    return args


def script(main: Callable[[], None]) -> Callable[[], None]:
    """Let the main function of a script end with one line where its data are missing or bad."""

    @wraps(main)
    def run() -> None:
        try:
            main()
        except DataError as error:
            _stop(str(error))
        except FileNotFoundError as error:
            _stop(f"{error.filename or error} not found; --data names the folder that holds the raw tables")
        except OSError as error:
            _stop(f"{error.filename or 'a file'} cannot be read or written: {error.strerror or error}")

    return run


def _stop(message: str) -> None:
    print(" ".join(message.split()), file=sys.stderr)
    raise SystemExit(BAD_INPUT)
