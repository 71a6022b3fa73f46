"""From the ends of long autonomous runs to a mechanism (study 1, specification sections 6 and 12).

Two sets of labels: the authors' own, kept as they defined them, and ours, which adds what theirs
cannot see: whether an end that moves is periodic at all, and whether it has settled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from memdyn.tasks.spm import SequentialPatternMatching

#: Mechanisms in the order in which they are shown everywhere.
MECHANISMS = ("direct", "slow_manifold", "limit_cycle", "mixed", "aperiodic", "unresolved")

# A run has not settled if its spread shrinks at least so much from each quarter of the tail to the
# next, or if it moves one way: its net motion is at least that part of its path.
SHRINKS, ONE_WAY = 0.95, 0.8


def end_kind(tail: np.ndarray, rest_variance: float, periodic: float) -> tuple[str, float]:
    """What one long run ends in.

    Args:
        tail: (n_steps, n_outputs) outputs over the end of the run.
        rest_variance: at rest if the variance of every output over the second half is below this.
        periodic: the run is periodic if some lag brings the outputs back to this fraction of
            their SD (root mean square over the tail).

    Returns:
        ``rest``, ``periodic``, ``aperiodic``, ``settling`` (its motion still shrinks, or goes one
        way) or ``diverged``, and the period in steps (NaN unless periodic).
    """
    if not np.isfinite(tail).all():
        return "diverged", np.nan
    tail = tail.astype(np.float64)
    if (tail[len(tail) // 2 :].var(axis=0) < rest_variance).all():
        return "rest", np.nan
    if _settles(tail):
        return "settling", np.nan
    period, mismatch = find_period(tail)
    return ("periodic", period) if mismatch <= periodic else ("aperiodic", np.nan)


def _settles(tail: np.ndarray) -> bool:
    spread = np.array([np.linalg.norm(part.std(axis=0)) for part in np.array_split(tail, 4)])
    net = np.abs(tail[-1] - tail[0]).sum()
    path = np.abs(np.diff(tail, axis=0)).sum()
    return bool((spread[1:] <= SHRINKS * spread[:-1]).all() or net >= ONE_WAY * path)


def find_period(signal: np.ndarray) -> tuple[float, float]:
    """Best lag at which a signal repeats itself, at most half its length.

    The mismatch at a lag is sqrt(<|y(t + lag) - y(t)|^2> / 2) over the root of the total variance:
    0 for a perfect period, about 1 for unrelated stretches. Lags count from the first at which the
    signal has moved away from itself (mismatch above 0.5). Among lags that are within 20 % of the
    best mismatch (plus the rounding of a period to whole steps) the shortest is taken, so that a
    multiple of the period is not mistaken for it; the minimum is then interpolated.

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
    step = np.sqrt((np.diff(signal, axis=0) ** 2).sum(axis=1).mean() / (2 * total))
    best = dips[mismatch[dips] <= 1.2 * mismatch[dips].min() + step][0]
    left, here, right = mismatch[best - 1 : best + 2] ** 2
    curvature = left - 2 * here + right
    shift = 0.5 * (left - right) / curvature if curvature > 0 else 0.0
    return float(best + shift), float(mismatch[best])


def authors_label(
    mean: np.ndarray,
    variance: np.ndarray,
    last: np.ndarray,
    n_outcomes: int,
    rest_variance: float,
    decimals: int,
    far: float,
) -> str:
    """The authors' label from the output z of several runs (their tests A and B).

    Args:
        mean, variance: (M,) of z over the last trial lengths of each run.
        last: (M,) z at the end.
        n_outcomes: outcomes of the task.
        rest_variance, decimals, far: thresholds of the test.

    Returns:
        ``fixedPoint#``, ``manifoldFps#`` (# distinct ends), ``limitCycle``, ``far_someFPs`` or
        ``both``.
    """
    if (variance < rest_variance).all():
        distinct = count_distinct(last[:, None], decimals)
        return f"{'fixedPoint' if distinct >= n_outcomes else 'manifoldFps'}{distinct}"
    if count_distinct(mean[:, None], decimals) == len(mean):
        return "limitCycle"
    return "far_someFPs" if (np.abs(mean) > far).any() else "both"


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


def mechanism(kinds: Sequence[str], separates: bool) -> str:
    """Our label from the kinds of several ends.

    Args:
        kinds: of ``end_kind``.
        separates: whether the points that the runs rest at keep apart what must be remembered.

    Returns:
        ``direct``: all rest, and memory is in where; ``slow_manifold``: all rest, but not apart, so
        what was remembered was on the way; ``limit_cycle``: all periodic; ``mixed``: some rest and
        some are periodic; ``aperiodic``: any is aperiodic; ``unresolved``: any has not settled.
    """
    found = set(kinds)
    if found & {"settling", "diverged"}:
        return "unresolved"
    if "aperiodic" in found:
        return "aperiodic"
    if found == {"rest"}:
        return "direct" if separates else "slow_manifold"
    return "limit_cycle" if found == {"periodic"} else "mixed"


def classify(ends: pd.DataFrame, task: SequentialPatternMatching, settings: Mapping) -> dict:
    """Labels of one network.

    Args:
        ends: its rows of the table of ends (one per long run).
        task: sequential pattern matching.
        settings: the ``attractors`` section of the configuration.

    Returns:
        ``mechanism`` (from the trial ends: ``direct`` needs as many distinct resting outputs as
        there are outcomes, as in test A), ``mechanism_memory`` (from the delay states: ``direct``
        needs every memory output to stay at its class),
        ``authors_a``, ``authors_b``, ``n_attractors`` (distinct resting outputs among noisy starts)
        and the number of noisy ends of each kind.
    """
    n_outcomes = 2 * task.n_classes - 1
    trial_ends = ends[ends["start"] == "trial end"].sort_values("index")
    noisy = ends[ends["start"] == "noisy"]
    memory = ends[ends["start"] == "delay"].sort_values("index")
    far_a = float(np.max(np.abs(task.output_code))) + settings["far_a"]

    def authors(rows: pd.DataFrame, test: str, far: float) -> str:
        return authors_label(
            rows["z_mean"].to_numpy(),
            rows["z_variance"].to_numpy(),
            rows["z"].to_numpy(),
            n_outcomes,
            settings[f"variance_{test}"],
            settings[f"decimals_{test}"],
            far,
        )

    distinct = count_distinct(trial_ends[["z"]].to_numpy(), settings["decimals_a"])
    resting = noisy.loc[noisy["kind"] == "rest", _outputs(ends)].to_numpy()
    return {
        "mechanism": mechanism(trial_ends["kind"].tolist(), distinct >= n_outcomes),
        "mechanism_memory": mechanism(
            memory["kind"].tolist(), _memory_held(memory, task, settings["memory_tolerance"])
        ),
        "authors_a": authors(trial_ends, "a", far_a),
        "authors_b": authors(noisy, "b", settings["far_b"] * n_outcomes),
        "n_attractors": count_distinct(resting, settings["decimals_a"]),
        **{
            f"noisy_{kind}": int((noisy["kind"] == kind).sum())
            for kind in ("rest", "periodic", "aperiodic", "settling")
        },
    }


def _outputs(ends: pd.DataFrame) -> list[str]:
    return ["z", *sorted(name for name in ends.columns if name.startswith("zd_"))]


def _memory_held(memory: pd.DataFrame, task: SequentialPatternMatching, tolerance: float) -> bool:
    """Whether z_d comes to the mean of the class shown, for each delay state."""
    held = memory[sorted(name for name in memory.columns if name.startswith("memory_"))].to_numpy()
    means = task.class_means
    shown = task.pair(memory["index"].to_numpy() % task.n_types)[0]
    distance = np.linalg.norm(held[:, None] - means[None], axis=2)
    others = np.linalg.norm(means[:, None] - means[None], axis=2)[shown]
    others[np.arange(len(shown)), shown] = np.inf
    nearest = distance.argmin(axis=1) == shown
    near = distance[np.arange(len(shown)), shown] <= tolerance * others.min(axis=1)
    return bool((nearest & near).all())
