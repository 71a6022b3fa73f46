"""All roots of a function in a box, with proof: interval arithmetic and Krawczyk's test.

A box is thrown away when f cannot vanish in it, kept when Krawczyk's operator proves that it holds
exactly one root, and cut in two otherwise. What comes back is complete, or an error. Rounding is
not directed outwards: with boxes far wider than 1e-12 it decides nothing here. Moore, Kearfott &
Cloud 2009, ch. 8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

#: Boxes narrower than this, not decided: f has a root there that is not simple.
NARROWEST = 1e-7


class Interval(NamedTuple):
    """Arrays of lower and upper ends; operators give an interval that holds all values."""

    low: np.ndarray
    high: np.ndarray
    __array_ufunc__ = None  # an array on the left leaves the operation to the interval

    def __add__(self, other):
        other = interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    def __neg__(self):
        return Interval(-self.high, -self.low)

    def __sub__(self, other):
        return self + -interval(other)

    def __mul__(self, other):
        other = interval(other)
        ends = [a * b for a in self for b in other]
        return Interval(np.minimum.reduce(ends), np.maximum.reduce(ends))

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return -self + other

    def of(self, rising: Callable[[np.ndarray], np.ndarray]) -> Interval:
        """A function that rises everywhere."""
        return Interval(rising(self.low), rising(self.high))

    def square(self) -> Interval:
        """Tighter than the product with itself, which may not know that both are one number."""
        ends = self.low**2, self.high**2
        inside = (self.low <= 0) & (self.high >= 0)
        return Interval(np.where(inside, 0.0, np.minimum(*ends)), np.maximum(*ends))

    def through(self, matrix: np.ndarray) -> Interval:
        """Rows (boxes, n) times a matrix (m, n): (boxes, m)."""
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        middle, half = middle @ matrix.T, half @ np.abs(matrix).T
        return Interval(middle - half, middle + half)

    def per_row(self) -> Interval:
        """(boxes, n) as (boxes, n, 1), to multiply the rows of a matrix."""
        return Interval(self.low[..., None], self.high[..., None])


def interval(value) -> Interval:
    """A number or an array as an interval of no width."""
    return value if isinstance(value, Interval) else Interval(np.asarray(value), np.asarray(value))


#: x (boxes, n) -> f (boxes, n), and Df (boxes, n, n), both of intervals.
Enclosure = Callable[[Interval], tuple[Interval, Interval]]


def all_roots(f: Enclosure, low: np.ndarray, high: np.ndarray, most: int = 2_000_000) -> np.ndarray:
    """Every root of f in a box.

    Args:
        f: encloses f and Df.
        low, high: (n,) ends of the box; no root may lie on a face of a part of it, so give the box
            odd numbers.
        most: boxes looked at.

    Returns:
        (roots, n).

    Raises:
        RuntimeError: the box holds a root that is not simple, or too many boxes were needed.
    """
    low, high = (np.asarray(end, dtype=float)[None] for end in (low, high))
    roots, seen = [], 0
    while len(low):
        seen += len(low)
        if seen > most:
            raise RuntimeError(f"{most} boxes do not suffice")
        value, slope = f(Interval(low, high))
        may = ((value.low <= 0) & (value.high >= 0)).all(1)
        low, high = low[may], high[may]
        slope = Interval(slope.low[may], slope.high[may])
        middle, half = (low + high) / 2, (high - low) / 2
        at, slope_at = f(Interval(middle, middle))
        centre = (slope_at.low + slope_at.high) / 2
        good = np.abs(np.linalg.det(centre)) > 1e-12
        inverse = np.linalg.inv(np.where(good[:, None, None], centre, np.eye(low.shape[1])))
        newton = middle - np.einsum("bij,bj->bi", inverse, (at.low + at.high) / 2)
        # |1 - Y Df| over the box, from the midpoint of Df and how far it is from that.
        mid, wide = (slope.low + slope.high) / 2, (slope.high - slope.low) / 2
        off = np.abs(np.eye(low.shape[1]) - inverse @ mid) + np.abs(inverse) @ wide
        reach = np.einsum("bij,bj->bi", off, half)
        inner_low, inner_high = newton - reach, newton + reach
        proved = good & ((inner_low > low) & (inner_high < high)).all(1)
        empty = good & ((inner_low > high) | (inner_high < low)).any(1)
        roots += [_polish(f, x) for x in newton[proved]]
        rest = ~(proved | empty)
        # Only what Krawczyk's operator leaves of a box is looked at further.
        shrink = good[rest, None]
        low, high = (
            np.where(shrink, np.maximum(low[rest], inner_low[rest]), low[rest]),
            np.where(shrink, np.minimum(high[rest], inner_high[rest]), high[rest]),
        )
        if len(low) and (high - low).max(1).min() < NARROWEST:
            raise RuntimeError(f"a root near {low[(high - low).max(1).argmin()]} is not simple")
        low, high = _cut(low, high)
    return np.array(roots).reshape(len(roots), low.shape[1])


def _polish(f: Enclosure, x: np.ndarray) -> np.ndarray:
    for _ in range(20):
        value, slope = f(Interval(x[None], x[None]))
        x = x - np.linalg.solve(slope.low[0], value.low[0])
    return x


def _cut(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each box in two across its longest side, not quite in the middle."""
    side = (high - low).argmax(1)
    row = np.arange(len(low))
    at = low[row, side] + 0.4871 * (high - low)[row, side]
    left, right = high.copy(), low.copy()
    left[row, side], right[row, side] = at, at
    return np.concatenate([low, right]), np.concatenate([left, high])
