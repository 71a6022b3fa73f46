"""How much longer a run takes, from the costs of its jobs and from what those that ended took."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from memdyn.costs.scheduling import schedule
from memdyn.costs.work import Span
from memdyn.progress.plan import RunPlan, Task

#: Seconds that a job takes besides its own CPU time: Snakemake's choice, a new process, its files.
BESIDES = 0.9
#: What is expected of a run before any of its jobs has ended counts like so many seconds of jobs.
PRIOR = 20.0
#: What other jobs say about a rule counts like so many of its own jobs.
PRIOR_JOBS = 0.3
#: A job that has taken longer than expected goes on for this part of the time that it took so far.
OVERDUE = 0.15
#: From and to, of a run whose jobs take exactly what is expected of them.
SPREAD = (0.9, 1.15)


class Spent(NamedTuple):
    """What a job that ended took: seconds, and CPU-seconds if its log says so."""

    wall: float
    cpu: float | None = None


class Left(NamedTuple):
    """Seconds, and CPU-seconds, until a run ends: from, expected, to."""

    wall: Span
    cpu: Span


def time_left(
    plan: RunPlan,
    done: Mapping[int, Spent],
    running: Mapping[int, float],
    failed: Collection[int] = (),
    said: Mapping[int, float] | None = None,
) -> Left:
    """What is left of a run.

    A job is expected to take what its plan says, times how much longer than planned the jobs of its
    rule took that have ended, or those of all rules while none of its own has. A job that still
    runs after its time counts, too. The more of a rule have ended, the nearer are from and to. Jobs
    run as soon as there is a place for them.

    Args:
        plan: the jobs.
        done: id -> what a job that has ended took.
        running: id -> seconds since a job began.
        failed: ids of jobs that ended with an error: they and what waits for them are left out.
        said: id -> seconds that a running job itself says are left.
    """
    lost = _lost(plan, failed)
    pending = [i for i in plan.tasks if i not in done and i not in running and i not in lost]
    pending.sort(key=lambda i: (-plan.tasks[i].priority, i))
    active = [i for i in running if i in plan.tasks and i not in done and i not in lost]
    order = [*active, *pending]
    place = {i: k for k, i in enumerate(order)}
    waits = [
        () if i in running else tuple(place[j] for j in plan.tasks[i].after if j in place)
        for i in order
    ]
    walls = {i: spent.wall for i, spent in done.items()}
    for i in active:
        if running[i] > plan.tasks[i].cpu.high + BESIDES:
            walls[i] = (1 + OVERDUE) * running[i]
    cpus = {i: spent.cpu for i, spent in done.items() if spent.cpu is not None}
    wall_of = _factors(plan, walls, BESIDES)
    cpu_of = _factors(plan, cpus, 0.0)
    counts: dict[str, int] = {}
    for i in done:
        if i in plan.tasks:
            counts[plan.tasks[i].rule] = counts.get(plan.tasks[i].rule, 0) + 1

    def remaining(which: int) -> tuple[float, float]:
        seconds, work = [], 0.0
        for i in order:
            task = plan.tasks[i]
            own = _narrowed(task.cpu, counts.get(task.rule, 0))[which]
            whole = wall_of(task) * (own + BESIDES) if task.cpu.high else 0.0
            left = whole
            if i in running:
                left = max(whole - running[i], OVERDUE * running[i])
                if said and i in said:
                    left = max(0.0, said[i])
            seconds.append(left)
            work += cpu_of(task) * own * (min(1.0, left / whole) if whole else 0.0)
        return schedule(seconds, waits, plan.at_once)[0], work

    low, expected, high = (remaining(which) for which in range(3))
    return Left(*(_ordered(a, b, c) for a, b, c in zip(low, expected, high, strict=True)))


def _factors(plan: RunPlan, took: Mapping[int, float], besides: float):
    """How much longer than planned the jobs of a task's rule take."""
    rules: dict[str, tuple[float, float, int]] = {}
    for i, seconds in took.items():
        task = plan.tasks.get(i)
        if task is None or not task.cpu.high:
            continue
        spent, planned, n = rules.get(task.rule, (0.0, 0.0, 0))
        rules[task.rule] = (spent + seconds, planned + task.cpu.expected + besides, n + 1)
    spent = sum(of_rule[0] for of_rule in rules.values())
    planned = sum(of_rule[1] for of_rule in rules.values())
    every = (spent + PRIOR) / (planned + PRIOR)

    def factor(task: Task) -> float:
        if task.rule not in rules:
            return every
        spent, planned, n = rules[task.rule]
        few = PRIOR_JOBS * planned / n
        return (spent + every * few) / (planned + few)

    return factor


def _narrowed(cpu: Span, measured: int) -> Span:
    """From and to come nearer with each job of the rule that has ended."""
    share = 1 / (1 + measured)
    return Span(
        cpu.expected - share * (cpu.expected - cpu.low),
        cpu.expected,
        cpu.expected + share * (cpu.high - cpu.expected),
    )


def _ordered(low: float, expected: float, high: float) -> Span:
    return Span(SPREAD[0] * min(low, expected), expected, SPREAD[1] * max(high, expected))


def _lost(plan: RunPlan, failed: Collection[int]) -> set[int]:
    """Jobs that failed, and all that wait for them."""
    lost, more = set(), set(failed)
    while more:
        lost |= more
        more = {i for i, task in plan.tasks.items() if i not in lost and lost & set(task.after)}
    return lost
