"""One label rule: the words of outputs and of the instrument, and the order of doubt and chaos."""

import pytest

from memdyn.dynamics.kinds import Outcome, PointKind
from memdyn.landscape.labels import MECHANISMS, OUTCOMES, EndKind, Mechanism, mechanism


def test_stored_words_stay():
    labels = ("direct", "slow_manifold", "limit_cycle", "mixed", "aperiodic", "unresolved")
    assert labels == MECHANISMS
    ends = ["fixed_point", "limit_cycle", "settling", "growing", "aperiodic", "diverged"]
    assert [*Outcome] == ends
    assert [*EndKind] == ["rest", "periodic", "aperiodic", "settling", "diverged"]
    assert [*PointKind] == ["fixed", "continuum", "slow", "failed"]
    assert all(type(name) is str for name in MECHANISMS)


@pytest.mark.parametrize("separates", [True, False])
def test_both_vocabularies_give_one_label(separates):
    for first in EndKind:
        for second in EndKind:
            seen, named = [first, second], [OUTCOMES[first], OUTCOMES[second]]
            assert mechanism(seen, separates) == mechanism(named, separates)


def test_chaos_beside_an_end_that_could_not_be_told():
    ends = [Outcome.APERIODIC, Outcome.DIVERGED]
    assert mechanism(ends, True) == Mechanism.UNRESOLVED
    assert mechanism(ends, True, aperiodic_first=True) == Mechanism.APERIODIC
    assert mechanism([Outcome.FIXED_POINT, "none"], True) == Mechanism.UNRESOLVED
