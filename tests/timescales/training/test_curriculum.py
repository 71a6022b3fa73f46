"""Curricula: which N come when, and on which heads."""

import pytest

from memdyn.timescales.training.curriculum import Curriculum


def walk(curriculum):
    """All positions of a curriculum whose every N is solved."""
    position, seen = curriculum.first(), []
    while position is not None:
        seen.append(position)
        position = curriculum.advance(position)
    return seen


@pytest.mark.parametrize(
    ("curriculum", "positions"),
    [
        (Curriculum("single", 2, 5), [(2, 2), (3, 3), (4, 4), (5, 5)]),
        (Curriculum("multi", 2, 5), [(2, 2), (2, 3), (2, 4), (2, 5)]),
        (Curriculum("multi", 2, 8, heads=3, step=2), [(2, 4), (2, 6), (2, 8)]),
        (Curriculum("multi", 2, 7, heads=3, step=2), [(2, 4), (2, 6), (2, 7)]),
        (Curriculum("sliding", 2, 21, heads=10, step=5), [(2, 11), (7, 16), (12, 21)]),
        (Curriculum("sliding", 2, 13, heads=10, step=5), [(2, 11), (4, 13)]),
        (Curriculum("none", 7, 7), [(7, 7)]),
    ],
)
def test_positions(curriculum, positions):
    assert walk(curriculum) == positions


@pytest.mark.parametrize("kind", ["single", "multi", "sliding", "none"])
def test_every_position_fits_on_the_heads(kind):
    curriculum = Curriculum(kind, 2, 40, heads=6 if kind in ("multi", "sliding") else 1, step=3)
    for low, high in walk(curriculum):
        assert [curriculum.head((low, high), N) for N in range(low, high + 1)] == list(
            range(high - low + 1)
        )
        assert high - low + 1 <= curriculum.n_heads


def test_there_is_no_head_for_an_N_that_was_not_trained():
    curriculum = Curriculum("multi", 2, 9)
    assert curriculum.head((2, 5), 5) == 3
    assert curriculum.head((2, 5), 6) is None
    assert Curriculum("single", 2, 9).head((5, 5), 4) is None
