"""Corners of f, ways out to infinity, and runs that speed up, against what can be told by hand."""

import numpy as np
import pytest
import torch

from memdyn.dynamics import find_fixed_points, find_limit_cycles
from memdyn.dynamics.systems import Flow, Map
from memdyn.landscape import analyse


def relu_map(weights, bias=0.0):
    w = torch.as_tensor(weights, dtype=torch.float64)
    return Map(lambda x, u: torch.relu(x @ w.T + bias), len(w))


def around(n, low=-0.5):
    """The origin, and states about it."""
    drawn = torch.rand(12, n, generator=torch.Generator().manual_seed(0)) + low
    return torch.cat([torch.zeros(1, n), drawn])


TURN = [[0.0, -1.5], [1.5, 0.0]]  # what is pushed out is cut off two steps later
CHAIN = np.diag([0.9] * 4) + np.diag([3.0] * 3, 1)  # grows for long before it decays


@pytest.mark.parametrize(
    ("weights", "stable"),
    [
        (0.5 * np.eye(3), True),
        (2 * np.eye(3), False),
        (1.001 * np.eye(2), False),
        (-2 * np.eye(3), True),  # one step, and all are cut off
        (TURN, True),
        (CHAIN, True),
        (np.full((4, 4), 0.3), False),  # leading eigenvalue 1.2, all weights positive
        (np.full((4, 4), 0.2), True),  # 0.8
    ],
)
def test_the_origin_of_a_relu_network_is_stable_if_its_runs_come_back(weights, stable):
    found = find_fixed_points(relu_map(weights), around(len(weights)))
    (origin,) = np.flatnonzero(np.abs(found.states).max(1) < 1e-9)
    assert found.corner[origin] and found.stable[origin] == stable
    assert found.degree[origin] == 0 and np.isnan(found.eigenvalues[origin]).all()
    assert found.degree_sum is None


def test_smooth_points_have_no_corner():
    """Nor has a relu network away from its corners, nor a steep but smooth one."""
    steep = Map(lambda x, u: torch.tanh(50 * x), 1)
    for system, n in ((steep, 1), (relu_map(0.5 * np.eye(2), bias=1.0), 2)):
        found = find_fixed_points(system, around(n))
        assert len(found) and not found.corner.any() and np.isfinite(found.eigenvalues).all()


def test_a_flow_has_corners_too():
    held = Flow(lambda x, u: -x + torch.relu(2 * x), 2, 0.1)
    away = find_fixed_points(held, around(2, low=0))
    back = find_fixed_points(Flow(lambda x, u: -x - x.abs(), 2, 0.1), around(2, low=0))
    assert away.corner.all() and not away.stable.any()
    assert back.corner.all() and not back.stable.any()  # from below nothing comes back


@pytest.mark.parametrize(
    ("rule", "confined"),
    [
        (lambda x, u: torch.tanh(2 * x), True),
        (lambda x, u: 3.83 * x * (1 - x), False),
        (lambda x, u: 0.9 * x, True),
        (lambda x, u: 1.1 * x, False),
        (lambda x, u: torch.relu(x) + 0.1, False),
        (lambda x, u: 1.1 * x - 0.1 * x**3, True),  # far out it overshoots, but not outward
    ],
)
def test_degrees_sum_up_only_where_states_are_held_in(rule, confined):
    found = find_fixed_points(Map(rule, 1), torch.linspace(-1, 1, 9)[:, None])
    assert found.confined == confined
    assert found.degree_sum == (1 if confined else None)


def test_runs_that_speed_up_do_not_settle():
    """Growth by 5e-4 a step, a drift that keeps its pace, and a decay as slow as the growth."""
    for factor, known in ((1.0005, {"growing"}), (0.9995, {"settling", "fixed_point"})):
        system = Map(lambda x, u, factor=factor: factor * x + 0.001, 1)
        _, ends = find_limit_cycles(system, torch.tensor([[1.0], [2.0]]))
        assert set(ends.outcome) <= known
    _, ends = find_limit_cycles(Map(lambda x, u: x + 0.01, 1), torch.tensor([[0.0]]))
    assert ends.time_constant[0] == np.inf


def test_what_leaves_is_said():
    away = analyse(lambda x: torch.relu(2 * x), around(2, low=0.1)[1:5])
    assert "4 of 4 runs left every bound" in str(away)
    grows = analyse(lambda x: 1.0005 * x, around(2, low=0.1)[1:5])
    assert "4 of 4 runs move one way, ever faster" in str(grows)
    drifts = analyse(lambda x: x + 0.01, around(1, low=0)[1:5])
    assert "4 of 4 runs move one way, no slower" in str(drifts)
    logistic = str(analyse(lambda x: 3.83 * x * (1 - x), around(1, low=0)[1:9]))
    assert "degrees do not tell" in logistic and "not 1" not in logistic
    assert "stable cycle, period 3" in logistic
