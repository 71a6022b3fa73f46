"""How long jobs take together that wait for each other and share so many places, and in words."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def schedule(
    seconds: Sequence[float], waits: Sequence[Sequence[int]], at_once: int
) -> tuple[float, float]:
    """Time until all jobs are done, and that of the longest chain alone (s).

    Jobs start in their order as soon as a place is free and what they wait for is done.

    Args:
        seconds: of each job.
        waits: of each job the places of those that it waits for.
        at_once: jobs at a time.
    """
    followers: list[list[int]] = [[] for _ in seconds]
    for i, before in enumerate(waits):
        for j in before:
            followers[j].append(i)
    left = [len(before) for before in waits]
    ready = [i for i, n in enumerate(left) if not n]  # a heap: in order already
    running: list[tuple[float, int]] = []
    chain, now = [0.0] * len(seconds), 0.0
    while ready or running:
        while ready and len(running) < at_once:
            i = heapq.heappop(ready)
            heapq.heappush(running, (now + seconds[i], i))
        now, done = heapq.heappop(running)
        chain[done] = seconds[done] + max((chain[j] for j in waits[done]), default=0.0)
        for i in followers[done]:
            left[i] -= 1
            if not left[i]:
                heapq.heappush(ready, i)
    return now, max(chain, default=0.0)


def duration(seconds: float, digits: int = 0) -> str:
    """A time for people, as ``4.2 min``; below 1.5 minutes seconds with so many digits."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.{digits}f} s"
