"""Pieces that several figures share."""

from itertools import pairwise

import pytest

from memdyn.figures.style import FULL, INK, house_style, new_figure
from memdyn.timescales.figures.marks import key


@pytest.mark.parametrize("n", [1, 2, 5, 7])
def test_a_key_of_any_length_fits_the_page(n):
    with house_style():
        figure = new_figure(FULL, 1.0)
        key(figure, 0.2, [("line", INK, "a long word")] * n, left=0.62, gap=0.4)
    (ax,) = figure.axes
    ends = [box.get_window_extent() for box in ax.texts]
    assert ends[-1].x1 <= FULL * figure.dpi
    assert all(a.x1 < b.x0 for a, b in pairwise(ends))
    first = ax.lines[0].get_xdata()[0]
    assert first == pytest.approx(0.62) if n < 3 else 0.1 <= first <= 0.62
