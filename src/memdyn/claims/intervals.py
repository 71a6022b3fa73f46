"""95 % intervals over networks, never over trials.

A mean over few networks gets Student's t, over many the bootstrap (BCa), both from scipy. Measured
on means of normal draws, the bootstrap's 95 % covers 52 % at n = 2, 78 % at 4, 89 % at 8 and 93 %
at 20; Student's t covers 94-95 % at each, and on skewed draws still the most of the three tried.
"""

from __future__ import annotations

import warnings
from math import floor, inf, isfinite, log10, nan, sqrt
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95
#: From so many independent values on, the bootstrap is used.
MANY = 20
N_RESAMPLES, SEED = 4000, 0


class Interval(NamedTuple):
    """An estimate with its interval.

    Attributes:
        estimate: the number.
        low, high: its 95 % interval; not a number where there is none. The upper end is infinite
            where more may exist than was found.
        units: independent values that it rests on (networks, or seeds whose networks are alike).
        n: networks, as text; per group if there are two.
        detail: what a reader needs beside it: N, counts, why there is no interval.
    """

    estimate: float
    low: float
    high: float
    units: int
    n: str = ""
    detail: str = ""


def of_mean(values, step: float = 0.0, level: float = LEVEL) -> Interval:
    """Mean of independent values.

    Args:
        values: finite numbers; at least one.
        step: grid on which each value lies (1 for counts; 0: none). Values that agree on a grid do
            not show that there is no spread, only that it is below the grid: their SD is taken
            as at least that of rounding, step / sqrt(12).
        level: of confidence.

    Returns:
        The mean; without an interval if there is a single value.

    Raises:
        ValueError: no values, or not finite ones.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError(f"a mean needs a list of finite numbers, got {values}")
    n, mean = len(values), float(values.mean())
    if n < 2:
        return Interval(mean, nan, nan, n, str(n))
    sd = max(float(values.std(ddof=1)), step / sqrt(12))
    if np.ptp(values) == 0 or n < MANY:
        half = stats.t.ppf((1 + level) / 2, n - 1) * sd / sqrt(n)
        return Interval(mean, float(mean - half), float(mean + half), n, str(n))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            (values,),
            np.mean,
            confidence_level=level,
            n_resamples=N_RESAMPLES,
            random_state=np.random.default_rng(SEED),
        ).confidence_interval
    return Interval(mean, float(found.low), float(found.high), n, str(n))


class Range(NamedTuple):
    """What a sentence claims about a number.

    Attributes:
        low, high: the claimed range, infinite where it is open.
        text: as a reader writes it.
        strict: whether an edge itself does not belong to it.
        outside: whether all but low to high is claimed.
    """

    low: float
    high: float
    text: str
    strict: bool = False
    outside: bool = False


def above(edge: float) -> Range:
    """Greater than ``edge``."""
    return Range(edge, inf, f"> {edge:g}", strict=True)


def below(edge: float) -> Range:
    """Less than ``edge``."""
    return Range(-inf, edge, f"< {edge:g}", strict=True)


def within(low: float, high: float) -> Range:
    """From ``low`` to ``high``, both included; either may be infinite."""
    if high == inf:
        return Range(low, inf, f"≥ {low:g}")
    if low == -inf:
        return Range(-inf, high, f"≤ {high:g}")
    return Range(low, high, f"{low:g} to {high:g}")


def unequal() -> Range:
    """Not 0: what a control asks of a difference."""
    return Range(0.0, 0.0, "≠ 0", strict=True, outside=True)


def beyond(low: float, high: float) -> Range:
    """Less than ``low`` or greater than ``high``."""
    return Range(low, high, f"< {low:g} or > {high:g}", strict=True, outside=True)


def verdict(found: Interval, claimed: Range, margin: float = 0.0) -> str:
    """``holds`` if the whole interval lies in the claimed range, ``fails`` if none of it does.

    Before either, ``no difference`` if the whole interval lies within ``margin`` of 0 (if that is
    not 0): whatever sign it has, it is too small to count. Everything else is ``undecided``, an
    estimate without an interval always.
    """
    low, high = found.low, found.high
    if found.units < 2 or np.isnan(low) or np.isnan(high):
        return "undecided"
    if margin and -margin <= low and high <= margin:
        return "no difference"
    if claimed.outside:
        disjoint = low >= claimed.low and high <= claimed.high
        inside = high < claimed.low or low > claimed.high
    elif claimed.strict:
        inside = low > claimed.low and high < claimed.high
        disjoint = high <= claimed.low or low >= claimed.high
    else:
        inside = low >= claimed.low and high <= claimed.high
        disjoint = high < claimed.low or low > claimed.high
    return "holds" if inside else "fails" if disjoint else "undecided"


def numbers(estimate: float, low: float, high: float) -> str:
    """An estimate with its interval, to the digits that the interval leaves meaningful."""
    if high == inf:
        return f"{estimate:g} or more"
    interval = isfinite(low) and high > low
    size = (high - low) / 2 if interval else abs(estimate) / 10
    digits = -floor(log10(size / 2.5)) if size > 0 else 2
    digits = min(max(digits, 0), 2 if abs(estimate) >= 0.1 else 3)
    if not isfinite(low):
        return f"{_plain(estimate, digits)}  (no interval)"
    return f"{_plain(estimate, digits)} [{_plain(low, digits)}, {_plain(high, digits)}]"


def _plain(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    text = text.removeprefix("-") if float(text) == 0 else text
    return text.replace("-", "−")
