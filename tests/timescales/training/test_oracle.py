"""The authors' first epoch: their random numbers in their order, our training."""

import numpy as np
import pytest
import torch

from memdyn.timescales.conditions import Condition
from memdyn.timescales.networks.recurrent import Cell
from memdyn.timescales.tasks.binary import labels
from memdyn.timescales.training import gradient
from memdyn.timescales.training.curriculum import Curriculum

UNITS, BATCH, N = 500, 256, 2
SETTINGS = {
    **{"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.1, "clip": 2.0},
    **{"batch_size": BATCH, "rate": "task"},
}


def initial_parameters():
    """Layers in the order in which the published network makes them."""
    layers = [torch.nn.Linear(1, UNITS), torch.nn.Linear(UNITS, UNITS)]
    tau = 1 + torch.rand(UNITS)
    head, *_ = [torch.nn.Linear(UNITS, 2) for _ in range(100)]
    recurrent = layers[1].weight.detach().clone().fill_diagonal_(0)
    found = {
        "tau": tau,
        "recurrent": recurrent,
        "bias": layers[1].bias.detach(),
        "input": layers[0].weight.detach(),
        "input_bias": layers[0].bias.detach(),
        "heads": head.weight.detach()[None],
        "head_bias": head.bias.detach()[None],
    }
    return {name: value[None].clone() for name, value in found.items()}


def minibatch():
    """Length from numpy; for each sequence its items, then its rate; then the initial state."""
    length = np.random.randint(N + 2, 4 * N + 2)  # noqa: NPY002
    x = torch.stack([(torch.rand(length) < torch.rand(1)).float() for _ in range(BATCH)])
    states = 0.1 * torch.rand(BATCH, UNITS)
    answers = torch.from_numpy(labels("parity", x.numpy(), [N]))
    return gradient.Batch(x[None], [length], states[None], [answers])


def test_first_epoch_of_the_published_run():
    """Specification of study 2, section 8.7: loss 0.0918 over the first epoch, accuracy 100 %."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    condition = Condition("parity", Cell(), Curriculum("single", N, N), (1,), (1.0, 2.0), SETTINGS)
    state = gradient.start(initial_parameters(), condition)
    losses = [float(gradient.update(state, minibatch(), condition)[0]) for _ in range(600)]
    assert np.mean(losses) == pytest.approx(0.0918, abs=1e-4)
    rngs = [np.random.default_rng(0)]
    condition.training.update(test_batches=10, shortest=[1, 2], longest=[4, 1])
    assert gradient.accuracies(state.params, [(N, N)], rngs, condition)[0][0] > 0.9999
