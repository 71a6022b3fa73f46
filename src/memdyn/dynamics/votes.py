"""One label per network, by agreement of three routes that know nothing of each other.

* **runs** — where long autonomous runs end, and whether different memories end apart;
* **solver** — the stable fixed points and cycles found by Newton, and which of them each memory
  state leads to;
* **exponents** — the sign of the largest Lyapunov exponent of each run.

Labels: ``direct`` (memories at their own stable fixed points), ``slow_manifold`` (fixed points, but
memories share them: what held the information was transient), ``limit_cycle``, ``mixed`` (fixed
points and cycles), ``aperiodic``, ``unresolved``.
"""

from dataclasses import asdict, dataclass

import numpy as np

LABELS = ("direct", "slow_manifold", "limit_cycle", "mixed", "aperiodic", "unresolved")


@dataclass(frozen=True)
class Vote:
    """The label and what each route said; a route that cannot tell says "unresolved".

    ``exponents`` says "fixed" where the two fixed-point labels cannot be told apart by it.
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
    largest_exponent: np.ndarray,
    exponent_error: np.ndarray,
    resolution: float = 1e-3,
) -> Vote:
    """Label one network from the evidence of three routes.

    Args (one entry per memory run, (rows,)):
        memory: which item each run has to remember.
        run_outcome: "fixed_point", "limit_cycle", "aperiodic" or "diverged", see ``Ends``.
        run_end: index of the attractor the run ended on; -1 if it ended on none.
        point: index of the stable fixed point that the solver assigns to the memory; -1 for none.
        cycle: index of the stable cycle that it assigns; -1 for none.
        largest_exponent, exponent_error: of each run, with its standard error.
        resolution: rates slower than this cannot be told from 0; about 1 / length of the run.

    Rules:
        A route that sees only fixed points says "direct" if no two different memories share one,
        and "slow_manifold" if some do. Only cycles: "limit_cycle"; both: "mixed"; any aperiodic
        run: "aperiodic"; any run that diverged or has no attractor: "unresolved".
        An exponent further than two errors and ``resolution`` below 0 means a fixed point, above 0
        aperiodic, between them a cycle. The label is what runs and solver agree on if the exponents
        do not contradict; where runs and exponents see only aperiodic runs, the solver agrees by
        having found no attractor for any memory. Everything else is "unresolved".

    Raises:
        ValueError: evidence of different lengths, or none.
    """
    evidence = (memory, run_outcome, run_end, point, cycle, largest_exponent, exponent_error)
    memory, run_outcome, run_end, point, cycle, largest, error = map(np.asarray, evidence)
    if not len(memory) or any(len(e) != len(memory) for e in evidence):
        raise ValueError("vote needs one entry per memory run from every route, and at least one")

    runs = _by_ends(memory, run_outcome, run_end)
    kinds = np.where(point >= 0, "fixed_point", np.where(cycle >= 0, "limit_cycle", "none"))
    solver = _by_ends(memory, kinds, np.where(point >= 0, point, -2 - cycle))
    margin = 2 * error + resolution
    signs = np.where(
        largest < -margin, "fixed_point", np.where(largest > margin, "aperiodic", "limit_cycle")
    )
    exponents = _by_ends(memory, signs, np.zeros(len(memory), dtype=int))
    exponents = "fixed" if exponents in ("direct", "slow_manifold") else exponents

    if runs == exponents == "aperiodic" and (kinds == "none").all():
        return Vote("aperiodic", runs, solver, exponents)
    coarse = "fixed" if runs in ("direct", "slow_manifold") else runs
    label = runs if runs == solver and coarse == exponents else "unresolved"
    return Vote(label, runs, solver, exponents)


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
