"""Long runs of one network, and the cycles on which they end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from memdyn.dynamics.limit_cycles import LimitCycles, find_limit_cycles
from memdyn.dynamics.systems import System

#: Two cycles are one if their periods agree, and their places (relative to the diameter; on a
#: closed curve besides the distance between the points that are stored of it).
SAME_PERIOD, SAME_PLACE = 1e-3, 1e-2


class Runs(NamedTuple):
    """Long runs and the cycles, solved for in float64, on which they end.

    Attributes:
        table: one row per run: ``outcome`` (see ``limit_cycles.Ends``), ``cycle``, ``diameter``,
            ``time_constant`` (in time) of its decay.
        ends: (rows, n_units) last states.
        cycles: one row per cycle: ``cycle``, ``period`` (tau), ``leading_re``, ``leading_im``,
            ``second_re``, ``second_im`` (Floquet multipliers), ``trivial_error``, ``stable``,
            ``diameter``.
        orbits: (cycles, 64, n_units).
        limits: (rows, n_units) where runs that rest or settle will be, NaN where it is not known.
    """

    table: pd.DataFrame
    ends: np.ndarray
    cycles: pd.DataFrame
    orbits: np.ndarray
    limits: np.ndarray


def find_runs(
    system: System, starts: Tensor, inputs: Tensor | None = None, *, settings: Mapping
) -> Runs:
    """Run on from all starts and solve for the cycles on which runs end.

    Args:
        system: a map.
        starts: (rows, n_units).
        inputs: (n_inputs,) constant input, None for zero.
        settings: the ``dynamics`` section of the configuration.

    Raises:
        ValueError: a batch of networks, or starts of another shape.
    """
    cycles, ends = find_limit_cycles(
        system,
        starts,
        inputs,
        transient=settings["transient"],
        window=settings["window"],
        n_multipliers=settings["n_multipliers"],
    )
    first, member = _same_cycles(cycles)
    cycles = cycles[first]
    cycle = np.where(ends.cycle >= 0, member[ends.cycle] if len(member) else -1, -1)
    outcome = {"outcome": ends.outcome, "cycle": cycle, "diameter": ends.diameter}
    table = pd.DataFrame(outcome).assign(time_constant=ends.time_constant)
    return Runs(table, ends.states, _cycle_rows(cycles), cycles.orbit, ends.limit)


def _same_cycles(cycles: LimitCycles) -> tuple[np.ndarray, np.ndarray]:
    """Rows of distinct cycles, and for each row its place among them.

    Two are one if their periods agree and the point of one lies on the other. The search itself
    takes a run that has not quite arrived for one on a new cycle. A cycle that jumps (no trivial
    multiplier) is its points, with nothing between them.
    """
    n = len(cycles)
    same = np.eye(n, dtype=bool)
    for i in range(n):
        gap = np.linalg.norm(cycles.orbit - cycles.states[i], axis=2).min(axis=1)
        step = np.linalg.norm(np.diff(cycles.orbit, axis=1), axis=2).max(axis=1, initial=0.0)
        step[np.isnan(cycles.trivial_error)] = 0.0
        period = np.abs(cycles.period - cycles.period[i]) <= SAME_PERIOD * cycles.period[i]
        same[i] = period & (gap <= SAME_PLACE * cycles.diameter + step)
    member = connected_components(same, directed=False)[1] if n else np.zeros(0, dtype=int)
    return np.unique(member, return_index=True)[1], member


def _cycle_rows(cycles: LimitCycles) -> pd.DataFrame:
    leading = np.full((len(cycles), 2), np.nan, dtype=complex)
    width = min(2, cycles.multipliers.shape[1])
    leading[:, :width] = cycles.multipliers[:, :width]
    return pd.DataFrame(
        {
            "cycle": np.arange(len(cycles)),
            "period": cycles.period,
            **{
                f"{name}_{part}": getattr(leading[:, i], long)
                for i, name in enumerate(("leading", "second"))
                for part, long in (("re", "real"), ("im", "imag"))
            },
            "trivial_error": cycles.trivial_error,
            "stable": cycles.stable,
            "diameter": cycles.diameter,
        }
    )
