"""The two tasks of study 2 on binary sequences: N-parity and N-delayed-match-to-sample.

Source: Khajehabdollahi et al., ICLR 2024 (the tasks). Labels of all N come at once from cumulative
sums; an N-th item from the end counts the current item as the first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TASKS = ("parity", "dms")


def sequences(
    rng: np.random.Generator, task: str, n: int, length: int, rate: float | None = None
) -> np.ndarray:
    """Draw binary sequences.

    Args:
        rng: where they are drawn from.
        task: ``parity`` gives each sequence a rate of ones of its own, p ~ U(0, 1); ``dms`` has
            p = 0.5, so that both answers are as frequent.
        n: number of sequences.
        length: items per sequence.
        rate: of ones, in every sequence, instead of the task's.

    Returns:
        (n, length) float32, zeros and ones.
    """
    _check_task(task)
    below: float | np.ndarray = 0.5 if rate is None else rate
    if rate is None and task == "parity":
        below = rng.random((n, 1), dtype=np.float32)
    return (rng.random((n, length), dtype=np.float32) < below).astype(np.float32)


def labels(task: str, x: np.ndarray, Ns: Sequence[int]) -> np.ndarray:
    """Right answers at the end of each sequence, for several N at once.

    Args:
        task: ``parity``: is the number of ones among the last N items odd? ``dms``: is the N-th
            item from the end the same as the last one?
        x: (n, length) zeros and ones.
        Ns: memory lengths.

    Returns:
        (n, len(Ns)) int64, 0 or 1.

    Raises:
        ValueError: a sequence is shorter than the largest N.
    """
    _check_task(task)
    last = np.asarray(Ns)
    if last.max() > x.shape[1]:
        raise ValueError(f"sequences of {x.shape[1]} items are too short for N = {last.max()}")
    backwards = x[:, ::-1].astype(np.int64)
    if task == "parity":
        return (np.cumsum(backwards, axis=1)[:, last - 1]) % 2
    return (backwards[:, last - 1] == backwards[:, :1]).astype(np.int64)


def labels_in_time(task: str, x: np.ndarray, Ns: Sequence[int]) -> np.ndarray:
    """Right answers at every step.

    Args:
        task, x, Ns: as in :func:`labels`.

    Returns:
        (n, length, len(Ns)) int64, 0 or 1; -1 before there are N items.
    """
    _check_task(task)
    x = x.astype(np.int64)
    n, length = x.shape
    answers = np.full((n, length, len(Ns)), -1, dtype=np.int64)
    total = np.concatenate([np.zeros((n, 1), dtype=np.int64), np.cumsum(x, axis=1)], axis=1)
    for i, N in enumerate(Ns):
        if length < N:
            continue
        if task == "parity":
            answers[:, N - 1 :, i] = (total[:, N:] - total[:, : length + 1 - N]) % 2
        else:
            answers[:, N - 1 :, i] = x[:, N - 1 :] == x[:, : length + 1 - N]
    return answers


def _check_task(task: str) -> None:
    if task not in TASKS:
        raise ValueError(f"task {task!r} is not one of {', '.join(TASKS)}")
