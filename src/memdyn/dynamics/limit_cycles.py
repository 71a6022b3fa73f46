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

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.newton_path import follow
from memdyn.dynamics.results import Table
from memdyn.dynamics.rows import rounding_level, start_rows
from memdyn.dynamics.spectrum import eigenvalues
from memdyn.dynamics.systems import System, euler_map

#: A run stands still if it moves less than this, relative to 1 + |x|.
REST = 1e-6
#: A run may be at rest this near to a fixed point, relative to 1 + |x|, ...
NEAR = 1e-2
#: ... if f there is that of the linear flow within this part, and the run came nearer.
LINEAR = 0.1
#: None is looked for where Newton's first step is so many times as long as NEAR.
FAR = 10
#: The run is cut into so many stretches; after each, so many points are tried at most.
STRETCHES, TRIES = 8, 4
#: A run settles, however slowly, if each quarter is this much narrower than the one before.
SHRINKS = 0.95
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
#: A run that seems aperiodic, or on an unstable cycle, is looked at once more, as it may shadow
#: that cycle for long, and up to so often in all while that changes what is seen of some. A few go
#: ahead; if nothing changes for them, none follows.
LOOKS, SCOUTS = 4, 5
#: In runs that turn out to be on no cycle, solving is tried so often at each look.
VAIN = 3
#: Leading multipliers are known once a turn changes them less than this; so many turns at most.
SETTLED, TURNS = 1e-4, 4
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
    turn: Tensor  # once around, step by step
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
        window: steps it is then looked at; must hold at least one period, better two. A run that is
            then neither at rest nor on a cycle is followed as long again, see ``LOOKS``.
        n_multipliers: how many are computed in networks above ``DENSE_UNITS`` units.

    Raises:
        ValueError: a batch of networks, or states of another shape.
    """
    if network.n_networks is not None or states.ndim != 2:
        raise ValueError("find_limit_cycles takes one network and states (rows, units)")
    network = network.to(torch.float64)
    u = None if inputs is None else inputs.detach().to(torch.float64).expand(len(states), -1)
    search = _Search(network, states.detach().to(torch.float64), u, n_multipliers)
    search.follow(search.undecided(), transient, window)
    for _ in range(1, LOOKS):
        left = search.undecided()
        ahead = left[:: max(1, len(left) // SCOUTS)]
        before = search.outcome.copy()
        search.follow(ahead, transient, window)
        if len(search.undecided()) == len(left) and (search.outcome == before).all():
            break
        search.follow(left[~torch.isin(left, ahead)], transient, window)
    return search.tables()


class _Search:
    """Runs x (rows, n) and what is known of their ends so far."""

    def __init__(self, network: System, x: Tensor, u: Tensor | None, n_multipliers: int):
        self.network, self.x, self.u, self.n_multipliers = network, x.clone(), u, n_multipliers
        self.rests = _Rests(network, len(x))
        self.outcome = np.full(len(x), "aperiodic", dtype="<U11")
        self.diameter = np.zeros(len(x))
        self.solved: list[_Cycle] = []
        self.cycle: dict[int, _Cycle] = {}  # by row

    def undecided(self) -> Tensor:
        """Indices of the runs that move, and are on no stable cycle as far as is known."""
        rows = self.rests.moving(self.x)
        known = self.outcome != "aperiodic"
        known[[row for row, cycle in self.cycle.items() if not cycle.stable]] = False
        return rows[torch.as_tensor(~known, device=rows.device)[rows]]

    def _inputs(self, rows: Tensor) -> Tensor | None:
        return None if self.u is None else self.u[rows]

    def follow(self, rows: Tensor, transient: int, window: int) -> None:
        """Run on from ``rows``, indices of undecided runs, and say what each of them does."""
        if not len(rows):
            return
        for stretch in range(STRETCHES):
            steps = (transient + stretch) // STRETCHES  # they sum up to all
            before = self.x[rows]
            self.x[rows] = _run(self.network, before, self._inputs(rows), steps)
            self.rests.look(self.x, before, self.u, rows)
            rows = rows[torch.isin(rows, self.undecided())]
            if not len(rows):
                return
        path = _run(self.network, self.x[rows], self._inputs(rows), window, keep=True)
        self.x[rows] = path[:, -1].to(self.x)
        self.rests.look(self.x, path[:, window // 2].to(self.x), self.u, rows)
        moving = {}
        for row, run in zip(rows.tolist(), path, strict=True):
            self.diameter[row] = _diameter(run)
            if self.rests.point[row] >= 0 or not run.isfinite().all():
                continue
            eps = torch.finfo(run.dtype).eps
            if self.diameter[row] <= max(REST, 8 * eps) * (1 + float(run[-1].norm())):
                self.outcome[row] = "fixed_point"  # on a continuum, not stable in all directions
            else:
                moving[row] = run, _returns(run, self.diameter[row])
        # First the runs that repeat themselves best: what is found there settles others.
        order = sorted(moving, key=lambda row: min(moving[row][1], default=(np.inf, 0)))
        vain = 0
        for row in order:
            run, back = moving[row]
            self.cycle.pop(row, None)
            cycle = next((c for c in self.solved if _runs_on(run, c)), None)
            if cycle is None and back and vain < VAIN and not self._shadows(run, back):
                u = None if self.u is None else self.u[row : row + 1]
                cycle = _solve_cycle(self.network, run, u, back, self.n_multipliers, self.solved)
                vain += cycle is None
            if cycle is not None:
                self.cycle[row], self.outcome[row] = cycle, "limit_cycle"
            else:
                self.outcome[row] = "settling" if _settles(run) else "aperiodic"

    def _shadows(self, run: Tensor, back: list[tuple[float, int]]) -> bool:
        """Whether a run goes along a known unstable cycle: no other could be solved for there."""
        # A run on a cycle of twice the period comes back best after both turns.
        period = min(back)[1] * self.network.dt
        return any(
            abs(period - c.period) <= SAME * c.period and _offset(run[-len(c.turn) :], c) <= RECUR
            for c in self.solved
            if not c.stable
        )

    def tables(self) -> tuple[LimitCycles, Ends]:
        """The cycles on which runs end, in the order of the runs, and the ends."""
        x, outcome, diameter = self.x.clone(), self.outcome.copy(), self.diameter.copy()
        for row in np.flatnonzero(self.rests.point >= 0):
            x[row] = self.rests.points[self.rests.point[row]]
            outcome[row], diameter[row] = "fixed_point", 2 * self.rests.distance[row]
        outcome[~x.isfinite().all(1).cpu().numpy()] = "diverged"
        cycles = list({id(c): c for _, c in sorted(self.cycle.items())}.values())
        index = {id(c): i for i, c in enumerate(cycles)}
        which = [index[id(self.cycle[row])] if row in self.cycle else -1 for row in range(len(x))]

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
            dt=self.network.dt,
        )
        ends = Ends(
            states=x.cpu().numpy(), outcome=outcome, cycle=np.array(which), diameter=diameter
        )
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
            if gap < was or gap <= float(rounding_level(point[None])):
                self.point[row], self.distance[row] = index, gap

    def _near(self, x: Tensor, point: Tensor, u: Tensor | None) -> bool:
        """Whether x is in the linear neighbourhood of a fixed point."""
        gap = x - point
        if not gap.norm() <= NEAR * (1 + point.norm()):
            return False
        f = self.network.drift(x[None], u)[0]
        linear = self.network.tangent(point[None], u, gap[None, None])[0, 0]
        linear = linear if self.network.is_flow else linear - gap
        return bool((f - linear).norm() <= LINEAR * f.norm() + rounding_level(point[None]))

    def _new_point(self, x: Tensor, u: Tensor | None) -> int:
        """Index of the fixed point next to x, -1 unless there is one and it is stable."""
        reach = float(NEAR * (1 + x.norm()))
        slope = self.network.drift_jacobian(x[None], u)[0].to(torch.float32)
        step = torch.linalg.solve_ex(slope, -self.network.drift(x[None], u)[0].to(slope))[0]
        if not step.norm() <= FAR * reach:
            return -1
        start = start_rows(self.network, x[None], u, torch.zeros(1, dtype=torch.long).to(x.device))
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
    """Whether a run lies on a known cycle all the time, or near a stable one for its last turn."""
    if cycle.stable:
        turn = run[-len(cycle.turn) :]
        if _offset(turn, cycle) <= RECUR / 2:
            return True
    return _offset(run, cycle) <= SAME


def _offset(run: Tensor, cycle: _Cycle) -> float:
    """Largest distance of points of a run from a cycle, relative to its diameter."""
    points = run[:: max(1, len(run) // 50)].to(cycle.turn)
    near = torch.cdist(points, cycle.turn).argmin(1)
    offset, gaps = points - cycle.turn[near], []
    for next_to in (near - 1, (near + 1) % len(cycle.turn)):  # between two samples
        side = cycle.turn[next_to] - cycle.turn[near]
        length = side.square().sum(-1).clamp(min=torch.finfo(side.dtype).tiny)
        share = ((offset * side).sum(-1) / length).clamp(0, 1)
        gaps.append((offset - share[:, None] * side).norm(dim=-1))
    return float(torch.minimum(*gaps).max()) / cycle.diameter


def _solve_cycle(
    network: System,
    run: Tensor,
    u: Tensor | None,
    back: list[tuple[float, int]],
    k: int,
    solved: list[_Cycle],
) -> _Cycle | None:
    """The cycle that a run (steps, n) moves on, or None if it never closes.

    Each cycle that Newton's method comes to is added to ``solved``, whether the run is on it or
    not, and in an odd system its mirror image: none is solved for twice.
    """
    diameter, last = _diameter(run), run[-1].to(torch.float64)
    if _jumps(run, diameter):
        cycle = _solve_orbit(network, last, u, back, diameter)
        _remember(network, u, cycle, solved)
        return cycle
    section = _Section(network, last, last - run[-2], u)
    worth = np.inf
    for gap, steps in back:
        if gap > worth:
            continue
        cycle = _newton(section, last, steps, k, diameter, solved)
        if cycle is None:
            continue
        _remember(network, u, cycle, solved)
        away = float((cycle.point - last).norm()) / diameter
        # A chaotic run passes near many unstable cycles without being on any.
        if away <= (2 * RECUR if cycle.stable else 10 * CLOSED):
            return cycle
        worth = gap / 2  # more turns of the same cycle are not worth it, a doubled period is
    return None


def _remember(
    network: System, u: Tensor | None, cycle: _Cycle | None, solved: list[_Cycle]
) -> None:
    if cycle is None or any(cycle is c for c in solved):
        return
    solved.append(cycle)
    some = cycle.turn[:: max(1, len(cycle.turn) // 8)]
    odd = (network.step(some, u) + network.step(-some, u)).norm(dim=-1)
    if bool((odd <= rounding_level(some)).all()) and _offset(-cycle.turn, cycle) > SAME:
        solved.append(replace(cycle, point=-cycle.point, turn=-cycle.turn, orbit=-cycle.orbit))


def _jumps(run: Tensor, diameter: float) -> bool:
    """Whether a run goes around in a few whole steps, so that no section can cut it."""
    return float((run[1:] - run[:-1]).norm(dim=-1).max()) > diameter / 4


def _returns(run: Tensor, diameter: float) -> list[tuple[float, int]]:
    """When a run last was where it ends, in steps before its end: that is the period to expect.

    The last three times, each with how far the turn before was from the last one, relative to the
    diameter; those where it was too far are left out.
    """
    run = run.flip(0)
    step = (run[1:] - run[:-1]).norm(dim=-1)
    if _jumps(run, diameter):
        close = (run[1:] - run[0]).norm(dim=-1) <= RECUR * diameter
        return [(0.0, steps) for steps in (close.nonzero()[:3, 0] + 1).tolist()]
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

    def __init__(self, network: System, origin: Tensor, direction: Tensor, u: Tensor | None):
        self.network, self.u = network, u
        small = not network.casts or network.n_units <= DENSE_UNITS
        self.dtype = origin.dtype if small else torch.float32
        self.carrier = network if small else network.to(self.dtype)
        self.origin, self.normal = origin, direction / direction.norm()

    def reach(self, x: Tensor, steps: int, coarse: bool) -> _Crossing | None:
        """Follow x (n,) for about ``steps`` steps to the section; None if it is not crossed."""
        network, dtype = (self.carrier, self.dtype) if coarse else (self.network, x.dtype)
        path, u = [x[None].to(dtype)], None if self.u is None else self.u.to(dtype)
        for _ in range(steps + _NODES):
            path.append(network.step(path[-1], u))
        path = torch.cat(path).to(x)
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
    section: _Section, x: Tensor, steps: int, k: int, diameter: float, solved: list[_Cycle]
) -> _Cycle | None:
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
        known = next((c for c in solved if _offset(back.path, c) <= SAME), None)
        if known is not None:
            return known
        gap, velocity = back.point - x, back.velocity
        closed = not coarse and gap.norm() <= CLOSED * diameter
        coarse = coarse and gap.norm() > COARSE * diameter
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
    return _Cycle(
        point=x,
        turn=back.path[: int(back.time) + 1],
        period=float(back.time) * section.network.dt,
        multipliers=others,
        trivial_error=float(abs(trivial - 1)),
        stable=bool((np.abs(others) < 1).all()),
        diameter=_diameter(back.path),
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
    network: System, x: Tensor, u: Tensor | None, back: list[tuple[float, int]], diameter: float
) -> _Cycle | None:
    """A cycle of k whole steps through about x, by Newton on F^k(x) = x."""
    eye = torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    for _, k in back:
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
            turn=path[:k],
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
