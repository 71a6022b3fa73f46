"""What a GPU computes against the CPU, for every kind of job that asks for one.

    CUDA_VISIBLE_DEVICES=0 pytest tests/gpu

Skipped where torch sees no GPU: CI has none.
"""

import logging

import numpy as np
import pytest
import torch

from memdyn import dynamics
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.networks.rate import fixed_weights
from memdyn.slow_manifolds.training import force
from memdyn.timescales.conditions import Condition
from memdyn.timescales.networks import leaky
from memdyn.timescales.networks.recurrent import Cell, draw
from memdyn.timescales.training import gradient
from memdyn.timescales.training.curriculum import Curriculum

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")

SGD = {
    **{"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.5, "clip": 2.0, "rate": "task"},
    **{"batch_size": 16, "updates_per_epoch": 8, "test_batches": 3, "max_epochs": 2, "plateau": 0},
    **{"accuracy": 0.98, "shortest": [1, 2], "longest": [4, 1], "signed": False},
}


@pytest.fixture(autouse=True)
def all_is_recorded(caplog):
    """A graph that could not be recorded is a warning, and here an error."""
    caplog.set_level(logging.WARNING)
    yield
    assert not caplog.messages


def shard(networks, task, settings, device, n_trials=6, n_units=60, **changes):
    first = networks[0]
    fixed = fixed_weights(first.seed, first.distribution, first.pg, n_units, 50.0, 0.1)
    training = {**settings["training"], "n_trials": n_trials, **changes}
    state = force.start(networks, fixed, training, device)
    return force.train(state, networks, fixed, task, settings["network"], training)


@pytest.mark.parametrize("windows", ["own", "everywhere"])
def test_force(task, settings, windows):
    networks = [Network("gauss", 0.4, g, fb, 3) for g, fb in [(0.8, 40), (1.1, 10), (1.5, 1)]]
    changes = {"precision": "float64", "windows": windows}
    here = shard(networks, task, settings, "cpu", **changes)
    there = shard(networks, task, settings, "cuda", **changes)
    torch.testing.assert_close(there.readout.cpu(), here.readout, rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(there.rmse, here.rmse, rtol=1e-6, atol=1e-9)


def test_force_goes_on_when_a_network_has_stopped(task, settings):
    """The graph is recorded anew for those that are left."""
    networks = [Network("gauss", 0.4, g, fb, 3) for g, fb in [(0.8, 40), (1.2, 5), (1.2, 10)]]
    changes = {"precision": "float64", "stop_after": 2, "stop_rmse": 0.3, "n_trials": 12}
    here, there = (shard(networks, task, settings, device, **changes) for device in ("cpu", "cuda"))
    assert len(set(here.n_trials.tolist())) > 1, "none stops before the others"
    assert torch.equal(there.n_trials, here.n_trials)
    torch.testing.assert_close(there.readout.cpu(), here.readout, rtol=1e-6, atol=1e-9)


def test_the_same_network_twice(task, settings):
    networks = [Network("gauss", 0.4, g, fb, 5) for g in (0.8, 1.2, 1.5) for fb in (40, 10, 1)]
    first, again = (shard(networks, task, settings, "cuda", n_units=300) for _ in range(2))
    assert torch.equal(first.readout, again.readout)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("nonlinearity", leaky.NONLINEARITIES)
def test_leaky_networks_and_their_gradients(inside, nonlinearity):
    n, batch = 12, 6
    params = {name: value.double() for name, value in leaky.draw(n, [3, 4, 5], (1.0, 2.0)).items()}
    generator = torch.Generator().manual_seed(0)
    for lengths in [(9, 4, 7), (4, 10, 3), (12, 12, 5), (9, 16, 16), (70, 3, 18), (20, 9, 18)]:
        x = (torch.rand(3, batch, max(lengths), generator=generator) < 0.5).double()
        h0 = torch.rand(3, batch, n, generator=generator).double()
        found = []
        for device in ("cpu", "cuda"):
            own = {name: value.to(device).requires_grad_() for name, value in params.items()}
            final = leaky.final_state(
                own, x.to(device), h0.to(device), lengths, inside, nonlinearity
            )
            final.square().sum().backward()
            found.append([final.detach().cpu(), *(value.grad.cpu() for value in own.values())])
            params = {name: value.detach().cpu() for name, value in own.items()}
        for here, there in zip(*found, strict=True):
            torch.testing.assert_close(there, here)


@pytest.mark.parametrize("cell", [Cell(), Cell(kind="gru"), Cell(kind="lstm")], ids=str)
def test_a_curriculum(cell):
    condition = Condition("parity", cell, Curriculum("multi", 2, 5), (1,), (1.0, 2.0), SGD)
    ended = []
    for device in ("cpu", "cuda"):
        state = gradient.start(draw(cell, 20, 4, [0, 1, 2]), condition, device)
        gradient.train(state, [0, 1, 2], condition, lambda *solved: None)
        ended.append(state)
    here, there = ended
    assert here.status == there.status
    np.testing.assert_allclose(there.epochs, here.epochs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_points(device):
    """27 points of three bistable units that do not see each other."""
    network = dynamics.RateNetwork(2.0 * torch.eye(3, dtype=torch.float64, device=device))
    seeds = 3 * torch.rand(200, 3, generator=torch.Generator().manual_seed(0)).double() - 1.5
    found = dynamics.find_fixed_points(network, seeds.to(device))
    assert (len(found), found.stable.sum(), found.degree_sum) == (27, 8, 1)
