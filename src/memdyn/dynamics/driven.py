"""Lyapunov exponents of a system that is driven by an input varying in time, and its slowest mode.

A driven network has no point to linearise at. What it forgets, and how fast, is in the product of
its step Jacobians along the run: a small difference between two states that see the same input
grows or shrinks by exp(exponent) per unit of time. All exponents negative: in the end the input
alone decides the state, and -1 / (largest exponent) is how long a difference lasts.

Exponents by QR as in :mod:`memdyn.dynamics.lyapunov`. The first vector of the QR turns into the
direction of the slowest mode (the leading covariant Lyapunov vector, Ginelli et al. 2007): the
others are made orthogonal to it, it is not made so to any.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.results import Table
from memdyn.dynamics.systems import System

#: Parts of the run whose scatter gives the error of an exponent.
BLOCKS = 8


@dataclass(frozen=True, eq=False)
class DrivenExponents(Table):
    """Per row: exponents (rows, k), largest first, in 1 / time; error (rows, k), the standard error
    of each from eight blocks of the run; profile (rows, n), the part of each unit in the slowest
    mode, v^2 of its unit vector v, mean over time (sums to 1); participation (rows,), the mean over
    time of 1 / sum v^4: how many units carry the mode. Rows of a batch of networks follow each
    other, ``network`` (rows,) says which. Scalars dt and counted, the time that counts.
    """

    schema = "memdyn.driven_exponents"

    exponents: np.ndarray
    error: np.ndarray
    profile: np.ndarray
    participation: np.ndarray
    network: np.ndarray
    counted: float
    dt: float


def participation(vectors: np.ndarray) -> np.ndarray:
    """How many units carry a mode: (sum p)^2 / sum p^2 with p = |v|^2, from 1 to n.

    Args:
        vectors: (..., n) real or complex, of any length but zero.

    >>> participation(np.array([[0.0, 3.0, 0.0], [1.0, 1.0, 1.0]])).round(9).tolist()
    [1.0, 3.0]
    """
    parts = np.square(np.abs(vectors))
    return parts.sum(-1) ** 2 / np.square(parts).sum(-1)


def driven_exponents(
    system: System,
    states: Tensor,
    inputs: Tensor,
    *,
    k: int = 1,
    transient: int = 500,
    every: int = 10,
    seed: int = 0,
) -> DrivenExponents:
    """The k leading exponents of ``system.step`` along the run that inputs drive.

    Args:
        system: one network with states (rows, n), or a batch with (B, rows, n).
        states: where the runs start.
        inputs: of each step, (steps, ..., inputs): what follows the first axis is a constant input
            as elsewhere, (inputs,), (rows, inputs) or (B, rows, inputs).
        k: how many exponents.
        transient: first steps, in which the run forgets its start and the vectors align; what is
            left is measured, in whole turns of ``every`` steps.
        every: steps between two QR decompositions; small enough that vectors do not collapse.
        seed: of the first tangent vectors.

    Raises:
        ValueError: k larger than the network, too few inputs, or a run that leaves the finite.

    >>> from memdyn.dynamics import Map
    >>> leaky = Map(lambda x, u: x * torch.tensor([0.5, 0.25]) + u, n_units=2, n_inputs=2)
    >>> found = driven_exponents(leaky, torch.ones(1, 2), torch.randn(200, 1, 2), k=2, transient=40)
    >>> found.exponents.round(3).tolist()  # -ln 2 and -ln 4, whatever drives it
    [[-0.693, -1.386]]
    """
    n = states.shape[-1]
    turns = (len(inputs) - transient) // every
    if not 1 <= k <= n:
        raise ValueError(f"k must be between 1 and {n} units, got {k}")
    if turns < BLOCKS:
        least = transient + BLOCKS * every
        raise ValueError(f"inputs of {len(inputs)} steps are too few: give at least {least}")
    x = states.detach()
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(k, n, generator=generator, dtype=torch.float64).to(x)
    v = torch.linalg.qr(start.mT)[0].mT.expand(*x.shape[:-1], k, n)
    growth, profile, carriers = [], torch.zeros_like(x), torch.zeros_like(x[..., 0])
    since = 0  # steps since the last QR
    for t, u in enumerate(inputs[: transient + turns * every]):
        v = system.step_tangent(x, u, v)
        x = system.step(x, u)
        since += 1
        if since < every and t + 1 != transient:
            continue
        q, r = torch.linalg.qr(v.mT)
        v, since = q.mT, 0
        if t < transient:
            continue
        growth.append(r.diagonal(dim1=-2, dim2=-1).abs().log() / (every * system.dt))
        parts = v[..., 0, :].square()
        profile += parts / turns
        carriers += 1 / parts.square().sum(-1) / turns
    if not x.isfinite().all():
        raise ValueError("a run grew without bound: drop its starting state or its input")
    rates = torch.stack(growth).double()
    spread = torch.stack([b.mean(0) for b in rates.tensor_split(BLOCKS)]).std(0) / BLOCKS**0.5
    return DrivenExponents(
        exponents=rates.mean(0).flatten(0, -2).cpu().numpy(),
        error=spread.flatten(0, -2).cpu().numpy(),
        profile=profile.double().flatten(0, -2).cpu().numpy(),
        participation=carriers.double().flatten().cpu().numpy(),
        network=np.repeat(np.arange(states[..., 0, 0].numel()), states.shape[-2]),
        counted=turns * every * system.dt,
        dt=system.dt,
    )
