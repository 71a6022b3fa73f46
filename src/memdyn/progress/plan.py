"""The jobs that a run is going to do, with what each may be expected to take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from memdyn.costs import usual
from memdyn.costs.work import Span

#: Stages whose jobs print to the terminal.
TALKING = {"costs", "checks"}


class Task(NamedTuple):
    """One job.

    Attributes:
        rule, shard: what it is; ``shard`` is "" where the rule has one job.
        stage: file of its rule under ``workflow/rules``, as ``slow_manifolds/training``.
        cpu: seconds that it may take, low, expected and high.
        after: ids of the jobs that it waits for.
        networks: how many it trains.
        priority: larger ones go first.
    """

    rule: str
    shard: str
    stage: str
    cpu: Span
    after: tuple[int, ...] = ()
    networks: int = 0
    priority: float = 0


class RunPlan(NamedTuple):
    """A run: its scale, its jobs by Snakemake's id, and how many of them run at a time."""

    scale: str
    tasks: dict[int, Task]
    at_once: int

    @property
    def networks(self) -> int:
        """How many this run trains."""
        return sum(task.networks for task in self.tasks.values())

    @property
    def talks(self) -> bool:
        """Whether a job prints what was asked for: then no view may stand in its way."""
        return any(task.stage in TALKING for task in self.tasks.values())


def of_dag(
    scale: str,
    dag,
    expected: Mapping[tuple[str, str], Span],
    networks: Callable[[str, str], int],
    rules: Path | str,
    at_once: int,
) -> RunPlan:
    """What Snakemake is going to run.

    Args:
        scale: of the run.
        dag: Snakemake's graph of jobs.
        expected: (rule, shard) -> CPU-seconds, as from ``costs.usual.expected``.
        networks: rule, shard -> how many networks that job trains.
        rules: folder of the rules.
        at_once: jobs at a time.
    """
    ids = {job: dag.jobid(job) for job in dag.needrun_jobs()}
    tasks = {}
    for job, number in ids.items():
        rule, shard = job.rule.name, shard_of(job.wildcards_dict)
        tasks[number] = Task(
            *(rule, shard, _stage(job.rule.snakefile, rules)),
            cpu=expected.get((rule, shard), _other(job)),
            after=tuple(sorted(ids[other] for other in dag.dependencies[job] if other in ids)),
            networks=networks(rule, shard),
            priority=job.priority if isinstance(job.priority, (int, float)) else 0,
        )
    return RunPlan(scale, tasks, max(1, at_once))


def shard_of(wildcards: Mapping[str, str]) -> str:
    """Name of a job's shard, or of what else it is for."""
    named = dict(wildcards)
    if "trial" in named and "shard" in named:
        return f"{named['shard']}_trial{named['trial']}"
    return ", ".join(map(str, filter(None, named.values())))


def _other(job) -> Span:
    if not job.output:  # a target: nothing is done
        return Span(0.0, 0.0, 0.0)
    return usual.of_other_rules(job.rule.name)


def _stage(snakefile: str, rules: Path | str) -> str:
    path = Path(snakefile)
    try:
        return path.resolve().relative_to(Path(rules).resolve()).with_suffix("").as_posix()
    except ValueError:
        return ""
