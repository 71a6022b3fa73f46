"""Newton on a residual that grows without bound at known roots, so that seeds go elsewhere.

The residual is multiplied by m(x) = prod(1 + (scale / |x - r|)^2) over the known roots r. By the
Sherman-Morrison formula its Newton step is the plain one, s, times 1 / (1 - s . grad log m): no new
linear algebra. Farrell, Birkisson & Funke 2015.
"""

import torch
from torch import Tensor

from memdyn.dynamics.rows import Rows
from memdyn.dynamics.systems import System

#: Steps of one seed, and the longest of them, relative to the size of the seeds' cloud.
STEPS, REACH = 20, 0.3


def deflated(system: System, seeds: Rows, *, known: Rows, radius: float) -> Rows:
    """Where ``STEPS`` deflated Newton steps bring the seeds; to be solved from by plain Newton.

    Args:
        system: one network in float64.
        seeds: where to start, (rows, n_units) states and their inputs; they are not changed.
        known: roots that push away what comes near them, those of a seed's own group.
        radius: scale of the states; no step is longer than ``REACH`` of it.
    """
    x, f = seeds.x.clone(), system.root(seeds.x, seeds.u)
    best, least = x.clone(), torch.full_like(seeds.residual, torch.inf)
    for _ in range(STEPS):
        step = torch.linalg.solve_ex(system.root_jacobian(x, seeds.u), -f)[0]
        pull = (step * _slope(x, seeds, known, radius)).sum(-1)
        step = step / (1 - pull)[:, None]
        length = step.norm(dim=-1, keepdim=True)
        step = step * (REACH * radius / length).clamp(max=1)
        x = torch.where(step.isfinite(), x + step, x)
        f = system.root(x, seeds.u)
        level = f.norm(dim=-1) * _weight(x, seeds, known, radius)
        better = level < least
        best[better], least[better] = x[better], level[better]
    residual = system.root(best, seeds.u).norm(dim=-1)
    return Rows(best, seeds.u, seeds.group, residual, seeds.slope, seeds.landed)


def _offsets(x: Tensor, seeds: Rows, known: Rows) -> tuple[Tensor, Tensor]:
    """x - r and its square length for each known root r of the same group (inf for others)."""
    offset = x[:, None] - known.x
    square = offset.square().sum(-1).clamp(min=torch.finfo(x.dtype).tiny)
    return offset, square.masked_fill(seeds.group[:, None] != known.group, torch.inf)


def _weight(x: Tensor, seeds: Rows, known: Rows, radius: float) -> Tensor:
    _, square = _offsets(x, seeds, known)
    return (1 + radius**2 / square).prod(1)


def _slope(x: Tensor, seeds: Rows, known: Rows, radius: float) -> Tensor:
    """Gradient of log m: the sum of -2 scale^2 (x - r) / (d^2 (d^2 + scale^2))."""
    offset, square = _offsets(x, seeds, known)
    share = -2 * radius**2 / (square * (square + radius**2))
    return torch.einsum("rk,rkn->rn", share, offset)
