"""One interface for the trained networks of study 2, whatever their cell.

Parameters are a dictionary of tensors with a leading network axis B; ``heads`` (B, H, 2, n) and
``head_bias`` (B, H, 2) read the answer for one N each from the activity.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from memdyn.randomness import Stream, generator
from memdyn.timescales.networks.cells import CELLS, Model
from memdyn.timescales.networks.turns import joined, of_part, parts

Parameters = dict[str, torch.Tensor]


class Cell(NamedTuple):
    """What kind of network, and how it sees time.

    Attributes:
        kind: one of ``cells.CELLS``.
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
    def model(self) -> Model:
        """What its kind says and does."""
        return CELLS[self.kind]

    @property
    def steps_per_tau(self) -> int:
        """Steps that are one unit of tau."""
        return self.repeat if self.scale_tau else 1

    @property
    def targets(self) -> tuple[str, ...]:
        """What can be perturbed."""
        return self.model.targets(self.fixed_tau)

    @property
    def trains_tau(self) -> bool:
        """Each unit's time constant is trained."""
        return self.model.has_tau and not self.fixed_tau


def draw(
    cell: Cell,
    n_units: int,
    n_heads: int,
    seeds: Sequence[int],
    initial_tau: tuple[float, float] = (1.0, 2.0),
) -> Parameters:
    """Draw networks, each from its own seed; the first heads do not depend on how many follow."""
    params = cell.model.draw(cell, n_units, seeds, initial_tau)
    bound = 1 / np.sqrt(n_units)
    for name, i, shape in (("heads", 0, (n_heads, 2, n_units)), ("head_bias", 1, (n_heads, 2))):
        drawn = [generator(s, Stream.TS_HEADS, i).uniform(-bound, bound, shape) for s in seeds]
        params[name] = torch.from_numpy(np.stack(drawn).astype(np.float32))
    return params


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
    steps = [length * cell.repeat for length in lengths]
    return cell.model.final_state(cell, params, _shown(cell, inputs), states, steps)


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
    return run(cell, params, inputs, (states,))[0]


@torch.no_grad()
def run(
    cell: Cell, params: Parameters, inputs: torch.Tensor, state: tuple[torch.Tensor, ...]
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Activity at every step, and the state after the last, from which a run goes on.

    Args:
        cell, params, inputs: as above.
        state: before the first item; it begins with the activity, (B, batch, n).
    """
    return cell.model.run(cell, params, _shown(cell, inputs), state)


def classify(
    params: Parameters, states: torch.Tensor, heads: Sequence[int] | slice
) -> torch.Tensor:
    """Logits (B, ..., number of heads, 2) of heads for states (B, ..., n).

    A slice of heads is a view; for their indices a GPU waits.
    """
    flat, found = states.reshape(len(states), -1, states.shape[-1]), []
    for part in parts(states):
        own = {name: params[name][part, heads].flatten(1, 2) for name in ("heads", "head_bias")}
        own = of_part(own | {"states": flat[part]}, slice(None))
        found.append(
            torch.baddbmm(own["head_bias"][:, None], own["states"], own["heads"].mT)
        )  # (1, all states, heads x 2)
    return joined(found).reshape(*states.shape[:-1], -1, 2)


def _shown(cell: Cell, inputs: torch.Tensor) -> torch.Tensor:
    if cell.signed:
        inputs = 2 * inputs - 1
    return inputs.repeat_interleave(cell.repeat, dim=2) if cell.repeat > 1 else inputs
