"""Accuracy on one long sequence, answered at every step.

Source: the authors' code of study 2 (LevinaLab/rnn_timescale_public), whose tests of robustness all
ask for the right answer at each step of one continuous sequence with p = 0.5, so also at steps
where a training sequence would never have ended. That the same sequences and starting states come
for all networks of a seed, whatever their curriculum, is ours: curricula are compared pair by pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from memdyn.randomness import Stream, generator
from memdyn.timescales.networks.recurrent import Cell, Parameters, classify, trajectory
from memdyn.timescales.networks.turns import of_part, parts
from memdyn.timescales.tasks.binary import labels_in_time, sequences

CHANCE = 0.5
# A reference nearer to chance than this says nothing: ten standard errors of 10 000 answers.
NEAR_CHANCE = 0.05
# Activity that is held at once (bytes): enough to be efficient, little enough for memory.
ACTIVITY = 32 * 2**20


def draw_sequences(
    cell: Cell, task: str, n_units: int, seed: int, settings: Mapping
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the long sequences of a seed and the states before them.

    Args:
        cell: of the network.
        task: one of ``TASKS``; the rate of ones is 0.5 in all.
        n_units: units of the network.
        seed: of the network; nothing else decides on the draw.
        settings: the ``accuracy`` section: ``steps``, ``warm_up`` (items) and ``repeats``.

    Returns:
        Items (repeats, warm_up + steps) and states (repeats, n_units), float32; a repeat does not
        depend on how many there are.
    """
    items, states = [], []
    for repeat in range(settings["repeats"]):
        rng = generator(seed, Stream.TS_ACCURACY, repeat)
        states.append(cell.model.initial_states(rng, 1, n_units))
        items.append(sequences(rng, task, 1, settings["warm_up"] + settings["steps"], rate=0.5))
    return np.concatenate(items), np.concatenate(states)


def accuracy(
    cell: Cell,
    params: Parameters,
    task: str,
    heads: Mapping[int, int],
    items: np.ndarray,
    states: np.ndarray,
    warm_up: int,
    kept: torch.Tensor | None = None,
) -> np.ndarray:
    """Fraction of right answers of each network, sequence and N.

    An answer counts from the first step after the warm-up at which there have been N items; items
    of the warm-up count as items. Activity is held for a stretch of the sequences at a time.

    Args:
        cell: of all networks.
        params: B networks.
        task: one of ``TASKS``.
        heads: N -> index of the head that answers for it.
        items: (batch, items) zeros and ones, the same for all networks.
        states: (batch, n) before the first item, the same for all networks.
        warm_up: items before answers count.
        kept: (batch, n) ones, and zeros for units whose activity is set to zero in that sequence
            at all steps, before it is seen by anybody; only of cells that can be cut anywhere.

    Returns:
        (B, batch, len(heads)) float64, in the order of ``heads``.

    Raises:
        ValueError: an N for which there is no step to answer at; ``kept`` for another cell.
    """
    if max(heads) > items.shape[1]:
        raise ValueError(
            f"sequences of {items.shape[1]} items have no answer for N = {max(heads)}: "
            "increase 'accuracy.steps'"
        )
    if kept is not None and not cell.model.cut_anywhere:
        raise ValueError(f"units of a network of kind '{cell.kind}' cannot be silenced")
    device = params["heads"].device
    right_answers = labels_in_time(task, items, list(heads))
    right_answers[:, :warm_up] = -1
    expected = torch.as_tensor(right_answers, device=device)
    n_networks = len(params["heads"])
    right = torch.zeros(n_networks, len(items), len(heads), dtype=torch.int64, device=device)
    for part in parts(right):  # how long stretches are must not depend on company
        own, done = of_part(params, part), 0
        shown = torch.as_tensor(items, device=device).expand(len(right[part]), -1, -1)
        start = torch.as_tensor(states, device=device).repeat(len(right[part]), 1, 1)
        for activity in _stretches(cell, own, shown, start, kept):
            logits = classify(own, activity, list(heads.values()))
            answers = (logits[..., 1] > logits[..., 0]).long()
            right[part] += (answers == expected[:, done : done + activity.shape[2]]).sum(2)
            done += activity.shape[2]
    return right.cpu().numpy() / (right_answers >= 0).sum(axis=1)


def relative(accuracy: np.ndarray, reference: float) -> np.ndarray:
    """(accuracy - chance) / (reference - chance); NaN where the reference itself is near chance."""
    if not reference - CHANCE > NEAR_CHANCE:
        return np.full_like(accuracy, np.nan, dtype=np.float64)
    return (accuracy - CHANCE) / (reference - CHANCE)


def reference_of(baseline: np.ndarray, settings: Mapping) -> float:
    """Accuracy that runs of the intact network set: their ``mean``, or their ``max`` (older plots).

    Args:
        baseline: accuracies of the runs.
        settings: the ``accuracy`` section; its key ``reference``.

    Raises:
        ValueError: another word than these two.
    """
    if settings["reference"] not in ("mean", "max"):
        raise ValueError(f"accuracy.reference: '{settings['reference']}' is neither mean nor max")
    return float(getattr(np, settings["reference"])(baseline))


def _stretches(
    cell: Cell,
    params: Parameters,
    items: torch.Tensor,
    states: torch.Tensor,
    kept: torch.Tensor | None,
) -> Iterator[torch.Tensor]:
    """Activity at the ends of items, (B, batch, some items, n) at a time."""
    if not cell.model.cut_anywhere:
        activity = trajectory(cell, params, items, states)
        yield activity[:, :, cell.repeat - 1 :: cell.repeat]
        return
    # The same network in steps instead of items.
    if cell.scale_tau:
        params = {**params, "tau": params["tau"] * cell.repeat}
    by_step = cell._replace(repeat=1, scale_tau=False)
    steps = items.repeat_interleave(cell.repeat, dim=2)
    if kept is not None:
        states = states * kept
        for t in range(steps.shape[2]):
            activity = trajectory(by_step, params, steps[:, :, t : t + 1], states)
            states = activity[:, :, 0] * kept
            if (t + 1) % cell.repeat == 0:
                yield states[:, :, None]
        return
    per_item = states.numel() * states.element_size() * cell.repeat
    length = max(1, ACTIVITY // per_item) * cell.repeat
    for first in range(0, steps.shape[2], length):
        activity = trajectory(by_step, params, steps[:, :, first : first + length], states)
        states = activity[:, :, -1]
        yield activity[:, :, cell.repeat - 1 :: cell.repeat]
