"""One line per epoch of a network in training, and its state on disk now and then."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from memdyn.timescales.grid import Member
from memdyn.timescales.networks.recurrent import Parameters
from memdyn.timescales.training import gradient
from memdyn.timescales.training.checkpoints import Unfinished

log = logging.getLogger(__name__)


class CurriculumProgress:
    """Called after each update of a group of study 2: logs epochs, and saves it now and then.

    Args:
        members: of the group.
        unfinished: where solved networks and the state of training are kept.
        save_every: seconds.
    """

    def __init__(self, members: Sequence[Member], unfinished: Unfinished, save_every: float = 60.0):
        self.members, self.unfinished, self.save_every = members, unfinished, save_every
        self.saved = time.monotonic()

    def __call__(self, state: gradient.TrainingState) -> None:
        if state.update == 0:
            for b, member in enumerate(self.members):
                self._report(member, state, b)
        if time.monotonic() - self.saved >= self.save_every:
            self.unfinished.save_group(self.members[0].name, state)
            self.saved = time.monotonic()

    def solved(self, b: int, position: tuple[int, int], params: Parameters) -> None:
        """Keep a network that has solved ``position``."""
        self.unfinished.keep_solved(self.members[b], position, params)

    def _report(self, member: Member, state: gradient.TrainingState, b: int) -> None:
        row = dict(zip(gradient.EPOCH_COLUMNS, state.epochs[b][-1], strict=True))
        if row["epoch"] == state.epoch:  # else it left earlier
            log.info(
                "%s: epoch %d, N = %d to %d: accuracy %.3f (largest N %.3f), mean tau %.3f%s",
                *(member.name, row["epoch"], row["n_min"], row["n_max"]),
                *(row["accuracy"], row["accuracy_last"], row["tau_mean"]),
                f"; {state.status[b]}" if state.status[b] else "",
            )
