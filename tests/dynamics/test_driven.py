"""Exponents of driven systems against eigenvalues, and participation of modes that are known."""

import numpy as np
import pytest
import torch
from known import rows

from memdyn.dynamics.cells import LeakyNetwork
from memdyn.dynamics.driven import driven_exponents, participation
from memdyn.dynamics.lyapunov import lyapunov_exponents
from memdyn.dynamics.systems import Flow, Map


def linear(n=5, seed=0, **changed):
    weights = {"recurrent": 0.6 * rows(n, n, seed) / n**0.5, "input": rows(n, 1, seed + 1)}
    weights["tau"] = 1 + 4 * torch.rand(n, generator=torch.Generator().manual_seed(seed)).double()
    return LeakyNetwork(**(weights | changed), nonlinearity="linear")


def noise(steps, *shape):
    return rows(steps, int(np.prod(shape)), seed=9).view(steps, *shape)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("inside", [False, True])
def test_of_a_linear_leaky_network_they_are_the_logs_of_its_moduli(seed, inside):
    """Whatever noise drives it: a step's derivative is always the same matrix."""
    network = linear(seed=seed, inside=inside)
    matrix = torch.diag(1 - 1 / network.tau) + network.recurrent / network.tau[:, None]
    expected = np.sort(np.log(np.abs(np.linalg.eigvals(matrix.numpy()))))[::-1]
    found = driven_exponents(network, rows(1, 5), noise(1200, 1, 1), k=5, transient=300)
    np.testing.assert_allclose(found.exponents, [expected], atol=5e-3)


def test_modes_that_are_known_have_their_participation():
    n = 8
    tau = torch.linspace(1.5, 6, n, dtype=torch.float64)
    alone = linear(n, recurrent=torch.zeros(n, n).double(), tau=tau)
    found = driven_exponents(alone, rows(2, n), noise(600, 2, 1), transient=300)
    np.testing.assert_allclose(found.participation, 1, rtol=1e-6)
    np.testing.assert_allclose(found.profile, np.eye(n)[[n - 1, n - 1]], atol=1e-6)
    np.testing.assert_allclose(found.exponents, np.log(1 - 1 / 6), rtol=1e-6)

    uniform = linear(n, recurrent=torch.full((n, n), 0.9 / n).double(), tau=None)
    found = driven_exponents(uniform, rows(2, n), noise(400, 2, 1), transient=200)
    np.testing.assert_allclose(found.participation, n, rtol=1e-6)
    np.testing.assert_allclose(found.exponents, np.log(0.9), rtol=1e-6)


def test_participation_of_vectors():
    vectors = np.array([[0, 2j, 0, 0], [1, 1j, -1, 1], [1, 1, 0, 0]])
    np.testing.assert_allclose(participation(vectors), [1, 4, 2])


def test_with_a_constant_input_they_are_those_without_drive():
    rate = LeakyNetwork(rows(6, 6) / 2, rows(6, 1, 1), nonlinearity="tanh")
    x, u = rows(3, 6, 2), torch.tensor([0.7], dtype=torch.float64)
    still = lyapunov_exponents(rate, x, u, k=2, steps=1600, transient=300)
    driven = driven_exponents(rate, x, u.expand(1100, 1), k=2, transient=300)
    np.testing.assert_allclose(driven.exponents, still.exponents, atol=0.01)


def test_a_batch_is_its_networks_and_time_counts_in_dt():
    batch = LeakyNetwork(rows(2 * 4, 4).view(2, 4, 4) / 2, nonlinearity="tanh")
    x, u = rows(2 * 3, 4, 1).view(2, 3, 4), torch.zeros(200, 1).double()
    both = driven_exponents(batch, x, u, transient=100)
    assert both.network.tolist() == [0, 0, 0, 1, 1, 1]
    alone = driven_exponents(batch[1], x[1], u, transient=100)
    np.testing.assert_allclose(both[3:].exponents, alone.exponents, rtol=1e-9)

    decay = Flow(lambda x, u: -x + u, n_units=1, n_inputs=1, dt=0.1)
    found = driven_exponents(decay, torch.ones(1, 1).double(), noise(200, 1, 1), transient=20)
    np.testing.assert_allclose(found.exponents, np.log(0.9) / 0.1, rtol=1e-9)
    assert found.counted == pytest.approx(18)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"k": 3}, "k must be between 1 and 2 units"),
        ({"transient": 150}, "too few: give at least 230"),
    ],
)
def test_what_cannot_be_is_refused(change, sentence):
    double = Map(lambda x, u: 0.5 * x + u, n_units=2, n_inputs=2)
    with pytest.raises(ValueError, match=sentence):
        driven_exponents(double, torch.ones(1, 2), noise(200, 1, 2).float(), **change)


def test_a_run_without_bound_is_refused():
    square = Map(lambda x, u: x**2 + u, n_units=1, n_inputs=1)
    with pytest.raises(ValueError, match="grew without bound"):
        driven_exponents(square, torch.full((1, 1), 3.0), torch.zeros(200, 1), transient=0)
