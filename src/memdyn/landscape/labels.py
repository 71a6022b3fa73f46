"""Mechanisms, and the rule that labels a network by the kinds of its ends."""

from __future__ import annotations

from collections.abc import Sequence

#: Mechanisms in the order in which they are shown everywhere.
MECHANISMS = ("direct", "slow_manifold", "limit_cycle", "mixed", "aperiodic", "unresolved")


def mechanism(kinds: Sequence[str], separates: bool) -> str:
    """Our label from the kinds of several ends.

    Args:
        kinds: of ``end_kind``.
        separates: whether the points that the runs rest at keep apart what must be remembered.

    Returns:
        ``direct``: all rest, and memory is in where; ``slow_manifold``: all rest, but not apart, so
        what was remembered was on the way; ``limit_cycle``: all periodic; ``mixed``: some rest and
        some are periodic; ``aperiodic``: any is aperiodic; ``unresolved``: any has not settled.
    """
    found = set(kinds)
    if found & {"settling", "diverged"}:
        return "unresolved"
    if "aperiodic" in found:
        return "aperiodic"
    if found == {"rest"}:
        return "direct" if separates else "slow_manifold"
    return "limit_cycle" if found == {"periodic"} else "mixed"
