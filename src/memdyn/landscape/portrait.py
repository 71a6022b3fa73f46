"""The landscape of one network in the principal components of its own trajectories.

Recorded for figure 3, for the page of one network and for networks from outside; nothing is
searched here, points and cycles come from their rules.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from memdyn.dynamics.systems import System

N_COMPONENTS = 3
#: Delay lengths that memories are left alone for.
ALONE = 20
#: States so many times farther out than all starts are on the way to infinity.
FAR = 100.0


def principal_axes(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (units,), leading axes (N_COMPONENTS, units), fraction of the variance along each.

    Axes that the rows (rows, units) do not have, because there are too few units, are zero.
    """
    mean = rows.mean(axis=0)
    _, singular, found = np.linalg.svd(rows - mean, full_matrices=False)
    found = found[:N_COMPONENTS]
    # The sign of a component is arbitrary: its largest weight is made positive.
    found *= np.sign(found[np.arange(len(found)), np.abs(found).argmax(axis=1)])[:, None]
    axes, explained = np.zeros((N_COMPONENTS, rows.shape[1])), np.zeros(N_COMPONENTS)
    axes[: len(found)] = found
    share = singular[:N_COMPONENTS] ** 2 / max((singular**2).sum(), np.finfo(float).tiny)
    explained[: len(share)] = share
    return mean, axes, explained


def portray_system(
    system: System,
    starts: torch.Tensor,
    inputs: torch.Tensor | None = None,
    *,
    n_steps: int,
    pace: float,
    points: np.ndarray,
    orbits: np.ndarray,
) -> dict[str, np.ndarray]:
    """The same of any map, without trials: ``alone``, ``speed``, ``points``, ``orbits``, ...

    States that run away, beyond ``FAR``, are NaN.

    Args:
        system: a map.
        starts: (rows, n_units).
        inputs: (n_inputs,) constant input, None for zero.
        n_steps: how long the states are followed.
        pace: what speeds are relative to, see ``starts.task_speed``.
        points: (points, n_units).
        orbits: (cycles, 64, n_units).
    """
    x = starts.double()
    path, speed = x.new_empty(n_steps, *x.shape), x.new_empty(n_steps, len(x))
    for step in range(n_steps):
        path[step], speed[step] = x, system.drift(x, inputs).norm(dim=1) / pace
        x = system.step(x, inputs)
    path, speed = path.transpose(0, 1).cpu().numpy(), speed.T.cpu().numpy()
    # What runs away would hide all else: it is not drawn, and does not turn the axes.
    reach = np.abs(path).max(axis=2)
    with np.errstate(invalid="ignore"):
        away = ~(reach <= FAR * (1 + reach[:, 0].max()))
    path[away], speed[away] = np.nan, np.nan
    mean, axes, explained = principal_axes(path[~away])
    return {
        "alone": ((path - mean) @ axes.T).astype(np.float32),
        "speed": np.ascontiguousarray(speed),
        "explained": explained,
        "points": ((points - mean) @ axes.T).astype(np.float32),
        "orbits": ((orbits.astype(np.float64) - mean) @ axes.T).astype(np.float32),
    }


def describe(
    points: pd.DataFrame, cycles: pd.DataFrame, memory: pd.DataFrame, vote: str | None
) -> dict:
    """What the figures say of one network's landscape (JSON-able).

    Args:
        points, cycles, memory: its rows of these tables.
        vote: the label that was voted, None if there was no vote.
    """
    medians = dict.fromkeys(("n_slow", "dimension", "drift"))
    if len(memory):
        medians = {name: float(memory[name].median()) for name in medians}
        # A mode that grows has no time constant: -1 stands for it.
        medians["slowest"] = float(np.nan_to_num(memory["slowest"].median(), posinf=-1.0))
    return {
        "kinds": points["kind"].tolist() if len(points) else [],
        "stable_cycles": cycles["stable"].tolist() if len(cycles) else [],
        "periods": cycles["period"].tolist() if len(cycles) else [],
        "vote": vote,
        "slowest": None,
        **medians,
    }
