"""One writer per job: a lock on its log that dies with its process, and a heartbeat across nodes.

Whoever runs a job holds the kernel's lock (flock) on the job's log, whose first line says who that
is. The lock ends with the process, even on ``kill -9``. Some network file systems keep such locks
within a node, or have none: there the writer lives as long as the log's time moves on, which
``watch`` sees to every ``BEAT`` seconds.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from memdyn.jobs.locks import Held
from memdyn.jobs.logs import has_ended

log = logging.getLogger(__name__)

BEAT = 5.0  # seconds between heartbeats
#: A log whose time is older than this has no living writer: beats, and clocks that differ (s).
FRESH = 300.0
_HEADER = "written by process {pid} on {host}"
_PATTERN = re.compile(r"written by process (\d+) on (\S+?)(?:, SLURM job (\S+))?$")

_held: Held[Path] = Held()  # by log


class StillWritten(Exception):
    """Another process runs this job; the message says which, and how to end it."""


def header() -> str:
    """The first line of a log: who writes it."""
    line = _HEADER.format(pid=os.getpid(), host=socket.gethostname())
    job = os.environ.get("SLURM_JOB_ID")
    return f"{line}, SLURM job {job}" if job else line


def hold(path: Path | str, patience: float = 30.0) -> None:
    """Become the one writer of a job for the rest of this process's life.

    Args:
        path: the job's log; it is made, and left as it is.
        patience: seconds to wait for another writer, who may be saving its state at this moment.

    Raises:
        StillWritten: another process goes on running this job.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # closed on exec
    until = time.monotonic() + patience
    while not _lock(handle):
        if time.monotonic() > until:
            os.close(handle)
            raise StillWritten(_sentence(path))
        time.sleep(0.2)
    if beating([path]):
        os.close(handle)
        raise StillWritten(_sentence(path))
    _held[path] = handle


def living(paths: Iterable[Path | str], patience: float = 0.0) -> list[str]:
    """One sentence for each of these logs that a process is still writing.

    Args:
        paths: logs of jobs; they need not exist.
        patience: seconds that they are given to end.
    """
    left, until = [Path(path) for path in paths], time.monotonic() + patience
    while left:
        locked = [path for path in left if _is_locked(path)]
        left = locked + beating([path for path in left if path not in locked])
        if time.monotonic() >= until:
            break
        time.sleep(0.5)
    return [_sentence(path) for path in left]


def beating(paths: Iterable[Path]) -> list[Path]:
    """Those of these unlocked logs whose writer, on another node, shows by its heartbeat."""
    before = {path: time_ for path in paths if (time_ := _beat_of(path)) is not None}
    if before:
        log.info("waiting for a sign of the writers of %d job(s) on other nodes", len(before))
        time.sleep(3 * BEAT)
    return [path for path, time_ in before.items() if _beat_of(path) not in (None, time_)]


def beat() -> None:
    """Say that this process still writes the logs that it holds."""
    for path in list(_held):
        with suppress(OSError):
            os.utime(path)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # a file system without such locks: the heartbeat alone decides
    return True


def _is_locked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _lock(handle)
    finally:
        os.close(handle)  # and with it the lock


def _beat_of(path: Path) -> int | None:
    """Time of a log that its lock says nothing about: unfinished, of another node, and fresh."""
    try:
        with path.open() as file:  # opening it asks the server for the time, which may be cached
            found, stamp = _PATTERN.search(file.readline().strip()), os.fstat(file.fileno())
    except (OSError, UnicodeDecodeError):
        return None
    if found is None or found[2] == socket.gethostname() or time.time() - stamp.st_mtime > FRESH:
        return None
    return None if has_ended(path) else stamp.st_mtime_ns


def _sentence(path: Path) -> str:
    found = None
    with suppress(OSError, UnicodeDecodeError), path.open() as file:
        found = _PATTERN.search(file.readline().strip())
    if found is None:
        return f"another process writes the job of {path}: wait until it ends, then start again"
    pid, host, slurm = found.groups()
    end = f"scancel {slurm}" if slurm else f"kill {pid} on {host}"
    who = f"process {pid} on {host}" + (f", SLURM job {slurm}" if slurm else "")
    how = f"wait until it ends, or end it ({end}), then start again"
    return f"{who} still runs the job of {path}: {how}"
