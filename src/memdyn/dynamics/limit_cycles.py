"""Limit cycles: recurrence in long runs, then Newton on the return map of a Poincaré section.

The period of a sampled flow is not a whole number of steps, so the return map interpolates between
samples (six-point Lagrange, smooth in the starting point). Floquet multipliers are the eigenvalues
of the product of step Jacobians around the loop; one of them must be 1, and how far it is from 1 is
the error bar of all. A map that jumps around its cycle (period of a few whole steps) needs no
section: there Newton solves F^k(x) = x, and no multiplier is trivial.

A run is at rest once it has come into the linear neighbourhood of a stable fixed point and moves
towards it; there it is put at that point and followed no further. That cannot be read off the run:
a cycle may stand still for long, and a slow spiral may turn for long.

A flow is followed by its Euler steps, which is what was trained; pass ``rk4_map(flow)`` for the
flow itself. Large networks use Newton on the leading multipliers and plain iteration on the rest
(Newton-Picard: Lust, Roose, Spence & Champneys 1998).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics import newton
from memdyn.dynamics.newton_path import follow
from memdyn.dynamics.results import Table
from memdyn.dynamics.spectrum import eigenvalues
from memdyn.dynamics.systems import System, euler_map

#: A run stands still if it moves less than this, relative to 1 + |x|.
REST = 1e-6
#: A run may be at rest this near to a fixed point, relative to 1 + |x|, ...
NEAR = 1e-2
#: ... if f there is that of the linear flow within this part, and the run came nearer.
LINEAR = 0.1
#: The run is cut into so many stretches; after each, so many points are tried at most.
STRETCHES, TRIES = 8, 4
#: A run settles, however slowly, if each quarter is this much narrower than the one before.
SHRINKS = 0.95
#: A run recurs if it comes back this close, relative to its diameter.
RECUR = 0.05
#: A cycle is solved when the return map moves its point less than this, relative to its diameter.
CLOSED = 1e-8
#: Cycles are one if their periods agree, and a point of one lies on the other, within this.
SAME = 1e-2
#: Below this size all multipliers are found, above it the leading ``n_multipliers``.
DENSE_UNITS = 200
#: Turns after which the return map must at least have come to move its point half as far.
HOPE = 6
_NODES = 6
_SAMPLES = 64


@dataclass(frozen=True, eq=False)
class LimitCycles(Table):
    """One row per distinct cycle.

    states (n, units): a point on it; period (n,) in time; multipliers (n, k), by falling modulus,
    with the trivial one left out; trivial_error (n,): distance of the trivial one from 1, NaN where
    a map jumps; stable (n,): all |multipliers| < 1; diameter (n,); orbit (n, 64, units): points
    evenly spaced in time. Scalar dt.
    """

    schema = "memdyn.limit_cycles"

    states: np.ndarray
    period: np.ndarray
    multipliers: np.ndarray
    trivial_error: np.ndarray
    stable: np.ndarray
    diameter: np.ndarray
    orbit: np.ndarray
    dt: float


@dataclass(frozen=True, eq=False)
class Ends(Table):
    """Where each long run ended: one row per run.

    states (rows, units): last state, of a run that rests the fixed point; outcome (rows,):
    "fixed_point", "limit_cycle", "settling" (on no cycle, and ever slower), "aperiodic" (moves and
    never closes) or "diverged"; cycle (rows,): row of the cycle in ``LimitCycles``, -1 for none;
    diameter (rows,) of the last window, of a run that rests twice its distance from the point.
    """

    schema = "memdyn.ends"

    states: np.ndarray
    outcome: np.ndarray
    cycle: np.ndarray
    diameter: np.ndarray


@dataclass
class _Cycle:
    point: Tensor
    period: float
    multipliers: np.ndarray
    trivial_error: float
    stable: bool
    diameter: float
    orbit: np.ndarray


def find_limit_cycles(
    network: System,
    states: Tensor,
    inputs: Tensor | None = None,
    *,
    transient: int = 2000,
    window: int = 1000,
    n_multipliers: int = 12,
) -> tuple[LimitCycles, Ends]:
    """The cycles on which long runs from ``states`` end, and how each run ended.

    Args:
        network: one network.
        states: where runs start, (rows, n).
        inputs: constant input, (inputs,) or (rows, inputs), None for zero.
        transient: steps before a run is looked at.
        window: steps it is then looked at; must hold at least one period.
        n_multipliers: how many are computed in networks above ``DENSE_UNITS`` units.

    Raises:
        ValueError: a batch of networks, or states of another shape.
    """
    if network.n_networks is not None or states.ndim != 2:
        raise ValueError("find_limit_cycles takes one network and states (rows, units)")
    network = network.to(torch.float64)
    x = states.detach().to(torch.float64)
    u = None if inputs is None else inputs.detach().to(x).expand(len(x), -1)
    rests = _Rests(network, len(x))

    def of(rows: Tensor) -> Tensor | None:
        return None if u is None else u[rows]

    x = x.clone()
    for stretch in range(STRETCHES):
        moving = rests.moving(x)
        if not len(moving):
            break
        steps = (transient + stretch) // STRETCHES  # they sum up to all
        before, x[moving] = x[moving], _run(network, x[moving], of(moving), steps)
        rests.look(x, before, u, moving)
    moving = rests.moving(x)
    path = _run(network, x[moving], of(moving), window, keep=True)
    x[moving] = path[:, -1].to(x)
    rests.look(x, path[:, window // 2].to(x), u, moving)

    cycles: list[_Cycle] = []
    outcome = np.where(rests.point >= 0, "fixed_point", "diverged").astype("<U11")
    which, diameter = np.full(len(x), -1), 2 * rests.distance
    for row, run in zip(moving.tolist(), path, strict=True):
        diameter[row] = _diameter(run)
        if rests.point[row] >= 0 or not run.isfinite().all():
            continue
        index = next((i for i, c in enumerate(cycles) if _runs_on(run, c)), -1)
        still = diameter[row] <= max(REST, 8 * torch.finfo(run.dtype).eps) * (
            1 + float(run[-1].norm())
        )
        if index < 0 and not still:
            u_row = None if u is None else u[row : row + 1]
            cycle = _solve_cycle(network, run, u_row, n_multipliers)
            if cycle is not None:
                cycles.append(cycle)
                index = len(cycles) - 1
        which[row] = index
        if still:  # on a continuum, which is not stable in all directions
            outcome[row] = "fixed_point"
        elif index < 0:
            outcome[row] = "settling" if _settles(run) else "aperiodic"
        else:
            outcome[row] = "limit_cycle"
    for row in np.flatnonzero(rests.point >= 0):
        x[row] = rests.points[rests.point[row]]

    n, kept = x.shape[-1], len(cycles)
    width = max((len(c.multipliers) for c in cycles), default=0)
    multipliers = np.full((kept, width), np.nan, dtype=complex)
    for i, c in enumerate(cycles):
        multipliers[i, : len(c.multipliers)] = c.multipliers
    table = LimitCycles(
        states=np.array([c.point.cpu().numpy() for c in cycles]).reshape(kept, n),
        period=np.array([c.period for c in cycles]),
        multipliers=multipliers,
        trivial_error=np.array([c.trivial_error for c in cycles]),
        stable=np.array([c.stable for c in cycles], dtype=bool),
        diameter=np.array([c.diameter for c in cycles]),
        orbit=np.array([c.orbit for c in cycles]).reshape(kept, _SAMPLES, n),
        dt=network.dt,
    )
    ends = Ends(states=x.cpu().numpy(), outcome=outcome, cycle=which, diameter=diameter)
    return table, ends


def _run(network: System, x: Tensor, u: Tensor | None, steps: int, keep: bool = False) -> Tensor:
    """States (rows, n) so many steps later, or the whole run (rows, steps + 1, n).

    A large network runs in float32, at half the cost: what is read off the run is only where to
    solve for what, in float64.
    """
    dtype = torch.float32 if network.casts and network.n_units > DENSE_UNITS else x.dtype
    network, y, u = network.to(dtype), x.to(dtype), None if u is None else u.to(dtype)
    path = y.new_empty(len(y), steps + 1 if keep else 0, y.shape[1])  # by far the largest tensor
    for i in range(steps):
        if keep:
            path[:, i] = y
        y = network.step(y, u)
    if keep:
        path[:, -1] = y
    return path if keep else y.to(x)


class _Rests:
    """Which runs have come to rest, and at which stable fixed points.

    ``point`` (rows,) is an index into ``points``, -1 for a run that moves; ``distance`` (rows,) is
    how far from it the run was when it was found to rest.
    """

    def __init__(self, network: System, rows: int):
        self.network = network
        self.stepped = euler_map(network) if network.is_flow else network
        self.points: list[Tensor] = []
        self.unstable: list[Tensor] = []
        self.point = np.full(rows, -1)
        self.distance = np.zeros(rows)

    def moving(self, x: Tensor) -> Tensor:
        """Indices of the runs that neither rest nor left the finite."""
        moves = torch.as_tensor(self.point < 0, device=x.device)
        return (moves & x.isfinite().all(1)).nonzero()[:, 0]

    def look(self, x: Tensor, before: Tensor, u: Tensor | None, rows: Tensor) -> None:
        """Find those of ``rows`` (indices into x) that rest, having been at ``before`` a stretch
        ago."""
        speed = self.network.drift(x[rows], None if u is None else u[rows]).norm(dim=-1)
        tries = 0
        for i in speed.argsort().tolist():
            row = int(rows[i])
            u_row = None if u is None else u[row : row + 1]
            if not speed[i].isfinite():
                continue
            index = next((k for k, p in enumerate(self.points) if self._near(x[row], p, u_row)), -1)
            if index < 0 and tries < TRIES:
                tries += 1
                index = self._new_point(x[row], u_row)
            if index < 0:
                continue
            point = self.points[index]
            gap, was = float((x[row] - point).norm()), float((before[i] - point).norm())
            if gap < was or gap <= float(newton.rounding_level(point[None])):
                self.point[row], self.distance[row] = index, gap

    def _near(self, x: Tensor, point: Tensor, u: Tensor | None) -> bool:
        """Whether x is in the linear neighbourhood of a fixed point."""
        gap = x - point
        if not gap.norm() <= NEAR * (1 + point.norm()):
            return False
        f = self.network.drift(x[None], u)[0]
        linear = self.network.tangent(point[None], u, gap[None, None])[0, 0]
        linear = linear if self.network.is_flow else linear - gap
        return bool((f - linear).norm() <= LINEAR * f.norm() + newton.rounding_level(point[None]))

    def _new_point(self, x: Tensor, u: Tensor | None) -> int:
        """Index of the fixed point next to x, -1 unless there is one and it is stable."""
        reach = float(NEAR * (1 + x.norm()))
        start = newton.start(
            self.network, x[None], u, torch.zeros(1, dtype=torch.long).to(x.device)
        )
        found = follow(
            self.network, start, radius=reach, target=1e-3, dtype=torch.float32, iterations=8
        )
        point = found.x[0]
        if not found.is_root[0] or not self._near(x, point, u):
            return -1
        if any((point - p).norm() <= reach / 100 for p in self.unstable):
            return -1
        if not (np.abs(eigenvalues(self.stepped, point[None], u)) < 1).all():
            self.unstable.append(point)
            return -1
        self.points.append(point)
        return len(self.points) - 1


def _diameter(run: Tensor) -> float:
    return 2 * float((run - run.mean(0)).norm(dim=-1).max())


def _settles(run: Tensor) -> bool:
    """Whether a run (steps, n) on no cycle slows down for good: each quarter is narrower."""
    widths = [_diameter(part) for part in run.tensor_split(4)]
    return all(b <= SHRINKS * a for a, b in pairwise(widths))


def _runs_on(run: Tensor, cycle: _Cycle) -> bool:
    """Whether every point of a run lies on a known cycle."""
    points = run[:: max(1, len(run) // 50)].cpu().numpy()[:, None]
    side = np.roll(cycle.orbit, -1, axis=0) - cycle.orbit
    offset = points - cycle.orbit
    length = np.square(side).sum(-1).clip(min=np.finfo(float).tiny)
    share = np.clip((offset * side).sum(-1) / length, 0, 1)
    gap = np.linalg.norm(offset - share[..., None] * side, axis=-1).min(1)
    return bool(gap.max() <= SAME * cycle.diameter)


def _solve_cycle(network: System, run: Tensor, u: Tensor | None, k: int) -> _Cycle | None:
    """The cycle that a run (steps, n) moves on, or None if it never closes."""
    diameter = _diameter(run)
    jump = float((run[1:] - run[:-1]).norm(dim=-1).max())
    if jump > diameter / 4:
        return _solve_orbit(network, run, u, diameter)
    last = run[-1].to(torch.float64)
    section = _Section(network, last, last - run[-2], u)
    # Backwards in time the run shows when it last came by: that is the period to expect.
    for steps in _recurrences(run.flip(0), diameter):
        cycle = _newton(section, last, steps, k, diameter)
        if cycle is None:
            continue
        away = float((cycle.point - last).norm()) / diameter
        # A chaotic run passes near many unstable cycles without being on any.
        if away <= (2 * RECUR if cycle.stable else 10 * CLOSED):
            return cycle
    return None


def _recurrences(run: Tensor, diameter: float) -> list[int]:
    """Steps after which a run comes back through a section at its first point, the first three."""
    height = (run - run[0]) @ (run[1] - run[0])
    crossing = ((height[1:-1] < 0) & (height[2:] >= 0)).nonzero()[:, 0] + 1
    near = (run[crossing] - run[0]).norm(dim=-1) <= RECUR * diameter + (
        run[crossing + 1] - run[crossing]
    ).norm(dim=-1)
    return crossing[near][:3].tolist()


class _Section:
    """The return map to a plane through ``origin``, orthogonal to ``direction``."""

    def __init__(self, network: System, origin: Tensor, direction: Tensor, u: Tensor | None):
        self.network, self.u = network, u
        self.origin, self.normal = origin, direction / direction.norm()

    def __call__(self, x: Tensor, steps: int, v: Tensor | None = None):
        """Follow x (n,), and vectors v (k, n), for about ``steps`` steps to the section.

        Returns:
            (point, velocity per step, time in steps, carried vectors, path), or None for no
            crossing.
        """
        path, carried = [x[None]], None if v is None else [v[None]]
        for _ in range(steps + _NODES):
            if v is not None:
                carried.append(self.network.step_tangent(path[-1], self.u, carried[-1]))
                carried = carried[-3 * _NODES :]
            path.append(self.network.step(path[-1], self.u))
        path = torch.cat(path)
        height = (path - self.origin) @ self.normal
        up = ((height[:-1] < 0) & (height[1:] >= 0)).nonzero()[:, 0]
        up = up[(up >= steps - _NODES) & (up >= _NODES) & (up + _NODES // 2 < len(path))]
        if not len(up):
            return None
        at = int(up[(up - steps).abs().argmin()])
        nodes = slice(at - _NODES // 2 + 1, at + _NODES // 2 + 1)
        offset, weights, slopes = _interpolate(height[nodes].cpu().numpy())
        weights, slopes = (torch.as_tensor(w).to(x) for w in (weights, slopes))
        if v is not None:
            first = nodes.start - (len(path) - len(carried))
            v = torch.einsum("j,jkn->kn", weights, torch.cat(carried)[first : first + _NODES])
        return weights @ path[nodes], slopes @ path[nodes], nodes.start + offset, v, path[: at + 2]


def _interpolate(height: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Where the polynomial through heights at 0, 1, .. crosses zero in the middle interval, and the
    weights of the nodes for the value and for the slope there."""
    nodes = np.arange(len(height))
    inverse = np.linalg.inv(np.vander(nodes, increasing=True))  # powers x nodes
    roots = np.roots((inverse @ height)[::-1])
    middle = (len(height) - 1) / 2
    t = float(roots[np.abs(roots - middle).argmin()].real)
    powers = np.arange(len(height))
    slope = powers * t ** np.maximum(powers - 1, 0)
    return t, t**powers @ inverse, slope @ inverse


def _newton(section: _Section, x: Tensor, steps: int, k: int, diameter: float) -> _Cycle | None:
    """Newton(-Picard) on the return map from x; None if it does not converge."""
    n = x.shape[-1]
    eye = torch.eye(n, dtype=x.dtype, device=x.device)
    dense = n <= DENSE_UNITS
    generator = torch.Generator().manual_seed(0)
    basis = eye if dense else torch.randn(k, n, generator=generator, dtype=torch.float64).to(x)
    first = None
    for iteration in range(20):
        basis = basis if dense else torch.linalg.qr(basis.mT)[0].mT
        back = section(x, steps, basis)
        if back is None:
            return None
        point, velocity, time, carried, path = back
        gap = point - x
        if gap.norm() <= CLOSED * diameter:
            break
        first = first or float(gap.norm())
        if iteration >= HOPE and gap.norm() > first / 2:
            return None
        # On the section, M loses what it moves along the flow.
        along = (carried @ section.normal) / (velocity @ section.normal)
        projected = carried - along[:, None] * velocity
        small = projected @ basis.mT  # rows: images of basis vectors, in the basis
        part = basis @ gap
        solved = torch.linalg.solve_ex((torch.eye(len(basis)).to(x) - small.mT), part)[0]
        step = gap + (solved - part) @ basis
        if not step.norm() <= diameter:  # also NaN
            return None
        x, steps = x + step, int(time)
        basis = basis if dense else projected
    else:
        return None
    for _ in range(0 if dense else 3):  # turns until the basis spans the leading multipliers
        basis = torch.linalg.qr(torch.cat([velocity[None], carried[:k]]).mT)[0].mT
        carried = section(x, steps, basis)[3]
    values = np.linalg.eigvals((carried @ basis.mT).mT.cpu().numpy()).astype(complex)
    trivial = np.abs(values - 1).argmin()
    others = np.delete(values, trivial)
    others = others[np.argsort(-np.abs(others), kind="stable")]
    return _Cycle(
        point=x,
        period=float(time) * section.network.dt,
        multipliers=others,
        trivial_error=float(abs(values[trivial] - 1)),
        stable=bool((np.abs(others) < 1).all()),
        diameter=_diameter(path),
        orbit=_resample(path, float(time)),
    )


def _solve_orbit(network: System, run: Tensor, u: Tensor | None, diameter: float) -> _Cycle | None:
    """A cycle of k whole steps, by Newton on F^k(x) = x."""
    x = run[-1].to(torch.float64)
    back = (run.flip(0)[1:] - x).norm(dim=-1) <= RECUR * diameter
    eye = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    for k in (back.nonzero()[:3, 0] + 1).tolist():
        for _ in range(20):
            path, product = [x[None]], eye[None]
            for _ in range(k):
                product = network.step_tangent(path[-1], u, product)
                path.append(network.step(path[-1], u))
            gap = (path[-1] - x)[0]
            if gap.norm() <= CLOSED * diameter:
                break
            x = x + torch.linalg.solve_ex(eye - product[0].mT, gap)[0]
        else:
            continue
        values = np.linalg.eigvals(product[0].cpu().numpy()).astype(complex)
        values = values[np.argsort(-np.abs(values), kind="stable")]
        path = torch.cat(path)
        return _Cycle(
            point=x,
            period=k * network.dt,
            multipliers=values,
            trivial_error=float("nan"),
            stable=bool((np.abs(values) < 1).all()),
            diameter=_diameter(path),
            orbit=path[torch.arange(_SAMPLES) % k].cpu().numpy(),
        )
    return None


def _resample(path: Tensor, turn: float) -> np.ndarray:
    """Points at even times over one turn of ``turn`` steps, (64, n), linear between samples."""
    time = torch.arange(_SAMPLES, dtype=path.dtype, device=path.device) * turn / _SAMPLES
    before = time.long().clamp(max=len(path) - 2)
    share = (time - before)[:, None]
    return ((1 - share) * path[before] + share * path[before + 1]).cpu().numpy()
