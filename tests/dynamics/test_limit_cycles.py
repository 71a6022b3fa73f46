"""Cycles of known radius, period and multipliers; planted cycles; runs that never close."""

import math

import numpy as np
import pytest
import torch
from known import StuartLandau, orthogonal, planted, random_rate, rows

from memdyn.dynamics import limit_cycles, return_map
from memdyn.dynamics.cells import RateNetwork
from memdyn.dynamics.limit_cycles import Ends, LimitCycles, find_limit_cycles
from memdyn.dynamics.systems import Flow, RK4Map

SHORT = {"transient": 400, "window": 200}


@pytest.mark.parametrize("dense_units", [200, 4])
def test_stuart_landau_flow(dense_units, monkeypatch):
    """sqrt(mu), 2 pi / omega, exp(-2 mu T), exp(-T / tau), 1; dense and by Newton-Picard."""
    monkeypatch.setattr(return_map, "DENSE_UNITS", dense_units)
    system = StuartLandau(8)
    cycles, ends = find_limit_cycles(RK4Map(system), rows(3, 8), n_multipliers=4, **SHORT)
    assert len(cycles) == 1 and cycles.stable[0]
    assert ends.outcome.tolist() == ["limit_cycle"] * 3 and ends.cycle.tolist() == [0, 0, 0]
    period = 2 * math.pi / system.omega
    assert cycles.period[0] == pytest.approx(period, abs=1e-5)  # the error of RK4 itself
    radius = system.radius(torch.tensor(cycles.states[0]))
    assert radius == pytest.approx(math.sqrt(system.mu), abs=1e-5)
    truth = [math.exp(-2 * system.mu * period), math.exp(-period / system.tau)]
    assert np.abs(cycles.multipliers[0, :2] - truth).max() < 1e-5
    assert cycles.trivial_error[0] < 1e-7


def test_stuart_landau_euler():
    """The cycle of the Euler map, also in closed form: |1 + dt (mu - r^2 + i omega)| = 1."""
    system = StuartLandau(5)
    cycles, _ = find_limit_cycles(system, rows(2, 5), **SHORT)
    turn = system.dt * system.omega
    stretch = math.sqrt(1 - turn**2)
    period = 2 * math.pi / math.atan2(turn, stretch) * system.dt
    assert cycles.period[0] == pytest.approx(period, abs=1e-8)
    radius = math.sqrt(system.mu - (stretch - 1) / system.dt)
    assert system.radius(torch.tensor(cycles.states[0])) == pytest.approx(radius, abs=1e-8)


@pytest.mark.parametrize("length", [2, 5])
def test_planted_cycle_of_a_map(length):
    columns = 0.9 * rows(20, length, 3).sign() + 0.02 * rows(20, length, 4)
    network = planted(columns, columns.roll(-1, 1))
    cycles, ends = find_limit_cycles(network, columns.T + 1e-3 * rows(length, 20), **SHORT)
    assert len(cycles) == 1 and set(ends.outcome) == {"limit_cycle"}
    assert cycles.period[0] == length and cycles.stable[0]
    gap = np.linalg.norm(columns.T.numpy() - cycles.states[0], axis=1).min()
    assert gap < 1e-9 and np.isnan(cycles.trivial_error[0])


def test_planted_cycle_of_a_rate_network():
    """A rotation a bit past the edge of stability, hidden in a contracting random network."""
    plane = orthogonal(60)[:, :2]
    rotate = torch.tensor([[1.3, -0.8], [0.8, 1.3]], dtype=torch.float64)
    weights = plane @ rotate @ plane.T + 0.2 * random_rate(60, 1.0).recurrent
    cycles, ends = find_limit_cycles(RateNetwork(weights), rows(4, 60), **SHORT)
    assert len(cycles) == 1 and cycles.stable[0] and set(ends.outcome) == {"limit_cycle"}
    assert cycles.trivial_error[0] < 1e-5
    assert np.abs(cycles.orbit[0] - cycles.states[0]).sum(1).max() > 0.1


def lorenz(x, u):
    a, b, c = x.unbind(-1)
    return torch.stack([10 * (b - a), a * (28 - c) - b, a * b - 8 / 3 * c], -1)


def lorenz_slope(x, u):
    a, b, c = x.unbind(-1)
    one = torch.ones_like(a)
    entries = [-10 * one, 10 * one, 0 * one, 28 - c, -one, -a, b, a, -8 / 3 * one]
    return torch.stack(entries, -1).view(*x.shape, 3)


LORENZ = RK4Map(Flow(lorenz, 3, 0.01, derivative=lorenz_slope))


def test_rest_chaos_and_divergence_are_not_cycles():
    _, ends = find_limit_cycles(random_rate(40, 0.7), rows(3, 40), **SHORT)
    assert set(ends.outcome) == {"fixed_point"}

    cycles, ends = find_limit_cycles(LORENZ, rows(6, 3), transient=1000, window=1000)
    assert set(ends.outcome) == {"aperiodic"} and len(cycles) == 0
    assert cycles.states.shape == (0, 3)

    _, ends = find_limit_cycles(Flow(lambda x, u: x**3, 1, 0.1), torch.ones(1, 1), **SHORT)
    assert ends.outcome.tolist() == ["diverged"]


def test_a_cycle_longer_than_a_quarter_of_the_window_is_not_a_rest():
    """Van der Pol, mu = 5: long slow stretches, short jumps; period 11.612 (Strogatz, 7.5)."""

    def rule(x, u):
        a, b = x.unbind(-1)
        return torch.stack([b, 5 * (1 - a * a) * b - a], -1)

    def slope(x, u):
        a, b = x.unbind(-1)
        entries = [0 * a, 1 + 0 * a, -10 * a * b - 1, 5 * (1 - a * a)]
        return torch.stack(entries, -1).view(*x.shape, 2)

    flow = RK4Map(Flow(rule, 2, 0.01, derivative=slope))
    turn = 1162
    for start in range(2):
        transient = 2 * turn + start * turn // 4
        cycles, ends = find_limit_cycles(
            flow, torch.tensor([[2.0, 0.0]]), transient=transient, window=turn + 60
        )
        assert ends.outcome.tolist() == ["limit_cycle"]
        assert cycles.period[0] == pytest.approx(11.6122, abs=1e-3) and cycles.stable[0]


def test_a_slow_spiral_is_a_rest_and_its_end_is_the_point():
    """Re l = -0.002 per time: after 60 time units it has hardly shrunk, but it will."""
    turn = torch.tensor([[0.998, -0.5], [0.5, 0.998]], dtype=torch.float64)
    network = RateNetwork(turn, dt=0.01, nonlinearity="linear")
    cycles, ends = find_limit_cycles(
        network, torch.tensor([[1e-3, 0.0]]), transient=6000, window=200
    )
    assert ends.outcome.tolist() == ["fixed_point"] and len(cycles) == 0
    assert np.abs(ends.states).max() < 1e-12


def test_an_outward_spiral_and_a_settling_run_are_not_rests():
    """The same spiral with Re l > 0 moves on; x' = -x^3 slows down for ever, at no stable point."""
    turn = torch.tensor([[1.002, -0.5], [0.5, 1.002]], dtype=torch.float64)
    network = RateNetwork(turn, dt=0.01, nonlinearity="linear")
    _, ends = find_limit_cycles(network, torch.tensor([[1e-3, 0.0]]), transient=2000, window=2000)
    assert ends.outcome[0] != "fixed_point"
    slow = Flow(lambda x, u: -(x**3), 1, 0.1, derivative=lambda x, u: -3 * x[..., None] ** 2)
    _, ends = find_limit_cycles(slow, torch.ones(1, 1), **SHORT)
    assert ends.outcome.tolist() == ["settling"]


def test_files_and_bad_shapes(tmp_path):
    cycles, ends = find_limit_cycles(StuartLandau(3), rows(2, 3), **SHORT)
    cycles.save(tmp_path / "cycles.npz")
    np.testing.assert_array_equal(LimitCycles.load(tmp_path / "cycles.npz").orbit, cycles.orbit)
    with pytest.raises(ValueError, match=r"holds 'memdyn.limit_cycles', not 'memdyn.ends'"):
        Ends.load(tmp_path / "cycles.npz")
    assert len(ends) == 2
    with pytest.raises(ValueError, match="one network and states"):
        find_limit_cycles(StuartLandau(3), rows(2, 3)[None])


def plane(rule):
    """A flow of (x, y, w): r' = rule(r), one turn per 2 pi, w' = w - w^3."""

    def velocity(x, u):
        r = x[..., :2].norm(dim=-1, keepdim=True)
        radial = x[..., :2] * rule(r) / r
        turn = torch.stack([-x[..., 1], x[..., 0]], -1)
        return torch.cat([radial + turn, x[..., 2:] - x[..., 2:] ** 3], -1)

    return RK4Map(Flow(velocity, 3, 0.1))


def test_mirror_images_are_solved_for_once(monkeypatch):
    """Two cycles, at w = 1 and w = -1, each the other's mirror image."""
    calls, newton = [], return_map._newton
    monkeypatch.setattr(return_map, "_newton", lambda *a: calls.append(1) or newton(*a))
    starts = torch.tensor([[0.5, 0.2, 0.3], [0.5, 0.2, -0.3], [-1.3, 0.2, -0.8]])
    cycles, ends = find_limit_cycles(
        plane(lambda r: r - r**3), starts.double(), transient=400, window=200
    )
    assert ends.cycle.tolist() == [0, 1, 1] and len(calls) == 1
    assert np.abs(cycles.states[:, 2] - [1, -1]).max() < 1e-8
    assert np.abs(cycles.orbit[0] + cycles.orbit[1]).max() < 1e-12


@pytest.mark.parametrize("away", [1e-3, 2e-5], ids=["leaving", "seemingly on it"])
def test_a_run_that_shadows_an_unstable_cycle_is_followed_to_its_end(away):
    """r = 1 repels at the rate 0.1, r = 2 attracts; the runs start near r = 1."""
    network = plane(lambda r: 0.1 * r * (r - 1) * (2 - r))
    angle = torch.arange(12, dtype=torch.float64)
    start = torch.stack([angle.cos(), angle.sin(), torch.ones(12)], 1)
    start[:, :2] *= 1 + away
    cycles, ends = find_limit_cycles(network, start, transient=400, window=200)
    assert set(ends.outcome) == {"limit_cycle"} and cycles.stable.all()
    assert np.linalg.norm(cycles.states[0, :2]) == pytest.approx(2, abs=1e-5)


def test_a_few_chaotic_runs_go_ahead_of_the_others(monkeypatch):
    """None of them settles: the others are not followed for a second time."""
    followed, run = [], limit_cycles._run
    monkeypatch.setattr(
        limit_cycles, "_run", lambda *a, **k: followed.append(len(a[1])) or run(*a, **k)
    )
    _, ends = find_limit_cycles(LORENZ, rows(20, 3), transient=1000, window=1000)
    assert set(ends.outcome) == {"aperiodic"}
    looks = limit_cycles.STRETCHES + 1
    assert followed == [20] * looks + [limit_cycles.SCOUTS] * looks
