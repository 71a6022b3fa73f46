"""One cycle solved for: Newton on the return map of a Poincaré section, and Floquet multipliers.

The period of a sampled flow is not a whole number of steps, so the return map interpolates between
samples (six-point Lagrange, smooth in the starting point). Floquet multipliers are the eigenvalues
of the product of step Jacobians around the loop; one of them must be 1, and how far it is from 1 is
the error bar of all. A cycle of whole steps, as maps have them, needs no section: there Newton
solves F^k(x) = x, no multiplier is trivial, and the cycle is its k points with nothing between.

Large networks use Newton on the leading multipliers and plain iteration on the rest (Newton-Picard:
Lust, Roose, Spence & Champneys 1998).
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.rows import rounding_level
from memdyn.dynamics.systems import System, advance

#: A run recurs if it comes back this close, relative to its diameter, ...
RECUR = 0.05
#: ... and if all through the turn before it was this close to where it is now.
ALONG = 0.2
#: A cycle is solved when the return map moves its point less than this, relative to its diameter.
#: Large networks go around in float32 until it moves less than COARSE.
CLOSED, COARSE = 1e-8, 1e-3
#: Cycles are one if their periods agree, and a point of one lies on the other, within this.
SAME = 1e-2
#: Below this size all multipliers are found, above it the leading ``n_multipliers``.
DENSE_UNITS = 200
#: Turns after which the return map must at least have come to move its point half as far.
HOPE = 6
#: Leading multipliers are known once a turn changes them less than this; so many turns at most.
SETTLED, TURNS = 1e-4, 4
#: Points kept of each cycle.
SAMPLES = 64
#: Samples that the crossing of a section is interpolated between.
_NODES = 6
#: A run is on a cycle of whole steps if it repeats itself this well, relative to its diameter; so
#: well the points of a solved one repeat themselves, too.
REPEATS = 1e-6
#: A cycle of whole steps with a multiplier this near 1 lies on a closed curve of such cycles.
NEUTRAL = 1e-4
#: Multipliers are known to so many times the error of the trivial one.
UNSURE = 2
#: Steps are differentiated together while their Jacobians have no more entries than this in all.
MOST_ENTRIES = 2**20
#: Of a run that jumps, so many of its nearest returns are looked at.
RETURNS = 24


@dataclass
class Cycle:
    """One cycle.

    Attributes:
        point: (n,) on it.
        turn: (steps, n) once around, step by step.
        period: in time.
        multipliers: complex, by falling modulus, without the trivial one.
        trivial_error: distance of the trivial multiplier from 1, NaN of a cycle of whole steps.
        stable: all other multipliers are smaller than 1 in modulus, by more than their error.
        diameter: see ``diameter_of``.
        orbit: (SAMPLES, n), evenly spaced in time.
    """

    point: Tensor
    turn: Tensor
    period: float
    multipliers: np.ndarray
    trivial_error: float
    stable: bool
    diameter: float
    orbit: np.ndarray

    @property
    def jumps(self) -> bool:
        """Whether it is a set of points that a map visits, not a closed curve."""
        return bool(np.isnan(self.trivial_error))


def coarse_dtype(system: System, exact: torch.dtype) -> torch.dtype:
    """Precision that is enough where a solution in ``exact`` follows: float32 of a large network,
    at half the cost."""
    return torch.float32 if system.casts and system.n_units > DENSE_UNITS else exact


def diameter_of(run: Tensor) -> float:
    """Twice the largest distance of the points of a run (steps, n) from their mean."""
    return 2 * float((run - run.mean(0)).norm(dim=-1).max())


def offset_of(run: Tensor, cycle: Cycle) -> float:
    """Largest distance of points of a run from a cycle, relative to its diameter."""
    points = run[:: max(1, len(run) // 50)].to(cycle.turn)
    near = torch.cdist(points, cycle.turn).argmin(1)
    offset, gaps = points - cycle.turn[near], []
    if cycle.jumps:
        return float(offset.norm(dim=-1).max()) / cycle.diameter
    for next_to in (near - 1, (near + 1) % len(cycle.turn)):  # between two samples
        side = cycle.turn[next_to] - cycle.turn[near]
        length = side.square().sum(-1).clamp(min=torch.finfo(side.dtype).tiny)
        share = ((offset * side).sum(-1) / length).clamp(0, 1)
        gaps.append((offset - share[:, None] * side).norm(dim=-1))
    return float(torch.minimum(*gaps).max()) / cycle.diameter


def solve_cycle(
    system: System,
    run: Tensor,
    inputs: Tensor | None = None,
    *,
    back: list[tuple[float, int]],
    n_multipliers: int,
    solved: list[Cycle],
) -> Cycle | None:
    """The cycle that a run moves on, or None if it never closes.

    Args:
        system: one network, float64.
        run: (steps, n) its last states.
        inputs: (1, inputs) constant input, None for zero.
        back: when it came back, see ``returns_of``.
        n_multipliers: how many are computed in networks above ``DENSE_UNITS`` units.
        solved: each cycle that Newton's method comes to is added, whether the run is on it or not,
            and in an odd system its mirror image: none is solved for twice.
    """
    u, k = inputs, n_multipliers
    diameter, last = diameter_of(run), run[-1].to(torch.float64)
    if _jumps(run, diameter):
        for _, steps in back:
            cycle = _solve_orbit(system, last, u, steps, diameter)
            _remember(system, u, cycle, solved)
            if cycle is not None and _stays_on(run, cycle):
                return cycle
        return None
    flows = system.is_flow or system.of_flow
    lag = None if flows or not back else _exact_lag(run, min(back)[1], diameter)
    if lag is not None:
        cycle = _solve_orbit(system, last, u, lag, diameter)
        if cycle is not None and np.abs(cycle.multipliers - 1).min() > NEUTRAL:
            _remember(system, u, cycle, solved)
            return cycle
    section = _Section(system, last, last - run[-2], u)
    worth = np.inf
    for gap, steps in back:
        if gap > worth:
            continue
        cycle = _newton(section, last, steps, k, diameter, solved)
        if cycle is None:
            continue
        _remember(system, u, cycle, solved)
        if _belongs(float((cycle.point - last).norm()) / diameter, cycle):
            return cycle
        worth = gap / 2  # more turns of the same cycle are not worth it, a doubled period is
    return None


def _exact_lag(run: Tensor, steps: int, diameter: float) -> int | None:
    """The lag next to ``steps`` at which a run (steps, n) repeats itself exactly, if one does."""
    for lag in (steps, steps + 1, steps - 1):
        turn, before = run[-lag:], run[-2 * lag : -lag]
        gap = (turn[-len(before) :] - before).norm(dim=-1).max()
        if len(before) and gap <= REPEATS * diameter:
            return lag
    return None


def _belongs(away: float, cycle: Cycle) -> bool:
    """Whether a run so far from a cycle is on it: a chaotic one passes near many unstable ones."""
    return away <= (2 * RECUR if cycle.stable else 10 * CLOSED)


def _stays_on(run: Tensor, cycle: Cycle) -> bool:
    return _belongs(offset_of(run[-len(cycle.turn) :], cycle), cycle)


def _remember(system: System, u: Tensor | None, cycle: Cycle | None, solved: list[Cycle]) -> None:
    if cycle is None or any(cycle is c for c in solved):
        return
    solved.append(cycle)
    some = cycle.turn[:: max(1, len(cycle.turn) // 8)]
    odd = (system.step(some, u) + system.step(-some, u)).norm(dim=-1)
    if bool((odd <= rounding_level(some)).all()) and offset_of(-cycle.turn, cycle) > SAME:
        solved.append(replace(cycle, point=-cycle.point, turn=-cycle.turn, orbit=-cycle.orbit))


def _jumps(run: Tensor, diameter: float) -> bool:
    """Whether a run goes around in a few whole steps, so that no section can cut it."""
    return float((run[1:] - run[:-1]).norm(dim=-1).max()) > diameter / 4


def returns_of(run: Tensor, diameter: float) -> list[tuple[float, int]]:
    """When a run last was where it ends, in steps before its end: that is the period to expect.

    The last three times, each with how far the turn before was from the last one, relative to the
    diameter; those where it was too far are left out.
    """
    run = run.flip(0)
    if _jumps(run, diameter):
        return _whole_returns(run, diameter)
    step = (run[1:] - run[:-1]).norm(dim=-1)
    height = (run - run[0]) @ (run[1] - run[0])
    crossing = ((height[1:-1] < 0) & (height[2:] >= 0)).nonzero()[:, 0] + 1
    near = (run[crossing] - run[0]).norm(dim=-1) <= RECUR * diameter + step[crossing]
    back = []
    for steps in crossing[near][:3].tolist():
        before = run[steps : 2 * steps]
        gap = float((run[: len(before)] - before).norm(dim=-1).max())
        if gap <= ALONG * diameter + float(step.max()):  # a period is no whole number of steps
            back.append((gap / diameter, steps))
    return back


def _whole_returns(run: Tensor, diameter: float) -> list[tuple[float, int]]:
    """The same of a run (last state first) that jumps: lags by how well the turn before repeats."""
    gap = (run[1:] - run[0]).norm(dim=-1)
    nearest = gap.argsort(stable=True)[:RETURNS]
    lags = (nearest[gap[nearest] <= RECUR * diameter] + 1).tolist()
    back = []
    for lag in lags:
        before = run[lag : 2 * lag]
        worst = float((run[: len(before)] - before).norm(dim=-1).max()) / diameter
        if worst <= ALONG:
            back.append((worst, lag))
    if not back:
        return []
    good = 2 * min(back)[0] + REPEATS  # a multiple of the period repeats as well as the period
    return sorted(back, key=lambda one: (one[0] > good, one[1] if one[0] <= good else one[0]))[:3]


class _Crossing(NamedTuple):
    """Where a path (steps, n) comes to a section: point (n,), velocity (n,) per step, and time in
    steps; ``weights`` make the point of the last nodes of the path."""

    point: Tensor
    velocity: Tensor
    time: float
    path: Tensor
    weights: Tensor


class _Section:
    """The return map to a plane through ``origin``, orthogonal to ``direction``.

    Large networks carry vectors along in float32: what they are good for, Newton's steps and
    multipliers, needs no more. The point itself moves in float64, or ``coarse`` in float32, too.
    """

    def __init__(self, system: System, origin: Tensor, direction: Tensor, u: Tensor | None):
        self.system, self.u = system, u
        self.dtype = coarse_dtype(system, origin.dtype)
        self.carrier = system if self.dtype == origin.dtype else system.to(self.dtype)
        self.origin, self.normal = origin, direction / direction.norm()

    def reach(self, x: Tensor, steps: int, coarse: bool) -> _Crossing | None:
        """Follow x (n,) for about ``steps`` steps to the section; None if it is not crossed."""
        system, dtype = (self.carrier, self.dtype) if coarse else (self.system, x.dtype)
        u = None if self.u is None else self.u.to(dtype)
        path = advance(system, x[None].to(dtype), u, n_steps=steps + _NODES, keep=True)[0].to(x)
        height = (path - self.origin) @ self.normal
        up = ((height[:-1] < 0) & (height[1:] >= 0)).nonzero()[:, 0]
        up = up[(up >= steps - _NODES) & (up >= _NODES) & (up + _NODES // 2 < len(path))]
        if not len(up):
            return None
        first = int(up[(up - steps).abs().argmin()]) - _NODES // 2 + 1
        nodes = path[first : first + _NODES]
        offset, weights, slopes = _interpolate(height[first : first + _NODES].cpu().numpy())
        weights, slopes = (torch.as_tensor(w).to(x) for w in (weights, slopes))
        return _Crossing(
            point=weights @ nodes,
            velocity=slopes @ nodes,
            time=first + offset,
            path=path[: first + _NODES],
            weights=weights,
        )

    def carry(self, v: Tensor, crossing: _Crossing) -> Tensor:
        """Vectors v (k, n) carried along to a crossing."""
        u = None if self.u is None else self.u.to(self.dtype)
        carried, at = [v[None].to(self.dtype)], crossing.path.to(self.dtype)
        for i in range(len(at) - 1):
            carried.append(self.carrier.step_tangent(at[i : i + 1], u, carried[-1]))
            carried = carried[-_NODES:]
        return torch.einsum("j,jkn->kn", crossing.weights, torch.cat(carried).to(v))


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


def _newton(
    section: _Section, x: Tensor, steps: int, k: int, diameter: float, solved: list[Cycle]
) -> Cycle | None:
    """Newton(-Picard) on the return map from x; None if it does not converge."""
    n = x.shape[-1]
    eye = torch.eye(n, dtype=x.dtype, device=x.device)
    dense = n <= DENSE_UNITS
    generator = torch.Generator().manual_seed(0)
    basis = eye if dense else torch.randn(k, n, generator=generator, dtype=torch.float64).to(x)
    first, coarse = None, not dense
    for iteration in range(20):
        basis = basis if dense else torch.linalg.qr(basis.mT)[0].mT
        back = section.reach(x, steps, coarse)
        if back is None:
            return None
        known = next((c for c in solved if offset_of(back.path, c) <= SAME), None)
        if known is not None:
            return known
        gap, velocity = back.point - x, back.velocity
        closed = not coarse and gap.norm() <= CLOSED * diameter
        coarse = coarse and bool(gap.norm() > COARSE * diameter)
        first = first or float(gap.norm())
        if not closed and iteration >= HOPE and gap.norm() > first / 2:
            return None
        carried = section.carry(basis, back)
        if closed:
            break
        # On the section, M loses what it moves along the flow.
        along = (carried @ section.normal) / (velocity @ section.normal)
        projected = carried - along[:, None] * velocity
        small = projected @ basis.mT  # rows: images of basis vectors, in the basis
        part = basis @ gap
        inside = torch.linalg.solve_ex((torch.eye(len(basis)).to(x) - small.mT), part)[0]
        step = gap + (inside - part) @ basis
        if not step.norm() <= diameter:  # also NaN
            return None
        x, steps = x + step, int(back.time)
        basis = basis if dense else projected
    else:
        return None
    trivial, others = _multipliers(carried, basis)
    for _ in range(0 if dense else TURNS):  # until the basis spans the leading multipliers
        basis = torch.linalg.qr(torch.cat([velocity[None], carried[:k]]).mT)[0].mT
        carried, before = section.carry(basis, back), others
        trivial, others = _multipliers(carried, basis)
        if np.abs(np.abs(others[:2]) - np.abs(before[:2])).max(initial=0) <= SETTLED:
            break
    error = float(abs(trivial - 1))
    return Cycle(
        point=x,
        turn=back.path[: int(back.time) + 1],
        period=float(back.time) * section.system.dt,
        multipliers=others,
        trivial_error=error,
        stable=bool((np.abs(others) < 1 - max(CLOSED, UNSURE * error)).all()),
        diameter=diameter_of(back.path),
        orbit=_resample(back.path, float(back.time)),
    )


def _multipliers(carried: Tensor, basis: Tensor) -> tuple[complex, np.ndarray]:
    """The trivial multiplier and the others, by falling modulus, of basis vectors (k, n) carried
    around once."""
    values = np.linalg.eigvals((carried @ basis.mT).mT.cpu().numpy()).astype(complex)
    trivial = np.abs(values - 1).argmin()
    others = np.delete(values, trivial)
    return values[trivial], others[np.argsort(-np.abs(others), kind="stable")]


def _solve_orbit(
    system: System, x: Tensor, u: Tensor | None, k: int, diameter: float
) -> Cycle | None:
    """A cycle of k whole steps, or of a divisor of k, through about x: Newton on F^k(x) = x."""
    eye = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    first = None
    for iteration in range(20):
        path, product = _around(system, x, u, k)
        gap = path[-1] - x
        if gap.norm() <= CLOSED * diameter:
            break
        first = first or float(gap.norm())
        if iteration >= HOPE and gap.norm() > first / 2:
            return None
        step = torch.linalg.solve_ex(eye - product.mT, gap)[0]
        if not step.norm() <= diameter:  # also NaN
            return None
        x = x + step
    else:
        return None
    if not product.isfinite().all():
        return None
    turn = path[:k]
    size = diameter_of(turn)
    if size <= REPEATS * diameter:  # a fixed point
        return None
    for part in (d for d in range(2, k) if k % d == 0):
        if (turn.roll(-part, 0) - turn).norm(dim=-1).max() <= REPEATS * size:
            return _solve_orbit(system, x, u, part, diameter)
    # It starts at one point of its own, so that two ways to it give the same.
    first = min(range(k), key=lambda i: (-turn[i].round(decimals=9)).tolist())
    turn = turn.roll(-first, 0)
    values = np.linalg.eigvals(product.cpu().numpy()).astype(complex)
    values = values[np.argsort(-np.abs(values), kind="stable")]
    return Cycle(
        point=turn[0],
        turn=turn,
        period=k * system.dt,
        multipliers=values,
        trivial_error=float("nan"),
        stable=bool((np.abs(values) < 1 - CLOSED).all()),
        diameter=size,
        orbit=turn[torch.arange(SAMPLES) % k].cpu().numpy(),
    )


def _around(system: System, x: Tensor, u: Tensor | None, k: int) -> tuple[Tensor, Tensor]:
    """The path (k + 1, n) of k steps from x (n,), and where unit vectors (n, n) are carried."""
    n = x.shape[-1]
    path = advance(system, x[None], u, n_steps=k, keep=True)[0]
    product = unit = torch.eye(n, dtype=x.dtype, device=x.device)
    for part in path[:-1].split(max(1, MOST_ENTRIES // n**2)):
        if len(part) == 1:
            product = system.step_tangent(part, u, product[None])[0]
            continue
        for carried in system.step_tangent(part, u, unit.expand(len(part), n, n)):
            product = product @ carried
    return path, product


def _resample(path: Tensor, turn: float) -> np.ndarray:
    """Points at even times over one turn of ``turn`` steps, (64, n), linear between samples."""
    time = torch.arange(SAMPLES, dtype=path.dtype, device=path.device) * turn / SAMPLES
    before = time.long().clamp(max=len(path) - 2)
    share = (time - before)[:, None]
    return ((1 - share) * path[before] + share * path[before + 1]).cpu().numpy()
