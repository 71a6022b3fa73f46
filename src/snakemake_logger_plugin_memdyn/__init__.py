"""Snakemake's logger plugin ``memdyn``: a line for each job that ends, with what is left of a run.

On a terminal a live view stands below: stages, running jobs, networks trained, time left. What is
not said better here goes through Snakemake's own handler, and with --verbose all of it; its log
under .snakemake/log has everything. The profiles turn this plugin on where it is installed.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from logging import LogRecord

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

#: Seconds between two drawings of the view, and between two computations of the time left.
EVERY, ANEW = 1.0, 5.0
#: Lines of the log of a failed job that are shown.
SHOWN = 20
#: How Snakemake's remarks begin that say nothing about the run.
CHATTER = (
    *("Assuming unrestricted shared filesystem", "Building DAG of jobs", "Using shell:"),
    *("Conda environments: ignored", "Singularity containers: ignored", "Select jobs to execute"),
    *("Group jobs: inactive", "Workflow has started"),
)
#: What is shown here in other words.
REPLACED = {
    *(LogEvent.WORKFLOW_STARTED, LogEvent.RESOURCES_INFO, LogEvent.RUN_INFO, LogEvent.SHELLCMD),
    *(LogEvent.JOB_STARTED, LogEvent.JOB_INFO, LogEvent.JOB_FINISHED, LogEvent.PROGRESS),
    LogEvent.GROUP_INFO,
}


class LogHandler(LogHandlerBase):
    """Hears all that Snakemake says, in a thread of its own."""

    def __post_init__(self) -> None:
        # Only here: Snakemake imports each plugin while it is imported itself.
        from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter

        from memdyn.jobs.logs import WATCHED
        from memdyn.progress.state import State
        from memdyn.progress.terminal import Foot

        asked = self.common_settings
        stream = sys.stdout if asked.stdout else sys.stderr
        self._own = ColorizingTextHandler(nocolor=asked.nocolor, stream=stream)
        given = (asked.quiet, asked.debug_dag, asked.verbose, asked.dryrun, asked.printshellcmds)
        self._own.addFilter(DefaultFilter(*given))
        self._own.setFormatter(DefaultFormatter(asked.quiet, asked.show_failed_logs))
        self._quiet = {str(getattr(one, "name", one)).lower() for one in asked.quiet or ()}
        self._as_ever = bool(asked.dryrun or asked.verbose or asked.debug_dag)
        self._state, self._foot = State(), None
        self._left, self._known = None, 0.0
        self._busy, self._over = threading.RLock(), threading.Event()
        if self._as_ever:
            return
        os.environ[WATCHED] = "1"  # jobs leave their warnings to us
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        if self._own.is_tty and not dumb and not self._quiet & {"all", "progress", "rules"}:
            self._foot = Foot(stream)
            threading.Thread(target=self._draw_often, daemon=True).start()

    def emit(self, record: LogRecord) -> None:
        """Show what a record says: nothing that goes wrong here may end a run."""
        with self._busy:
            try:
                shown = not self._as_ever and self._heard(record)
            except Exception as problem:
                self._say(f"memdyn: the view of this run fails ({problem!r})")
                shown = False
            if not shown:
                self._clear()
                self._own.handle(record)
            self._draw()

    writes_to_stream = property(lambda self: True)
    writes_to_file = property(lambda self: False)
    # What --quiet hides is counted all the same.
    has_filter = has_formatter = property(lambda self: True)
    needs_rulegraph = property(lambda self: False)

    def close(self) -> None:
        """The run is over."""
        self._over.set()
        with self._busy:
            self._clear()
            self._foot = None
        super().close()

    def _heard(self, record: LogRecord) -> bool:
        """Take note of a record; whether it is said, or not worth saying."""
        from memdyn.progress import lines

        said, state, now = vars(record), self._state, record.created
        event = said.get("event")
        if "memdyn_plan" in said:
            state.begin(said["memdyn_plan"], now)
            self._left = state.left(now)
            return False  # its message says so
        if event == LogEvent.RUN_INFO:
            state.total = (said.get("stats") or {}).get("total", 0)
        elif event == LogEvent.JOB_INFO:
            shard, log = said["wildcards"], said["log"]
            state.started(said["jobid"], said["rule_name"], shard, log, now)
        elif event == LogEvent.JOB_FINISHED and (ended := state.ended(said["job_id"], now)):
            self._left, self._known = state.left(now), time.time()
            self._warn(ended)
            self._finished(lines, ended)
        elif event == LogEvent.JOB_ERROR and (failed := state.failed_job(said["jobid"], now)):
            self._warn(failed)
            return self._failed(failed, said["log"])
        if event in REPLACED:
            return True
        return event is None and record.levelname == "INFO" and _is_chatter(record.getMessage())

    def _finished(self, lines, ended) -> None:
        from memdyn.progress.logs import science

        if self._quiet & {"all", "progress"} or (not ended.task.cpu.high and not ended.text):
            return  # a target, which does nothing
        state = self._state
        progress = f"{len(state.done)}/{state.total or '?'}"
        memory = ended.used.memory if ended.used else None
        found = science(ended.task.rule, ended.text)
        self._say(lines.finished(progress, ended.task, ended.wall, memory, found, self._left))

    def _failed(self, ended, log: list) -> bool:
        """The end of the log of a job that failed; its other words are Snakemake's."""
        from memdyn.run_end import sentence

        if not (why := sentence(ended.text)) or self._quiet & {"all", "rules"}:
            return False
        name = f"{ended.task.rule} {ended.task.shard}".strip()
        self._say(f"failed after {ended.wall:.1f} s: {name}: {why}")
        self._say(f"its log: {', '.join(map(str, log))}")
        if self.common_settings.show_failed_logs:
            for line in ended.text.splitlines()[-SHOWN:]:
                self._say(f"    {line}")
        return True

    def _warn(self, ended) -> None:
        from memdyn.progress.logs import warnings

        if "all" not in self._quiet:
            for warning in warnings(ended.text):
                self._say(f"{ended.task.rule} {ended.task.shard}: warning: {warning}")

    def _clear(self) -> None:
        if self._foot:
            self._foot.clear()

    def _say(self, line: str) -> None:
        self._clear()
        self._own.stream.write(f"{line}\n")
        self._own.flush()

    def _draw_often(self) -> None:
        while not self._over.wait(EVERY):
            with self._busy:
                try:
                    if self._state.plan and time.time() - self._known > ANEW:
                        self._left, self._known = self._state.left(time.time()), time.time()
                    self._draw()
                except Exception:  # the view is not worth a run
                    self._foot = None

    def _draw(self) -> None:
        from memdyn.progress.lines import view

        state, foot, now = self._state, self._foot, time.time()
        if foot and state.plan and not state.plan.talks and not self._over.is_set():
            done = [i for i in state.done if i in state.plan.tasks]
            running = state.running(now)
            foot.draw(view(state.plan, done, running, now - state.start, self._left, foot.size))


def _is_chatter(message: str) -> bool:
    return not message.strip() or message.startswith(CHATTER)
