"""Leading Lyapunov exponents by QR of the products of step Jacobians.

The sign of the largest tells a fixed point (< 0), a cycle (= 0) and chaos (> 0) apart without
looking for either. Benettin et al. 1980; Geist, Parlitz & Lauterborn 1990 for the QR form.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.results import Table
from memdyn.dynamics.systems import System


@dataclass(frozen=True, eq=False)
class Exponents(Table):
    """Per starting row: exponents (rows, k), largest first, in 1 / time, and error (rows, k), the
    standard error of each from the second half's eight blocks. Rows of a batch of networks follow
    each other, ``network`` (rows,) says which. Scalars: dt, steps.
    """

    schema = "memdyn.lyapunov"

    exponents: np.ndarray
    error: np.ndarray
    network: np.ndarray
    dt: float
    steps: int


def lyapunov_exponents(
    network: System,
    states: Tensor,
    inputs: Tensor | None = None,
    *,
    k: int = 2,
    steps: int = 4000,
    transient: int = 1000,
    every: int = 10,
    seed: int = 0,
) -> Exponents:
    """The k leading exponents of ``network.step`` along the run from each state.

    A run must have reached its attractor within ``transient`` steps; the first half of ``steps``
    then only aligns the tangent vectors. A flow is followed by its Euler steps, as trained.

    Args:
        network: one network with states (rows, n), or a batch with (B, rows, n).
        every: steps between two QR decompositions; small enough that vectors do not collapse.
        seed: of the first tangent vectors.

    Raises:
        ValueError: k larger than the network, steps too few, or a run that leaves the finite.
    """
    n = states.shape[-1]
    blocks = 8
    if not 1 <= k <= n:
        raise ValueError(f"k must be between 1 and {n} units, got {k}")
    if steps < 2 * blocks * every:
        raise ValueError(f"steps must be at least {2 * blocks * every}, got {steps}")
    x = states.detach()
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(k, n, generator=generator, dtype=torch.float64).to(x)
    v = torch.linalg.qr(start.mT)[0].mT.expand(*x.shape[:-1], k, n)
    for _ in range(transient):
        x = network.step(x, inputs)

    growth = []
    for _ in range(steps // every):
        for _ in range(every):
            v = network.step_tangent(x, inputs, v)
            x = network.step(x, inputs)
        q, r = torch.linalg.qr(v.mT)
        v = q.mT
        growth.append(r.diagonal(dim1=-2, dim2=-1).abs().log() / (every * network.dt))
    if not x.isfinite().all():
        raise ValueError("a run grew without bound: drop its starting state or lower dt")
    rates = torch.stack(growth)[len(growth) // 2 :].to(torch.float64)
    means = torch.stack([b.mean(0) for b in rates.tensor_split(blocks)])
    rows = states.shape[-2]
    return Exponents(
        exponents=rates.mean(0).flatten(0, -2).cpu().numpy(),
        error=(means.std(0) / blocks**0.5).flatten(0, -2).cpu().numpy(),
        network=np.repeat(np.arange(x[..., 0, 0].numel()), rows),
        dt=network.dt,
        steps=steps,
    )
