"""Decays of known rate, from rest to drifts that never end."""

import doctest

import numpy as np
import pytest
import torch
from known import rows

from memdyn.dynamics import settling
from memdyn.dynamics.cells import GRU, LSTM
from memdyn.dynamics.limit_cycles import find_limit_cycles
from memdyn.dynamics.settling import fading, monotone_decay
from memdyn.dynamics.systems import Map, autodiff_jacobian
from memdyn.landscape.run_ends import end_kind

STEPS = np.arange(3000)
LONG = {"transient": 2000, "window": 2000}


def test_example():
    assert doctest.testmod(settling).failed == 0


@pytest.mark.parametrize("tau", [1e2, 1e3, 1e4, 1e5, 1e6, 1e7])
def test_the_rate_of_a_decay_and_its_error(tau):
    rng = np.random.default_rng(0)
    run = np.exp(-STEPS[:, None] / tau) * [1.0, -2.0, 0.5]
    decay = monotone_decay(run)
    assert decay.clear and decay.time_constant == pytest.approx(tau, rel=1e-4)
    assert decay.left == pytest.approx(np.linalg.norm(run[-1]), rel=1e-3)
    noisy = monotone_decay(run + 1e-5 * rng.standard_normal(run.shape))
    if tau <= 1e4:  # noise of 1e-5 does not hide it
        assert noisy.rate == pytest.approx(1 / tau, abs=5 * noisy.error)
    elif tau >= 1e7:  # it does
        assert noisy is None or not noisy.clear or noisy.rate < 1e-4


def test_a_drift_has_no_rate_and_what_turns_back_is_no_decay():
    drift = monotone_decay(0.5 - 2e-6 * STEPS[:, None])
    assert not drift.clear and drift.time_constant == np.inf
    assert monotone_decay(np.sin(STEPS[:, None] / 30)) is None
    assert monotone_decay(np.ones((3000, 2))) is None


@pytest.mark.parametrize("tau", [1e4, 1e6])
def test_a_fading_oscillation_is_told_from_a_cycle(tau):
    wave = np.stack([np.cos(0.03 * STEPS), 0.4 * np.sin(0.03 * STEPS)], axis=1)
    run = np.exp(-STEPS[:, None] / tau) * wave
    assert fading(run, 2 * np.pi / 0.03) == pytest.approx(1 / tau, rel=0.05)
    assert fading(wave, 2 * np.pi / 0.03) is None
    assert fading(np.sign(wave), 2 * np.pi / 0.03) is None  # no sine
    assert end_kind(run, 1e-6, 0.1, 0.01)[0] == "settling"
    assert end_kind(wave, 1e-6, 0.1, 0.01)[0] == "periodic"
    assert end_kind(np.exp(-STEPS[:, None] / 1e6), 1e-6, 0.1, 0.01)[0] == "settling"
    assert end_kind(np.exp(-STEPS[:, None] / 1e2), 1e-6, 0.1, 0.01)[0] == "rest"


def slow_map(tau):
    return Map(lambda x, u: x * (1 - 1 / tau), 1), torch.tensor([[0.5], [-0.5]]).double()


def slow_gru(tau):
    """h' = z h with z = sigmoid(b)."""
    z = 1 - 1 / tau
    bias = torch.tensor([30.0, np.log(z / (1 - z)), 0.0]).double()
    return GRU(torch.zeros(3, 1).double(), bias=bias), torch.tensor([[0.5], [-0.5]]).double()


def slow_spiral(tau):
    turn = torch.tensor([[np.cos(0.03), -np.sin(0.03)], [np.sin(0.03), np.cos(0.03)]])
    return Map(lambda x, u: x @ (turn * (1 - 1 / tau)).T, 2), rows(2, 2)


def closed_lstm(tau):
    """c' = f c: nothing comes in, and the forget gate is all but 1."""
    f = 1 - 1 / tau
    bias = torch.tensor([-40.0, np.log(f / (1 - f)), 0.0, 0.0]).double()
    return LSTM(torch.zeros(4, 1).double(), bias=bias), rows(2, 2)


@pytest.mark.parametrize("kind", [slow_map, slow_gru, slow_spiral])
@pytest.mark.parametrize("tau", [1e2, 1e4, 1e6])
def test_slow_decays_come_out_with_their_time_constant_and_their_end(kind, tau):
    system, starts = kind(tau)
    _, ends = find_limit_cycles(system, starts, **LONG)
    assert set(ends.outcome) == {"fixed_point" if tau < 1e3 else "settling"}
    assert ends.time_constant == pytest.approx(-1 / np.log1p(-1 / tau), rel=1e-6)
    assert np.abs(ends.limit).max() < 1e-6


@pytest.mark.parametrize("tau", [1e4, 1e6])
def test_a_closed_lstm_settles(tau):
    """Its h = tanh(c) / 2 bends, so that the rate is only about that of c."""
    system, starts = closed_lstm(tau)
    _, ends = find_limit_cycles(system, starts, **LONG)
    assert set(ends.outcome) == {"settling"}
    assert ends.time_constant == pytest.approx(tau, rel=0.1)


def test_a_drift_and_an_algebraic_decay():
    """x + c never ends; x - x^3 / 10 slows down, ever more slowly, at no stable point."""
    _, ends = find_limit_cycles(Map(lambda x, u: x + 1e-4, 1), rows(2, 1), **LONG)
    assert set(ends.outcome) == {"settling"} and (ends.time_constant == np.inf).all()
    assert np.isnan(ends.limit).all()
    cubic = Map(lambda x, u: x - x**3 / 10, 1)
    _, ends = find_limit_cycles(cubic, torch.tensor([[0.5]]).double(), **LONG)
    assert ends.outcome.tolist() == ["settling"] and ends.time_constant[0] > 1000


def test_the_root_of_an_lstm_has_no_forget_gate():
    lstm = LSTM(rows(12, 3), rows(12, 2, 1), rows(1, 12, 2)[0])
    x, u = rows(5, 6, 3), rows(5, 2, 4)
    torch.testing.assert_close(lstm.root_jacobian(x, u), autodiff_jacobian(lstm.root, x, u))
    closed, starts = closed_lstm(1e6)
    assert (
        closed.root(starts)[:, 1].abs().max() > 0.1 > 1e5 * closed.drift(starts)[:, 1].abs().min()
    )
