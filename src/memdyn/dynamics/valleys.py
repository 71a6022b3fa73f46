"""Valleys of |f|: curves along which everything has settled but one slow direction.

Near a ring or line of fixed points that is not quite one, |f| is tiny all along a curve and exactly
zero at a few points of it. Newton's steps are straight and leave the curve, descent has no slope to
go down by. Here the curve itself is followed: x and a number m with f(x) = m w, where w is the left
null direction of Df, one step after the other along the right one, v. Where m changes its sign
there is a root, and the sign of det Df follows from how it does.

Keller 1977 for the bordered systems; Ságodi et al. 2024 for what they are followed for.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.rows import rounding_level
from memdyn.dynamics.systems import System

#: Steps along a valley are this long, relative to the size of the seeds' cloud; so many at most.
STEP, STEPS = 1 / 40, 400
#: Newton's steps that bring a point back to the valley, and trials that enclose a root.
CORRECTIONS, TRIALS = 8, 60
#: A valley whose level is at rounding from the start to this step is a continuum.
FLAT = 3
#: The slow direction is slower than all others by this factor, or there is no valley.
SLOWER = 1e-2


@dataclass(frozen=True)
class Valley:
    """One curve, followed both ways from where it was entered.

    Attributes:
        path: (points, n), in order.
        level: (points,) the number m: |f| with its sign.
        closed: whether it comes back to where it began.
        roots: (roots, n) where m changes its sign.
        sign: (roots,) of det(-Df) there.
    """

    path: Tensor
    level: Tensor
    closed: bool
    roots: Tensor
    sign: Tensor


@dataclass
class _Place:
    """A point of the valley, and the directions there."""

    x: Tensor
    level: float
    left: Tensor
    right: Tensor
    sign: float = 1.0


def follow_valley(
    system: System, x: Tensor, u: Tensor | None, *, center: Tensor, radius: float
) -> Valley | None:
    """The valley on whose floor x lies, None if there is none or it is all roots.

    Args:
        system: one network in float64, small enough for hundreds of factorisations.
        x: (n,).
        u: (1, inputs) constant input, None for zero.
        center, radius: of the cloud of seeds; twice so far out it is followed.
    """
    jacobian = system.root_jacobian(x[None], u)[0]
    if not jacobian.isfinite().all():
        return None
    left, sizes, right = torch.linalg.svd(jacobian)
    if len(sizes) > 1 and not sizes[-1] <= SLOWER * sizes[-2]:
        return None
    start = _onto(system, u, _Place(x, 0.0, left[:, -1], right[-1]), x, radius)
    if start is None or float((start.x - x).norm()) > STEP * radius:
        return None
    parts, closed = [], False
    for way in (1, -1):
        found, closed = _walk(system, u, start, way, center, radius)
        if found is None:
            return None
        parts.append(found)
        if closed:
            break
    places = [*reversed(parts[1]), start, *parts[0]] if not closed else [start, *parts[0], start]
    roots, signs = [], []
    for a, b in pairwise(places):
        if a.level * b.level < 0 and max(abs(a.level), abs(b.level)) > _exact(b.x):
            root, sign = _enclosed(system, u, a, b)
            roots.append(root)
            signs.append(sign)
    n = x.shape[-1]
    return Valley(
        path=torch.stack([place.x for place in places]),
        level=torch.tensor([place.level for place in places]).to(x),
        closed=closed,
        roots=torch.stack(roots) if roots else x.new_empty(0, n),
        sign=torch.tensor(signs).to(x),
    )


def _exact(x: Tensor) -> float:
    return float(rounding_level(x[None]))


def _walk(system, u, start: _Place, way: int, center: Tensor, radius: float):
    """Places one after the other in one direction, and whether the start was reached again."""
    here = _Place(start.x, start.level, start.left, way * start.right)
    found, length = [], STEP * radius
    for step in range(STEPS):
        there, h = None, length
        for _ in range(4):
            there = _onto(system, u, here, here.x + h * here.right, h)
            if there is not None and float((there.x - here.x).norm()) <= 2 * h:
                break
            there, h = None, h / 2
        if there is None or float((there.x - center).norm()) > 2 * radius:
            break
        if step > 2 and float((there.x - start.x).norm()) <= 0.75 * length:
            return found, True
        found.append(there)
        here = there
        if step == FLAT and all(abs(p.level) <= _exact(p.x) for p in (start, *found)):
            return None, False
    return [_Place(p.x, p.level, p.left, way * p.right, p.sign) for p in found], False


def _bordered(jacobian: Tensor, left: Tensor, right: Tensor) -> Tensor:
    n = len(left)
    matrix = jacobian.new_zeros(n + 1, n + 1)
    matrix[:n, :n], matrix[:n, n], matrix[n, :n] = jacobian, left, right
    return matrix


def _onto(system, u, near: _Place, x: Tensor, reach: float) -> _Place | None:
    """The point of the valley in the plane through x across it; None if it is not found."""
    n, level = len(x), near.level
    before = np.inf
    for _ in range(CORRECTIONS):
        f = system.root(x[None], u)[0]
        jacobian = system.root_jacobian(x[None], u)[0]
        matrix = _bordered(jacobian, near.left, near.right)
        off = f - level * near.left
        size = float(off.norm())
        if size <= 1e-3 * _exact(x) or (size <= 0.1 * _exact(x) and size >= before / 2):
            break
        before = size
        step = torch.linalg.solve_ex(matrix, torch.cat([-off, off.new_zeros(1)]))[0]
        if not step[:n].norm() <= reach:  # also NaN
            return None
        x, level = x + step[:n], level - float(step[n])
    else:
        return None
    unit = x.new_zeros(n + 1)
    unit[n] = 1
    right = torch.linalg.solve_ex(matrix, unit)[0][:n]
    left = torch.linalg.solve_ex(matrix.mT, unit)[0][:n]
    if not (right.isfinite().all() and left.isfinite().all()):
        return None
    left, right = left / left.norm(), right / right.norm()
    level = float(left @ system.root(x[None], u)[0])
    return _Place(x, level, left, right, float(torch.linalg.slogdet(matrix)[0]))


def _enclosed(system, u, a: _Place, b: _Place) -> tuple[Tensor, float]:
    """The root between two places of opposite level, and the sign of det(-Df) there."""
    chord = b.x - a.x
    # m along the valley; a false position that halves the end which stays (Illinois).
    low, high, f_low, f_high = 0.0, 1.0, a.level, b.level
    best = a if abs(a.level) <= abs(b.level) else b
    stays = 0
    for _ in range(TRIALS):
        t = (low * f_high - high * f_low) / (f_high - f_low)
        there = _onto(system, u, best, a.x + t * chord, float(chord.norm()))
        if there is None:
            break
        if abs(there.level) < abs(best.level):
            best = there
        if there.level == 0 or high - low <= 1e-9:
            break
        if there.level * f_low > 0:
            low, f_low, f_high = t, there.level, f_high / 2 if stays == 1 else f_high
            stays = 1
        else:
            high, f_high, f_low = t, there.level, f_low / 2 if stays == -1 else f_low
            stays = -1
    n, rises = len(best.x), np.sign(b.level - a.level) * np.sign(float(b.right @ chord))
    return best.x, float((-1) ** (n + 1) * best.sign * rises)
