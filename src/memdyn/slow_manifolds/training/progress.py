"""One line of progress per while, readable in a log file as well as on a terminal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from memdyn.files import DiskProblem
from memdyn.jobs import stopping
from memdyn.slow_manifolds.training.force import CONVERGED, DIVERGED, TRAINING, TrainingState

log = logging.getLogger(__name__)


class Progress:
    """Called after each trial: logs where a shard stands, and saves it now and then.

    If the job was asked to stop (``jobs.stopping``), it saves and raises ``Stopped``.

    Args:
        name: of the shard.
        n_trials: trials in all.
        good_rmse: networks whose mean RMSE over the last 20 trials is at most this count as good.
        save: writes the state of unfinished training. If the disk does not take it, a line says
            so, training goes on, and it is tried again when the next save is due.
        report_every, save_every: seconds.
    """

    def __init__(
        self,
        name: str,
        n_trials: int,
        good_rmse: float,
        save: Callable[[TrainingState], None],
        report_every: float = 10.0,
        save_every: float = 60.0,
    ):
        self.name, self.n_trials, self.good_rmse, self.save = name, n_trials, good_rmse, save
        self.report_every, self.save_every = report_every, save_every
        self.started = self.reported = self.saved = time.monotonic()
        self.first_trial: int | None = None

    def __call__(self, state: TrainingState) -> None:
        now = time.monotonic()
        if self.first_trial is None:
            self.first_trial = state.trial - 1
        done = state.trial == self.n_trials or not bool((state.status == TRAINING).any())
        if done or now - self.reported >= self.report_every:
            self.reported = now
            per_trial = (now - self.started) / (state.trial - self.first_trial)
            left = 0 if done else per_trial * (self.n_trials - state.trial)
            recent = state.rmse[:, max(0, state.trial - 20) : state.trial]
            log.info(
                "%s: trial %d/%d, %d of %d networks below RMSE %g, %d converged, %d diverged, "
                "%s left",
                self.name,
                state.trial,
                self.n_trials,
                int((recent.nanmean(1) <= self.good_rmse).sum()),
                len(state.status),
                self.good_rmse,
                int((state.status == CONVERGED).sum()),
                int((state.status == DIVERGED).sum()),
                duration(left),
            )
        stop = None if done else stopping.asked()
        if not done and (stop or now - self.saved >= self.save_every):
            try:
                self.save(state)
            except DiskProblem as problem:
                log.warning("%s; training goes on and saves again later", problem)
            self.saved = time.monotonic()
        if stop:
            raise stopping.Stopped(
                f"{stop}: {self.name} is saved at trial {state.trial} of {self.n_trials}, where "
                "its next try goes on"
            )


def duration(seconds: float) -> str:
    """``95 s``, ``12 min`` or ``3.4 h``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
