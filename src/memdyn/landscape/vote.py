"""One label per network, by agreement of three routes that know nothing of each other.

* **runs** — where long autonomous runs end, and whether different memories end apart;
* **solver** — the stable fixed points and cycles found by Newton, and which of them each memory
  state leads to;
* **exponents** — the sign of the largest Lyapunov exponent of each run, and where that is 0 within
  its error, whether the run still slows down.

Labels: ``direct`` (memories at their own stable fixed points), ``slow_manifold`` (fixed points, but
memories share them: what held the information was transient), ``limit_cycle``, ``mixed`` (fixed
points and cycles), ``aperiodic``, ``unresolved``.
"""

from dataclasses import asdict, dataclass

import numpy as np

#: The speed of a run falls if its logarithm does so by this over the time that counts.
FALL = 0.1

LABELS = ("direct", "slow_manifold", "limit_cycle", "mixed", "aperiodic", "unresolved")


@dataclass(frozen=True)
class Vote:
    """The label and what each route said; a route that cannot tell says "unresolved".

    ``exponents`` says "fixed" where the two fixed-point labels cannot be told apart by it, and
    "undecided" where a run may be on a cycle as well as on a slow way to rest.
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
) -> Vote:
    """Label one network from the evidence of three routes.

    Args (one entry per memory run, (rows,)):
        memory: which item each run has to remember.
        run_outcome: "fixed_point", "limit_cycle", "aperiodic" or "diverged", see ``Ends``.
        run_end: index of the attractor the run ended on; -1 if it ended on none.
        point: index of the stable fixed point that the solver assigns to the memory; -1 for none.
        cycle: index of the stable cycle that it assigns; -1 for none.
        sign: what the exponents of each run say, see ``exponent_kinds``.

    Rules:
        A route that sees only fixed points says "direct" if no two different memories share one,
        and "slow_manifold" if some do. Only cycles: "limit_cycle"; both: "mixed"; any aperiodic
        run: "aperiodic"; any run that diverged or has no attractor: "unresolved". The exponents say
        "undecided" if they are so of any run. The label is what runs and solver agree on if the
        exponents do not contradict, and being undecided is not contradicting; where runs and
        exponents see only aperiodic runs, the solver agrees by having found no attractor for any
        memory. Everything else is "unresolved".

    Raises:
        ValueError: evidence of different lengths, or none.
    """
    evidence = (memory, run_outcome, run_end, point, cycle, sign)
    memory, run_outcome, run_end, point, cycle, sign = map(np.asarray, evidence)
    if not len(memory) or any(len(e) != len(memory) for e in evidence):
        raise ValueError("vote needs one entry per memory run from every route, and at least one")

    runs = _by_ends(memory, run_outcome, run_end)
    kinds = np.where(point >= 0, "fixed_point", np.where(cycle >= 0, "limit_cycle", "none"))
    solver = _by_ends(memory, kinds, np.where(point >= 0, point, -2 - cycle))
    exponents = _by_ends(memory, sign, np.zeros(len(memory), dtype=int))
    exponents = "fixed" if exponents in ("direct", "slow_manifold") else exponents
    if exponents == "unresolved" and "undecided" in sign:
        exponents = "undecided"

    if runs == exponents == "aperiodic" and (kinds == "none").all():
        return Vote("aperiodic", runs, solver, exponents)
    coarse = "fixed" if runs in ("direct", "slow_manifold") else runs
    label = runs if runs == solver and exponents in (coarse, "undecided") else "unresolved"
    return Vote(label, runs, solver, exponents)


def exponent_kinds(
    largest: np.ndarray,
    error: np.ndarray,
    trend: np.ndarray,
    trend_error: np.ndarray,
    counted: np.ndarray | float,
) -> np.ndarray:
    """What the largest exponent of each run, and the trend of its speed, say it is on, (rows,).

    Args (rows,), in 1 / time, of ``lyapunov.Exponents``:
        largest, error: the largest exponent and its standard error.
        trend, trend_error: growth rate of the speed and its error.
        counted: the time over which they were measured, (rows,) or one for all.

    An exponent further than two errors and 1 / ``counted`` above 0 says "aperiodic", below 0
    "fixed_point". Between, the speed tells: a run that stands still is at a "fixed_point", one
    whose speed falls clearly, by ``FALL`` or more, is on its way to one; one whose speed is level
    within ``FALL`` is on a "limit_cycle"; if the errors leave both open it is "undecided". Without
    an exponent (NaN): "diverged".
    """
    largest, error, trend, trend_error = map(np.asarray, (largest, error, trend, trend_error))
    margin = 2 * error + 1 / counted
    low, high = (trend - trend_error) * counted, (trend + trend_error) * counted
    between = np.where(
        high < -FALL,
        "fixed_point",
        np.where((low > -FALL) & (high < FALL), "limit_cycle", "undecided"),
    )
    kinds = np.where(
        largest < -margin, "fixed_point", np.where(largest > margin, "aperiodic", between)
    )
    return np.where(np.isnan(largest), "diverged", kinds)


def _by_ends(memory: np.ndarray, kind: np.ndarray, end: np.ndarray) -> str:
    """The label that follows from the kind and the index of the attractor each memory ends on."""
    kinds = set(kind.tolist())
    if "aperiodic" in kinds:
        return "aperiodic"
    if not kinds <= {"fixed_point", "limit_cycle"}:
        return "unresolved"
    if len(kinds) == 2:
        return "mixed"
    if kinds == {"limit_cycle"}:
        return "limit_cycle"
    if (end == -1).any():
        return "unresolved"
    shared = (end[:, None] == end[None, :]) & (memory[:, None] != memory[None, :])
    return "slow_manifold" if shared.any() else "direct"
