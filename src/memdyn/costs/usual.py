"""What each job of a run may be expected to take before anything was measured on this machine.

``predict`` times operations first, for a minute; a run that just begins does not wait for that. If
the scale was calibrated, its numbers are taken. Otherwise those of an ordinary core are: what
``runtimes`` computes from the sizes errs on the long side, and ``SHARE`` says how far.

Nothing here imports more than the standard library: Snakemake's own process reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import sqrt
from pathlib import Path

from memdyn.costs import runtimes
from memdyn.costs.work import Job, Span, jobs
from memdyn.timescales.grid import units_of

#: Part of the seconds of ``runtimes`` that operations took: where ``calibrate`` has timed them (300
#: and 1000 units, 64 and 500), the middle of its ratios; else from the jobs of a quick run (AMD
#: EPYC, Zen 4).
SHARE = {
    **{"start": 0.45, "table": 0.15, "figure": 0.5, "epoch": 0.6, "trial": 0.57},
    **{"step": 0.72, "flow": 0.6, "tangent": 0.6, "factor": 0.7, "spectrum": 0.5},
    **{"item": 0.3, "recorded": 0.44, "fit": 0.4, "weights": 0.45, "answer": 0.45},
    **{"ablated": 0.6, "perturbed": 0.8, "driven": 0.25, "rests": 0.25},
}
#: Units at which the share of ``item`` holds; it falls with the root of more.
_ITEM_UNITS = 64


def expected(config: Mapping, calibration: Path | str | None = None) -> dict[tuple[str, str], Span]:
    """CPU-seconds of each job of the target ``all``: (rule, shard) -> low, expected, high.

    Args:
        config: with shard sizes.
        calibration: what ``calibrate`` wrote for this scale; if it is not there, or was made for
            another configuration, an ordinary core counts.
    """
    known = _calibrated(calibration)
    return {(job.rule, job.shard): _seconds(job, config, known) for job in jobs(config)}


def of_other_rules(rule: str) -> Span:
    """CPU-seconds of a job that ``costs.work`` does not know, such as a page of the report."""
    return Span(30.0, 60.0, 120.0) if rule == "calibrate" else Span(1.0, 3.0, 10.0)


def _seconds(job: Job, config: Mapping, known: Mapping[str, float]) -> Span:
    each = [
        amount * known.get(operation, _usual(operation, config))
        for operation, amount in job.work.items()
    ]
    low, middle, high = (sum(values) for values in zip(*each, strict=True))
    return Span(min(low, middle), middle, max(middle, high))


def _usual(operation: str, config: Mapping) -> float:
    kind, _, argument = operation.partition(":")
    share = SHARE[kind]
    if kind == "item":
        share *= sqrt(_ITEM_UNITS / max(_ITEM_UNITS, units_of(config["timescales"], argument)))
    return share * runtimes.seconds(operation, config)


def _calibrated(path: Path | str | None) -> dict[str, float]:
    try:
        found = json.loads(Path(path or "").read_text())["seconds"]
        return {str(name): float(value) for name, value in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
