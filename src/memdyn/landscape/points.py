"""The landscape of one network: its runs, cycles, points and exponents.

Every function takes a ``System`` (a map in float64, so that stability is that of the simulated
steps) and plain arrays; study 1 and networks from outside are analysed by the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from memdyn.dynamics.continua import shape_of
from memdyn.dynamics.fixed_points import find_fixed_points
from memdyn.dynamics.systems import System

#: States (rows, n_units) -> outputs (rows, n_outputs), float64.
Readout = Callable[[np.ndarray], np.ndarray]


class Points(NamedTuple):
    """Fixed points, slow points and continua.

    Attributes:
        table: one row per point: ``point``, ``kind``, ``stable``, ``corner`` (f is not
            differentiable there: no eigenvalues), ``q``, ``relative_speed`` (to the task's),
            ``degree``, ``landed``, ``n_unstable`` modes (-1 at a corner), ``leading_re``,
            ``leading_im`` (eigenvalue of the step), ``leading_time`` (tau; negative: grows); of a
            continuum
            ``dimension``, ``extent``, ``shape`` (see ``continua.shape_of``) and ``speed_along``,
            the largest |f| on it; outputs.
        states: (points, n_units).
        eigenvalues: (points, n_units) complex, of the step, leading first.
        degree_sum: 1 if no point is missing (None where undefined).
        confined: some ball holds the states in; else there is no ``degree_sum``.
        samples: (points, k, n_units) points of each continuum, NaN where there are fewer than k.
    """

    table: pd.DataFrame
    states: np.ndarray
    eigenvalues: np.ndarray
    degree_sum: int | None
    samples: np.ndarray
    confined: bool


def find_points(
    system: System,
    seeds: Tensor,
    inputs: Tensor | None = None,
    *,
    speed: float,
    settings: Mapping,
    readout: Readout | None = None,
) -> Points:
    """Fixed and slow points that can be reached from seeds, see ``find_fixed_points``.

    Args:
        system: a map.
        seeds: (rows, n_units), see ``choose_seeds``.
        inputs: (n_inputs,) constant input, None for zero.
        speed: as of ``task_speed``.
        settings: the ``dynamics`` section of the configuration.
        readout: outputs of states, for columns ``z``, ``zd_#``; None for none.

    Raises:
        ValueError: seeds or inputs that are not finite or do not fit the network.
    """
    found = find_fixed_points(
        system, seeds, inputs, task_speed=speed, settle=0, rounds=settings["rounds"]
    )
    leading = found.eigenvalues[:, 0]
    table = pd.DataFrame(
        {
            "point": np.arange(len(found)),
            "kind": found.kind,
            "stable": found.stable,
            "corner": found.corner,
            "q": found.q,
            "relative_speed": found.relative_speed,
            "degree": found.degree,
            "landed": found.landed,
            "n_unstable": np.where(found.corner, -1, (np.abs(found.eigenvalues) >= 1).sum(1)),
            "leading_re": np.real(leading),
            "leading_im": np.imag(leading),
            "leading_time": found.time_constants[:, 0],
            "dimension": found.dimension,
            "extent": found.extent,
            "shape": [shape_of(*of) for of in zip(found.sample, found.dimension, strict=True)],
            "speed_along": _fastest(system, found.sample, inputs, seeds.double()),
            **_outputs(found.states, readout),
        }
    )
    degree_sum = found.degree_sum if len(found) else None
    assert not isinstance(degree_sum, np.ndarray)  # there is one network, with one input
    return Points(table, found.states, found.eigenvalues, degree_sum, found.sample, found.confined)


def _fastest(
    system: System, samples: np.ndarray, inputs: Tensor | None, like: Tensor
) -> list[float]:
    """The largest |f| on each sample (k, n_units), NaN of none."""
    fastest = []
    for sample in samples:
        x = like.new_tensor(sample[np.isfinite(sample).all(axis=1)])
        speed = system.drift(x, inputs).norm(dim=-1) if len(x) else x.new_full((1,), torch.nan)
        fastest.append(float(speed.max()))
    return fastest


def _outputs(states: np.ndarray, readout: Readout | None) -> dict[str, np.ndarray]:
    if readout is None:
        return {}
    outputs = readout(states)
    names = ["z", *(f"zd_{i}" for i in range(1, outputs.shape[1]))]
    return dict(zip(names, outputs.T, strict=True))
