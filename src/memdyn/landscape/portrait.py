"""The landscape of one network in the principal components of its own trajectories.

Recorded for figure 3, for the page of one network and for networks from outside; nothing is
searched here, points and cycles come from their rules.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from memdyn.dynamics.kinds import Held
from memdyn.dynamics.systems import System

N_COMPONENTS = 3
#: Delay lengths that memories are left alone for.
ALONE = 20
#: States so many times farther out than all starts are on the way to infinity.
FAR = 100.0
#: What whole runs may fill; more are seen along three axes only, those of a selection.
MOST_BYTES = 2**29


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
        pace: what speeds are relative to, see ``starts.task_speed``; if 0 they are as they are.
        points: (points, n_units).
        orbits: (cycles, 64, n_units).
    """
    # Whole runs of many states of many units would not fit: the axes are those of a selection, and
    # all runs are made once more to be seen along them.
    most = max(MOST_BYTES // (8 * starts.shape[1]), 4 * N_COMPONENTS)
    chosen = starts[:: -(-len(starts) * n_steps // most) if len(starts) * n_steps > most else 1]
    every = -(-len(chosen) * n_steps // most)
    path, speed = _run(system, chosen, inputs, n_steps, pace, lambda x: x, every)
    mean, axes, explained = principal_axes(path[np.isfinite(path).all(axis=2)])
    if every == len(starts) // len(chosen) == 1:
        path = ((path - mean) @ axes.T).astype(np.float32)
    else:
        place, ahead = starts.new_tensor(mean).double(), starts.new_tensor(axes.T).double()
        see = lambda x: ((x - place) @ ahead).float()  # noqa: E731
        path, speed = _run(system, starts, inputs, n_steps, pace, see, 1)
    return {
        "alone": path,
        "speed": speed,
        "explained": explained,
        "points": ((points - mean) @ axes.T).astype(np.float32),
        "orbits": ((orbits.astype(np.float64) - mean) @ axes.T).astype(np.float32),
    }


def _run(system, starts, inputs, n_steps, pace, see, every) -> tuple[np.ndarray, np.ndarray]:
    """What ``see`` makes of the states of each run, and their speeds, at each ``every``-th step.

    What runs away would hide all else: it is not drawn, and does not turn the axes.
    """
    x = starts.double()
    limit, seen = FAR * (1 + float(x.abs().max())), see(x)
    shape = (-(-n_steps // every), len(x))
    path, speed = seen.new_empty(*shape, seen.shape[1]), x.new_empty(shape)
    for step in range(n_steps):
        if step % every == 0:
            moves = system.drift(x, inputs).norm(dim=1) / (pace or 1.0)
            away = ~(x.abs().max(dim=1).values <= limit)
            path[step // every] = see(x).masked_fill(away[:, None], torch.nan)
            speed[step // every] = moves.masked_fill(away, torch.nan)
        x = system.step(x, inputs)
    return path.transpose(0, 1).cpu().numpy(), np.ascontiguousarray(speed.T.cpu().numpy())


#: What is said of runs that go one way and do not slow down.
_LEAVING = {
    "drift": "move one way, no slower",
    "grow": "move one way, ever faster",
    "diverged": "left every bound",
}


def sentences(facts: Mapping, unit: str) -> list[str]:
    """What is to be said of points that are no common ones, of runs that have not arrived, and of
    what holds memories.

    Args:
        facts: of ``analysis.take_apart``.
        unit: that times are in, "τ" or "steps".
    """
    said = []
    if uneven := facts.get("uneven"):
        said.append(
            f"units differ in size by {uneven:.0e}: the small ones are lost, and what is said of "
            "points is not sure; give each unit in a scale of its own"
        )
    for one in facts.get("continua", []):
        many = one["dimension"] > 2
        name = f"continuum of dimension {one['dimension']}" if many else one["shape"]
        said.append(f"{name} of fixed points, extent {one['extent']:.3g}")
    if (corners := facts.get("corners")) and corners["n"]:
        at = "a fixed point lies" if corners["n"] == 1 else f"{corners['n']} fixed points lie"
        held = {0: "un", corners["n"]: ""}.get(corners["stable"])
        what = f"{corners['stable']} of them " if held is None else held
        said.append(f"{at} at a corner of the step, {what}stable by runs from nearby")
    if neutral := facts.get("neutral"):
        at = "a fixed point" if neutral == 1 else f"{neutral} fixed points"
        said.append(
            f"at {at} a mode neither grows nor decays, to rounding: stable or not is not decided"
        )
    if not facts.get("confined", True):
        said.append("far out states move outward: degrees do not tell whether points are missing")
    if slow := facts.get("settling"):
        times = ""
        if slow["times"]:
            low, high = (f"{time:.2g}" for time in slow["times"])
            times = f", time constant {low if low == high else f'{low} to {high}'} {unit}"
        said.append(f"{slow['n']} of {slow['of']} runs still slow down{times}")
        if lost := slow.get("lost"):
            said[-1] += f"; of {lost} the end is not known: they may yet pass a bottleneck"
    if (own := facts.get("unsafe")) and own["n"]:
        said.append(
            f"{own['n']} of {own['of']} runs stand still where a mode leads away: the least push "
            "takes them on"
        )
    left = facts.get("leaving", {})
    for kind, what in _LEAVING.items():
        if left.get(kind):
            said.append(f"{left[kind]} of {left['of']} runs {what}")
    if (own := facts.get("unclosed")) and own["n"]:
        if own["parts"]:
            said.append(f"{own['parts']} of {own['of']} runs never repeat: chaos, by the exponents")
        if own["n"] > own["parts"]:
            said.append(
                f"{own['n'] - own['parts']} of {own['of']} runs close on no cycle, and no exponent "
                "is clearly above 0: quasi-periodic, or a cycle too long to be seen"
            )
    if (held := facts.get("held")) and held["kind"] != Held.POINT:
        lost = f"drift {held['drift']:.2g} spreads per delay"
        if held["noisy_drift"] is not None:
            lost += f", {held['noisy_drift']:.2g} with noisy weights"
        said.append(f"memory: {held['kind']}, {lost}")
    return said


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
