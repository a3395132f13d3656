"""Questions of policy, one file each; a function of the same name makes the policy.

``from policies import rcep`` gives the function; :func:`cge.find_policy` finds a policy by its name on the command line.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """A function that makes a policy, from whatever file of this folder defines it."""
    from cge.catalogue import functions

    made = functions()
    if name == "__all__":
        return sorted(made)
    if name in made:
        return made[name]
    raise AttributeError(f"policies has no {name!r}; it has {', '.join(made)}")


def __dir__() -> list[str]:
    from cge.catalogue import functions

    return sorted({*globals(), *functions()})
