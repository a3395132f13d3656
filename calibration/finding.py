"""Objects found where they lie: in the modules of a package, and what other packages bring through entry points."""

from __future__ import annotations

import importlib
import importlib.metadata as metadata
import pkgutil
from collections.abc import Iterator
from typing import Any


def objects(package: str, group: str, kind: type) -> Iterator[tuple[str, Any]]:
    """Objects of a kind that modules of a package define, and what other packages bring."""
    whole = importlib.import_module(package)
    for found in pkgutil.walk_packages(whole.__path__, f"{package}."):
        if found.name.rpartition(".")[2].startswith("_"):
            continue
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            # a class belongs to the module that defines it; an instance to the one that makes it
            if isinstance(value, kind) and (kind is not type or value.__module__ == module.__name__):
                yield module.__name__, value
    for point in metadata.entry_points(group=group):
        value = point.load()
        if isinstance(value, kind):
            yield point.value, value
