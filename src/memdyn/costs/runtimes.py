"""How long a job may take, for the time limit that it asks of a cluster.

The work is that of ``work``; what an operation takes is not measured here, as ``predict`` does, but
roughly computed from its sizes, within a factor of two or three of the calibrations named below.
Limits come with a margin, grow with each try, and end at what the partition allows: training that
needs more stops in time, saves, and goes on in its next try.

Nothing here imports torch: Snakemake reads this module every time it parses the workflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from memdyn.costs import memory
from memdyn.costs.work import Job, jobs
from memdyn.timescales.grid import networks, training_of, units_of
from memdyn.timescales.networks.cells import CELLS

#: A limit is so many times the longest that a job may take, and so much (min) to start.
MARGIN, START = 3.0, 15
#: Memory (MB) of the two Snakemakes that a job on a cluster consists of, besides its own.
SNAKEMAKE = 400
#: Megabytes asked for grow by this part with each further try.
MORE_MEMORY = 0.5
#: Recurrent products of a training step, forward and back.
_TRAINED = 3


def minutes(config: Mapping) -> dict[tuple[str, str], int]:
    """Time limit (min) of the first try of each job: (rule, shard) -> minutes.

    Args:
        config: with shard sizes.
    """
    return {
        (job.rule, job.shard): START + ceil(MARGIN * _longest(job, config) / 60)
        for job in jobs(config)
    }


def limit(first: int, attempt: int, most: int) -> int:
    """Time limit (min) of a try; ``most`` is what the partition allows."""
    return min(first * attempt, most)


def megabytes(first: int, attempt: int, most: float = float("inf")) -> int:
    """Memory (MB) that a try asks for; ``most`` is what the nodes have."""
    return int(min(first * (1 + MORE_MEMORY * (attempt - 1)), most))


def _longest(job: Job, config: Mapping) -> float:
    """CPU-seconds, at most."""
    return sum(seconds(name, config) * amount.high for name, amount in job.work.items())


def seconds(operation: str, config: Mapping) -> float:
    """CPU-seconds of one operation of ``work``.

    Calibrated with 300 and 1000 units (study 1) and 64 and 500 (study 2) on a 2.5 GHz Xeon core.
    """
    kind, _, argument = operation.partition(":")
    one, two = config["slow_manifolds"], config["timescales"]
    n = one["network"]["n_units"]

    def step(rows: int) -> float:
        return 2e-5 + n * n * (4e-10 + 4e-11 * rows)

    if kind in ("start", "table", "figure"):
        return 5.0
    if kind == "epoch":  # of the autoencoder
        return 0.3
    if kind == "trial":
        return memory.trial_steps(one) * (2e-6 + 2e-10 * n * n)
    if kind in ("step", "flow"):
        return step(int(argument))
    if kind == "tangent":
        return 2 * step(int(argument) * (1 + one["dynamics"]["n_exponents"]))
    if kind == "factor":
        return 1.5e-8 * n**2 + 1e-11 * n**3
    if kind == "spectrum":
        return 1.5e-9 * n**3
    if kind == "weights":
        return 1e-3 + 3e-9 * int(argument) ** 3
    if kind == "fit":
        return 0.2 + 2e-3 * memory.largest_n_units(two)
    return _of_condition(kind, argument, two)


def _of_condition(kind: str, condition: str, study: Mapping) -> float:
    """CPU-seconds of one step of networks of a condition of study 2."""
    n, accuracy = units_of(study, condition), study["accuracy"]
    if kind == "driven":  # a step in float64, its derivative, and their overheads
        return 2e-4 + 8e-9 * n * n
    if kind == "rests":  # Jacobians of some seeds in some rounds, and a decomposition
        return 0.5 + 2e-8 * n**3
    network = next(one for one in networks(study) if one.condition == condition)
    product = CELLS[network.cell].matrices * n * n
    rows = {
        "item": _TRAINED * training_of(study, network)["batch_size"],
        "recorded": study["stimulation"]["trials"],
        "answer": accuracy["repeats"],
        "ablated": accuracy["repeats"] * (1 + 2 * study["ablation"]["n_ablated"]),
        "perturbed": accuracy["repeats"]
        * (1 + max(study["perturbation"][of]["n"] for of in ("recurrent", "tau"))),
    }[kind]
    per_call = {"item": 2e-4, "perturbed": 4e-4, "ablated": 2e-4}.get(kind, 2e-5)
    each_unit = 4e-8 * CELLS[network.cell].matrices * n * rows  # its nonlinearity, forward and back
    return per_call + each_unit + product * (4e-10 + 1e-10 * rows)
