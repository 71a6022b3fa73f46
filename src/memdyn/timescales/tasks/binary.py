"""The two tasks of study 2 on binary sequences: N-parity and N-delayed-match-to-sample.

Source: Khajehabdollahi et al., ICLR 2024 (the tasks). A task is one class, and all stand in
``TASKS``. Labels of all N come at once from cumulative sums; an N-th item from the end counts the
current item as the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Task(Protocol):
    """A question about the end of a binary sequence, one for each N.

    Attributes:
        name: in the configuration.
        title: for readers.
        question: that is asked of the last N items.
        answers: for readers, of the labels 0 and 1.
    """

    name: str
    title: str
    question: str
    answers: tuple[str, str]

    def rate(self, rng: np.random.Generator, n: int) -> float | np.ndarray:
        """Of ones in training: of all sequences, or (n, 1) of each."""
        ...

    def at_end(self, backwards: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Labels (n, len(last)) at the end; ``backwards`` (n, length) holds the last item first."""
        ...

    def in_time(self, x: np.ndarray, N: int) -> np.ndarray:
        """Labels (n, length + 1 - N) at every step from the N-th item on."""
        ...


class Parity:
    """Is the number of ones among the last N items odd?"""

    name, title = "parity", "N-parity"
    question, answers = "odd number of ones in the last N items?", ("even", "odd")

    def rate(self, rng, n):
        """Each sequence has one of its own, U(0, 1)."""
        return rng.random((n, 1), dtype=np.float32)

    def at_end(self, backwards, last):
        return np.cumsum(backwards, axis=1)[:, last - 1] % 2

    def in_time(self, x, N):
        total = np.concatenate([np.zeros((len(x), 1), np.int64), np.cumsum(x, axis=1)], axis=1)
        return (total[:, N:] - total[:, : total.shape[1] - N]) % 2


class DelayedMatch:
    """Is the N-th item from the end the same as the last one?"""

    name, title = "dms", "N-DMS"
    question, answers = "is the item N back the same as the last one?", ("differ", "match")

    def rate(self, rng, n):
        """One half, so that both answers are as frequent."""
        return 0.5

    def at_end(self, backwards, last):
        return (backwards[:, last - 1] == backwards[:, :1]).astype(np.int64)

    def in_time(self, x, N):
        return x[:, N - 1 :] == x[:, : x.shape[1] + 1 - N]


#: Every task by its name in the configuration.
TASKS: dict[str, Task] = {task.name: task for task in (Parity(), DelayedMatch())}


def sequences(
    rng: np.random.Generator, task: str, n: int, length: int, rate: float | None = None
) -> np.ndarray:
    """Draw binary sequences.

    Args:
        rng: where they are drawn from.
        task: one of ``TASKS``.
        n: number of sequences.
        length: items per sequence.
        rate: of ones, in every sequence, instead of the task's.

    Returns:
        (n, length) float32, zeros and ones.
    """
    below = _task(task).rate(rng, n) if rate is None else rate
    return (rng.random((n, length), dtype=np.float32) < below).astype(np.float32)


def labels(task: str, x: np.ndarray, Ns: Sequence[int]) -> np.ndarray:
    """Right answers at the end of each sequence, for several N at once.

    Args:
        task: one of ``TASKS``.
        x: (n, length) zeros and ones.
        Ns: memory lengths.

    Returns:
        (n, len(Ns)) int64, 0 or 1.

    Raises:
        ValueError: a sequence is shorter than the largest N.
    """
    last = np.asarray(Ns)
    if last.max() > x.shape[1]:
        raise ValueError(f"sequences of {x.shape[1]} items are too short for N = {last.max()}")
    return _task(task).at_end(x[:, ::-1].astype(np.int64), last)


def labels_in_time(task: str, x: np.ndarray, Ns: Sequence[int]) -> np.ndarray:
    """Right answers at every step.

    Args:
        task, x, Ns: as in :func:`labels`.

    Returns:
        (n, length, len(Ns)) int64, 0 or 1; -1 before there are N items.
    """
    asked, x = _task(task), x.astype(np.int64)
    answers = np.full((*x.shape, len(Ns)), -1, dtype=np.int64)
    for i, N in enumerate(Ns):
        if x.shape[1] >= N:
            answers[:, N - 1 :, i] = asked.in_time(x, N)
    return answers


def _task(name: str) -> Task:
    if name not in TASKS:
        raise ValueError(f"task {name!r} is not one of {', '.join(TASKS)}")
    return TASKS[name]
