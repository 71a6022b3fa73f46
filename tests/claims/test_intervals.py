"""Intervals agree with scipy and cover what they should; verdicts come from intervals only."""

from math import inf, nan

import numpy as np
import pytest
from scipy import stats

from memdyn.claims.intervals import (
    Interval,
    above,
    below,
    beyond,
    of_mean,
    verdict,
    within,
)


def test_few_values_get_students_interval():
    values = [1.0, 2.0, 4.0, 7.0]
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    found = of_mean(values)
    assert (found.estimate, found.units, found.n) == (3.5, 4, "4")
    np.testing.assert_allclose((found.low, found.high), expected)


def test_many_values_get_the_bootstrap_which_leans_to_the_long_tail():
    values = np.random.default_rng(1).exponential(size=40)
    found, student = of_mean(values), stats.ttest_1samp(values, 0).confidence_interval()
    assert found.low > student.low
    assert found.high > student.high
    assert found == of_mean(values)  # the same every time


def test_one_value_has_no_interval():
    found = of_mean([3.0])
    assert found.estimate == 3.0
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize("n", [2, 4, 30])
def test_equal_counts_do_not_show_that_there_is_no_spread(n):
    found = of_mean([5.0] * n, step=1)
    half = stats.t.ppf(0.975, n - 1) / np.sqrt(12 * n)
    np.testing.assert_allclose((found.low, found.high), (5 - half, 5 + half))
    assert of_mean([5.0] * n)[:3] == (5.0, 5.0, 5.0)  # not counts


@pytest.mark.parametrize("n", [2, 4, 8, 24])
def test_the_interval_of_a_mean_covers_it_about_as_often_as_it_says(n):
    rng = np.random.default_rng(n)
    rounds = 150 if n == 24 else 800
    found = [of_mean(rng.normal(2.0, 1.0, n)) for _ in range(rounds)]
    assert np.mean([f.low <= 2.0 <= f.high for f in found]) > 0.9


@pytest.mark.parametrize("values", [[], [1.0, nan], [[1.0, 2.0]]])
def test_a_mean_of_nothing_is_refused(values):
    with pytest.raises(ValueError, match="finite numbers"):
        of_mean(values)


@pytest.mark.parametrize(
    ("low", "high", "claimed", "expected"),
    [
        (0.1, 0.3, above(0), "holds"),
        (-0.3, -0.1, above(0), "fails"),
        (-0.1, 0.3, above(0), "undecided"),
        (0.0, 0.3, above(0), "undecided"),  # the edge itself is not above it
        (-0.3, 0.0, above(0), "fails"),
        (-0.3, -0.1, below(0), "holds"),
        (0.1, 0.3, below(0), "fails"),
        (33.0, 37.0, within(33, 37), "holds"),  # both edges belong to it
        (32.9, 36.0, within(33, 37), "undecided"),
        (38.0, 40.0, within(33, 37), "fails"),
        (20.0, 50.0, within(33, 37), "undecided"),
        (95.0, 101.0, within(95, inf), "holds"),
        (1.0, 9.0, within(-inf, 10), "holds"),
        (2.0, 3.0, beyond(-1, 1), "holds"),
        (-3.0, -2.0, beyond(-1, 1), "holds"),
        (-0.5, 0.5, beyond(-1, 1), "fails"),
        (0.5, 3.0, beyond(-1, 1), "undecided"),
        (-3.0, 3.0, beyond(-1, 1), "undecided"),
        (nan, nan, above(0), "undecided"),
    ],
)
def test_a_verdict_needs_the_whole_interval(low, high, claimed, expected):
    assert verdict(Interval((low + high) / 2, low, high, 4), claimed) == expected


def test_a_single_value_decides_nothing():
    assert verdict(Interval(9.0, 8.0, 10.0, 1), above(0)) == "undecided"


def test_ranges_say_what_they_are():
    said = [r.text for r in (above(0), below(0.05), within(1, 2), within(95, inf), beyond(-1, 1))]
    assert said == ["> 0", "< 0.05", "1 to 2", "≥ 95", "< -1 or > 1"]
