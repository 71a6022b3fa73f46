"""Eigenvectors, exponents, slow manifolds, noise-driven escape, votes."""

import math

import numpy as np
import pytest
import torch
from known import StuartLandau, block_network, orthogonal, random_rate, rows

from memdyn.dynamics.cells import LeakyNetwork, RateNetwork
from memdyn.dynamics.lyapunov import lyapunov_exponents
from memdyn.dynamics.manifolds import slow_manifold
from memdyn.dynamics.spectrum import eigenvalues, modes
from memdyn.dynamics.systems import EulerMap, Flow, Map, RK4Map
from memdyn.landscape.labels import MECHANISMS
from memdyn.landscape.vote import ROUTES, exponent_kinds, vote


def linear(matrix):
    return LeakyNetwork(matrix, nonlinearity="linear")


def test_modes_of_a_random_matrix():
    matrix = rows(12, 12) / 4
    found = modes(linear(matrix), rows(1, 12))
    right, left, values = found.right[0], found.left[0], found.eigenvalues[0]
    np.testing.assert_allclose(matrix.numpy() @ right, right * values, atol=1e-12)
    np.testing.assert_allclose(left.T @ matrix.numpy(), values[:, None] * left.T, atol=1e-11)
    np.testing.assert_allclose(left.T @ right, np.eye(12), atol=1e-11)
    assert (np.diff(np.abs(values)) <= 1e-12).all()
    assert (found.condition >= 1 - 1e-12).all()


def test_non_normality():
    """0 for a normal matrix; a Jordan-like block with coupling c has c / sqrt(2 l^2 + c^2)."""
    normal = orthogonal(6)
    assert modes(linear(normal), rows(1, 6)).non_normality[0] < 1e-7
    shear = torch.tensor([[0.5, 3.0], [0.0, 0.4]], dtype=torch.float64)
    expected = 3 / math.sqrt(0.25 + 0.16 + 9)
    assert modes(linear(shear), rows(1, 2)).non_normality[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("size", [11, 16, 33])
def test_low_rank_jacobians_have_eigenvalues(size):
    """Exactly low rank, where torch's CPU eig fails."""
    network = block_network(3, size, 2.0)
    values = eigenvalues(network, torch.zeros(1, 3 * size).double())
    np.testing.assert_allclose(np.abs(values[0, :3]), 2.0, rtol=1e-10)
    assert np.abs(values[0, 3:]).max() < 1e-6


def test_jacobian_that_is_not_finite():
    with pytest.raises(ValueError, match=r"not finite at rows \[0\]"):
        eigenvalues(Map(lambda x, u: x.sqrt(), 1), torch.zeros(1, 1).double())


def test_lyapunov_of_a_linear_map_and_of_a_cycle():
    frame = orthogonal(6, 1)
    normal = frame @ torch.diag(torch.tensor([0.9, 0.7, 0.5, 0.3, 0.2, 0.1]).double()) @ frame.T
    found = lyapunov_exponents(linear(normal), rows(2, 6), k=3, steps=800, transient=0)
    np.testing.assert_allclose(found.exponents, np.log([[0.9, 0.7, 0.5]] * 2), atol=1e-6)

    system = StuartLandau(4)
    found = lyapunov_exponents(RK4Map(system), rows(2, 4), k=3, steps=1200, transient=400)
    truth = [[0.0, -2 * system.mu, -1 / system.tau]] * 2
    np.testing.assert_allclose(found.exponents, truth, atol=1e-4)


def test_lyapunov_sign_of_random_networks():
    weak, strong = random_rate(300, 0.8), random_rate(300, 3.0)
    batch = RateNetwork(torch.stack([weak.recurrent, strong.recurrent]))
    found = lyapunov_exponents(batch, rows(2, 300).view(2, 1, 300), k=1, steps=2000, transient=500)
    assert found.exponents[0, 0] < -3 * found.error[0, 0]
    assert found.exponents[1, 0] > 3 * found.error[1, 0]
    assert found.network.tolist() == [0, 1]


def test_lyapunov_refuses_bad_settings():
    with pytest.raises(ValueError, match="k must be between"):
        lyapunov_exponents(random_rate(3, 1.0), rows(1, 3), k=4)
    with pytest.raises(ValueError, match="steps must be at least"):
        lyapunov_exponents(random_rate(3, 1.0), rows(1, 3), steps=10)
    with pytest.raises(ValueError, match="grew without bound"):
        lyapunov_exponents(linear(20 * torch.eye(2)), torch.ones(1, 2), k=1)


def test_slow_manifold_of_a_leaky_line():
    """One mode of 200 steps among fast ones: dimension 1, drift 1 - exp(-delay / 200)."""
    frame = orthogonal(20)
    spectrum = torch.full((20,), 0.3, dtype=torch.float64)
    spectrum[0] = math.exp(-1 / 200)
    along = torch.linspace(-1, 1, 9).double()[:, None] * frame[:, 0]
    network = linear(frame @ torch.diag(spectrum) @ frame.T)
    found = slow_manifold(network, along, delay=50, task_speed=0.1, noise=1e-3)
    assert found.n_slow.tolist() == [1] * 9 and found.dimension.tolist() == [1] * 9
    np.testing.assert_allclose(found.slowest, 200, rtol=1e-6)
    spread = float(along.norm(dim=-1).square().mean().sqrt())
    np.testing.assert_allclose(found.drift[0], (1 - math.exp(-0.25)) / spread, rtol=1e-9)
    assert found.persistence[0] == pytest.approx(1, abs=0.5)
    with pytest.raises(ValueError, match="must be positive"):
        slow_manifold(network, along, delay=0, task_speed=0.1)


def test_escape_rate_falls_exponentially_with_barrier_over_variance():
    """Kramers: dx = (x - x^3) dt + s dW leaves its well at a rate ~ exp(-2 dV / s^2), dV = 1/4."""
    generator = torch.Generator().manual_seed(0)
    dt, duration, variances = 0.02, 40.0, np.array([0.2, 0.25, 0.3])
    rates = []
    for variance in variances:
        x = torch.ones(3000, dtype=torch.float64)
        kept = torch.ones_like(x, dtype=torch.bool)
        for _ in range(int(duration / dt)):
            noise = torch.randn(x.shape, generator=generator, dtype=torch.float64)
            x = x + dt * (x - x**3) + math.sqrt(variance * dt) * noise
            kept &= x > -0.5
        rates.append(-math.log(float(kept.double().mean())) / duration)
    slope = np.polyfit(1 / variances, np.log(rates), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.1)


FIXED, CYCLE, CHAOS, OPEN = "fixed_point", "limit_cycle", "aperiodic", "undecided"


@pytest.mark.parametrize(
    ("outcome", "end", "point", "cycle", "sign", "label"),
    [
        ([FIXED] * 3, [0, 1, 2], [4, 5, 6], [-1] * 3, [FIXED] * 3, "direct"),
        ([FIXED] * 3, [0, 0, 1], [4, 4, 5], [-1] * 3, [FIXED] * 3, "slow_manifold"),
        ([CYCLE] * 3, [0, 0, 0], [-1] * 3, [0] * 3, [CYCLE] * 3, "limit_cycle"),
        ([FIXED, FIXED, CYCLE], [0, 1, 0], [0, 1, -1], [-1, -1, 0], [FIXED, FIXED, CYCLE], "mixed"),
        ([CHAOS] * 3, [-1] * 3, [-1] * 3, [-1] * 3, [CHAOS] * 3, "aperiodic"),
        ([FIXED] * 3, [0, 1, 2], [4, 4, 5], [-1] * 3, [FIXED] * 3, "unresolved"),
        ([FIXED] * 3, [0, 1, 2], [4, 5, 6], [-1] * 3, [FIXED, FIXED, CHAOS], "unresolved"),
        (["diverged"] * 3, [-1] * 3, [-1] * 3, [-1] * 3, [CHAOS] * 3, "unresolved"),
        ([FIXED] * 3, [0, -1, 1], [4, 4, 5], [-1] * 3, [FIXED] * 3, "unresolved"),
        ([FIXED] * 3, [0, 0, 1], [4, 4, 5], [-1] * 3, [FIXED, OPEN, FIXED], "slow_manifold"),
        ([CYCLE] * 3, [0, 0, 0], [-1] * 3, [0] * 3, [OPEN, CYCLE, CYCLE], "limit_cycle"),
        ([FIXED] * 3, [0, 0, 1], [4, 4, 5], [-1] * 3, [CYCLE] * 3, "unresolved"),
    ],
)
def test_votes(outcome, end, point, cycle, sign, label):
    got = vote([0, 1, 2], outcome, end, point, cycle, sign)
    assert got.label == label and got.label in MECHANISMS
    assert set(got.row()) == {"label", *ROUTES}


def test_what_an_exponent_and_the_trend_of_the_speed_say():
    """Counted over 100: exponents within 0.01 of 0 are open, and then the speed decides."""
    rest, nothing = -np.inf, np.nan
    largest = [-0.05, 0.05, 0.001, 0.001, -0.002, 0.001, nothing]
    trend = [0.0, 0.0, 1e-4, rest, -0.004, -8e-4, nothing]
    error = [0.0, 0.0, 1e-5, 0.0, 1e-4, 4e-4, nothing]
    kinds = exponent_kinds(largest, np.zeros(7), trend, error, 100.0)
    assert kinds.tolist() == [FIXED, CHAOS, CYCLE, FIXED, FIXED, OPEN, "diverged"]


def test_a_slow_spiral_is_told_from_a_cycle_by_its_speed():
    """Re l = -0.006 and 0 within the error of both; one run slows down, the other does not."""
    turn = torch.tensor([[0.994, -0.5], [0.5, 0.994]], dtype=torch.float64)
    spiral = EulerMap(RateNetwork(turn, dt=0.01, nonlinearity="linear"))
    system = RK4Map(StuartLandau(4))
    kinds = []
    for network, start in ((spiral, torch.ones(1, 2)), (system, rows(1, 4))):
        found = lyapunov_exponents(
            network, start.double(), k=2, steps=int(80 / network.dt), transient=int(30 / network.dt)
        )
        assert abs(found.exponents[0, 0]) < 1 / 40  # not clear by itself
        columns = (found.exponents[:, 0], found.error[:, 0], found.trend, found.trend_error)
        kinds += exponent_kinds(*columns, found.counted).tolist()
    assert kinds == [FIXED, CYCLE]


def test_exponents_stop_when_their_sign_is_clear():
    network = random_rate(20, 0.5)
    clear = lyapunov_exponents(network, rows(2, 20), k=1, steps=16000, until_clear=True)
    assert (clear.counted < 16000 / 2).all() and (clear.trend == -np.inf).all()
    full = lyapunov_exponents(network, rows(2, 20), k=1, steps=4000)
    assert clear.exponents[0, 0] == pytest.approx(full.exponents[0, 0], abs=1e-3)


def test_each_run_is_followed_until_its_own_sign_is_clear():
    """A system of two parts: exponents -2 above 0.5, and 1e-4, which is never clear, below."""
    flow = Flow(lambda x, u: x - x**3, 1, 0.01, derivative=lambda x, u: 1 - 3 * x[..., None] ** 2)
    weak = Flow(lambda x, u: 1e-4 * x, 1, 0.01, derivative=lambda x, u: 1e-4 + 0 * x[..., None])
    both = Flow(
        lambda x, u: torch.where(x > 0.5, flow.velocity(x), weak.velocity(x)),
        1,
        0.01,
        derivative=lambda x, u: torch.where(x[..., None] > 0.5, flow.jacobian(x), weak.jacobian(x)),
    )
    starts = torch.tensor([[0.1], [0.9], [0.2]]).double()
    found = lyapunov_exponents(both, starts, k=1, steps=4000, transient=1000, until_clear=True)
    assert found.counted.tolist() == pytest.approx([20, 2.5, 20])
    truth = [100 * math.log1p(1e-6), 100 * math.log(0.98), 100 * math.log1p(1e-6)]
    np.testing.assert_allclose(found.exponents[:, 0], truth, rtol=1e-6)
    with pytest.raises(ValueError, match="until_clear takes one network"):
        lyapunov_exponents(both, starts[None], k=1, until_clear=True)


def test_vote_needs_evidence():
    with pytest.raises(ValueError, match="one entry per memory run"):
        vote([0, 1], [FIXED], [0], [0], [-1], [FIXED])


def test_one_constant_input_serves_all_states():
    """Given once or for each state: the same eigenvalues, slow modes and drift."""
    network = LeakyNetwork(rows(6, 6) / 3, rows(6, 2, 1), nonlinearity="tanh")
    x, u = rows(4, 6, 2), torch.tensor([0.7, -0.4], dtype=torch.float64)
    each = u.expand(4, -1)
    np.testing.assert_array_equal(eigenvalues(network, x, u), eigenvalues(network, x, each))
    assert not np.allclose(eigenvalues(network, x, u), eigenvalues(network, x))
    one, four = (slow_manifold(network, x, v, delay=1.0, task_speed=1.0) for v in (u, each))
    np.testing.assert_array_equal(one.drift, four.drift)
