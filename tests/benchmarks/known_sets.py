"""Twelve systems whose fixed points are all known, and how any search is measured against them.

Each comes with the seeds that every search gets, and says why its set is complete: by algebra, by
enumeration, or by an exhaustive search with proof (``enclosures``). To measure another search:

    for known in systems():
        print(known.name, count(known, my_search(known.system, known.seeds)))
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from enclosures import Interval, all_roots, interval
from torch import Tensor

from memdyn.dynamics.cells import GRU, LeakyNetwork, RateNetwork
from memdyn.dynamics.systems import Flow, Map, System

#: Seeds of each system.
SEEDS = 128
#: A returned state is a point if Newton's method moves it by no more than this, relative to the
#: spread of the seeds: wide enough for searches in float32 that stop early.
NEAR = 1e-2


class Known(NamedTuple):
    """One system with its complete set.

    Attributes:
        name: short.
        what: in words.
        why: the set is complete.
        system: float64.
        points: (points, n_units) all of its fixed points.
        seeds: (SEEDS, n_units) where searches start.
    """

    name: str
    what: str
    why: str
    system: System
    points: np.ndarray
    seeds: Tensor


class Count(NamedTuple):
    """How a search did: points found, states returned that are none (or one a second time: a point
    counts once, and copies of it are false), points missed."""

    found: int
    false: int
    missed: int


def count(known: Known, states: np.ndarray | Tensor) -> Count:
    """Compare what a search returned, (rows, n_units), with the whole set."""
    x = torch.as_tensor(np.asarray(states), dtype=torch.float64).reshape(-1, known.system.n_units)
    at, moved = x.clone(), torch.zeros(len(x), dtype=torch.float64)
    for _ in range(10):
        step = torch.linalg.solve_ex(known.system.drift_jacobian(at), known.system.drift(at))[0]
        at = at - step
    moved = (at - x).norm(dim=1).nan_to_num(torch.inf)
    spread = float((known.seeds - known.seeds.mean(0)).norm(dim=1).max())
    owner, points = set(), torch.as_tensor(known.points)
    if len(points):
        gap = torch.cdist(
            at.nan_to_num(torch.inf), points, compute_mode="donot_use_mm_for_euclid_dist"
        )
        true = (gap.min(1).values <= 1e-6 * spread) & (moved <= NEAR * spread)
        owner = set(gap.argmin(1)[true].tolist())
    return Count(len(owner), len(x) - len(owner), len(points) - len(owner))


def systems() -> Iterator[Known]:
    """The twelve, smallest first."""
    yield ghost()
    yield close_pair()
    yield henon()
    yield lorenz()
    yield himmelblau()
    yield hopfield()
    yield small_gru()
    yield cascade()
    yield threshold_linear()
    yield ring()
    yield gated_blocks()
    yield patterns()


def cloud(low, high, seed: int = 0) -> Tensor:
    """SEEDS states, uniform in a box given by its (n,) ends."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    return torch.as_tensor(np.random.default_rng(seed).uniform(low, high, (SEEDS, len(low))))


def ghost() -> Known:
    def rule(x, u):
        return torch.stack([1e-4 + x[..., 0] ** 2, -x[..., 1]], -1)

    return Known(
        name="ghost",
        what="x' = 1e-4 + x^2, y' = -y: a bottleneck, and no point",
        why="1e-4 + x^2 > 0",
        system=Flow(rule, 2, dt=0.05),
        points=np.zeros((0, 2)),
        seeds=cloud([-1, -1], [1, 1]),
    )


def close_pair() -> Known:
    def rule(x, u):
        return torch.stack([1e-6 - x[..., 0] ** 2, x[..., 0] - x[..., 1]], -1)

    return Known(
        name="close pair",
        what="x' = 1e-6 - x^2, y' = x - y: two points 0.003 apart",
        why="algebra",
        system=Flow(rule, 2, dt=0.05),
        points=np.array([[-1e-3, -1e-3], [1e-3, 1e-3]]),
        seeds=cloud([-1, -1], [1, 1]),
    )


def henon(a: float = 1.4, b: float = 0.3) -> Known:
    def rule(x, u):
        return torch.stack([1 - a * x[..., 0] ** 2 + x[..., 1], b * x[..., 0]], -1)

    root = math.sqrt((1 - b) ** 2 + 4 * a)
    x = np.array([(b - 1 - root) / (2 * a), (b - 1 + root) / (2 * a)])
    return Known(
        name="Henon",
        what="the chaotic map of Henon 1976: two saddles",
        why="a quadratic equation",
        system=Map(rule, 2),
        points=np.stack([x, b * x], 1),
        seeds=cloud([-1.5, -0.4], [1.5, 0.4]),
    )


def lorenz(sigma: float = 10.0, rho: float = 28.0, beta: float = 8 / 3) -> Known:
    def rule(s, u):
        x, y, z = s.unbind(-1)
        return torch.stack([sigma * (y - x), x * (rho - z) - y, x * y - beta * z], -1)

    c = math.sqrt(beta * (rho - 1))
    return Known(
        name="Lorenz",
        what="the flow of Lorenz 1963, chaotic: three saddles",
        why="algebra",
        system=Flow(rule, 3, dt=0.005),
        points=np.array([[0, 0, 0], [c, c, rho - 1], [-c, -c, rho - 1]]),
        seeds=cloud([-20, -25, 0], [20, 25, 45]),
    )


def himmelblau() -> Known:
    """Himmelblau 1972: (x^2 + y - 11)^2 + (x + y^2 - 7)^2."""

    def rule(s, u):
        x, y = s.unbind(-1)
        p, q = x**2 + y - 11, x + y**2 - 7
        return -torch.stack([4 * x * p + 2 * q, 2 * p + 4 * y * q], -1) / 100

    def enclosed(box: Interval):
        x, y = (Interval(box.low[:, i], box.high[:, i]) for i in (0, 1))
        p, q = x.square() + y - 11, x + y.square() - 7
        f = -4 * x * p - 2 * q, -2 * p - 4 * y * q
        xx, xy = -12 * x.square() - 4 * y + 42, -4 * x - 4 * y
        yy = -12 * y.square() - 4 * x + 26
        return _stack(*f), _matrix([[xx, xy], [xy, yy]])

    return Known(
        name="Himmelblau",
        what="descent on Himmelblau's function: four minima, four saddles, a maximum",
        why="two cubics meet in nine points at most (Bezout); nine are found in a box",
        system=Flow(rule, 2, dt=0.05),
        points=all_roots(enclosed, [-6.1, -6.2], [6.3, 6.4]),
        seeds=cloud([-5, -5], [5, 5]),
    )


def hopfield() -> Known:
    """Four units with random weights of a seed that gives nine points."""
    n = 4
    weights = 2.5 * 1.3 * np.random.default_rng(2).standard_normal((n, n)) / n**0.5

    def enclosed(x: Interval):
        r = x.through(weights).of(np.tanh)
        return r - x, (1 - r.square()).per_row() * weights - np.eye(n)

    return Known(
        name="small tanh",
        what="x' = tanh(W x), 4 units, random W",
        why="interval search of the cube that tanh maps into",
        system=_tanh(weights),
        points=all_roots(enclosed, -1.01 * np.ones(n), 1.02 * np.ones(n)),
        seeds=cloud(-np.ones(n), np.ones(n)),
    )


def small_gru() -> Known:
    """Three units of a GRU with random weights; its points solve h = tanh(W (h reset) + b)."""
    n = 3
    generator = np.random.default_rng(3)  # a seed that gives nine points
    weights = 5.0 * generator.standard_normal((3, n, n))
    bias = generator.standard_normal((3, n))
    reset, _, new = weights

    def enclosed(x: Interval):
        gate = (x.through(reset) + bias[0]).of(_sigmoid)
        inner = x.through(new) + bias[2]
        out = (inner * gate).of(np.tanh)
        slope = 1 - out.square()
        through_gate = slope * inner * gate * (1 - gate)
        return (
            out - x,
            (slope * gate).per_row() * new + through_gate.per_row() * reset - np.eye(n),
        )

    cell = GRU(
        torch.as_tensor(weights.reshape(3 * n, n)),
        bias=torch.as_tensor(np.stack([bias[0], bias[1], np.zeros(n)]).ravel()),
        recurrent_bias=torch.as_tensor(np.concatenate([np.zeros(2 * n), bias[2]])),
    )
    return Known(
        name="small GRU",
        what="a GRU cell of 3 units, random weights",
        why="interval search of the cube that tanh maps into",
        system=cell,
        points=all_roots(enclosed, -1.01 * np.ones(n), 1.02 * np.ones(n)),
        seeds=cloud(-np.ones(n), np.ones(n)),
    )


def cascade() -> Known:
    """Six bistable units, each pushed by those before it, in hidden order: one root at a time."""
    n, generator = 6, np.random.default_rng(1)
    weights = np.tril(0.5 * generator.standard_normal((n, n)), -1) + np.diag(np.full(n, 1.6))

    found = [np.zeros(0)]
    for i in range(n):
        longer = []
        for x in found:
            drive = float(weights[i, :i] @ x)

            def enclosed(box: Interval, i=i, drive=drive):
                r = (weights[i, i] * box + drive).of(np.tanh)
                return r - box, (weights[i, i] * (1 - r.square()) - 1).per_row()

            longer += [np.append(x, root) for root in all_roots(enclosed, [-1.01], [1.02])]
        found = longer
    order = generator.permutation(n)
    return Known(
        name="cascade",
        what=f"x' = tanh(W x), {n} units, triangular W in hidden order",
        why="unit by unit, an interval search in one dimension for each",
        system=_tanh(weights[np.ix_(order, order)]),
        points=np.array(found)[:, order],
        seeds=cloud(-np.ones(n), np.ones(n)),
    )


def threshold_linear() -> Known:
    """Ten units that inhibit each other, relu: the linear system of each set of active units."""
    n, generator = 10, np.random.default_rng(0)
    weights = -generator.uniform(0.5, 2.0, (n, n))
    np.fill_diagonal(weights, 0)
    bias, points = np.ones(n), []
    for active in itertools.product([False, True], repeat=n):
        on = np.array(active)
        x = np.zeros(n)
        x[on] = np.linalg.solve(np.eye(on.sum()) - weights[np.ix_(on, on)], bias[on])
        drive = weights @ x + bias
        if (x[on] > 0).all() and (drive[~on] < 0).all():
            points.append(np.where(on, x, drive))
    system = RateNetwork(torch.as_tensor(weights), bias=torch.as_tensor(bias), nonlinearity="relu")
    return Known(
        name="threshold-linear",
        what=f"dx/dt = -x + W relu(x) + 1, {n} units, inhibition only",
        why=f"enumeration of the {2**n} linear regions",
        system=system,
        points=np.array(points),
        seeds=cloud(-np.ones(n), np.ones(n)),
    )


def ring(n: int = 12) -> Known:
    """A ring attractor of few units, so almost a continuum: a search in its two components."""
    angle = 2 * np.pi / n * np.arange(n)
    waves = np.stack([np.cos(angle), np.sin(angle)])
    points = _in_components(waves.T, 4 / n * waves, 2.7)
    seeds = np.random.default_rng(0).uniform(0, 2 * np.pi, (SEEDS, 1))
    return Known(
        name="ring",
        what=f"x' = tanh(W x), {n} units on a ring, cosine weights: drift along it is tiny",
        why="interval search in the two components of W",
        system=_tanh(4 / n * waves.T @ waves),
        points=points,
        seeds=torch.as_tensor(np.tanh(2.3 * np.cos(angle - seeds))),
    )


def patterns(n: int = 256, gain: float = 1.5) -> Known:
    """A Hopfield network that stores three orthogonal patterns: a search in their overlaps."""
    bits = np.array(list(itertools.product([-1.0, 1.0], repeat=3)))  # of the 8 kinds of units
    stored = np.tile(bits, (n // 8, 1)).T
    points = _in_components(bits, gain / 8 * bits.T, 1.1 * gain)
    mixing = np.random.default_rng(0).standard_normal((SEEDS, 3))
    noise = 0.3 * np.random.default_rng(1).standard_normal((SEEDS, n))
    return Known(
        name="patterns",
        what=f"x' = tanh(W x), {n} units that store three orthogonal patterns",
        why="interval search in the three overlaps",
        system=_tanh(gain / n * stored.T @ stored),
        points=np.tile(points, n // 8),
        seeds=torch.as_tensor(np.tanh(mixing @ stored + noise)),
    )


def gated_blocks(blocks: int = 3, size: int = 8, gain: float = 2.0, update: float = 0.6) -> Known:
    """Blocks of units that are up, down or at rest, behind a constant update gate of a GRU."""
    n = blocks * size
    weights = np.zeros((3, n, n))
    weights[2] = np.kron(np.eye(blocks), np.full((size, size), gain / size))
    bias = np.zeros((3, n))
    bias[0], bias[1] = 40.0, math.log(update / (1 - update))
    level = 1.0
    for _ in range(200):
        level = math.tanh(gain * level)
    signs = np.array(list(itertools.product([-1.0, 0.0, 1.0], repeat=blocks)))
    return Known(
        name="gated blocks",
        what=f"a GRU cell of {n} units, {blocks} independent bistable blocks",
        why="each block is up, down or at rest",
        system=GRU(torch.as_tensor(weights.reshape(3 * n, n)), bias=torch.as_tensor(bias.ravel())),
        points=level * np.repeat(signs, size, axis=1),
        seeds=cloud(-np.ones(n), np.ones(n)),
    )


def _in_components(left: np.ndarray, right: np.ndarray, reach: float) -> np.ndarray:
    """Points of x' = tanh(left right x), from those of m = right tanh(left m), |m_i| < reach."""
    k = len(right)

    def enclosed(m: Interval):
        r = m.through(left).of(np.tanh)
        slope = 1 - r.square()
        low, high = (np.einsum("kn,bn,nj->bkjn", right, s, left, optimize=False) for s in slope)
        jacobian = Interval(np.minimum(low, high).sum(-1), np.maximum(low, high).sum(-1))
        return r.through(right) - m, jacobian - np.eye(k)

    box = reach * np.ones(k)
    overlaps = all_roots(enclosed, -1.01 * box, 1.02 * box)
    return np.tanh(overlaps @ left.T)


def _tanh(weights: np.ndarray) -> System:
    return LeakyNetwork(torch.as_tensor(weights), nonlinearity="tanh", inside=True)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _stack(*parts: Interval) -> Interval:
    return Interval(*(np.stack([getattr(p, end) for p in parts], -1) for end in ("low", "high")))


def _matrix(rows: list[list[Interval]]) -> Interval:
    rows = [_stack(*(interval(v) for v in row)) for row in rows]
    return Interval(*(np.stack([getattr(r, end) for r in rows], 1) for end in ("low", "high")))
