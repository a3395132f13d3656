"""``python -m cge.cli`` is ``cge``."""

from cge.cli import main

main()
