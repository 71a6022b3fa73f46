"""Does a run that is not at rest slow down for good? Seen from quarters of it."""

from collections.abc import Sequence
from itertools import pairwise

#: A run settles, however slowly, if each quarter is this much narrower than the one before.
SHRINKS = 0.95


def narrows(widths: Sequence[float]) -> bool:
    """Whether each part of a run is narrower than the one before, by ``SHRINKS`` at least.

    Args:
        widths: of consecutive parts, in any one measure and unit.
    """
    return all(b <= SHRINKS * a for a, b in pairwise(widths))
