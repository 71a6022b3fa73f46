"""Maps are maps: cycles of whole steps against enumeration, and curves that are no such cycles."""

import itertools
import math

import numpy as np
import pytest
import torch
from known import rows

from memdyn.dynamics.cells import LeakyNetwork
from memdyn.dynamics.limit_cycles import find_limit_cycles
from memdyn.dynamics.lyapunov import lyapunov_exponents
from memdyn.dynamics.systems import Map
from memdyn.landscape.cycles import _same_cycles
from memdyn.landscape.run_ends import end_kind
from memdyn.landscape.vote import exponent_kinds


def shift(k):
    """Each unit takes the sign of the one before: every pattern of signs goes around."""
    weights = 2 * torch.eye(k, dtype=torch.float64).roll(1, 0)
    return LeakyNetwork(weights, nonlinearity="tanh", inside=True)


def orbits(k):
    """Cycles of k signs under rotation, by brute force, with their periods."""
    found = {}
    for signs in itertools.product([-1, 1], repeat=k):
        turn = frozenset(signs[i:] + signs[:i] for i in range(k))
        found[turn] = len(turn)
    return [length for length in found.values() if length > 1]


@pytest.mark.parametrize("k", [2, 3, 4, 5, 6])
def test_all_cycles_of_a_shift_are_counted_apart(k):
    starts = torch.tensor(list(itertools.product([-0.8, 0.7], repeat=k))).double()
    cycles, ends = find_limit_cycles(shift(k), starts, transient=500, window=200)
    truth = orbits(k)
    assert sorted(cycles.period) == sorted(truth) and cycles.stable.all()
    assert len(_same_cycles(cycles)[0]) == len(truth)
    assert (ends.outcome == "limit_cycle").sum() == sum(truth)


@pytest.mark.parametrize(("r", "k"), [(3.2, 2), (3.5, 4), (3.55, 8), (3.566, 16), (3.83, 3)])
def test_cycles_of_the_logistic_map(r, k):
    """Multiplier: the product of r (1 - 2 x) around, by iteration."""
    logistic = Map(lambda x, u: r * x * (1 - x), 1)
    starts = torch.linspace(0.1, 0.9, 7).double()[:, None]
    cycles, ends = find_limit_cycles(logistic, starts, transient=3000, window=400)
    assert cycles.period.tolist() == [k] and set(ends.outcome) == {"limit_cycle"}
    x, product = 0.3, 1.0
    for _ in range(20000):
        x = r * x * (1 - x)
    for _ in range(k):
        product, x = product * r * (1 - 2 * x), r * x * (1 - x)
    assert cycles.multipliers[0, 0].real == pytest.approx(product, abs=1e-6)


def test_chaos_of_a_map_is_no_cycle():
    """r = 3.99: unstable cycles everywhere, on none of which a run stays."""
    logistic = Map(lambda x, u: 3.99 * x * (1 - x), 1)
    starts = torch.linspace(0.1, 0.9, 7).double()[:, None]
    cycles, ends = find_limit_cycles(logistic, starts, transient=1000, window=400)
    assert set(ends.outcome) == {"aperiodic"} and len(cycles) == 0


def locked(k):
    """A circle on which k points attract, and all else goes to them."""

    def rule(x, u):
        r = x.norm(dim=-1, keepdim=True)
        angle = torch.atan2(x[..., 1:], x[..., :1])
        angle = angle + 2 * math.pi / k - 0.2 / k * torch.sin(k * angle)
        return (r + 0.3 * r * (1 - r)) * torch.cat([torch.cos(angle), torch.sin(angle)], -1)

    return Map(rule, 2)


@pytest.mark.parametrize("k", [3, 5, 12, 17, 40, 130])
def test_a_locked_circle_is_a_cycle_of_whole_steps(k):
    """Around once a disturbance along the circle shrinks by 0.8^k, one across it by 0.7^k."""
    cycles, ends = find_limit_cycles(locked(k), rows(6, 2), transient=1500, window=600)
    assert cycles.period.tolist() == [k] and set(ends.outcome) == {"limit_cycle"}
    assert np.abs(cycles.multipliers[0]) == pytest.approx([0.8**k, 0.7**k], rel=1e-6, abs=1e-15)
    assert np.isnan(cycles.trivial_error[0])


def test_a_free_circle_stays_a_closed_curve():
    """An irrational rotation: the period is no number of steps, one multiplier is 1."""
    turn = 0.1 * math.sqrt(2)

    def rule(x, u):
        r = x.norm(dim=-1, keepdim=True)
        cos, sin = math.cos(turn), math.sin(turn)
        ahead = x @ torch.tensor([[cos, sin], [-sin, cos]], dtype=x.dtype)
        return ahead * (1 + 0.3 * (1 - r))

    cycles, _ = find_limit_cycles(Map(rule, 2), rows(3, 2), transient=500, window=300)
    assert cycles.period == pytest.approx(2 * math.pi / turn, rel=1e-6)
    assert cycles.trivial_error[0] < 1e-4


@pytest.mark.parametrize("k", [2, 3, 4, 5, 6, 7, 8, 12, 17, 30, 100])
def test_exact_cycles_are_periodic_to_who_sees_outputs_only(k):
    for seed in range(20):
        turn = np.random.default_rng(seed).standard_normal((k, 10))
        kind, period = end_kind(np.tile(turn, (6000 // k + 1, 1))[:3000], 1e-6, 0.1)
        assert kind == "periodic" and period == pytest.approx(k, abs=0.5)


def test_exponents_of_a_stable_cycle_of_whole_steps():
    """Below 0 while the run moves on; at the fixed points of the same network it rests."""
    starts = torch.tensor([[0.9, -0.8, 0.7], [0.9, 0.8, 0.7]]).double()
    found = lyapunov_exponents(shift(3), starts, k=1, steps=800)
    columns = (found.exponents[:, 0], found.error[:, 0], found.trend, found.trend_error)
    assert (found.exponents < -1).all()
    kinds = exponent_kinds(*columns, found.counted, one_way=found.one_way, may_jump=True)
    assert kinds.tolist() == ["limit_cycle", "fixed_point"]
    as_flow = exponent_kinds(*columns, found.counted, one_way=found.one_way)
    assert as_flow.tolist() == ["fixed_point", "fixed_point"]
