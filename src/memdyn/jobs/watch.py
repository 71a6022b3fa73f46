"""A thread beside the work of a job: is Snakemake still there, is there time and memory left?

A job whose Snakemake is gone would write beside the next run's, so it ends. One that comes near the
time limit of SLURM is asked to stop while it can still save. One that comes near its memory says so
in its log, since the kernel kills without a word.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

from memdyn.jobs import stopping, writers

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between looks
#: Time that work which can stop is given to save its state, before it is ended (s).
GRACE = 60.0
#: Part of the memory that a job asked for above which its log says so.
NEAR = 0.9


def start(main: int | None) -> None:
    """Begin to watch.

    Args:
        main: process of the Snakemake on this machine that started this job, if there is one.
    """
    threading.Thread(
        target=_watch, args=(main, _end_of_time(), memory_limit()), daemon=True
    ).start()


def _watch(main: int | None, end: float | None, limit: int | None) -> None:
    beaten = 0.0
    while True:
        time.sleep(EVERY)
        if time.monotonic() - beaten >= writers.BEAT:
            writers.beat()
            beaten = time.monotonic()
        if main is not None and not is_alive(main):
            _end(f"Snakemake (process {main}) is gone")
            main = None
        if end is not None and time.time() > end:
            if stopping.looks():
                stopping.ask("the time limit of its SLURM job is near")
            end = None
        if limit is not None and (now := resident()) > NEAR * limit:
            log.warning(
                "uses %d MB of the %d MB that this job asked for: if its log ends here, it was "
                "killed for memory; its next try asks for more, as does "
                "--set-resources <rule>:mem_mb=%d",
                *(now, limit, 2 * limit),
            )
            limit = None


def _end(reason: str) -> None:
    """End this process: at once, or when its work has saved its state."""
    if stopping.looks():
        stopping.ask(reason)
        threading.Timer(GRACE, os._exit, [1]).start()
    else:
        log.error("%s: this job ends; start the run again", reason)
        os._exit(1)


def is_alive(pid: int) -> bool:
    """Whether a process of this machine lives; one that has ended but is not buried does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return not re.search(r"^State:\s+[ZX]", Path(f"/proc/{pid}/status").read_text(), re.M)
    except OSError:
        return not Path("/proc/self").exists()  # macOS: it answered the signal


def memory_limit() -> int | None:
    """Memory (MB) that SLURM gives to this job; None outside SLURM."""
    for name, count in (("SLURM_MEM_PER_NODE", 1), ("SLURM_MEM_PER_CPU", _cpus())):
        if (value := os.environ.get(name, "")).isdigit() and int(value):
            return int(value) * count
    return None


def _cpus() -> int:
    value = os.environ.get("SLURM_CPUS_PER_TASK", "")
    return int(value) if value.isdigit() else 1


def resident() -> int:
    """Memory (MB) that this process holds now; 0 where that cannot be read."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def _end_of_time() -> float | None:
    """When this job should stop by itself, in time to save: a tenth of what is left, 5 min at most.

    None outside SLURM, or without a limit.
    """
    left = _seconds_left()
    return None if left is None else time.time() + left - min(300.0, max(20.0, 0.1 * left))


def _seconds_left() -> float | None:
    job = os.environ.get("SLURM_JOB_ID")
    if job is None:
        return None
    end = os.environ.get("SLURM_JOB_END_TIME", "")
    if end.isdigit():
        return int(end) - time.time()
    if shutil.which("squeue") is None:
        return None
    command = ["squeue", "--noheader", "--jobs", job, "--format", "%L"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return seconds(asked.stdout.strip())


def seconds(text: str) -> float | None:
    """SLURM's ``days-hours:minutes:seconds`` in seconds; None for UNLIMITED and the like."""
    if not (found := re.fullmatch(r"(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)", text)):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((24 * days + hours) * 60 + minutes) * 60 + seconds)
