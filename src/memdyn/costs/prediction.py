"""What a run will cost, from its jobs and the calibration; and how far that was off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from memdyn.costs import memory
from memdyn.costs.scheduling import duration, schedule
from memdyn.costs.work import Job, jobs, waits_for
from memdyn.files import FileProblem
from memdyn.jobs import usage

#: Peak memory (MB) of jobs that do little more than start.
_LIGHT = {"table": memory.TABLES / memory.MB, "figure": memory.FIGURES / memory.MB}
TOTAL = "total"
#: Rules below this part of all CPU-seconds share one line of the printed table.
SMALL = 0.005


def predict(config: Mapping, seconds: Mapping[str, float], cores: int) -> pd.DataFrame:
    """One row per rule in the order of the work, and the row ``total``.

    Args:
        config: a configuration with shard sizes.
        seconds: as from ``calibration.calibrate``.
        cores: jobs at a time, each on one core.

    Returns:
        ``rule``, ``jobs``, ``cpu`` with ``low`` and ``high`` (CPU-s of all its jobs), ``longest``
        (CPU-s of the longest job), ``memory_MB`` (peak of a job); of the row ``total`` ``longest``
        is the longest chain of jobs that wait for each other, ``wall`` (s) the time on so many
        ``cores`` if nothing else runs there, and ``memory_at_once_MB`` that of as many of the
        largest jobs.

    Raises:
        ValueError: an operation that was not calibrated.
    """
    planned = jobs(config)
    spans = _spans(planned, seconds)
    peaks = memory.megabytes(config)
    rows = []
    for rule in dict.fromkeys(job.rule for job in planned):
        own = [i for i, job in enumerate(planned) if job.rule == rule]
        kind = next(iter(planned[own[0]].work))
        low, expected, high = spans[own].sum(axis=0)
        rows.append(
            {
                "rule": rule,
                "jobs": len(own),
                **{"cpu": expected, "low": low, "high": high},
                "longest": spans[own, 1].max(),
                "memory_MB": round(peaks.get(rule, _LIGHT.get(kind, memory.TORCH / memory.MB))),
            }
        )
    table = pd.DataFrame(rows)
    waits = [waits_for(job, planned) for job in planned]
    wall, chain = schedule(spans[:, 1].tolist(), waits, cores)
    sums = table[["jobs", "cpu", "low", "high"]].sum()
    at_once = table["memory_MB"].repeat(table["jobs"]).nlargest(cores).sum()
    total = {"rule": TOTAL, **sums, "longest": chain, "memory_MB": table["memory_MB"].max()}
    total |= {"wall": wall, "cores": cores, "memory_at_once_MB": at_once}
    table = pd.concat([table, pd.DataFrame([total])])
    return table.astype({"jobs": int}).reset_index(drop=True)


def predict_jobs(config: Mapping, seconds: Mapping[str, float]) -> pd.DataFrame:
    """The same job by job: ``rule``, ``shard`` ('' if the rule has one job), ``low``, ``cpu``,
    ``high`` (CPU-s)."""
    planned = jobs(config)
    table = pd.DataFrame(_spans(planned, seconds), columns=["low", "cpu", "high"])
    table.insert(0, "rule", [job.rule for job in planned])
    table.insert(1, "shard", [job.shard for job in planned])
    return table


def _spans(planned: Sequence[Job], seconds: Mapping[str, float]) -> np.ndarray:
    """(jobs, 3): low, expected and high CPU-seconds of each."""
    missing = sorted({name for job in planned for name in job.work} - set(seconds))
    if missing:
        raise ValueError(
            f"the calibration does not know '{missing[0]}': it was made for another configuration; "
            "delete it and run predict again"
        )
    return np.array([_seconds(job, seconds) for job in planned])


def _seconds(job: Job, seconds: Mapping[str, float]) -> tuple[float, float, float]:
    """Low, expected and high CPU-seconds of a job."""
    each = [tuple(seconds[name] * a for a in amount) for name, amount in job.work.items()]
    sums = [sum(values) for values in zip(*each, strict=True)]
    return min(sums), sums[1], max(sums)


def read_prediction(path: Path | str) -> pd.DataFrame:
    """The table of ``predict`` from its CSV.

    Raises:
        FileProblem: another file, or none.
    """
    try:
        table = pd.read_csv(path)
        if missing := {"rule", "jobs", "cpu", "memory_MB"} - set(table):
            raise ValueError(f"no column {missing.pop()!r}")
        table[["jobs", "cpu", "memory_MB"]].astype(float)
    except (OSError, ValueError) as problem:
        reason = (str(problem).splitlines() or ["empty"])[0]
        raise FileProblem(f"{path} is no prediction ({reason}): run predict again") from None
    return table


def read_jobs(path: Path | str) -> pd.DataFrame:
    """The table of ``predict_jobs`` from its CSV.

    Raises:
        FileProblem: another file, or none.
    """
    try:
        table = pd.read_csv(path, dtype={"shard": str}, keep_default_na=False)
        table[["low", "cpu", "high"]].astype(float)
        if missing := {"rule", "shard"} - set(table):
            raise ValueError(f"no column {missing.pop()!r}")
    except (OSError, ValueError, KeyError) as problem:
        reason = (str(problem).splitlines() or ["empty"])[0]
        raise FileProblem(
            f"{path} is no prediction of jobs ({reason}): run predict again"
        ) from None
    return table


def compare(prediction: pd.DataFrame, by_job: pd.DataFrame, logs: Path | str) -> pd.DataFrame:
    """Prediction and what the jobs noted in their logs, side by side.

    Args:
        prediction: as from ``predict``.
        by_job: as from ``predict_jobs``.
        logs: folder of the logs of a scale.

    Returns:
        One row per rule that has run, and ``total`` of these: ``jobs`` predicted, ``measured``,
        ``on_gpu``, ``cpu_predicted`` (of the jobs that are measured), ``cpu_measured``, ``ratio``
        (measured over predicted), ``memory_predicted``, ``memory_measured`` (MB, largest job) and
        their ratio. Jobs that ran on a GPU, which is not predicted, are counted only. ``measured``
        and ``on_gpu`` below ``jobs``: the rest has not run, or its log has no such line.

    Raises:
        ValueError: no log of a predicted rule says what its job used.
    """
    rows = []
    for row in prediction[prediction["rule"] != TOTAL].itertuples():
        own = by_job[by_job["rule"] == row.rule].drop_duplicates("shard").set_index("shard")
        found, on_gpu = {}, 0
        for path in logs_of(logs, row.rule):
            shard = "" if path.stem == row.rule else path.stem
            used = usage.read(path)
            if used and shard in own.index:
                if usage.on_gpu(path):
                    on_gpu += 1
                else:
                    found[shard] = used
        if not found and not on_gpu:
            continue
        expected = own.loc[list(found), ["low", "cpu", "high"]].sum()
        spent = sum(one.cpu for one in found.values())
        peak = max((one.memory for one in found.values()), default=np.nan)
        rows.append(
            {
                **{"rule": row.rule, "jobs": row.jobs, "measured": len(found), "on_gpu": on_gpu},
                **{"cpu_predicted": expected["cpu"], "cpu_measured": spent},
                "ratio": spent / expected["cpu"] if found else np.nan,
                "within": expected["low"] <= spent <= expected["high"] if found else pd.NA,
                **{"memory_predicted": row.memory_MB, "memory_measured": peak},
                "memory_ratio": peak / row.memory_MB,
            }
        )
    if not rows:
        raise ValueError(
            f"no log under '{logs}' says what its job used: run the workflow first (logs of an "
            "older version lack that line)"
        )
    table = pd.DataFrame(rows)
    sums = table[["measured", "on_gpu", "cpu_predicted", "cpu_measured"]].sum()
    last = {
        **{"rule": TOTAL, "jobs": int(prediction["jobs"].iloc[-1]), **sums},
        "ratio": sums["cpu_measured"] / sums["cpu_predicted"] if sums["measured"] else np.nan,
        "memory_predicted": table["memory_predicted"].max(),
        "memory_measured": table["memory_measured"].max(),
        "memory_ratio": table["memory_ratio"].max(),
    }
    table = pd.concat([table, pd.DataFrame([last])])
    return table.astype({"measured": int, "on_gpu": int}).reset_index(drop=True)


def as_text(table: pd.DataFrame) -> str:
    """The table of ``predict`` for people; rules that take next to nothing share one line."""
    rules, total = table[table["rule"] != TOTAL], table.iloc[-1]
    small = rules["cpu"] < SMALL * total["cpu"]
    names = ("rule", "jobs", "CPU", "from", "to", "longest job", "memory of a job")
    lines = [_columns(*names), *(_line(row.rule, row) for _, row in rules[~small].iterrows())]
    if small.any():
        few = rules[small]
        sums = few[["jobs", "cpu", "low", "high"]].sum()
        most = few[["longest", "memory_MB"]].max()
        lines.append(_line(f"{len(few)} others", pd.concat([sums, most])))
    lines.append(_line(TOTAL, total))
    return "\n".join(
        [
            *lines,
            f"{_time(total['wall'])} on {total['cores']:.0f} core(s) with nothing else running, "
            f"with at most {total['memory_at_once_MB'] / 1024:.1f} GB of memory.",
            f"{_time(total['longest'])} is the longest chain of jobs that wait for each other. "
            "Snakemake itself takes some seconds besides.",
            "GPU: not predicted.",
        ]
    )


def _line(name: str, row: pd.Series) -> str:
    times = (_time(row[key]) for key in ("cpu", "low", "high"))
    longest = "" if name == TOTAL else _time(row["longest"])
    return _columns(name, f"{row['jobs']:.0f}", *times, longest, f"{row['memory_MB']:.0f} MB")


def _columns(first: str, *others: str) -> str:
    return f"{first:20}{others[0]:>5}" + "".join(
        f"{text:>{width}}" for text, width in zip(others[1:], (10, 10, 10, 13, 17), strict=True)
    )


def errors_as_text(table: pd.DataFrame) -> str:
    """The table of ``compare`` for people."""
    lines = [
        f"{'':24}{'jobs':>10}{'CPU-s':>20}{'':>8}{'memory of a job (MB)':>24}",
        f"{'rule':24}{'measured':>10}{'predicted':>10}{'measured':>10}{'ratio':>8}"
        f"{'predicted':>12}{'measured':>10}{'ratio':>8}",
    ]
    for row in table[table["measured"] > 0].itertuples():
        lines.append(
            f"{row.rule:24}{f'{row.measured}/{row.jobs}':>10}"
            f"{row.cpu_predicted:10.1f}{row.cpu_measured:10.1f}{row.ratio:8.2f}"
            f"{row.memory_predicted:12.0f}{row.memory_measured:10.0f}{row.memory_ratio:8.2f}"
        )
    total = table.iloc[-1]
    left = total["jobs"] - total["measured"] - total["on_gpu"]
    if total["on_gpu"]:
        rules = ", ".join(table.loc[table["on_gpu"] > 0, "rule"].iloc[:-1])
        lines.append(f"{total['on_gpu']} job(s) ran on a GPU, which is not predicted: {rules}.")
    if left > 0:
        lines.append(f"{left} predicted job(s) have not run, or note nothing: they are left out.")
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return duration(seconds, digits=1)


def logs_of(logs: Path | str, rule: str) -> list[Path]:
    """Logs of all jobs of a rule: ``<rule>.log`` or ``<rule>/<shard>.log``, of any study."""
    return sorted([*Path(logs).glob(f"**/{rule}.log"), *Path(logs).glob(f"**/{rule}/*.log")])
