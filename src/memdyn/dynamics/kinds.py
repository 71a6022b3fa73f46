"""The words for what a run ends in and for what a point is; tables hold them as plain text."""

from enum import StrEnum


class Outcome(StrEnum):
    """What a long run ends in."""

    #: It rests at a stable fixed point, or stands still on a continuum of fixed points.
    FIXED_POINT = "fixed_point"
    #: It goes around a cycle that Newton's method confirms.
    LIMIT_CYCLE = "limit_cycle"
    #: It is on no cycle and becomes ever slower: it has not come to its end yet.
    SETTLING = "settling"
    #: It goes one way and becomes ever faster: it leaves, and has not come to its end yet.
    GROWING = "growing"
    #: It moves on at its pace and never closes.
    APERIODIC = "aperiodic"
    #: It left the finite.
    DIVERGED = "diverged"


class Held(StrEnum):
    """What holds a state late in the delay."""

    #: It rests, or is all but there, and all modes decay within a delay.
    POINT = "point"
    #: Modes last longer than the delay, and little is lost in one, with noise on the weights, too.
    PERSISTENT = "persistent manifold"
    #: Little is lost in a delay, but only with exactly these weights.
    FINE_TUNED = "fine-tuned"
    #: It is not held: it moves on by more than is lost from a memory.
    DRIFTING = "drifting"


class PointKind(StrEnum):
    """What a point is that a search from seeds ended at."""

    #: An isolated fixed point: |f| is at rounding level.
    FIXED = "fixed"
    #: One of a connected set of fixed points (line, ring, surface), for all of which it stands.
    CONTINUUM = "continuum"
    #: A local minimum of the speed that is not at rest but slow beside the task.
    SLOW = "slow"
    #: Where a seed ended that came to none of these.
    FAILED = "failed"
