"""Conditions of study 2 in figures: what stands for one that was not run, and what is said."""

import pandas as pd
import pytest

from memdyn.timescales.figures.conditions import scale_note, standing_in


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
    both = units | {"parity_single": 500}
    assert "parity" not in scale_note("standard", 500, both, table(*both))
