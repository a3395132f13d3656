"""What can be put on a model: one file a mechanism, found where it lies; ``mechanisms.Carbon()`` is one."""

from __future__ import annotations

from cge.equations.declare import Mechanism


def __getattr__(name: str) -> type[Mechanism]:
    from cge.equations.known_mechanisms import mechanisms

    known = mechanisms() if not name.startswith("_") else {}
    if name not in known:
        raise AttributeError(f"there is no mechanism {name!r}; known: {', '.join(known)}")
    return known[name]


def __dir__() -> list[str]:
    from cge.equations.known_mechanisms import mechanisms

    return sorted(mechanisms())
