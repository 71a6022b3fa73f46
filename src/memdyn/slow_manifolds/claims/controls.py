"""What else shifts the mechanisms: density, initialisation, stimuli, and the length of training.

Each control compares two values of one column of the grid, within pairs of networks that agree in
everything else and that both perform.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from memdyn.claims.intervals import Interval, of_mean
from memdyn.claims.judge import Evidence, NotRun, Statistic
from memdyn.slow_manifolds.claims.statistics import MEMORY, SAID
from memdyn.slow_manifolds.grid import Network

#: Name of the table of all networks, snapshots and other stimuli included.
EVERY = "all_networks"
#: What tells networks apart.
GRID = Network._fields
#: Columns of the grid in words; the others are words themselves.
WORDS = {
    "pg": "density of J",
    "distribution": "distribution of weights",
    "trials": "length of training",
}
#: Shares that differ by no more count as alike.
MARGIN = 0.1


def two_values(networks: pd.DataFrame, name: str) -> tuple[Any, Any]:
    """The two values of a column that are compared: the ends of numbers, the commonest of names.

    For ``trials``, 0 is the end of the configured training, so it comes last; for ``stimuli``, ""
    are those that the configuration names.

    Raises:
        NotRun: there are not two.
    """
    values = networks[name].unique() if name in networks else []
    if len(values) < 2:
        raise NotRun(f"all networks have the same {WORDS.get(name, name)}")
    if name == "trials":
        return min(value for value in values if value), 0
    if pd.api.types.is_numeric_dtype(networks[name]):
        return min(values), max(values)
    first, second = networks[name].value_counts().index[:2]
    return ("", second if first == "" else first) if "" in values else (first, second)


def pairs(networks: pd.DataFrame, name: str) -> tuple[pd.DataFrame, str]:
    """Pairs of performing networks that differ in one column of the grid only.

    Returns:
        A row per pair, with ``seed`` and both labels from memory states (``first``, ``second``);
        and what was compared, in words.

    Raises:
        NotRun: there are none.
    """
    first, second = two_values(networks, name)
    others = [key for key in GRID if key in networks and key != name]
    sides = [
        networks[networks["performs"] & (networks[name] == value)].set_index(others)[MEMORY]
        for value in (first, second)
    ]
    found = pd.concat(sides, axis=1, join="inner", keys=["first", "second"]).reset_index()
    told = [_told(networks, name, value) for value in (first, second)]
    if found.empty:
        raise NotRun(f"no network performs both with {told[0]} and with {told[1]}")
    return found, f"{told[1]} minus {told[0]}"


def _told(networks: pd.DataFrame, name: str, value) -> str:
    if name == "trials":
        return f"{value or int(networks.loc[networks['trials'] == 0, 'n_trials'].max())} trials"
    if name == "stimuli":
        return f"stimuli {value or 'as configured'}"
    return f"{name} {value:g}" if isinstance(value, int | float | np.number) else str(value)


def shift(name: str) -> Statistic:
    """Difference of the shares of mechanisms between two values of a column.

    All mechanisms are asked at once, so each interval over seeds is wider (Bonferroni). Told is
    the one that differs if any does, else the one that reaches farthest from 0: if that lies
    within ``MARGIN``, all do.
    """

    def compute(evidence: Evidence) -> Interval:
        found, compared = pairs(evidence.rows(EVERY), name)
        labels = sorted({*found["first"], *found["second"]})
        step = 1 / found.groupby("seed").size().min()
        shifts = {}
        for label in labels:
            moved = (found["second"] == label).astype(float) - (found["first"] == label)
            by_seed = moved.groupby(found["seed"]).mean()
            shifts[label] = of_mean(by_seed, step, level=1 - 0.05 / len(labels))

        def reach(label: str) -> tuple[bool, float]:
            one = shifts[label]
            apart = one.low > 0 or one.high < 0
            far = np.nanmax(np.abs([one.low, one.high, one.estimate]))
            return bool(apart and far > MARGIN), float(far)

        told = max(labels, key=reach)
        counts = [found[side].value_counts() for side in ("first", "second")]
        text = ", ".join(
            f"{label.replace('_', ' ')} {counts[0].get(label, 0)} → {counts[1].get(label, 0)}"
            for label in labels
        )
        detail = f"{told.replace('_', ' ')}, {compared}; {text}"
        return shifts[told]._replace(n=f"{len(found)} + {len(found)}", detail=detail)

    return Statistic(
        f"share of the mechanism that moves most, {SAID[MEMORY]}, "
        f"in pairs that differ in {WORDS.get(name, name)}",
        compute,
    )
