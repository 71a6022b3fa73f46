"""Fixed points at which f has a corner, as relu networks have: there no Jacobian says what is near.

Autograd returns one of the one-sided derivatives, or something between. At the origin of
relu(2 x) it is 0, as of a point that takes everything in, while every positive state runs away.
So a corner is told by second differences that do not vanish with the step, and its stability by
runs from nearby.
"""

from __future__ import annotations

import torch
from torch import Tensor

from memdyn.dynamics.rows import directions
from memdyn.dynamics.systems import System, advance

#: Steps of the differences, relative to the size of the landscape: at a corner both see the same
#: bend.
COARSE, FINE = 1e-4, 1e-6
#: Of a smooth f the second difference per step falls by FINE / COARSE, at a corner it stays.
STAYS = 0.3
#: What second differences may be of rounding alone, relative to 1 + |f'|, and in rounding errors.
LEAST, ROUNDED = 1e-6, 64
#: Directions in which it is looked, besides those of the units themselves for the runs.
DIRECTIONS = 8
#: Runs nearby start so far away, relative to the same size, and take so many steps.
NEAR, STEPS = 1e-4, 1000
#: They decay if the second half of the steps brings them nearer by this part at least.
NEARER = 1e-6


def at_corners(system: System, x: Tensor, u: Tensor | None, *, radius: float) -> Tensor:
    """Whether f has a corner at each row, (rows,).

    Args:
        system: one network in float64.
        x: (rows, n) fixed points.
        u: (rows, inputs), None for zero.
        radius: the size of the landscape, of the cloud of seeds.
    """
    bent = torch.zeros(len(x), dtype=torch.bool, device=x.device)
    middle = system.drift(x, u)
    rounding = ROUNDED * torch.finfo(x.dtype).eps * x.norm(dim=1)
    for way in directions(x.shape[1], DIRECTIONS, x):
        sizes = []
        for relative in (COARSE, FINE):
            step = relative * radius
            ahead, behind = system.drift(x + step * way, u), system.drift(x - step * way, u)
            sizes.append((ahead + behind - 2 * middle).norm(dim=1) / step)
        slope = 1 + (ahead - behind).norm(dim=1) / (2 * step)
        bent |= (sizes[1] > STAYS * sizes[0]) & (sizes[1] > LEAST * slope + rounding / step)
    return bent


def take_in(system: System, x: Tensor, u: Tensor | None, *, radius: float) -> Tensor:
    """Whether runs from all around each row come back to it, as far as runs show, (rows,).

    Args:
        system: one network in float64.
        x: (rows, n) fixed points.
        u: (rows, inputs), None for zero.
        radius: the size of the landscape, of the cloud of seeds.
    """
    n = x.shape[1]
    axes = torch.eye(n, dtype=x.dtype, device=x.device)[: 4 * DIRECTIONS]
    ways = torch.cat([axes, -axes, directions(n, 4 * DIRECTIONS, x)])
    found = []
    for i, point in enumerate(x):
        inputs = None if u is None else u[i].expand(len(ways), -1)
        start = point + NEAR * radius * ways
        halfway = advance(system, start, inputs, n_steps=STEPS // 2)
        end = advance(system, halfway, inputs, n_steps=STEPS - STEPS // 2)
        before, after = (halfway - point).norm(dim=1), (end - point).norm(dim=1)
        floor = 1e-12 * (radius + point.norm())
        found.append(bool(((after <= (1 - NEARER) * before) | (after <= floor)).all()))
    return torch.tensor(found, dtype=torch.bool, device=x.device)
