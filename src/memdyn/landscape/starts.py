"""Where searches start, and the units in which they measure."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.systems import System, advance

#: Ends of runs whose units agree to so many decimals are one start for the exponents.
ALIKE = 6


def after(system: System, states: Tensor, inputs: Tensor | None = None, *, n_steps: int) -> Tensor:
    """States (rows, n_units; float64) after so many steps.

    Args:
        system: a map in float64.
        states: (rows, n_units), any float dtype.
        inputs: (n_inputs,) constant input, None for zero.
        n_steps: how many.
    """
    return advance(system, states.double(), inputs, n_steps=n_steps)


def task_speed(system: System, states: Tensor, inputs: Tensor | None = None) -> float:
    """Median change per step at states of the task, the unit of all relative speeds.

    Args:
        system: a map in float64.
        states: (rows, n_units), any float dtype.
        inputs: (n_inputs,) constant input, None for zero.
    """
    return float(system.drift(states.double(), inputs).norm(dim=1).median())


def choose_seeds(ends: Tensor, others: list[Tensor], n_seeds: int) -> Tensor:
    """At most ``n_seeds`` distinct states to search from, (rows, n_units).

    Distinct ends of runs come first, at most half of all, then an even selection of each of the
    other sets in turn.
    """
    ends = ends[ends.isfinite().all(1)]
    seeds = [ends[first_of_alike(ends.cpu().numpy())[0]][: (n_seeds + 1) // 2]]
    for i, states in enumerate(others):
        room = n_seeds - sum(len(part) for part in seeds)
        share = min(len(states), room // (len(others) - i))
        seeds.append(evenly(states, share).to(ends))
    return torch.cat(seeds)


def evenly(states: Tensor, n: int) -> Tensor:
    """At most ``n`` of the states (rows, n_units), first and last among them, evenly spaced."""
    n = min(n, len(states))
    return states[np.linspace(0, len(states) - 1, n).round().astype(int) if n else []]


def first_of_alike(states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of distinct states, in order, and for each row its place among them."""
    _, first, member = np.unique(
        states.round(ALIKE), axis=0, return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    return first[order], np.argsort(order)[member.ravel()]
