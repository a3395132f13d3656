"""``python -m policies.cli`` is ``cge``."""

from policies.cli import main

main()
