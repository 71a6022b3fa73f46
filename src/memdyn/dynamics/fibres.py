"""Fibres: the curves f(x) = a v on which the roots of f lie, followed from root to root.

A Newton path is a piece of such a curve, with v = f where it began, and a falling to 0; at a fold
of the curve Newton's method ends. Followed by its length instead, the curve goes on through folds,
and passes a root wherever a changes sign. Neighbours on a fibre have opposite signs of det Df. Far
out, where a v outweighs all else, a bounded system has one x for each a: so one fibre comes from
far out and goes there again, and the degrees of its roots sum to 1; all others are closed, and
sum to 0. While the roots that are known have another sum, a fibre through one of them leads to one
that is not known.

For a rate network a v is a constant input: the curve is what becomes of its fixed points while that
input is turned up and down. In an odd system the fibre through the origin is the open one.

Katz & Reggia 2018 (directional fibers); Allgower & Georg 1990, ch. 2, 6 (following curves).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.newton_path import follow
from memdyn.dynamics.rows import start_rows
from memdyn.dynamics.systems import System

#: First, longest and shortest step along a curve, relative to the size of the seeds' cloud (the
#: longest: to the distance from its centre, farther out).
FIRST, LONGEST, SHORTEST = 0.02, 0.5, 1e-6
#: A step is good if at most so many corrections, each shorter by this factor than the one before
#: (the first: than the step), end below this (relative to the cloud again), within this cosine of
#: the tangent.
CORRECTIONS, SHRINK, CLOSE, AHEAD = 6, 0.5, 1e-6, 0.9
#: The next step: the factor for a tangent that turned by at most this cosine.
PACES = ((0.98, 2.0), (0.95, 1.3), (0.85, 1.0), (-1.0, 0.6))
#: So many times as far out as the seeds, a curve does not come back.
OUT = 10.0


@dataclass
class Fibres:
    """Fibres of one system, input and direction.

    ``steps`` is how many may still be taken, one factorisation each; ``passed`` (k, n) are the
    roots that they came through so far.
    """

    system: System
    u: Tensor | None
    center: Tensor
    radius: float
    odd: bool
    same: float
    steps: int
    passed: Tensor = field(init=False)
    direction: Tensor = field(init=False)

    def __post_init__(self):
        # Every unit is driven, so that none keeps the network busy while others saturate; and each
        # by an amount of its own, so that equal parts of a network do not fold at once.
        n, generator = len(self.center), torch.Generator().manual_seed(0)
        sign = torch.randn(n, generator=generator, dtype=torch.float64).sign()
        size = 0.5 + torch.rand(n, generator=generator, dtype=torch.float64)
        self.direction = (sign * size).to(self.center) / n**0.5
        self.passed = self.center.new_zeros(0, len(self.center))

    def knows(self, x: Tensor) -> bool:
        """Whether a fibre came through the root x (n,), or in an odd system through -x."""
        gap = (self.passed - x).norm(dim=1)
        if self.odd:
            gap = torch.minimum(gap, (self.passed + x).norm(dim=1))
        return bool((gap <= self.same).any())

    def follow(self, x: Tensor) -> Tensor:
        """Roots (k, n) on the fibre through the root x (n,), x itself left out.

        In both directions, unless the curve closes, or the mirror image of one is the other.
        """
        before = len(self.passed)
        self.passed = torch.cat([self.passed, x[None]])
        mirrored = self.odd and float(x.norm()) <= self.same
        for sense in (1.0,) if mirrored else (1.0, -1.0):
            if self._closes(x, sense):
                break
        return self.passed[before + 1 :]

    def _closes(self, x: Tensor, sense: float) -> bool:
        """Follow one direction; whether it came to a root passed before."""
        for near, length in self._crossings(x, sense):
            start = start_rows(self.system, near[None], self.u)
            root = follow(
                self.system,
                start,
                radius=self.radius,
                target=1e-3,
                dtype=torch.float32,
                iterations=12,
            )
            if not root.is_root[0]:
                continue
            if not self.knows(root.x[0]):
                self.passed = torch.cat([self.passed, root.x])
            elif float((root.x[0] - near).norm()) <= length:  # else Newton's method went astray
                return True
        return False

    def _crossings(self, x: Tensor, sense: float) -> Iterator[tuple[Tensor, float]]:
        """States (n,) near the next roots along the fibre, and the lengths of those steps."""
        n, h = len(x), FIRST * self.radius
        y = torch.cat([x, x.new_zeros(1)])
        t = torch.zeros_like(y)
        t[n] = sense  # the first step is to a given a: a root that is isolated has no fold
        curve = _Bordered(self, y, t)
        t = curve.tangent(t)
        while self.steps > 0:
            self.steps -= 1
            new = curve.correct(y + h * t, h)
            if new is None or _cosine(new - y, t) < AHEAD:
                h /= 2
                if h < SHORTEST * self.radius:
                    return
                continue
            before, last, y = y, t, new
            secant = y - before
            secant[n] = 0.0  # lengths and angles are those of x: f may have any scale
            curve = _Bordered(self, y, secant / secant.norm())
            t = curve.tangent(secant)
            yield from _zeros(before, last, y, t)
            away = float((y[:n] - self.center).norm())
            if away > OUT * self.radius:
                return
            pace = next(factor for least, factor in PACES if _cosine(t, last) >= least)
            h = min(h * pace, LONGEST * max(away, self.radius))


def _zeros(
    before: Tensor, out: Tensor, after: Tensor, into: Tensor
) -> Iterator[tuple[Tensor, float]]:
    """Where a = 0 on the cubic through two points of a curve with these tangents: x (n,), length.

    Two zeros may lie between points at which a has one sign.
    """
    h = float((after - before)[:-1].norm())
    d = after - before
    # before + h out s + square s^2 + cube s^3 for s from 0 to 1
    square, cube = 3 * d - h * (2 * out + into), h * (out + into) - 2 * d
    a = [float(c[-1]) for c in (cube, square, h * out, before)]
    if a[3] == 0:
        a = a[:3]  # the root that the curve began at
    for s in np.sort_complex(np.roots(a)):
        if s.imag == 0 and 0 < s.real <= 1:
            x = before + h * out * s.real + square * s.real**2 + cube * s.real**3
            yield x[:-1], h


def _cosine(a: Tensor, b: Tensor) -> float:
    """Of the x of two steps (n + 1,) along a curve."""
    a, b = a[:-1], b[:-1]
    return float(a @ b / (a.norm() * b.norm()))


class _Bordered:
    """Factors of [[Df, -v], [t']] at a point of the curve: regular at folds too.

    In float32 where the system has weights to cast; corrections converge in float64 all the same.
    """

    def __init__(self, fibres: Fibres, y: Tensor, t: Tensor):
        self.of, n = fibres, len(y) - 1
        system, u = fibres.system, fibres.u
        self.dtype = torch.float32 if system.casts else y.dtype
        solver = system.to(self.dtype)
        u = None if u is None else u.to(self.dtype)
        matrix = y.new_empty(n + 1, n + 1, dtype=self.dtype)
        matrix[:n, :n] = solver.root_jacobian(y[None, :n].to(self.dtype), u)[0]
        matrix[:n, n], matrix[n] = -fibres.direction, t
        self.factors, self.pivots, _ = torch.linalg.lu_factor_ex(matrix)

    def _solve(self, right: Tensor) -> Tensor:
        size = right.norm().clamp(min=torch.finfo(right.dtype).tiny)
        unit = (right / size).to(self.dtype)[:, None]  # of length 1: float32 cannot underflow
        return torch.linalg.lu_solve(self.factors, self.pivots, unit)[:, 0].to(right) * size

    def tangent(self, along: Tensor) -> Tensor:
        """Tangent of the curve, whose x has length 1, on the side of ``along``."""
        right = torch.zeros_like(along)
        right[-1] = 1.0
        t = self._solve(right)
        t = t / t[:-1].norm()
        return t if float(t @ along) > 0 else -t

    def correct(self, y: Tensor, h: float) -> Tensor | None:
        """The point of the curve beside a prediction y for a step h; None if it is too far."""
        of, last = self.of, None
        for _ in range(CORRECTIONS):
            f = of.system.root(y[None, :-1], of.u)[0] - y[-1] * of.direction
            step = self._solve(torch.cat([-f, f.new_zeros(1)]))
            length = float(step[:-1].norm())
            y = y + step
            if length <= CLOSE * of.radius:
                return y
            if not length <= SHRINK * (h if last is None else last):
                return None
            last = length
        return None
