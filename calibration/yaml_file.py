"""YAML files that people edit: read safely, every surprise of the format refused with its place.

Plain words follow YAML 1.2: ``NO`` is Norway and ``1:30`` a text, not ``False`` and 90 as in YAML 1.1. A key that is given
twice in one mapping is refused: which of the two was meant cannot be known.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from calibration.errors import DataError

LARGEST = 4 * 2**20
"""Bytes up to which a file is read: 70,000 changes, some twenty seconds; larger ones take minutes before anything is said."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with unique keys and the plain words of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own name and shape)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        first: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + 1
            if key.value in first:
                raise DataError(f"line {line}: key {key.value!r} is given twice, first on line {first[key.value]}; keep one")
            first[key.value] = line
        return dict(super().construct_mapping(node, deep=deep))


for tag, pattern, starts in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", "-+0123456789"),
    ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
     "-+0123456789."),
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    ("merge", r"^(?:<<)$", "<"),
):  # fmt: skip
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), [*starts.replace("\0", ""), ""])


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    """An integer of YAML 1.2: a leading zero does not make it octal."""
    text = str(loader.construct_scalar(node))
    return int(text, 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10)


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)


def read_yaml(path: str | Path) -> Any:
    """The one document of a YAML file.

    Raises
    ------
    DataError
        The file is missing, too large, not UTF-8, not YAML, nested beyond reason, or gives a key twice; with the line.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"file {path} not found")
    try:
        if path.stat().st_size > LARGEST:
            raise DataError(f"more than {LARGEST // 2**20} MB; a file that people edit is smaller")
        text = path.read_text(encoding="utf-8-sig")
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, where: str) -> Any:
    """The one document of a YAML text; ``where`` it is from is named in errors.

    Raises
    ------
    DataError
        Not YAML, nested beyond reason, or a key given twice; with the line.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # a safe loader
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    except RecursionError:
        raise DataError(f"{where} is not YAML that can be read: nested too deeply") from None  # a thousand frames tell nothing
    except (yaml.YAMLError, ValueError) as error:
        raise DataError(f"{where} is not YAML: {' '.join(str(error).split())}") from error
