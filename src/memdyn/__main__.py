"""``python -m memdyn`` is the command ``memdyn``."""

from memdyn.external.command import main

main()
