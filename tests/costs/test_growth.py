"""Exponents of known powers, and the figure that shows them."""

import math

import numpy as np
import pandas as pd
import pytest

from memdyn.costs.growth import COLUMNS, exponents, read_points, slope
from memdyn.costs.growth_figure import draw
from memdyn.figures import style
from memdyn.files import FileProblem


def series(work, grows, sizes, time, memory, rest="n_units 500"):
    """Points of exact powers: 2 ms and 20 MB at the smallest size."""
    x = np.array(sizes) / sizes[0]
    facts = {"expected_cpu": time, "expected_memory": memory, "commit": "0123456789"}
    facts |= {name: "some" for name in COLUMNS[8:] if name != "commit"}
    values = {"size": sizes, "cpu": 0.002 * x**time, "memory": 20 * x**memory}
    return pd.DataFrame({"work": work, "grows": grows, "rest": rest, **values, **facts})


@pytest.fixture
def points():
    parts = [
        series("FORCE", "n_units", [250, 500, 1000, 2000], 2, 2, "n_networks 4, n_trials 2"),
        series("spectrum", "n_units", [250, 500, 1000, 2000], 3, 2, ""),
        series("update", "N", [5, 10, 20, 40], 1, 1),
        series("fixed points", "n_seeds", [8, 16, 32, 64], 1, 0),
    ]
    parts[-1]["memory"] = 0.5  # nothing that could be told from what the allocator keeps
    return pd.concat(parts, ignore_index=True)


def test_exponents_of_exact_powers(points):
    found = exponents(points).set_index(["work", "grows"])
    for work, grows, time, memory in (
        ("FORCE", "n_units", 2, 2),
        ("spectrum", "n_units", 3, 2),
        ("update", "N", 1, 1),
    ):
        assert found.loc[(work, grows), ["cpu", "memory"]].tolist() == pytest.approx([time, memory])
    assert math.isnan(found.loc[("fixed points", "n_seeds"), "memory"])
    points.loc[3, "cpu"] *= 2  # the largest size of FORCE
    found = exponents(points).set_index(["work", "grows"]).loc[("FORCE", "n_units")]
    assert found["last_cpu"] == pytest.approx(3) and 2 < found["cpu"] < 3


def test_small_values_do_not_bend_a_slope():
    size, value = np.array([1, 2, 4, 8]), np.array([9.0, 9.5, 32.0, 128.0])
    assert slope(size, value, 16) == pytest.approx(2)
    assert slope(size, value, 0) < 1.5
    assert math.isnan(slope(size, value, 100))


def test_points_are_read_as_they_were_written(points, tmp_path):
    path = tmp_path / "points.csv"
    points.to_csv(path, index=False)
    pd.testing.assert_frame_equal(exponents(read_points(path)), exponents(points))


@pytest.mark.parametrize("text", [None, "", "work,grows\nFORCE,n_units\n"])
def test_another_file_is_refused(text, tmp_path):
    path = tmp_path / "points.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(FileProblem, match="run `make bench` again"):
        read_points(path)


def test_the_figure_says_both_exponents_and_stays_on_its_page(points):
    drawn = draw(points)
    with style.house_style():
        drawn.figure.canvas.draw()
        page = drawn.figure.bbox
        axes = drawn.figure.axes
        words = [*drawn.figure.texts, *(text for ax in axes for text in ax.texts)]
        words += [label for ax in axes for label in (ax.xaxis.label, ax.yaxis.label)]
        for text in words:
            box = text.get_window_extent()
            assert box.x0 >= page.x0 and box.x1 <= page.x1, text.get_text()
            assert box.y0 >= page.y0 and box.y1 <= page.y1, text.get_text()
    texts = {text.get_text() for text in drawn.figure.findobj(lambda p: hasattr(p, "get_text"))}
    assert {"2.00, 2.00 (2)", "3.00, 3.00 (3)", "1.00, 1.00 (1)", "too little (0)"} <= texts
    spectrum = drawn.summary["spectrum, n_units"]["cpu"]
    assert spectrum == {"fitted": pytest.approx(3), "last": pytest.approx(3), "expected": 3}
