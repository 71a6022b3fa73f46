"""One label per network, by agreement of three routes that know nothing of each other.

* **runs** — where long autonomous runs end, and whether different memories end apart;
* **solver** — the stable fixed points and cycles found by Newton, and which of them each memory
  state leads to;
* **exponents** — the sign of the largest Lyapunov exponent of each run, and where that is 0 within
  its error, whether the run still slows down.

The labels are those of ``labels.Mechanism``.
"""

from dataclasses import asdict, dataclass

import numpy as np

from memdyn.dynamics.kinds import Outcome
from memdyn.dynamics.settling import ONE_WAY
from memdyn.landscape.labels import Mechanism, mechanism

#: The routes, as fields of ``Vote`` and columns ``vote_<route>``, and their names for readers.
ROUTES = {"runs": "long runs", "solver": "solver", "exponents": "exponents"}
#: The speed of a run falls if its logarithm does so by this over the time that counts.
FALL = 0.1

#: What the exponents say where all runs rest: they cannot tell ``direct`` from ``slow_manifold``.
FIXED = "fixed"
#: What they say where a run may be on a cycle as well as on a slow way to rest.
UNDECIDED = "undecided"
#: What long runs say where all rest or slow down, and one has not arrived.
SETTLING = "settling"
#: A slow decay is seen in both: speed and exponent agree within this part, and are so many errors
#: below zero.
AGREE, CLEAR = 0.2, 3
#: By so little the logarithm of a speed may fall over the run by rounding alone.
ROUNDED = 1e-10
_AT_REST = (Mechanism.DIRECT, Mechanism.SLOW_MANIFOLD)


@dataclass(frozen=True)
class Vote:
    """The label and what each route said: ``Mechanism``, ``unresolved`` where it cannot tell.

    ``exponents`` may say ``FIXED`` or ``UNDECIDED`` as well.
    """

    label: str
    runs: str
    solver: str
    exponents: str

    def row(self) -> dict[str, str]:
        """As one row of a table."""
        return asdict(self)


def vote(
    memory: np.ndarray,
    run_outcome: np.ndarray,
    run_end: np.ndarray,
    point: np.ndarray,
    cycle: np.ndarray,
    sign: np.ndarray,
    *,
    name_settling: bool = False,
) -> Vote:
    """Label one network from the evidence of three routes.

    Args (one entry per memory run, (rows,)):
        memory: which item each run has to remember.
        run_outcome: an ``Outcome``.
        run_end: index of the attractor the run ended on; -1 if it ended on none.
        point: index of the stable fixed point that the solver assigns to the memory; -1 for none.
        cycle: index of the stable cycle that it assigns; -1 for none.
        sign: what the exponents of each run say, see ``exponent_kinds``.
        name_settling: where runs still slow down and nothing contradicts rest, the label is
            ``SETTLING``; else "unresolved".

    Rules:
        A route that sees only fixed points says "direct" if no two different memories share one,
        and "slow_manifold" if some do. Only cycles: "limit_cycle"; both: "mixed"; any aperiodic
        run: "aperiodic"; any run that diverged or has no attractor: "unresolved". The exponents say
        "undecided" if they are so of any run. The label is what runs and solver agree on if the
        exponents do not contradict, and being undecided is not contradicting; where runs and
        exponents see only aperiodic runs, the solver agrees by having found no attractor for any
        memory. Everything else is "unresolved".

    Agreement of several routes is ours; Ghazizadeh & Ching 2021 label by long runs only.

    Raises:
        ValueError: evidence of different lengths, or none.
    """
    evidence = (memory, run_outcome, run_end, point, cycle, sign)
    memory, run_outcome, run_end, point, cycle, sign = map(np.asarray, evidence)
    if not len(memory) or any(len(e) != len(memory) for e in evidence):
        raise ValueError("vote needs one entry per memory run from every route, and at least one")

    runs = _by_ends(memory, run_outcome, run_end)
    on_cycle = np.where(cycle >= 0, Outcome.LIMIT_CYCLE, "none")
    kinds = np.where(point >= 0, Outcome.FIXED_POINT, on_cycle)
    solver = _by_ends(memory, kinds, np.where(point >= 0, point, -2 - cycle))
    exponents = _by_ends(memory, sign, np.zeros(len(memory), dtype=int))
    exponents = FIXED if exponents in _AT_REST else exponents
    if exponents == Mechanism.UNRESOLVED and UNDECIDED in sign:
        exponents = UNDECIDED

    coming = (Outcome.FIXED_POINT, Outcome.SETTLING)
    if name_settling and runs == Mechanism.UNRESOLVED and np.isin(run_outcome, coming).all():
        runs = SETTLING if (run_outcome == Outcome.SETTLING).any() else runs
        known = solver in (*_AT_REST, Mechanism.UNRESOLVED) and exponents in (FIXED, UNDECIDED)
        if runs == SETTLING and known:
            return Vote(runs, runs, solver, exponents)
    if runs == exponents == Mechanism.APERIODIC and (kinds == "none").all():
        return Vote(runs, runs, solver, exponents)
    coarse = FIXED if runs in _AT_REST else runs
    agree = runs == solver and exponents in (coarse, UNDECIDED)
    return Vote(runs if agree else Mechanism.UNRESOLVED.value, runs, solver, exponents)


def exponent_kinds(
    largest: np.ndarray,
    error: np.ndarray,
    trend: np.ndarray,
    trend_error: np.ndarray,
    counted: np.ndarray | float,
    *,
    one_way: np.ndarray | float = 0.0,
    may_jump: bool = False,
) -> np.ndarray:
    """What the largest exponent of each run, and the trend of its speed, say it is on, (rows,).

    Args (rows,), in 1 / time, of ``lyapunov.Exponents``:
        largest, error: the largest exponent and its standard error.
        trend, trend_error: growth rate of the speed and its error.
        counted: the time over which they were measured, (rows,) or one for all.
        one_way: (rows,) net motion over that time as a part of the path, of ``Exponents``.
        may_jump: the system is a map: on a stable cycle of whole steps all exponents are below 0,
            while a flow, and steps that follow one, have one of 0 on every cycle.

    An exponent further than two errors and 1 / ``counted`` above 0 says "aperiodic", below 0
    "fixed_point", or "limit_cycle" of a map whose speed is level. Between, the speed tells: a run
    that stands still is at a "fixed_point", one whose speed falls clearly, by ``FALL`` or more, is
    on its way to one, as is one whose speed falls beyond doubt at the rate that the exponent says
    (a decay far slower than the run); one whose speed is level within ``FALL`` is on a
    "limit_cycle" if it turns; else, and if the errors leave both open, it is "undecided". Without
    an exponent (NaN): "diverged".
    """
    largest, error, trend, trend_error = map(np.asarray, (largest, error, trend, trend_error))
    margin = 2 * error + 1 / counted
    low, high = (trend - trend_error) * counted, (trend + trend_error) * counted
    decays = (largest < -CLEAR * error) & (trend < -CLEAR * trend_error)
    decays &= largest * counted < -ROUNDED
    with np.errstate(invalid="ignore"):
        decays &= np.abs(trend - largest) <= AGREE * np.abs(largest)
    level = (low > -FALL) & (high < FALL) & ~decays
    between = np.where(
        (high < -FALL) | decays,
        Outcome.FIXED_POINT,
        np.where(level & (np.asarray(one_way) < ONE_WAY), Outcome.LIMIT_CYCLE, UNDECIDED),
    )
    kinds = np.where(
        largest < -margin,
        np.where(level & may_jump, Outcome.LIMIT_CYCLE, Outcome.FIXED_POINT),
        np.where(largest > margin, Outcome.APERIODIC, between),
    )
    return np.where(np.isnan(largest), Outcome.DIVERGED, kinds)


def _by_ends(memory: np.ndarray, kind: np.ndarray, end: np.ndarray) -> str:
    """The label that follows from the kind and the index of the attractor each memory ends on."""
    if (kind == Outcome.FIXED_POINT).all() and (end == -1).any():
        return Mechanism.UNRESOLVED.value
    shared = (end[:, None] == end[None, :]) & (memory[:, None] != memory[None, :])
    return mechanism(kind.tolist(), not shared.any(), aperiodic_first=True).value
