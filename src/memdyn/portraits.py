"""The landscape of one network in the principal components of its own trajectories.

Recorded for figure 3, for the sheet of one network and for networks from outside; nothing is
searched here, points and cycles come from their rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from memdyn.dynamics.simulate import FrozenNetwork, run, run_trial, velocity
from memdyn.dynamics.systems import System
from memdyn.performance import case_starts, case_types
from memdyn.randomness import Stream, generator
from memdyn.shard import Ready
from memdyn.tasks.spm import SequentialPatternMatching

N_COMPONENTS = 3
#: Delay lengths that memories are left alone for.
ALONE = 20
#: States so many times farther out than all starts are on the way to infinity.
FAR = 100.0


class Portrait(NamedTuple):
    """One network.

    Attributes:
        trials: (n_cases, n_steps, N_COMPONENTS) rates of one trial of each case, in the principal
            components of all of them.
        explained: (N_COMPONENTS,) fraction of the variance that each component holds.
        alone: (n_cases, ALONE n_delay, N_COMPONENTS) from the start of delay 1 on, no input.
        speed: (n_cases, ALONE n_delay) norm of tau dx/dt there, over the median norm of tau dx/dt
            during the stimuli.
        points: (points, N_COMPONENTS) fixed and slow points.
        orbits: (cycles, 64, N_COMPONENTS).
    """

    trials: np.ndarray
    explained: np.ndarray
    alone: np.ndarray
    speed: np.ndarray
    points: np.ndarray
    orbits: np.ndarray


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


def portray(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    trial_ends: torch.Tensor,
    delay_states: torch.Tensor,
    seed: int,
    points: np.ndarray,
    orbits: np.ndarray,
) -> Portrait:
    """Run all cases, and their memories alone.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        trial_ends: (n_types, n_units).
        delay_states: (n_cases, n_units) at the start of delay 1.
        seed: of the network; the stimuli are those of the nominal cases.
        points: (points, n_units) states; orbits: (cycles, 64, n_units) states.
    """
    starts = case_starts(trial_ends)
    states = starts.new_empty(task.n_steps, *starts.shape)

    def keep(step: int, x: torch.Tensor, r: torch.Tensor) -> None:
        states[step] = x

    drawn = task.draw(case_types(task), generator(seed, Stream.PERFORMANCE_STIMULI))
    run_trial(network, task, starts, drawn, keep)
    rates = torch.tanh(states).transpose(0, 1).double().cpu().numpy()
    mean, axes, explained = principal_axes(rates.reshape(-1, rates.shape[-1]))

    # What moves the network during a stimulus is its own drift and the input: both are in the
    # change per step.
    stimuli = np.r_[task.epochs["stimulus 1"], task.epochs["stimulus 2"]][1:]
    pace = float(((states[stimuli] - states[stimuli - 1]) / network.rate).norm(dim=2).median())
    n_steps = ALONE * task.n_delay
    alone = starts.new_empty(n_steps, len(starts), starts.shape[1])
    speed = starts.new_empty(n_steps, len(starts))

    def follow(step: int, x: torch.Tensor, r: torch.Tensor) -> None:
        alone[step], speed[step] = r, velocity(network, x).norm(dim=1) / pace

    run(network, delay_states, n_steps, observe=follow)

    def place(rates: np.ndarray) -> np.ndarray:
        return ((rates - mean) @ axes.T).astype(np.float32)

    return Portrait(
        trials=place(rates),
        explained=explained,
        alone=place(alone.transpose(0, 1).double().cpu().numpy()),
        speed=speed.T.contiguous().cpu().numpy(),
        points=place(np.tanh(points)),
        orbits=place(np.tanh(orbits.astype(np.float64))),
    )


def record(
    ready: Ready,
    task: SequentialPatternMatching,
    own: Mapping[str, np.ndarray],
    points: pd.DataFrame,
) -> dict[str, np.ndarray]:
    """All arrays that figures show of a network of study 1.

    Args:
        ready: the network with its starting states.
        task: sequential pattern matching.
        own: its arrays from the searches for points and cycles.
        points: its rows of the table of points.
    """
    network, *rest = ready
    drawn = portray(rest[0], task, *rest[1:], network.seed, own["states"], own["orbits"])
    spectra = {key: own[key] for key in own if key.startswith(("point_", "memory_"))}
    stable = points["stable"].to_numpy(dtype=bool) if len(points) else np.zeros(0, dtype=bool)
    return {**drawn._asdict(), **spectra, "stable": stable}


def portray_system(
    system: System,
    starts: torch.Tensor,
    n_steps: int,
    pace: float,
    points: np.ndarray,
    orbits: np.ndarray,
    inputs: torch.Tensor | None = None,
) -> dict[str, np.ndarray]:
    """The same of any map, without trials: ``alone``, ``speed``, ``points``, ``orbits``, ...

    States that run away, beyond ``FAR``, are NaN.

    Args:
        system: a map.
        starts: (rows, n_units).
        n_steps: how long the states are followed.
        pace: what speeds are relative to, see ``landscape.task_speed``.
        points: (points, n_units); orbits: (cycles, 64, n_units).
        inputs: (n_inputs,) constant input.
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
