"""GRU and LSTM networks of study 2: torch's cells, with a leading network axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from memdyn.randomness import Stream, generator

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


def activity(
    kind: str,
    params: dict[str, torch.Tensor],
    network: int,
    inputs: torch.Tensor,
    state: torch.Tensor,
) -> torch.Tensor:
    """Hidden activity of one network at every step.

    Args:
        kind: ``gru`` or ``lstm``.
        params: as from :func:`draw`.
        network: its place on the leading axis.
        inputs: (batch, steps).
        state: (batch, n) hidden state before the first step; an LSTM's cell state starts at zero.

    Returns:
        (batch, steps, n).
    """
    weights = [params[name][network] for name in _WEIGHTS]
    options = (weights, True, 1, 0.0, False, False, True)
    if kind == "gru":
        return torch.gru(inputs[..., None], state[None], *options)[0]
    return torch.lstm(inputs[..., None], (state[None], torch.zeros_like(state)[None]), *options)[0]
