"""What taking a network from outside apart takes of memory, said before it starts.

Nothing here imports torch: Snakemake asks while it parses.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

#: States of one unit per hidden one, at most, and of layers if the file does not say.
STATES = {"lstm": 2}
#: What every job needs (MB): libraries, and buffers that are bounded whatever the network is, above
#: all the last windows of runs and the whole runs of a portrait.
FLOOR_MB = 2500
#: Jacobians and factors of full size held at once, and arrays of one number per start and unit.
SQUARES, ROWS = 16, 24


def memory_mb(entry: Mapping) -> int:
    """MB for an entry of the list ``external``.

    The number of starting states in a file is not known before it is opened: the file cannot hold
    more than its size in half precision.

    >>> memory_mb({"cell": "rate", "n_units": 64, "states": {"n": 32, "sd": 1.0}})
    2501
    >>> memory_mb({"cell": "rate", "n_units": 2000, "states": {"n": 1000, "sd": 1.0}})
    3396
    """
    n, states = STATES.get(entry["cell"], 1) * entry["n_units"], entry["states"]
    if "n" in states:
        rows = states["n"]
    else:
        file = Path(states["file"])
        rows = file.stat().st_size // (2 * n) if file.is_file() else 0
    return FLOOR_MB + round(8e-6 * n * (SQUARES * n + ROWS * rows))
