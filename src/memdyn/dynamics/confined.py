"""Does some ball hold the states in? Only then must the degrees of all fixed points sum up to 1."""

from __future__ import annotations

import torch
from torch import Tensor

from memdyn.dynamics.rows import directions
from memdyn.dynamics.systems import System

#: Balls that are tried, as multiples of the radius that holds seeds and points.
BALLS = (1.5, 4.0, 16.0, 64.0)
#: Directions that are drawn, and how often each is turned to where the system pushes it.
DIRECTIONS, TURNS = 64, 20


def confines(system: System, center: Tensor, radius: float, u: Tensor | None) -> bool:
    """Whether a ball is found on whose sphere the system steps inward wherever it was tried.

    Then I - F (or -v) is homotopic to x on it, and has degree 1. Directions are drawn, and turned
    to where the system pushes: a way out that is narrow may be missed. The logistic map and relu
    networks that grow have none; there the degrees tell nothing about what is missing.

    Args:
        system: one network in float64.
        center: (n,) of the balls.
        radius: that holds all that is known.
        u: (1, inputs) constant input, None for zero.
    """
    drawn = directions(len(center), DIRECTIONS, center)
    inputs = None if u is None else u.expand(DIRECTIONS, -1)
    for ball in BALLS:
        way = drawn
        inward = torch.ones((), dtype=torch.bool, device=center.device)
        for _ in range(TURNS):
            out = ball * radius * way
            push = system.drift(center + out, inputs)
            inward = inward & ((push * out).sum(dim=1) < 0).all()
            way = _unit(way + 0.5 * _unit(push))
        if bool(inward):
            return True
    return False


def _unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=1, keepdim=True).clamp(min=1e-300)
