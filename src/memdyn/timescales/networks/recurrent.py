"""One interface for the trained networks of study 2: leaky, GRU and LSTM.

Parameters are a dictionary of tensors with a leading network axis B; ``heads`` (B, H, 2, n) and
``head_bias`` (B, H, 2) read the answer for one N each from the activity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from memdyn.randomness import Stream, generator
from memdyn.timescales.networks import gated, leaky

KINDS = ("leaky", "leaky_inside", "gru", "lstm")
Parameters = dict[str, torch.Tensor]


class Cell(NamedTuple):
    """What kind of network, and how it sees time.

    Attributes:
        kind: ``leaky`` (nonlinearity outside the leak), ``leaky_inside``, ``gru`` or ``lstm``.
        nonlinearity: of leaky networks.
        fixed_tau: of all units (steps); 0: each unit's tau is trained.
        repeat: steps for which each item is shown.
        scale_tau: tau counts items, not steps: sub-steps of continuous time.
        signed: items are shown as -1 and 1, not as 0 and 1.
    """

    kind: str = "leaky"
    nonlinearity: str = "leaky_relu"
    fixed_tau: float = 0.0
    repeat: int = 1
    scale_tau: bool = False
    signed: bool = False

    @property
    def leaky(self) -> bool:
        return self.kind in ("leaky", "leaky_inside")


def draw(
    cell: Cell,
    n_units: int,
    n_heads: int,
    seeds: Sequence[int],
    initial_tau: tuple[float, float] = (1.0, 2.0),
) -> Parameters:
    """Draw networks, each from its own seed; the first heads do not depend on how many follow."""
    if cell.leaky:
        params = leaky.draw(n_units, seeds, initial_tau, cell.fixed_tau)
    else:
        params = gated.draw(cell.kind, n_units, seeds)
    bound = 1 / np.sqrt(n_units)
    for name, i, shape in (("heads", 0, (n_heads, 2, n_units)), ("head_bias", 1, (n_heads, 2))):
        drawn = [generator(s, Stream.TS_HEADS, i).uniform(-bound, bound, shape) for s in seeds]
        params[name] = torch.from_numpy(np.stack(drawn).astype(np.float32))
    return params


def initial_states(cell: Cell, rng: np.random.Generator, batch: int, n_units: int) -> np.ndarray:
    """States before the first item, (batch, n) float32: 0.1 U(0, 1), zero for GRU and LSTM."""
    if not cell.leaky:
        return np.zeros((batch, n_units), dtype=np.float32)
    return np.float32(0.1) * rng.random((batch, n_units), dtype=np.float32)


def final_state(
    cell: Cell,
    params: Parameters,
    inputs: torch.Tensor,
    states: torch.Tensor,
    lengths: Sequence[int],
) -> torch.Tensor:
    """State after the last item, differentiable with respect to the parameters.

    Args:
        cell: of all networks.
        params: B networks.
        inputs: (B, batch, items) zeros and ones, aligned to the end.
        states: (B, batch, n).
        lengths: items that each network sees, the last of its row.

    Returns:
        (B, batch, n).
    """
    shown = _shown(cell, inputs)
    if cell.leaky:
        steps = [length * cell.repeat for length in lengths]
        return leaky.final_state(params, shown, states, steps, *_form(cell))
    ends = [
        gated.activity(cell.kind, own, 0, shown[b, :, -length * cell.repeat :], state[0])[:, -1]
        for (b, length), (own, state) in zip(enumerate(lengths), _each(params, states), strict=True)
    ]
    return torch.stack(ends)


@torch.no_grad()
def trajectory(
    cell: Cell, params: Parameters, inputs: torch.Tensor, states: torch.Tensor
) -> torch.Tensor:
    """Activity at every step, without a gradient.

    Args:
        cell: of all networks.
        params: B networks.
        inputs: (B, batch, items) zeros and ones.
        states: (B, batch, n) before the first item.

    Returns:
        (B, batch, items x repeat, n). An LSTM's cell state starts at zero.
    """
    shown = _shown(cell, inputs)
    if cell.leaky:
        return leaky.trajectory(params, shown, states, *_form(cell))
    return torch.stack(
        [
            gated.activity(cell.kind, own, 0, x, state[0])
            for x, (own, state) in zip(shown, _each(params, states), strict=True)
        ]
    )


def classify(
    params: Parameters, states: torch.Tensor, heads: Sequence[int] | slice
) -> torch.Tensor:
    """Logits (B, ..., number of heads, 2) of heads for states (B, ..., n).

    A slice of heads is a view; for their indices a GPU waits.
    """
    flat, found = states.reshape(len(states), -1, states.shape[-1]), []
    for part in leaky.parts(states):
        own = {name: params[name][part, heads].flatten(1, 2) for name in ("heads", "head_bias")}
        own = leaky.of_part(own | {"states": flat[part]}, slice(None))
        found.append(
            torch.baddbmm(own["head_bias"][:, None], own["states"], own["heads"].mT)
        )  # (1, all states, heads x 2)
    return leaky.joined(found).reshape(*states.shape[:-1], -1, 2)


def _shown(cell: Cell, inputs: torch.Tensor) -> torch.Tensor:
    if cell.signed:
        inputs = 2 * inputs - 1
    return inputs.repeat_interleave(cell.repeat, dim=2) if cell.repeat > 1 else inputs


def _each(params: Parameters, states: torch.Tensor) -> Iterator[tuple[Parameters, torch.Tensor]]:
    """Parameters and states of one network after the other, with a network axis of one."""
    for b in range(len(states)):
        own = leaky.of_part(params | {"states": states}, slice(b, b + 1))
        yield own, own["states"]


def _form(cell: Cell) -> tuple[bool, str, int]:
    scale = cell.repeat if cell.scale_tau else 1
    return cell.kind == "leaky_inside", cell.nonlinearity, scale
