"""What the outputs of a long autonomous run end in, and which ends are one place.

Ghazizadeh & Ching 2021 run trained networks on for 50 trial lengths and ask for the variance and
the mean of the output over the last two (their posthoc_tests.py). This adds what that cannot see:
whether an end that moves is periodic at all, and whether it has settled.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components

from memdyn.dynamics.settling import ONE_WAY, fading, monotone_decay, narrows
from memdyn.landscape.labels import EndKind

#: Dips of the mismatch that differ by less are equally good.
ALIKE = 0.01


def end_kind(
    tail: np.ndarray, rest_variance: float, periodic: float, arrived: float | None = None
) -> tuple[str, float]:
    """What one long run ends in.

    Args:
        tail: (n_steps, n_outputs) outputs over the end of the run.
        rest_variance: at rest if the variance of every output over the second half is below this.
        periodic: the run is periodic if some lag brings the outputs back to this fraction of
            their SD (root mean square over the tail).
        arrived: if given, the model of its decay has to agree: a run that hardly moves is at rest
            only if it has no farther to go than this, and one that oscillates is periodic only if
            it does not fade.

    Returns:
        An ``EndKind``, and the period in steps (NaN unless periodic).
    """
    if not np.isfinite(tail).all():
        return EndKind.DIVERGED.value, np.nan
    tail = tail.astype(np.float64)
    if (tail[len(tail) // 2 :].var(axis=0) < rest_variance).all():
        decay = monotone_decay(tail)
        far = np.inf if arrived is None else arrived
        creeps = decay is not None and decay.clear and decay.left > far
        return (EndKind.SETTLING if creeps else EndKind.REST).value, np.nan
    if _settles(tail):
        return EndKind.SETTLING.value, np.nan
    period, mismatch = find_period(tail)
    if mismatch <= periodic:
        if arrived is not None and fading(tail, period) is not None:
            return EndKind.SETTLING.value, np.nan
        return EndKind.PERIODIC.value, period
    return EndKind.APERIODIC.value, np.nan


def _settles(tail: np.ndarray) -> bool:
    spreads = [float(np.linalg.norm(part.std(axis=0))) for part in np.array_split(tail, 4)]
    net = np.abs(tail[-1] - tail[0]).sum()
    path = np.abs(np.diff(tail, axis=0)).sum()
    return narrows(spreads) or bool(net >= ONE_WAY * path)


def find_period(signal: np.ndarray) -> tuple[float, float]:
    """Best lag at which a signal repeats itself, at most half its length.

    The mismatch at a lag is sqrt(<|y(t + lag) - y(t)|^2> / 2) over the root of the total variance:
    0 for a perfect period, about 1 for unrelated stretches. Lags count from the first at which the
    signal has moved away from itself (mismatch above 0.5). Each dip is read at the bottom of the
    parabola through it, as a period need be no whole number of steps. Among dips that are within
    20 % of the lowest (and ``ALIKE``) the shortest is taken, so that a multiple of the period is
    not mistaken for it.

    Args:
        signal: (n_steps, n_channels).

    Returns:
        Period (steps; NaN if none) and mismatch (inf if none).
    """
    signal = signal - signal.mean(axis=0)
    n = len(signal)
    lags = np.arange(n // 2 + 1)
    spectrum = np.fft.rfft(signal, n=2 * n, axis=0)
    products = np.fft.irfft(np.abs(spectrum) ** 2, axis=0).sum(axis=1)[: len(lags)]
    power = np.concatenate([[0.0], np.cumsum((signal**2).sum(axis=1))])
    squares = (power[n - lags] - power[0]) + (power[n] - power[lags])
    total = power[n] / n
    if total == 0.0:
        return np.nan, np.inf
    mismatch = np.sqrt(np.maximum(squares - 2 * products, 0.0) / (n - lags) / (2 * total))
    away = np.flatnonzero(mismatch > 0.5)
    if len(away) == 0:
        return np.nan, np.inf
    dips = 1 + np.flatnonzero((mismatch[1:-1] <= mismatch[:-2]) & (mismatch[1:-1] < mismatch[2:]))
    dips = dips[dips > away[0]]
    if len(dips) == 0:
        return np.nan, np.inf
    left, here, right = (mismatch[dips + shift] ** 2 for shift in (-1, 0, 1))
    curvature = left - 2 * here + right  # positive at a dip
    shift = 0.5 * (left - right) / curvature
    bottom = np.sqrt(np.maximum(here - 0.25 * (left - right) * shift, 0.0))
    best = np.flatnonzero(bottom <= 1.2 * bottom.min() + ALIKE)[0]
    return float(dips[best] + shift[best]), float(bottom[best])


def count_distinct(points: np.ndarray, decimals: int) -> int:
    """Number of distinct points (M, d): those that agree to so many decimals, chains too, are one.

    The authors round instead, which tells two copies of one point apart if a boundary of the
    rounding lies between them.
    """
    return len(np.unique(places(points, decimals)))


def places(points: np.ndarray, decimals: int) -> np.ndarray:
    """(M,) index of the distinct point that each point (M, d) is, see ``count_distinct``."""
    if len(points) == 0:
        return np.zeros(0, dtype=int)
    near = np.abs(points[:, None] - points[None, :]).max(axis=2) <= 10.0**-decimals
    return connected_components(near, directed=False)[1]
