"""The words of a run: times, a line for each job that ended, and the view of a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from memdyn.costs.scheduling import duration
from memdyn.costs.work import Span
from memdyn.progress.plan import RunPlan, Task
from memdyn.progress.time_left import Left

#: Characters of a bar.
_BAR = 20
#: Running jobs that are shown, at most.
_SHOWN = 8


def span(times: Span) -> str:
    """A time with from and to, as ``4.2 min (3.1 min to 6.0 min)``."""
    low, expected, high = map(duration, times)
    return expected if low == high else f"{expected} ({low} to {high})"


def announcement(plan: RunPlan, left: Left) -> str:
    """What a run is going to do and take."""
    trained = f", {plan.networks} networks to train" if plan.networks else ""
    return (
        f"memdyn: {len(plan.tasks)} jobs of scale {plan.scale}{trained}. Expected: "
        f"{span(left.wall)} with {plan.at_once} at a time; CPU {span(left.cpu)}."
    )


def finished(
    progress: str, task: Task, wall: float, megabytes: float | None, found: str, left: Left | None
) -> str:
    """The line of a job that ended: how many have, which, seconds, MB, a number, what is left."""
    memory = f"{megabytes:.0f} MB" if megabytes else ""
    ahead = f"{span(left.wall)} left" if left else ""
    parts = (
        f"{progress:>9}  {task.rule:<23} {task.shard:<27} {wall:7.1f} s {memory:>8}  {found:<34}"
    )
    return f"{parts}  {ahead}".rstrip()


def view(
    plan: RunPlan,
    done: Sequence[int],
    running: Mapping[int, tuple[float, str]],
    elapsed: float,
    left: Left | None,
    size: tuple[int, int],
) -> list[str]:
    """Lines of the view of a terminal.

    Args:
        plan: the jobs.
        done: ids of those that have ended.
        running: id -> seconds since it began, and its last words.
        elapsed: seconds since the run began.
        left: what is left.
        size: columns and rows of the terminal; the view is less high.
    """
    columns, rows = size
    trained = sum(plan.tasks[i].networks for i in done)
    networks = f", {trained} of {plan.networks} networks trained" if plan.networks else ""
    head = (
        f"memdyn {plan.scale}: {len(done)} of {len(plan.tasks)} jobs{networks}, {_clock(elapsed)}"
    )
    lines = [head]
    if left:
        lines.append(f"left: {span(left.wall)}; CPU {span(left.cpu)}")
    active = [_running(plan.tasks[i], *told) for i, told in list(running.items())[:_SHOWN]]
    if len(running) > _SHOWN:
        active.append(f"  and {len(running) - _SHOWN} more")
    room = rows - 2 - len(lines) - len(active)
    lines += _stages(plan, set(done), set(running))[: max(0, room)] + active
    return [line[: columns - 1] for line in lines[: max(1, rows - 2)]]


def _stages(plan: RunPlan, done: set[int], running: set[int]) -> list[str]:
    """A bar for each stage; those under way come first, those that ended last."""
    counts: dict[str, list[int]] = {}
    for i, task in plan.tasks.items():
        if task.stage:
            of = counts.setdefault(task.stage, [0, 0, 0])
            of[0] += i in done
            of[1] += i in running
            of[2] += 1
    order = sorted(counts, key=lambda name: (counts[name][0] == counts[name][2], name))
    order.sort(key=lambda name: not counts[name][1])
    lines = []
    for name in order:
        n, _, total = counts[name]
        bar = "█" * (_BAR * n // total)
        lines.append(
            f"  {name.replace('_', ' ').replace('/', ': '):<28} {bar:░<{_BAR}} {n}/{total}"
        )
    return lines


def _running(task: Task, seconds: float, words: str) -> str:
    return f"> {task.rule} {task.shard}  {_clock(seconds)}  {words}".rstrip()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
