"""One line per epoch of a network in training, and its state on disk now and then."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import torch

from memdyn.files import DiskProblem, FileProblem
from memdyn.jobs import stopping
from memdyn.timescales.grid import Network
from memdyn.timescales.networks.recurrent import Parameters
from memdyn.timescales.training import gradient
from memdyn.timescales.training.checkpoints import Unfinished

log = logging.getLogger(__name__)


class CurriculumProgress:
    """Called after each update of a group of study 2: logs epochs, and saves it now and then.

    If the job was asked to stop (``jobs.stopping``), it saves and raises ``Stopped``.

    If the disk does not take a file, a line says so, training goes on, and it is tried again when
    the next save is due. Until then networks that were solved are held in memory.

    Args:
        networks: of the group.
        unfinished: where solved networks and the state of training are kept.
        save_every: seconds.
    """

    def __init__(
        self, networks: Sequence[Network], unfinished: Unfinished, save_every: float = 60.0
    ):
        self.networks, self.unfinished, self.save_every = networks, unfinished, save_every
        self.saved = time.monotonic()
        self.waiting: list[tuple[Network, tuple[int, int], Parameters]] = []

    def __call__(self, state: gradient.TrainingState) -> None:
        if state.update == 0:
            for b, network in enumerate(self.networks):
                self._report(network, state, b)
        stop = stopping.asked() if state.active else None
        if stop or time.monotonic() - self.saved >= self.save_every:
            _try(lambda: self.save(state))
            self.saved = time.monotonic()
        if stop:
            raise stopping.Stopped(_stopped(stop, self.networks[0].name, state))

    def solved(self, b: int, position: tuple[int, int], params: Parameters) -> None:
        """Keep a network that has solved ``position``."""
        self.waiting.append((self.networks[b], position, params))
        _try(self._keep_waiting)

    def save(self, state: gradient.TrainingState) -> None:
        """Write where the group stands, after all that it has solved before.

        Raises:
            DiskProblem: the disk does not take it; call again.
        """
        # In this order: a state that goes on behind a lost network would never solve it again.
        self._keep_waiting()
        self.unfinished.save_group(self.networks[0].name, state)

    def _keep_waiting(self) -> None:
        while self.waiting:
            self.unfinished.keep_solved(*self.waiting[0])
            del self.waiting[0]

    def _report(self, network: Network, state: gradient.TrainingState, b: int) -> None:
        row = dict(zip(gradient.EPOCH_COLUMNS, state.epochs[b][-1], strict=True))
        if row["epoch"] == state.epoch:  # else it left earlier
            log.info(
                "%s: epoch %d, N = %d to %d: accuracy %.3f (largest N %.3f), mean tau %.3f%s",
                *(network.name, row["epoch"], row["n_min"], row["n_max"]),
                *(row["accuracy"], row["accuracy_last"], row["tau_mean"]),
                f"; {state.status[b]}" if state.status[b] else "",
            )


class RetrainingProgress:
    """Called after each update of copies that are retrained: saves where they stand now and then.

    If the job was asked to stop (``jobs.stopping``), it saves and raises ``Stopped``.

    Args:
        name: of the copies.
        unfinished: where the state of training is kept.
        save_every: seconds.
    """

    def __init__(self, name: str, unfinished: Unfinished, save_every: float = 60.0):
        self.name, self.unfinished, self.save_every = name, unfinished, save_every
        self.saved = time.monotonic()

    def load(self, device: torch.device | str) -> tuple[gradient.TrainingState, Parameters] | None:
        """Where the copies stand, and what they had become so far; None if they have not begun."""
        try:
            state = self.unfinished.load_group(self.name, device)
            if state is None:
                return None
            if state.active:
                where = (self.name, state.epoch, state.update)
                log.info("%s: resuming at epoch %d, update %d", *where)
            return state, self.unfinished.load_copies(self.name, device)
        except FileProblem as problem:
            log.warning("%s; retraining of %s starts again", problem, self.name)
            return None

    def __call__(self, state: gradient.TrainingState, copies: Parameters) -> None:
        stop = stopping.asked() if state.active else None
        if stop or time.monotonic() - self.saved >= self.save_every:
            _try(lambda: self.save(state, copies))
            self.saved = time.monotonic()
        if stop:
            raise stopping.Stopped(_stopped(stop, self.name, state))

    def save(self, state: gradient.TrainingState, copies: Parameters) -> None:
        """Write where the copies stand, and what they have become so far."""
        self.unfinished.save_group(self.name, state, copies)


def _try(write: Callable[[], None]) -> None:
    try:
        write()
    except DiskProblem as problem:
        log.warning("%s; training goes on and saves again later", problem)


def _stopped(reason: str, name: str, state: gradient.TrainingState) -> str:
    return (
        f"{reason}: {name} is saved at epoch {state.epoch}, update {state.update}, where its next "
        "try goes on"
    )
