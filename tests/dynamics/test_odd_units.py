"""Fixed points in units of any size, next to saturation, and where eigenvalues are neutral."""

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from memdyn.dynamics import Flow, Map, RateNetwork, RK4Map, find_fixed_points, find_limit_cycles
from memdyn.dynamics.spectrum import is_stable


def roots_of(rule, low, high):
    """All roots of rule(x) - x of one unit, by bracketing on a fine grid."""
    grid = np.linspace(low, high, 100_001)
    f = lambda x: float(rule(torch.tensor([[x]], dtype=torch.float64), None) - x)  # noqa: E731
    signs = np.sign([f(x) for x in grid[::10]])
    brackets = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    return np.array([brentq(f, grid[10 * i], grid[10 * (i + 1)], xtol=1e-14) for i in brackets])


@pytest.mark.parametrize("far", [1.0, 10.0, 100.0])
@pytest.mark.parametrize(
    "rule",
    [
        lambda x, u: torch.tanh(5 * x + 0.7),
        lambda x, u: torch.tanh(5 * x - 2.0),
        lambda x, u: 2 * torch.sigmoid(6 * x - 0.5) - 1,
        lambda x, u: x - 0.2 * torch.tanh(50 * (x + 0.53) * (x - 0.11) * (x - 0.2)),
    ],
    ids=["latch", "one memory", "sigmoid", "cubic"],
)
def test_a_bias_is_seen_from_saturated_states(rule, far):
    """Out there f(-x) = -f(x) to rounding; points that are not there must not be mirrored in."""
    x = torch.linspace(-far, far, 10, dtype=torch.float64)[:, None]
    found = find_fixed_points(Map(rule, 1), x)
    known = roots_of(rule, -1.51, 1.5)
    np.testing.assert_allclose(np.sort(found.states[:, 0]), known, atol=1e-8)


@pytest.mark.parametrize(
    ("size", "center"), [(1e-6, 0.0), (1e-3, 0.0), (1e6, 0.0), (1.0, 1e6), (1e-2, 10.0)]
)
def test_latches_in_other_units_are_the_same_latches(size, center):
    latch = Map(lambda x, u: center + size * torch.tanh(2 * (x - center) / size), 2)
    drawn = np.random.default_rng(0).standard_normal((12, 2))
    found = find_fixed_points(latch, torch.as_tensor(center + size * drawn))
    assert (len(found), found.stable.sum(), found.corner.sum()) == (9, 4, 0)
    assert found.degree_sum == 1


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_corners_are_seen_in_other_units(size):
    held = Map(lambda x, u: torch.relu(0.5 * x), 2)
    drawn = np.random.default_rng(0).standard_normal((12, 2))
    found = find_fixed_points(held, torch.as_tensor(size * drawn))
    assert len(found) == 1 and found.corner.all() and found.stable.all()


def test_a_point_without_a_derivative_is_no_traceback():
    """At the origin torch differentiates the root of 0 to NaN."""

    def rule(x, u):
        r = x.square().sum(-1, keepdim=True).sqrt()
        return x - 0.05 * x * (r - 1) * (r - 2) * (r - 3)

    x = torch.as_tensor(np.random.default_rng(0).standard_normal((12, 2)))
    found = find_fixed_points(Map(rule, 2), torch.cat([x, torch.zeros(1, 2)]))
    assert np.isfinite(found.states).all()


def rotation(angle):
    c, s = np.cos(angle), np.sin(angle)
    return torch.tensor([[c, -s], [s, c]], dtype=torch.float64)


@pytest.mark.parametrize("angle", [0.3, 1.0, 2.0, np.pi / 2, np.pi])
def test_what_neither_grows_nor_decays_is_not_stable(angle):
    """Roundings put the moduli to either side of 1; a mode of 10^12 steps still decays."""
    turn = Map(lambda x, u: x @ rotation(angle).T, 2)
    x = torch.as_tensor(np.random.default_rng(0).standard_normal((4, 2)))
    assert not find_fixed_points(turn, x).stable.any()
    _, ends = find_limit_cycles(turn, x, transient=400, window=400)
    assert not np.isin(ends.outcome, ("settling", "fixed_point")).any()
    slow = Map(lambda x, u: (1 - 1e-12) * x @ rotation(angle).T, 2)
    assert find_fixed_points(slow, x).stable.all()


def test_neutral_modes_of_a_flow_are_not_stable():
    """An oscillator without friction, its frequency in any unit, and one with little of it."""
    for rate in (1e-3, 1.0, 1e3):
        free = RateNetwork(torch.tensor([[1.0, -rate], [rate, 1.0]]), nonlinearity="linear")
        values = np.linalg.eigvals(free.jacobian(torch.zeros(1, 2))[0].numpy())
        assert not is_stable(values, True).any()
        assert is_stable(values - 1e-9 * rate, True).all()


@pytest.mark.parametrize("k", [2, 3, 4])
def test_cycles_of_a_family_are_not_stable(k):
    """Each state of a rotation by a k-th turn lies on a cycle of its own."""
    turn = Map(lambda x, u: x @ rotation(2 * np.pi / k).T, 2)
    x = torch.as_tensor(np.random.default_rng(0).standard_normal((4, 2)))
    cycles, _ = find_limit_cycles(turn, x, transient=400, window=400)
    assert len(cycles) == 4 and not cycles.stable.any() and (cycles.period == k).all()


@pytest.mark.parametrize("angle", [1.0, 2.0, np.pi * (5**0.5 - 1)])
def test_a_curve_that_a_map_jumps_along_closes_nowhere(angle):
    """Behind a Neimark-Sacker bifurcation, turned by an angle that is no part of a turn."""

    def rule(x, u):
        return x * (1.1 - 0.1 * x.square().sum(-1, keepdim=True)) @ rotation(angle).T

    x = torch.as_tensor(np.random.default_rng(0).standard_normal((3, 2)))
    cycles, ends = find_limit_cycles(Map(rule, 2), x, transient=1000, window=1000)
    assert len(cycles) == 0 and (ends.outcome == "aperiodic").all()


def pendulum(x, u):
    return torch.stack([x[..., 1], -torch.sin(x[..., 0])], -1)


def spring(x, u):
    """Duffing's, the stiffer the farther it is stretched."""
    return torch.stack([x[..., 1], -x[..., 0] - x[..., 0] ** 3], -1)


def weak(x, u):
    """A cycle that takes in a tenth of a distance in each turn: a multiplier of 0.88."""
    turned = torch.stack([-x[..., 1], x[..., 0]], -1)
    return 0.01 * x * (1 - x.square().sum(-1, keepdim=True)) + turned


@pytest.mark.parametrize(("velocity", "stable"), [(pendulum, False), (spring, False), (weak, True)])
def test_cycles_that_friction_does_not_choose_are_not_stable(velocity, stable):
    """One through each state, if any is found: multipliers are 1 within the trivial one's error."""
    x = torch.tensor([[0.5, 0.0], [1.0, 0.0], [1.5, 0.0]], dtype=torch.float64)
    flow = RK4Map(Flow(velocity, n_units=2, dt=0.05))
    cycles, ends = find_limit_cycles(flow, x, transient=400, window=800)
    assert cycles.stable.sum() == stable
    assert np.isin(ends.outcome, ("limit_cycle", "aperiodic")).all()
