"""GRU and LSTM networks of study 2: torch's cells, with a leading network axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from memdyn.randomness import Stream, generator
from memdyn.timescales.networks.turns import of_part

GATES = {"gru": 3, "lstm": 4}
_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def draw(kind: str, n_units: int, seeds: Sequence[int]) -> dict[str, torch.Tensor]:
    """Draw the parameters of networks: all U(-1, 1) / sqrt(n_units), as torch does.

    Args:
        kind: ``gru`` or ``lstm``.
        n_units: units per network.
        seeds: one per network.

    Returns:
        float32 tensors with a leading network axis, named as torch names them without the layer:
        ``weight_ih`` (B, gates n, 1), ``weight_hh`` (B, gates n, n), ``bias_ih``, ``bias_hh``.
    """
    bound, rows = 1 / np.sqrt(n_units), GATES[kind] * n_units
    shapes = ((rows, 1), (rows, n_units), (rows,), (rows,))
    return {
        name: torch.from_numpy(
            np.stack(
                [
                    generator(seed, Stream.TS_GATED, i).uniform(-bound, bound, shape)
                    for seed in seeds
                ]
            ).astype(np.float32)
        )
        for i, (name, shape) in enumerate(zip(_WEIGHTS, shapes, strict=True))
    }


def final_state(
    kind: str,
    params: dict[str, torch.Tensor],
    inputs: torch.Tensor,
    states: torch.Tensor,
    lengths: Sequence[int],
) -> torch.Tensor:
    """State after the last item, (B, batch, n); arguments as of ``leaky.final_state``."""
    alone = zip(lengths, _each(params, states), inputs, strict=True)
    return torch.stack(
        [_run(kind, own, seen[:, -steps:], (h,))[0][:, -1] for steps, (own, h), seen in alone]
    )


def run(
    kind: str,
    params: dict[str, torch.Tensor],
    inputs: torch.Tensor,
    state: tuple[torch.Tensor, ...],
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Hidden activity at every step, and the state after the last.

    Args:
        kind: ``gru`` or ``lstm``.
        params: B networks, as from :func:`draw`.
        inputs: (B, batch, steps).
        state: before the first step: (B, batch, n) hidden and, of an LSTM, cell state, which is
            zero if it is not given.

    Returns:
        (B, batch, steps, n), and a state like the one given, complete.
    """
    names = [f"state {i}" for i in range(len(state))]
    everything = params | dict(zip(names, state, strict=True))
    found = [
        _run(kind, own, x, tuple(own[name] for name in names))
        for x, (own, _) in zip(inputs, _each(everything, state[0]), strict=True)
    ]
    activity, ends = zip(*found, strict=True)
    return torch.stack(activity), tuple(map(torch.stack, zip(*ends, strict=True)))


def _each(
    params: dict[str, torch.Tensor], states: torch.Tensor
) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
    """Parameters and states of one network after the other, with a network axis of one."""
    for b in range(len(states)):
        own = of_part(params | {"states": states}, slice(b, b + 1))
        yield own, own["states"]


def _run(kind, own, inputs, state) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """One network (B = 1) on its inputs (batch, steps); the state after has no network axis."""
    # cuDNN keeps what a gradient needs only if it is told that this is training.
    training = torch.is_grad_enabled()
    options = ([own[name][0] for name in _WEIGHTS], True, 1, 0.0, training, False, True)
    x = inputs[..., None]
    if kind == "gru":
        activity, hidden = torch.gru(x, state[0], *options)
        return activity, (hidden[0],)
    before = state if len(state) == 2 else (state[0], torch.zeros_like(state[0]))
    activity, hidden, inner = torch.lstm(x, before, *options)
    return activity, (hidden[0], inner[0])
