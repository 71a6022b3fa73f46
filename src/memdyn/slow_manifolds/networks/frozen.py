"""Trained rate networks with frozen weights: forward runs of many states at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.networks.rate import FixedWeights, closed_loop
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching


class FrozenNetwork(NamedTuple):
    """One trained network: both feedback loops closed, nothing learns.

    Attributes:
        matrix_t: (n_units, n_units) transpose of the closed-loop matrix A.
        readout_t: (n_units, n_outputs) z and z_d are ``r @ readout_t``.
        input: (n_inputs, n_units) W_i.
        leak: dt / tau.
    """

    matrix_t: torch.Tensor
    readout_t: torch.Tensor
    input: torch.Tensor
    leak: float


def freeze(
    fixed: FixedWeights,
    network: Network,
    readout: np.ndarray,
    leak: float,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> FrozenNetwork:
    """Close the loops of a trained network on a device.

    Args:
        fixed: what was drawn for its shard.
        network: its place in the grid.
        readout: (n_outputs, n_units) trained weights, first of z, then of z_d.
        leak: dt / tau.
        device, dtype: of the result.
    """

    def tensor(array: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(np.ascontiguousarray(array), dtype=dtype, device=device)

    return FrozenNetwork(
        matrix_t=tensor(closed_loop(fixed, network.g, network.fb, readout).T),
        readout_t=tensor(readout.T),
        input=tensor(fixed.input),
        leak=leak,
    )


@torch.no_grad()
def run(
    network: FrozenNetwork,
    x: torch.Tensor,
    n_steps: int,
    inputs: torch.Tensor | None = None,
    observe: Callable[[int, torch.Tensor, torch.Tensor], None] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Advance states by forward Euler.

    Args:
        network: frozen network.
        x: (M, n_units) states; left as they are.
        n_steps: Euler steps.
        inputs: (n_steps, M, n_inputs), or none for an autonomous run.
        observe: called after each step with (step, x, r); must not change them.

    Returns:
        (M, n_units) final states and (n_steps, M, n_outputs) outputs after each step.
    """
    x, r, change = x.clone(), torch.tanh(x), torch.empty_like(x)
    outputs = x.new_empty(n_steps, x.shape[0], network.readout_t.shape[1])
    for step in range(n_steps):
        torch.mm(r, network.matrix_t, out=change)
        change.sub_(x)
        if inputs is not None:
            change.addmm_(inputs[step], network.input)
        x.add_(change, alpha=network.leak)
        torch.tanh(x, out=r)
        torch.mm(r, network.readout_t, out=outputs[step])
        if observe is not None:
            observe(step, x, r)
    return x, outputs


def velocity(network: FrozenNetwork, x: torch.Tensor) -> torch.Tensor:
    """(M, n_units) tau dx/dt of the autonomous network at states x."""
    return torch.tanh(x) @ network.matrix_t - x


def run_trial(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    x: torch.Tensor,
    drawn: np.ndarray,
    observe: Callable[[int, torch.Tensor, torch.Tensor], None] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Run one trial of the task from each state.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        x: (M, n_units) states at the start of the trial.
        drawn: (M, 2, n_stimulus, n_inputs) inputs of both stimuli.
        observe: as in ``run``, with the step in the trial.

    Returns:
        As ``run``, for ``task.n_steps`` steps.
    """
    inputs = x.new_zeros(task.n_steps, x.shape[0], network.input.shape[0])
    shown = torch.as_tensor(drawn, dtype=x.dtype, device=x.device)
    for i, epoch in enumerate(("stimulus 1", "stimulus 2")):
        inputs[task.epochs[epoch]] = shown[:, i].transpose(0, 1)
    return run(network, x, task.n_steps, inputs, observe)
