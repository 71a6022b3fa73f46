"""Conditions of study 2 in figures: what stands for one that was not run, and what is said."""

import pandas as pd
import pytest

from memdyn.figures.style import new_figure
from memdyn.timescales.figures.conditions import scale_note, standing_in
from memdyn.timescales.figures.curves import draw_curve


def table(*conditions) -> pd.DataFrame:
    return pd.DataFrame({"condition": list(conditions), "x": range(len(conditions))})


@pytest.mark.parametrize(
    ("run", "drawn", "rows"),
    [
        (["dms_single", "dms_multi"], ["dms_single", "dms_multi"], [0, 1]),
        (["parity_multi", "parity_single_250"], ["parity_multi", "parity_single"], [0, 1]),
        (["parity_single_128", "parity_single_250"], ["parity_single"], [1]),
        (["parity_single_250", "parity_single", "parity_single_128"], ["parity_single"], [1]),
        (["parity_multi_repeat3", "parity_multi_tau1"], ["parity_multi_repeat3"] * 1, [0, 1]),
    ],
)
def test_the_largest_size_stands_for_what_was_not_run(run, drawn, rows):
    found = standing_in(table(*run))
    assert found["x"].tolist() == rows
    assert found["condition"].tolist()[: len(drawn)] == drawn


def test_an_empty_table_stays_one():
    assert standing_in(pd.DataFrame()).empty


def test_the_small_print_says_who_has_other_units():
    units = {"parity_multi": 500, "dms_single": 250, "parity_single_250": 250, "gru_multi": 128}
    drawn = standing_in(table("parity_multi", "dms_single", "parity_single_250"))
    assert (
        scale_note("standard", 500, units, drawn)
        == "Scale “standard”: 500 units; 250: N-DMS single-head, N-parity single-head."
    )
    assert (
        scale_note("standard", 500, units, table("parity_multi")) == "Scale “standard”: 500 units."
    )
    shown = scale_note("standard", 500, units, drawn, shown=("parity_multi", "parity_single"))
    assert shown == "Scale “standard”: 500 units; 250: N-parity single-head."
    both = units | {"parity_single": 500}
    assert "parity" not in scale_note("standard", 500, both, table(*both))


@pytest.mark.parametrize("dashed", [False, True])
@pytest.mark.parametrize("n_places", [1, 2, 3])
def test_no_line_is_drawn_through_two_points(n_places, dashed):
    """Marks instead, open for the variant, with upright intervals; three places have lines."""
    rows = [(f"net{i}", "parity_multi", N, i + N) for i in range(3) for N in range(n_places)]
    rows = pd.DataFrame(rows, columns=["network", "condition", "N", "x"])
    ax = new_figure(2, 2).add_subplot()
    draw_curve(ax, rows, "parity_multi", "x", dashed=dashed)
    lined = [line for line in ax.lines if line.get_linestyle() != "None" and len(line.get_xdata())]
    assert bool(lined) == (n_places == 3)
    if not lined:
        mean = ax.lines[-1]
        assert mean.get_ydata().tolist() == [1 + N for N in range(n_places)]
        assert (mean.get_markerfacecolor() == "none") == dashed
        assert len(ax.collections[-1].get_segments()) == n_places
