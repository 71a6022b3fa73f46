"""The cells of study 2: one class for each, with all that is asked of it; all stand in ``CELLS``.

Importing this imports no torch, because the configuration and the costs ask here while Snakemake
parses; what computes is imported when it is first used.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from memdyn.timescales.networks.recurrent import Cell, Parameters


class Weights(NamedTuple):
    """Weights of one network: recurrent (rows, n), from the input (rows, 1), biases (rows,)."""

    recurrent: np.ndarray
    input: np.ndarray
    bias: np.ndarray


class Model(ABC):
    """What is asked of a kind of cell.

    Attributes:
        name: in the configuration.
        training: section of ``timescales.training`` that trains it.
        options: keys of a condition that only some cells have.
        has_tau: each unit has a time constant, the parameter ``tau``.
        perturbable: parameters that the test of perturbation moves.
        self_connected: a unit's weight to itself is a connection.
        cut_anywhere: activity is the whole state, and a run goes on from it with the same bits.
        matrices: (n, n) matrices in its recurrent weights.
        kept: floats that backpropagation keeps per unit, sequence and step.
    """

    name: str
    training: str = "gated"
    options: tuple[str, ...] = ()
    has_tau: bool = False
    perturbable: tuple[str, ...] = ()
    self_connected: bool = True
    cut_anywhere: bool = False
    matrices: int
    kept: int

    @abstractmethod
    def draw(
        self, cell: Cell, n_units: int, seeds: Sequence[int], initial_tau: tuple[float, float]
    ) -> Parameters:
        """Parameters of networks without their heads, each from its own seed."""

    def initial_states(self, rng: np.random.Generator, batch: int, n_units: int) -> np.ndarray:
        """States before the first item, (batch, n) float32: zero."""
        return np.zeros((batch, n_units), dtype=np.float32)

    @abstractmethod
    def final_state(
        self,
        cell: Cell,
        params: Parameters,
        inputs: Tensor,
        states: Tensor,
        lengths: Sequence[int],
    ) -> Tensor:
        """State after the last step, (B, batch, n), differentiable in the parameters.

        Args:
            cell: its settings.
            params: B networks.
            inputs: (B, batch, steps) as the network sees them, aligned to the end.
            states: (B, batch, n) before a network's first step.
            lengths: steps of each network, the last of its row.
        """

    @abstractmethod
    def run(
        self, cell: Cell, params: Parameters, inputs: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Activity (B, batch, steps, n) from a state on, and the state after it.

        ``state`` begins with the activity, (B, batch, n); what else there may be begins at zero.
        """

    @abstractmethod
    def weights(self, values: Mapping[str, np.ndarray]) -> Weights:
        """Of one network (no network axis)."""

    def targets(self, fixed_tau: float) -> tuple[str, ...]:
        """What can be perturbed: tau only where it is trained."""
        return tuple(name for name in self.perturbable if not (name == "tau" and fixed_tau))


class Leaky(Model):
    """Leaky units, each with a time constant; the nonlinearity is outside the leak."""

    name, training, inside = "leaky", "leaky", False
    options = ("nonlinearity", "fixed_tau", "substeps")
    has_tau, self_connected, cut_anywhere = True, False, True
    perturbable = ("recurrent", "tau")
    matrices, kept = 1, 3

    @property
    def _tensors(self):
        from memdyn.timescales.networks import leaky

        return leaky

    def draw(self, cell, n_units, seeds, initial_tau):
        return self._tensors.draw(n_units, seeds, initial_tau, cell.fixed_tau)

    def initial_states(self, rng, batch, n_units):
        """0.1 U(0, 1)."""
        return np.float32(0.1) * rng.random((batch, n_units), dtype=np.float32)

    def final_state(self, cell, params, inputs, states, lengths):
        form = (self.inside, cell.nonlinearity, cell.steps_per_tau)
        return self._tensors.final_state(params, inputs, states, lengths, *form)

    def run(self, cell, params, inputs, state):
        form = (self.inside, cell.nonlinearity, cell.steps_per_tau)
        activity = self._tensors.trajectory(params, inputs, state[0], *form)
        return activity, (activity[:, :, -1].clone(),)

    def weights(self, values):
        return Weights(values["recurrent"], values["input"], values["bias"] + values["input_bias"])


class LeakyInside(Leaky):
    """The same with the nonlinearity inside the leak."""

    name, inside = "leaky_inside", True


class _Gated(Model):
    """torch's cells; all gates count together."""

    @property
    def _tensors(self):
        from memdyn.timescales.networks import gated

        return gated

    def draw(self, cell, n_units, seeds, initial_tau):
        return self._tensors.draw(self.name, n_units, seeds)

    def final_state(self, cell, params, inputs, states, lengths):
        return self._tensors.final_state(self.name, params, inputs, states, lengths)

    def run(self, cell, params, inputs, state):
        return self._tensors.run(self.name, params, inputs, state)

    def weights(self, values):
        bias = values["bias_hh"] + values["bias_ih"]
        return Weights(values["weight_hh"], values["weight_ih"], bias)


class GRU(_Gated):
    """torch's gated recurrent unit."""

    name, matrices, kept = "gru", 3, 14


class LSTM(_Gated):
    """torch's long short-term memory; its state is the activity and the cell state."""

    name, matrices, kept = "lstm", 4, 18


#: Every cell by its name in the configuration.
CELLS: dict[str, Model] = {cell.name: cell for cell in (Leaky(), LeakyInside(), GRU(), LSTM())}
