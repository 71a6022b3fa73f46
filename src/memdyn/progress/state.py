"""Where a run stands: which of its jobs run, have ended, or failed, and when."""

from __future__ import annotations

from typing import NamedTuple

from memdyn.costs.work import Span
from memdyn.jobs import usage
from memdyn.progress import logs
from memdyn.progress.plan import RunPlan, Task, shard_of
from memdyn.progress.time_left import Left, Spent, time_left


class Ended(NamedTuple):
    """A job that ended: what it was, seconds, its log's text and what that says it has used."""

    task: Task
    wall: float
    text: str
    used: usage.Usage | None


class State:
    """Kept by the events of one run, each with its time (s since 1970).

    Attributes:
        plan: None until the workflow has said what it is going to do.
        total: jobs of the run, 0 if that is not known.
        done: id -> what a job took.
        failed: ids of jobs that failed and are not tried again so far.
        began: id -> when a running job began.
        start: when the run began.
    """

    def __init__(self) -> None:
        self.plan: RunPlan | None = None
        self.total = 0
        self.start = 0.0
        self.done: dict[int, Spent] = {}
        self.failed: set[int] = set()
        self.began: dict[int, float] = {}
        self._about: dict[int, tuple[str, str, str]] = {}  # rule, shard, log

    def begin(self, plan: RunPlan, now: float) -> None:
        """The workflow says what it is going to do."""
        self.plan, self.start, self.total = plan, now, len(plan.tasks)

    def started(self, number: int, rule: str, wildcards: dict, log: list, now: float) -> None:
        """A job begins, or begins again."""
        self._about[number] = (rule, shard_of(wildcards or {}), str(log[0]) if log else "")
        self.began[number] = now
        self.failed.discard(number)

    def ended(self, number: int, now: float) -> Ended | None:
        """A job has ended well; None if nobody knew of it."""
        if number not in self._about:
            return None
        ended = self._end(number, now)
        self.done[number] = Spent(ended.wall, ended.used.cpu if ended.used else None)
        return ended

    def failed_job(self, number: int, now: float) -> Ended | None:
        """A job has ended with an error."""
        if number not in self._about or number not in self.began:
            return None
        ended = self._end(number, now)
        self.failed.add(number)
        return ended

    def _end(self, number: int, now: float) -> Ended:
        rule, shard, log = self._about[number]
        text = logs.text_of(log) if log else ""
        known = self.plan.tasks.get(number) if self.plan else None
        task = known or Task(rule, shard, "", Span(0, 0, 0))
        wall = now - self.began.pop(number, now)
        return Ended(task, wall, text, usage.last(text))

    def left(self, now: float) -> Left | None:
        """What is left of the run; None if that is not known."""
        if self.plan is None:
            return None
        running = {i: now - began for i, began in self.began.items() if i in self.plan.tasks}
        said = {
            i: seconds
            for i in running
            if (log := self._about[i][2]) and (seconds := logs.seconds_left(log)) is not None
        }
        return time_left(self.plan, self.done, running, self.failed, said)

    def running(self, now: float) -> dict[int, tuple[float, str]]:
        """id -> seconds since a running job began, and its last words; the first begun first.

        Targets are left out: they do nothing.
        """
        return {
            i: (now - began, logs.last_line(self._about[i][2]))
            for i, began in sorted(self.began.items(), key=lambda item: item[1])
            if self.plan and i in self.plan.tasks and self.plan.tasks[i].cpu.high
        }
