"""What a job has used: one line at the end of its log, written and read here.

Snakemake's benchmark files do not serve: jobs are looked at every half second for 15 s and then
every 30 s, so that up to 30 CPU-seconds and any short peak of memory are missing (a job of 40 s is
booked with 14).
"""

from __future__ import annotations

import re
import resource
import sys
import time
from pathlib import Path
from typing import NamedTuple

_LINE = "used {:.1f} CPU-s and at most {:.0f} MB"
_PATTERN = re.compile(r"^\S+ used (\d+\.\d) CPU-s and at most (\d+) MB$", re.MULTILINE)
_ON_GPU = re.compile(r"^\S+ on cuda\S*, ", re.MULTILINE)


class Usage(NamedTuple):
    """CPU-seconds of a process from its start on, and its peak memory (MB of 2**20 bytes)."""

    cpu: float
    memory: float


def used() -> Usage:
    """What this process has used so far."""
    return Usage(time.process_time(), _peak())


def line(usage: Usage) -> str:
    """The line for the log."""
    return _LINE.format(*usage)


def read(log: Path | str) -> Usage | None:
    """What a finished job has used, from its log; None if the log has no such line."""
    return last(Path(log).read_text(errors="replace"))


def on_gpu(log: Path | str) -> bool:
    """Whether a job ran on a GPU in any of its tries, as ``device.set_up`` notes."""
    return bool(_ON_GPU.search(Path(log).read_text(errors="replace")))


def last(text: str) -> Usage | None:
    """The same from the text of a log."""
    found = _PATTERN.findall(text)
    return Usage(*map(float, found[-1])) if found else None


def _peak() -> float:
    """Of this program alone: ru_maxrss would count the process that started it, too."""
    try:
        status = Path("/proc/self/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
    except OSError:  # no such file: macOS, where ru_maxrss counts bytes
        found = None
    if found is None:
        per_MB = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / per_MB
    return int(found[1]) / 2**10
