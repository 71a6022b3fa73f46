"""Limit cycles: recurrence in long runs, then Newton's method from where they recur.

Which runs rest is told by ``rests``, the cycle that a run recurs on is solved for in
``return_map``. A flow is followed by its Euler steps, which is what was trained; pass
``RK4Map(flow)`` for the flow itself.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.kinds import Outcome
from memdyn.dynamics.rests import STRETCHES, Rests
from memdyn.dynamics.results import Table
from memdyn.dynamics.return_map import (
    DENSE_UNITS,
    RECUR,
    SAME,
    SAMPLES,
    Cycle,
    coarse_dtype,
    diameter_of,
    offset_of,
    returns_of,
    solve_cycle,
)
from memdyn.dynamics.settling import monotone_decay, narrows, rate_of_widths
from memdyn.dynamics.systems import System, advance

#: A run stands still if it moves less than this, relative to 1 + |x|.
REST = 1e-6
#: A run that seems aperiodic, or on an unstable cycle, is looked at once more, as it may shadow
#: that cycle for long, and up to so often in all while that changes what is seen of some. A few go
#: ahead; if nothing changes for them, none follows.
LOOKS, SCOUTS = 4, 5
#: In runs that turn out to be on no cycle, solving is tried so often at each look.
VAIN = 3
#: What the last windows of the runs that are looked at together may fill.
MOST_BYTES = 2**30


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

    states (rows, units): last state, of a run that rests the fixed point; outcome (rows,): an
    ``Outcome``; cycle (rows,): row of the cycle in ``LimitCycles``, -1 for none;
    diameter (rows,) of the last window, of a run that rests twice its distance from the point;
    time_constant (rows,), in time, of the decay of a run that rests or settles: of the slowest mode
    of the point it comes to, else fitted to the run; inf where it moves one way and no slower, NaN
    where there is no decay to measure; limit (rows, units): the point where a run that rests or
    settles will be, NaN where that is not known.
    """

    schema = "memdyn.ends"
    version = 2

    states: np.ndarray
    outcome: np.ndarray
    cycle: np.ndarray
    diameter: np.ndarray
    time_constant: np.ndarray
    limit: np.ndarray


def find_limit_cycles(
    system: System,
    states: Tensor,
    inputs: Tensor | None = None,
    *,
    transient: int = 2000,
    window: int = 1000,
    n_multipliers: int = 12,
) -> tuple[LimitCycles, Ends]:
    """The cycles on which long runs from ``states`` end, and how each run ended.

    Args:
        system: one network, a map or a flow; it is solved in float64.
        states: where runs start, (rows, n), any float dtype.
        inputs: constant input, (inputs,) or (rows, inputs), None for zero.
        transient: steps before a run is looked at.
        window: steps it is then looked at; must hold at least one period, better two. A run that is
            then neither at rest nor on a cycle is followed as long again, see ``LOOKS``.
        n_multipliers: how many are computed in networks above ``DENSE_UNITS`` units.

    Returns:
        One row per distinct cycle (periods in time), and one per run.

    Raises:
        ValueError: a batch of networks, or states of another shape.

    >>> from memdyn.dynamics import Map
    >>> logistic = Map(lambda x, u: 3.2 * x * (1 - x), n_units=1)
    >>> start = torch.tensor([[0.3]])
    >>> cycles, ends = find_limit_cycles(logistic, start, transient=100, window=100)
    >>> cycles.period.tolist(), cycles.multipliers.real.round(3).tolist(), ends.cycle.tolist()
    ([2.0], [[0.16]], [0])
    """
    if system.n_networks is not None or states.ndim != 2:
        raise ValueError("find_limit_cycles takes one network and states (rows, units)")
    system = system.to(torch.float64)
    u = None if inputs is None else inputs.detach().to(torch.float64).expand(len(states), -1)
    search = _Search(system, states.detach().to(torch.float64), u, n_multipliers)
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

    def __init__(self, system: System, x: Tensor, u: Tensor | None, n_multipliers: int):
        self.system, self.x, self.u, self.n_multipliers = system, x.clone(), u, n_multipliers
        self.rests = Rests(system, len(x))
        self.outcome = np.full(len(x), Outcome.APERIODIC, dtype="<U11")
        self.diameter = np.zeros(len(x))
        self.time_constant = np.full(len(x), np.nan)
        self.grows = np.zeros(len(x), dtype=bool)  # of the last window of a run that moves
        self.solved: list[Cycle] = []
        self.cycle: dict[int, Cycle] = {}  # by row

    def undecided(self) -> Tensor:
        """Indices of the runs that move, and are on no stable cycle as far as is known."""
        rows = self.rests.moving(self.x)
        known = self.outcome != Outcome.APERIODIC
        known[[row for row, cycle in self.cycle.items() if not cycle.stable]] = False
        return rows[torch.as_tensor(~known, device=rows.device)[rows]]

    def _inputs(self, rows: Tensor | slice) -> Tensor | None:
        return None if self.u is None else self.u[rows]

    def follow(self, rows: Tensor, transient: int, window: int) -> None:
        """Run on from ``rows``, indices of undecided runs, and say what each of them does."""
        if not len(rows):
            return
        for stretch in range(STRETCHES):
            steps = (transient + stretch) // STRETCHES  # they sum up to all
            before = self.x[rows]
            self.x[rows] = _run(self.system, before, self._inputs(rows), steps)
            self.rests.look(self.x, before, self.u, rows)
            rows = rows[torch.isin(rows, self.undecided())]
            if not len(rows):
                return
        size = coarse_dtype(self.system, self.x.dtype).itemsize * self.x.shape[1]
        for lot in rows.split(max(1, MOST_BYTES // ((window + 1) * size))):
            self._end(lot, window)

    def _end(self, rows: Tensor, window: int) -> None:
        """Run on for the last window, and say what each run does in it."""
        path = _run(self.system, self.x[rows], self._inputs(rows), window, keep=True)
        self.x[rows] = path[:, -1].to(self.x)
        self.rests.look(self.x, path[:, window // 2].to(self.x), self.u, rows)
        moving = {}
        for row, run in zip(rows.tolist(), path, strict=True):
            self.diameter[row] = diameter_of(run)
            if self.rests.point[row] >= 0 or not run.isfinite().all():
                continue
            eps = torch.finfo(run.dtype).eps
            if self.diameter[row] <= max(REST, 8 * eps) * (1 + float(run[-1].norm())):
                self.outcome[row] = Outcome.FIXED_POINT  # on a continuum
            else:
                moving[row] = run, returns_of(run, float(self.diameter[row]))
        # First the runs that repeat themselves best: what is found there settles others.
        order = sorted(moving, key=lambda row: min(moving[row][1], default=(np.inf, 0)))
        vain = 0
        for row in order:
            run, back = moving[row]
            self.cycle.pop(row, None)
            cycle = next((c for c in self.solved if _runs_on(run, c)), None)
            if cycle is None and back and vain < VAIN and not self._shadows(run, back):
                u = None if self.u is None else self.u[row : row + 1]
                cycle = solve_cycle(
                    self.system,
                    run,
                    u,
                    back=back,
                    n_multipliers=self.n_multipliers,
                    solved=self.solved,
                )
                vain += cycle is None
            if cycle is not None:
                self.cycle[row], self.outcome[row] = cycle, Outcome.LIMIT_CYCLE
            else:
                self._settle(row, run)

    def _settle(self, row: int, run: Tensor) -> None:
        """Whether a run that is on no cycle slows down. One that clearly does, but by little, stays
        undecided in ``outcome``: it is followed on, and only its time constant is noted."""
        widths = [diameter_of(part) for part in run.tensor_split(4)]
        slower, decay = narrows(widths), monotone_decay(run.cpu().numpy())
        self.outcome[row] = Outcome.SETTLING if slower else Outcome.APERIODIC
        steps = np.nan
        self.grows[row] = decay is not None and decay.grows
        if decay is not None and not decay.grows:
            steps = decay.time_constant
        elif slower:
            steps = 1 / rate_of_widths(widths, len(run) // 4)
        self.time_constant[row] = steps * self.system.dt

    def _shadows(self, run: Tensor, back: list[tuple[float, int]]) -> bool:
        """Whether a run goes along a known unstable cycle: no other could be solved for there."""
        # A run on a cycle of twice the period comes back best after both turns.
        period = min(back)[1] * self.system.dt
        return any(
            abs(period - c.period) <= SAME * c.period and offset_of(run[-len(c.turn) :], c) <= RECUR
            for c in self.solved
            if not c.stable
        )

    def tables(self) -> tuple[LimitCycles, Ends]:
        """The cycles on which runs end, in the order of the runs, and the ends."""
        x, outcome, diameter = self.x.clone(), self.outcome.copy(), self.diameter.copy()
        for row in np.flatnonzero(self.rests.point >= 0):
            x[row] = self.rests.points[self.rests.point[row]]
            outcome[row], diameter[row] = Outcome.FIXED_POINT, 2 * self.rests.distance[row]
        finite = x.isfinite().all(1).cpu().numpy()
        outcome[~finite] = Outcome.DIVERGED
        time_constant, limit = self.time_constant.copy(), torch.full_like(x, torch.nan)
        moving = outcome == Outcome.APERIODIC
        outcome[moving & ~np.isnan(time_constant)] = Outcome.SETTLING
        outcome[moving & self.grows] = Outcome.GROWING
        point = self.rests.point.copy()
        tries = 0
        for row in np.flatnonzero(np.isin(outcome, (Outcome.SETTLING, Outcome.APERIODIC))):
            dense = self.system.n_units <= DENSE_UNITS or not np.isnan(time_constant[row])
            if tries < VAIN and dense:
                point[row] = self.rests.bound_for(self.x[row], self._inputs(slice(row, row + 1)))
                tries += point[row] < 0
            if point[row] >= 0:
                outcome[row] = Outcome.SETTLING
        for row in np.flatnonzero(point >= 0):
            limit[row] = self.rests.points[point[row]]
            time_constant[row] = self.rests.time_constant(point[row])
        time_constant[np.isin(outcome, (Outcome.LIMIT_CYCLE, Outcome.DIVERGED))] = np.nan
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
            orbit=np.array([c.orbit for c in cycles]).reshape(kept, SAMPLES, n),
            dt=self.system.dt,
        )
        ends = Ends(
            states=x.cpu().numpy(),
            outcome=outcome,
            cycle=np.array(which),
            diameter=diameter,
            time_constant=time_constant,
            limit=limit.cpu().numpy(),
        )
        return table, ends


def _run(system: System, x: Tensor, u: Tensor | None, steps: int, keep: bool = False) -> Tensor:
    """States (rows, n) so many steps later, or the whole run (rows, steps + 1, n).

    A large network runs in float32, at half the cost: what is read off the run is only where to
    solve for what, in float64.
    """
    dtype = coarse_dtype(system, x.dtype)
    u = None if u is None else u.to(dtype)
    end = advance(system.to(dtype), x.to(dtype), u, n_steps=steps, keep=keep)
    return end if keep else end.to(x)


def _runs_on(run: Tensor, cycle: Cycle) -> bool:
    """Whether a run lies on a known cycle all the time, or near a stable one for its last turn."""
    if cycle.stable:
        turn = run[-len(cycle.turn) :]
        if offset_of(turn, cycle) <= RECUR / 2:
            return True
    return offset_of(run, cycle) <= SAME
