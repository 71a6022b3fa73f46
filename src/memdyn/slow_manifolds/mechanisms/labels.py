"""Labels of one network of study 1: ours, and the authors' own as they defined them.

Ghazizadeh & Ching 2021, Methods, and the tests of their code (posthoc_tests.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from memdyn.landscape.labels import EndKind, mechanism
from memdyn.landscape.run_ends import count_distinct, places
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching

#: Means of runs that rest at one point agree to so many decimals in float32.
REST_DECIMALS = 4
#: Their tests call an output far if it is beyond the largest target by more than this.
FAR = 2.5


def authors_label(
    mean: np.ndarray,
    variance: np.ndarray,
    last: np.ndarray,
    n_direct: int,
    rest_variance: float,
    decimals: int,
    far: float,
) -> str:
    """The authors' label from the output z of several runs (their tests A and B).

    Args:
        mean, variance: (M,) of z over the last trial lengths of each run.
        last: (M,) z at the end.
        n_direct: distinct ends that ``fixedPoint`` asks for.
        rest_variance, decimals, far: thresholds of the test.

    Returns:
        ``fixedPoint#``, ``manifoldFps#`` (# ends that differ when rounded), ``limitCycle`` (all
        means differ, exactly, as float32), ``far_someFPs`` (a mean beyond ``far``) or ``both``.
    """
    resting = variance.astype(np.float32) < rest_variance
    if resting.all():
        distinct = len(np.unique(last.round(decimals)))
        return f"{'fixedPoint' if distinct >= n_direct else 'manifoldFps'}{distinct}"
    # In the authors' float64 runs that rest at one point have one mean; in our float32 its last
    # digits are left to chance.
    mean = mean.astype(np.float32)
    at = places(mean[resting, None], REST_DECIMALS)
    mean[resting] = mean[resting][np.unique(at, return_index=True)[1]][at]
    if len(np.unique(mean)) == len(mean):
        return "limitCycle"
    return "far_someFPs" if (np.abs(mean) > far).any() else "both"


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
    far = float(np.max(task.output_code)) + FAR

    def authors(rows: pd.DataFrame, test: str, n_direct: int) -> str:
        return authors_label(
            rows["z_mean"].to_numpy(),
            rows["z_variance"].to_numpy(),
            rows["z"].to_numpy(),
            n_direct,
            settings[f"variance_{test}"],
            settings[f"decimals_{test}"],
            far,
        )

    held = _memory_held(memory, task, settings["memory_tolerance"])
    distinct = count_distinct(trial_ends[["z"]].to_numpy(), settings["decimals_a"])
    resting = noisy.loc[noisy["kind"] == EndKind.REST, _outputs(ends)].to_numpy()
    return {
        "mechanism": mechanism(trial_ends["kind"], distinct >= n_outcomes).value,
        "mechanism_memory": mechanism(memory["kind"], held).value,
        "authors_a": authors(trial_ends, "a", n_outcomes),
        # From noisy starts each outcome is reached with its mirror image: the network is odd.
        "authors_b": authors(noisy, "b", 2 * n_outcomes),
        "n_attractors": count_distinct(resting, settings["decimals_a"]),
        **{
            f"noisy_{kind}": int((noisy["kind"] == kind).sum())
            for kind in EndKind
            if kind != EndKind.DIVERGED
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
