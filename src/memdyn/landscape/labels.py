"""The words for ends and mechanisms, and the rule from what runs end in to a label."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from memdyn.dynamics.kinds import Outcome


class Mechanism(StrEnum):
    """How a network holds what it must remember, in the order in which all figures show it."""

    #: Each memory has a stable fixed point of its own.
    DIRECT = "direct"
    #: All runs rest, but memories share their fixed points: what held them was on the way there.
    SLOW_MANIFOLD = "slow_manifold"
    #: All runs end on cycles.
    LIMIT_CYCLE = "limit_cycle"
    #: Some runs rest and some end on cycles.
    MIXED = "mixed"
    #: A run moves on without repeating itself.
    APERIODIC = "aperiodic"
    #: A run has come to no end that could be told, or routes contradict each other.
    UNRESOLVED = "unresolved"


#: Mechanisms in the order in which they are shown everywhere.
MECHANISMS = tuple(one.value for one in Mechanism)


class EndKind(StrEnum):
    """What a long run ends in, as far as its outputs show it (see ``run_ends.end_kind``)."""

    #: All outputs stand still.
    REST = "rest"
    #: All outputs come back together after some lag.
    PERIODIC = "periodic"
    #: The outputs move and repeat themselves at no lag.
    APERIODIC = "aperiodic"
    #: The motion of the outputs still shrinks, or goes one way.
    SETTLING = "settling"
    #: An output left the finite.
    DIVERGED = "diverged"


#: What is seen of a run in the words of the instrument.
OUTCOMES: dict[str, Outcome] = {
    EndKind.REST: Outcome.FIXED_POINT,
    EndKind.PERIODIC: Outcome.LIMIT_CYCLE,
    EndKind.APERIODIC: Outcome.APERIODIC,
    EndKind.SETTLING: Outcome.SETTLING,
    EndKind.DIVERGED: Outcome.DIVERGED,
}


def mechanism(kinds: Iterable[str], separates: bool, *, aperiodic_first: bool = False) -> Mechanism:
    """The label that follows from what several runs of one network end in.

    The four mechanisms are those of Ghazizadeh & Ching 2021 (abstract; the labels of their
    posthoc_tests.py); ``aperiodic`` and ``unresolved`` are ours, for what their rule calls a limit
    cycle because it never asks whether a moving end is periodic.

    Args:
        kinds: of the ends, ``Outcome`` or ``EndKind``; any other word is an end that could not be
            told.
        separates: whether the points that the runs rest at keep apart what must be remembered.
        aperiodic_first: one aperiodic run decides even where another has come to no end.
    """
    found = {OUTCOMES.get(kind, kind) for kind in kinds}
    resolved = found <= {Outcome.FIXED_POINT, Outcome.LIMIT_CYCLE, Outcome.APERIODIC}
    if Outcome.APERIODIC in found and (resolved or aperiodic_first):
        return Mechanism.APERIODIC
    if not resolved:
        return Mechanism.UNRESOLVED
    if found == {Outcome.FIXED_POINT}:
        return Mechanism.DIRECT if separates else Mechanism.SLOW_MANIFOLD
    return Mechanism.LIMIT_CYCLE if found == {Outcome.LIMIT_CYCLE} else Mechanism.MIXED
