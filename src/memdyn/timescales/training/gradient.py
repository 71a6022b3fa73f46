"""Gradient training of study 2: several networks side by side, each at its own place.

Source: Khajehabdollahi et al., ICLR 2024, with loss, clipping, test and the rule of advance as in
the authors' code (LevinaLab/rnn_timescale_public, training/train.py). Networks of one condition
differ in their seed. Every update of a network draws its minibatch from a stream of its seed, epoch
and update, so that what a network becomes does not depend on its company, and training can stop and
go on at any update. On a CPU networks take turns (``networks.turns``), and it does not depend on it
by a single bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import torch

from memdyn.randomness import Stream, generator
from memdyn.timescales.conditions import Condition
from memdyn.timescales.networks import recurrent
from memdyn.timescales.networks.recurrent import Cell, Parameters
from memdyn.timescales.networks.turns import joined, of_part, parts
from memdyn.timescales.tasks.binary import labels, sequences

OUT_OF_EPOCHS, PLATEAU, FINISHED, DIVERGED = "out of epochs", "plateau", "finished", "diverged"
EPOCH_COLUMNS = (
    *("epoch", "updates", "n_min", "n_max", "loss", "accuracy", "accuracy_last"),
    *("tau_mean", "tau_sd", "tau_max", "advanced"),
)
HEAD_COLUMNS = ("epoch", "N", "accuracy")
_MOMENTS = ("first", "second", "counts")


class Batch(NamedTuple):
    """One minibatch for each of B networks.

    Attributes:
        inputs: (B, batch, items) zeros and ones, aligned to the end.
        lengths: items of each network.
        states: (B, batch, n) before the first item.
        answers: B tensors (batch, number of N trained).
    """

    inputs: torch.Tensor
    lengths: list[int]
    states: torch.Tensor
    answers: list[torch.Tensor]


@dataclass
class TrainingState:
    """Where the networks of a group stand; those that are done have left the tensors.

    Attributes:
        params: their parameters.
        moments: name of a parameter -> running moments of its gradient and, for Adam, the number of
            updates it has seen (broadcast over a network or a head).
        active: places in the group of the networks still in training, in the tensors' order.
        positions: of all networks of the group: (smallest, largest N) in training.
        status: of all networks; empty while in training.
        epoch, update: finished epochs, and finished updates of the epoch under way.
        loss: (B,) sum of the losses of the epoch under way.
        epochs, heads: of all networks: rows of ``EPOCH_COLUMNS`` and ``HEAD_COLUMNS`` so far.
    """

    params: Parameters
    moments: dict[str, dict[str, torch.Tensor]]
    active: list[int]
    positions: list[tuple[int, int]]
    status: list[str]
    epoch: int = 0
    update: int = 0
    loss: torch.Tensor | None = None
    epochs: list[list[tuple]] = field(default_factory=list)
    heads: list[list[tuple]] = field(default_factory=list)


def start(
    params: Parameters,
    condition: Condition,
    device: torch.device | str = "cpu",
) -> TrainingState:
    """Begin the training of networks, from parameters with a leading network axis."""
    params = {name: value.to(device).contiguous() for name, value in params.items()}
    n = len(params["heads"])
    return TrainingState(
        params=params,
        moments={name: _moments(name, params[name]) for name in trained(condition.cell, params)},
        active=list(range(n)),
        positions=[condition.curriculum.first()] * n,
        status=[""] * n,
        epochs=[[] for _ in range(n)],
        heads=[[] for _ in range(n)],
    )


def train(
    state: TrainingState,
    seeds: Sequence[int],
    condition: Condition,
    solved: Callable[[int, tuple[int, int], Parameters], None],
    after_update: Callable[[TrainingState], None] = lambda state: None,
    streams: tuple[Stream, Stream] = (Stream.TS_TRAINING, Stream.TS_TESTING),
) -> TrainingState:
    """Train until every network has finished its curriculum, or its epochs.

    Args:
        state: from :func:`start`, or one that was saved; it is changed.
        seeds: of all networks of the group.
        condition: of all networks of the group.
        solved: called with a network's place in the group, the position that it has solved, and its
            parameters (no network axis), before it goes on.
        after_update: called with the state after each update of all networks.
        streams: random streams of training and of test data.

    Returns:
        ``state``; what has finished is in its ``status``, ``epochs`` and ``heads``.
    """
    settings = condition.training
    device = state.params["heads"].device
    while state.active:
        while state.update < settings["updates_per_epoch"]:
            own = [(seeds[b], state.positions[b]) for b in state.active]
            rngs = [generator(s, streams[0], state.epoch, state.update) for s, _ in own]
            batch = draw_batch(rngs, [p for _, p in own], condition, state.params, device)
            if state.update == 0 or state.loss is None:
                state.loss = torch.zeros(len(own), device=device)
            for repeat in condition.repeats:
                state.loss += update(state, batch, condition, repeat)
            state.update += 1
            after_update(state)
        _finish_epoch(state, seeds, condition, solved, streams[1])
        after_update(state)
    return state


def draw_batch(
    rngs: Sequence[np.random.Generator],
    positions: Sequence[tuple[int, int]],
    condition: Condition,
    params: Parameters,
    device: torch.device | str,
) -> Batch:
    """One minibatch per network, each from its own generator; one length for all its sequences."""
    size, n_units = condition.training["batch_size"], params["heads"].shape[-1]
    rate = condition.training["rate"]
    drawn = []
    for rng, (low, high) in zip(rngs, positions, strict=True):
        shortest, longest = (
            factor * high + more
            for factor, more in (condition.training["shortest"], condition.training["longest"])
        )
        length = int(rng.integers(shortest, longest, endpoint=True))
        x = sequences(rng, condition.task, size, length, None if rate == "task" else rate)
        states = condition.cell.model.initial_states(rng, size, n_units)
        drawn.append((x, states, labels(condition.task, x, range(low, high + 1))))
    lengths = [x.shape[1] for x, _, _ in drawn]
    inputs = np.zeros((len(drawn), size, max(lengths)), dtype=np.float32)
    for row, (x, _, _) in zip(inputs, drawn, strict=True):
        row[:, row.shape[1] - x.shape[1] :] = x
    return Batch(
        _sent(inputs, device),
        lengths,
        _sent(np.stack([states for _, states, _ in drawn]), device),
        [_sent(answers, device) for _, _, answers in drawn],
    )


def _sent(array: np.ndarray, device: torch.device | str) -> torch.Tensor:
    """On its way to the device; from pinned memory the host does not wait until it is there."""
    tensor = torch.from_numpy(array)
    if torch.device(device).type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def update(
    state: TrainingState, batch: Batch, condition: Condition, repeat: int | None = None
) -> torch.Tensor:
    """One step of the optimiser on one minibatch; returns the losses (B,) before it.

    The loss of a network is the sum over its heads of the mean cross entropy; its gradient is
    clipped to a length of its own.
    """
    losses = []
    for part in parts(batch.states):
        own = replace(  # views: what changes in them changes in the state
            state,
            params={name: value[part] for name, value in state.params.items()},
            moments={
                name: {kind: value[part] for kind, value in moments.items()}
                for name, moments in state.moments.items()
            },
        )
        losses.append(_update(own, _part(batch, part), condition, repeat))
    return joined(losses)


def _part(batch: Batch, part: slice) -> Batch:
    """The same minibatches of some networks; their own company no longer shows in the lengths."""
    lengths = batch.lengths[part]
    seen = batch.inputs[part, :, batch.inputs.shape[2] - max(lengths) :]
    return Batch(seen, lengths, batch.states[part], batch.answers[part])


def _update(
    state: TrainingState, batch: Batch, condition: Condition, repeat: int | None
) -> torch.Tensor:
    """``update`` of networks that are computed together."""
    cell, settings = condition.cell, condition.training
    cell = cell if repeat is None else cell._replace(repeat=repeat)
    params = of_part(state.params, slice(None))
    leaves = {name: params[name].detach().requires_grad_() for name in state.moments}
    params |= leaves
    final = recurrent.final_state(cell, params, batch.inputs, batch.states, batch.lengths)
    losses = torch.stack(
        [
            torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), answers.flatten(), reduction="sum"
            )
            / len(answers)
            for logits, answers in _answers(params, final, batch)
        ]
    )
    found = torch.autograd.grad(losses.sum(), list(leaves.values()))
    grads = clipped(dict(zip(leaves, found, strict=True)), settings["clip"])
    with torch.no_grad():
        if settings["optimizer"] == "sgd":
            _nesterov(state, grads, settings)
        else:
            _adam(state, grads, settings, [a.shape[1] for a in batch.answers])
    return losses.detach()


def clipped(grads: Mapping[str, torch.Tensor], longest: float) -> dict[str, torch.Tensor]:
    """Each network's gradient, over all its parameters, shortened to at most ``longest``.

    Their squares are added in the order of the names: a state that was loaded lists its parameters
    in another order than a fresh one, and a sum rounds by its order.

    New tensors: autograd may hand out one tensor for two parameters (both biases).
    """
    squares = reduce(torch.add, (grads[name].flatten(1).square().sum(1) for name in sorted(grads)))
    factor = (longest / (squares.sqrt() + 1e-6)).clamp(max=1.0)
    return {name: grad * factor.view(-1, *(1,) * (grad.dim() - 1)) for name, grad in grads.items()}


def trained(cell: Cell, params: Parameters) -> list[str]:
    """Names of the parameters that training changes."""
    return [name for name in params if not (name == "tau" and cell.fixed_tau)]


@torch.no_grad()
def accuracies(
    params: Parameters,
    positions: Sequence[tuple[int, int]],
    rngs: Sequence[np.random.Generator],
    condition: Condition,
) -> list[np.ndarray]:
    """Fraction of right answers of each head in training, over ``test_batches`` fresh minibatches.

    Returns:
        B arrays (number of N in training,).
    """
    right: list[Any] = [0] * len(positions)
    n = condition.training["test_batches"]
    for _ in range(n):
        batch = draw_batch(rngs, positions, condition, params, params["heads"].device)
        final = recurrent.final_state(
            condition.cell, params, batch.inputs, batch.states, batch.lengths
        )
        for b, (logits, answers) in enumerate(_answers(params, final, batch)):
            right[b] = right[b] + (logits.argmax(-1) == answers).float().mean(0)
    return [(total / n).cpu().numpy().astype(np.float64) for total in right]


def _answers(params: Parameters, final: torch.Tensor, batch: Batch):
    """Logits (batch, heads, 2) of the heads in training, with the right answers, per network."""
    for b, answers in enumerate(batch.answers):
        one = {name: params[name][b, None] for name in ("heads", "head_bias")}
        yield recurrent.classify(one, final[b, None], slice(answers.shape[1]))[0], answers


def _finish_epoch(
    state: TrainingState,
    seeds: Sequence[int],
    condition: Condition,
    solved: Callable[[int, tuple[int, int], Parameters], None],
    stream: Stream,
) -> None:
    """Test, book, advance; networks that are done leave the tensors."""
    settings, curriculum = condition.training, condition.curriculum
    positions = [state.positions[b] for b in state.active]
    rngs = [generator(seeds[b], stream, state.epoch) for b in state.active]
    found = accuracies(state.params, positions, rngs, condition)
    n_updates = settings["updates_per_epoch"] * len(condition.repeats)
    losses = (state.loss / n_updates).cpu().tolist()
    state.epoch, state.update, stay = state.epoch + 1, 0, []
    for row, b in enumerate(state.active):
        (low, high), accuracy = positions[row], found[row]
        passed = min(accuracy.mean(), accuracy[-1]) > settings["accuracy"]
        updates = state.epoch * n_updates
        tau = state.params["tau"][row].double().cpu() if condition.cell.model.has_tau else None
        taus = (tau.mean(), tau.std(correction=0), tau.max()) if tau is not None else (np.nan,) * 3
        scores = (losses[row], accuracy.mean(), accuracy[-1], *map(float, taus), float(passed))
        state.epochs[b].append((state.epoch, updates, low, high, *scores))
        state.heads[b] += [(state.epoch, low + i, float(value)) for i, value in enumerate(accuracy)]
        if passed:
            solved(
                b, (low, high), {name: value[row].clone() for name, value in state.params.items()}
            )
            further = curriculum.advance((low, high))
            if further is None:
                state.status[b] = FINISHED
            else:
                state.positions[b] = further
        if not np.isfinite(losses[row]):
            state.status[b] = DIVERGED
        elif state.epoch >= settings["max_epochs"] and not state.status[b]:
            state.status[b] = OUT_OF_EPOCHS
        elif not state.status[b] and _on_plateau(state.epochs[b], settings["plateau"]):
            state.status[b] = PLATEAU
        if not state.status[b]:
            stay.append(row)
    if len(stay) < len(state.active):
        state.active = [state.active[row] for row in stay]
        state.params = {name: value[stay] for name, value in state.params.items()}
        state.moments = {
            name: {kind: value[stay] for kind, value in own.items()}
            for name, own in state.moments.items()
        }
        if state.loss is not None:
            state.loss = state.loss[stay]


def _on_plateau(epochs: Sequence[tuple], patience: int) -> bool:
    """Whether the last ``patience`` epochs of a network brought no new N; 0 never ends training."""
    advanced = EPOCH_COLUMNS.index("advanced")
    return 0 < patience <= len(epochs) and not any(row[advanced] for row in epochs[-patience:])


def _moments(name: str, value: torch.Tensor) -> dict[str, torch.Tensor]:
    shape = value.shape[: 2 if name in ("heads", "head_bias") else 1]
    counts = value.new_zeros(shape + (1,) * (value.dim() - len(shape)))
    return {"first": torch.zeros_like(value), "second": torch.zeros_like(value), "counts": counts}


def _nesterov(state: TrainingState, grads: Mapping[str, torch.Tensor], settings: Mapping) -> None:
    rate, momentum = settings["learning_rate"], settings["momentum"]
    for name, grad in grads.items():
        velocity = state.moments[name]["first"].mul_(momentum).add_(grad)
        state.params[name].add_(grad.add_(velocity, alpha=momentum), alpha=-rate)


def _adam(
    state: TrainingState,
    grads: Mapping[str, torch.Tensor],
    settings: Mapping,
    n_heads: Sequence[int],
    decays: tuple[float, float] = (0.9, 0.999),
) -> None:
    """Adam; a head counts its own updates from the first that trains it, as torch's does."""
    for name, grad in grads.items():
        own, param = state.moments[name], state.params[name]
        if name in ("heads", "head_bias"):
            for b, n in enumerate(n_heads):
                own["counts"][b, :n] += 1
        else:
            own["counts"] += 1
        counts = own["counts"].clamp(min=1)
        first = own["first"].lerp_(grad, 1 - decays[0]) / (1 - decays[0] ** counts)
        second = own["second"].lerp_(grad.square(), 1 - decays[1]) / (1 - decays[1] ** counts)
        param.sub_(settings["learning_rate"] * first / (second.sqrt() + 1e-8))
