"""Fibres through known roots: all roots on them, signs in turn, and what they complete."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from known import block_network, random_rate, rows

from memdyn.dynamics import roots
from memdyn.dynamics.cells import LeakyNetwork, RateNetwork
from memdyn.dynamics.fibres import Fibres
from memdyn.dynamics.fixed_points import find_fixed_points
from memdyn.dynamics.systems import Flow, Map


def fibres(system, radius, odd=False, steps=2000):
    center = torch.zeros(system.n_units, dtype=torch.float64)
    return Fibres(system, None, center, radius, odd, 1e-6 * radius, steps)


def degree(system, x):
    """sign det(-Df) at each row."""
    return torch.linalg.slogdet(-system.root_jacobian(x))[0].int().tolist()


@pytest.mark.parametrize("start", [-2.0, 0.0, 1.0])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_in_one_dimension_a_fibre_is_the_graph_and_passes_every_root(start, scale):
    def quintic(x, u):
        return -scale * (x - 2) * (x - 1) * x * (x + 1) * (x + 2)

    system = Flow(quintic, 1, dt=0.01)
    passed = fibres(system, 2.0).follow(torch.tensor([start], dtype=torch.float64))
    others = sorted({-2.0, -1.0, 0.0, 1.0, 2.0} - {start})
    assert passed[:, 0].sort().values.tolist() == pytest.approx(others, abs=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_from_the_origin_signs_take_turns_and_sum_to_one(seed):
    network = random_rate(60, 1.9, seed)
    origin = torch.zeros(60, dtype=torch.float64)
    passed = torch.cat([origin[None], fibres(network, 10.0, odd=True).follow(origin)])
    assert network.drift(passed).norm(dim=1).max() < 1e-11
    signs = degree(network, passed)
    assert all(a == -b for a, b in pairwise(signs))
    assert signs[0] + 2 * sum(signs[1:]) == 1 and len(signs) > 1  # mirror images count too


@pytest.mark.parametrize("network", [block_network(2, 3, 2.0), random_rate(4, 4.0, 12)])
def test_fibres_share_the_roots_out_and_one_is_open(network):
    """Each root is on one fibre: sums are 0 but for the open one, whose sum is 1."""
    found = find_fixed_points(network, rows(128, network.n_units, scale=2))
    left = [torch.tensor(x) for x in found.states]
    sums = []
    while left:
        part = torch.cat([left[0][None], fibres(network, 4.0).follow(left[0])])
        gap = torch.cdist(torch.stack(left), part).min(1).values
        assert (gap < 1e-6).sum() == len(part)  # all of them known, none on two fibres
        left = [x for x, g in zip(left, gap, strict=True) if g >= 1e-6]
        sums.append(sum(degree(network, part)))
    assert sorted(sums) == [0] * (len(sums) - 1) + [1]


def test_the_input_of_the_seeds_holds_along_a_fibre():
    latch = LeakyNetwork(
        torch.full((1, 1), 2.0).double(), torch.ones(1, 1).double(), nonlinearity="tanh"
    )
    seed = torch.zeros(1, 1, dtype=torch.float64)
    alone = find_fixed_points(latch, seed + 0.05, torch.tensor([-0.05]), settle=0)
    assert (len(alone), alone.degree_sum, alone.stable.sum()) == (3, 1, 2)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_from_the_saddle_a_fibre_finds_both_memories(n):
    """A bistable network with bias, so that nothing is mirrored; Newton sees its saddle."""
    weights = torch.full((n, n), 2.0 / n, dtype=torch.float64)
    bias = torch.full((n,), 0.1, dtype=torch.float64)
    network = LeakyNetwork(weights, bias=bias, nonlinearity="tanh", inside=True)
    found = find_fixed_points(network, -0.1 + rows(2, n, scale=0.5), settle=0)
    assert (len(found), found.stable.sum(), found.degree_sum) == (3, 2, 1)


@pytest.mark.parametrize("bias", [0.0, 0.05])
def test_a_large_network_is_complete_from_few_seeds(bias):
    network = RateNetwork(random_rate(240, 1.25).recurrent, bias=bias * rows(1, 240)[0])
    found = find_fixed_points(network, rows(8, 240, scale=0.5))
    assert found.degree_sum == 1 and len(found) > 1
    x = torch.tensor(found.states[found.kind == "fixed"])
    assert network.drift(x).norm(dim=1).max() < 1e-10


def test_an_unbounded_system_ends_although_its_sum_is_not_one():
    """Two points of opposite signs, as they come from a fold: there is no third."""
    fold = Map(lambda x, u: x + 0.1 * (0.01 - x**2), 1)
    found = find_fixed_points(fold, torch.linspace(-1, 1, 9)[:, None])
    assert not found.confined and found.degree_sum is None and found.degree.sum() == 0
    assert np.sort(found.states[found.kind == "fixed", 0]) == pytest.approx([-0.1, 0.1])


@pytest.mark.parametrize(("units", "steps"), [(64, 4000), (24, 500)])
def test_above_some_size_fibres_cost_no_more_than_there(monkeypatch, units, steps):
    """A step costs as n^3: at twice the size an eighth of them."""
    given = []

    class Counted(Fibres):
        def __init__(self, *arguments):
            given.append(arguments[-1])
            super().__init__(*arguments)

    monkeypatch.setattr(roots, "Fibres", Counted)
    monkeypatch.setattr(roots, "FIBRE_UNITS", units)
    find_fixed_points(random_rate(48, 0.5), rows(4, 48))
    assert given == [steps]
