"""Autocorrelation in segments, stimulation, tau_net and its biases on processes that are known."""

import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.signal import lfilter

from memdyn.randomness import Stream, generator
from memdyn.timescales.activity import tau_net as measuring
from memdyn.timescales.activity.exponentials import MAX_TAU
from memdyn.timescales.networks.recurrent import Cell, draw, trajectory
from memdyn.timescales.tasks.binary import sequences

SETTINGS = {"steps": 600, "burn_in": 50, "trials": 3, "lags": 40}


def process(rng, tau, n_steps, n_units, n_trials=10):
    """Ornstein-Uhlenbeck processes of variance 1, (trials, steps, units)."""
    r = np.exp(-1 / tau)
    noise = rng.normal(size=(n_trials, n_steps, n_units))
    noise[:, 1:] *= np.sqrt(1 - r**2)
    return lfilter([1], [1, -r], noise, axis=1)


def direct(recording, n_lags, start=0, stop=None):
    """Autocovariance by its definition."""
    stop = recording.shape[1] if stop is None else stop
    x = np.concatenate([recording, recording.sum(axis=2, keepdims=True)], axis=2)
    x = x - x[:, start:stop].mean(axis=1, keepdims=True)
    products = []
    for lag in range(n_lags):
        t = np.arange(max(start, lag), stop)
        products.append((x[:, t] * x[:, t - lag]).mean(axis=(0, 1)))
    return np.stack(products, axis=1)


@pytest.fixture
def recording():
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 503, 4)).cumsum(axis=1) + 100 * rng.normal(size=(3, 1, 4))


def in_pieces(recording, n_lags, edges, middle=None):
    moments = measuring.Moments(n_lags)
    for start, stop in pairwise(edges):
        moments.add(torch.as_tensor(recording[:, start:stop]))
        if stop == middle:
            moments.halve()
    return moments


def test_segments_give_what_the_definition_gives(recording):
    moments = in_pieces(recording, 30, [0, 120, 200, 320, 420, 503], middle=200)
    for half, limits in ((None, (0, 503)), (0, (0, 200)), (1, (200, 503))):
        found = moments.autocovariance(half)
        np.testing.assert_allclose(found, direct(recording, 30, *limits), rtol=1e-9, atol=1e-9)
    covariance = np.stack([np.cov(trial.T, bias=True) for trial in recording])
    np.testing.assert_allclose(moments.covariance(), covariance, rtol=1e-9)


def test_float32_is_enough(recording):
    pieces = in_pieces(recording.astype(np.float32), 30, [0, 120, 200, 320, 420, 503])
    exact = direct(recording, 30)
    assert np.abs(pieces.autocorrelation() - exact / exact[:, :1]).max() < 1e-4


def test_units_that_do_not_move_have_no_autocorrelation(recording):
    recording[:, :, 1] = 0.0
    recording[:, :, 2] = [[0.1], [1 / 3], [1e3]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        moments = measuring.of_recording(recording.astype(np.float32), 40)
        found = moments.autocorrelation()
        tau_net = measuring.estimate(found[:, :31]).tau_net
        corrected = measuring.estimate_corrected(moments, 31).tau_net
    still = [False, True, True, False, False]
    for values in (found[:, 0], tau_net, corrected):
        np.testing.assert_array_equal(np.isnan(values), still)


def test_what_moments_refuse(recording):
    moments = measuring.Moments(40, with_covariance=False)
    with pytest.raises(ValueError, match="30 steps has no autocovariance at lag 39"):
        moments.add(torch.as_tensor(recording[:, :30]))
    moments.add(torch.as_tensor(recording[:, :100]))
    with pytest.raises(ValueError, match="longer than the first"):
        moments.add(torch.as_tensor(recording[:, 100:300]))
    with pytest.raises(ValueError, match="covariance was not gathered"):
        moments.covariance()


def test_one_time_constant_is_read_right_and_two():
    rng = np.random.default_rng(1)
    fast, slow = process(rng, 2.0, 20_000, 8), process(rng, 20.0, 20_000, 8)
    mixed = np.sqrt(0.7) * fast + np.sqrt(0.3) * slow
    moments = measuring.of_recording(np.concatenate([fast, slow, mixed], axis=2), 40)
    found = measuring.estimate_corrected(moments, 31)
    for part, tau, is_double in ((0, 2.0, False), (1, 20.0, False), (2, 20.0, True)):
        units = slice(8 * part, 8 * part + 8)
        assert np.abs(found.tau_net[units].mean() / tau - 1) < 0.06
        assert (found.is_double[units] == is_double).all()
    paper = measuring.estimate(moments.autocorrelation()[:, :31])
    assert paper.is_double[16:24].all()
    assert np.abs(np.median(paper.tau_net[16:24]) / 20 - 1) < 0.1


def test_correction_in_short_recordings():
    """A recording of 25 time constants reads them too short; the corrected estimate does not."""
    recording = process(np.random.default_rng(2), 20.0, 500, 100)
    moments = measuring.of_recording(recording, 100)
    paper = measuring.estimate(moments.autocorrelation()[:, :31]).tau_net[:-1]
    corrected = measuring.estimate_corrected(moments, 31).tau_net[:-1]
    assert np.median(paper) < 18.2
    assert np.abs(np.median(corrected) - 20) < 1


def test_correction_of_too_many_exponentials():
    """Of one time constant, Akaike's criterion makes two in many units: the mean runs away."""
    moments = measuring.of_recording(process(np.random.default_rng(3), 5.0, 6000, 40), 50)
    paper = measuring.estimate(moments.autocorrelation()[:, :31])
    corrected = measuring.estimate_corrected(moments, 31)
    assert paper.is_double[:-1].mean() > 0.2
    assert paper.tau_net[:-1].mean() > 10
    assert corrected.is_double[:-1].mean() < 0.05
    assert np.abs(corrected.tau_net[:-1].mean() - 5) < 0.5


@pytest.mark.parametrize(
    "cell",
    [
        Cell(),
        Cell("leaky_inside", "tanh", repeat=3, scale_tau=True),
        Cell("gru", signed=True),
        Cell("lstm", signed=True, repeat=2),
    ],
)
def test_stimulation_in_segments_is_one_long_run(cell, monkeypatch):
    monkeypatch.setattr(measuring, "SEGMENT", 1)  # segments as short as they can be
    params = draw(cell, 10, 2, [4, 5])
    found = measuring.stimulate(cell, params, [4, 5], SETTINGS)
    n_burn_in = -(-50 // cell.repeat)
    n_items = n_burn_in + 600 // cell.repeat
    for b, seed in enumerate((4, 5)):
        rng = generator(seed, Stream.TS_STIMULATION)
        state = torch.from_numpy(cell.model.initial_states(rng, 3, 10))[None]
        bits = torch.from_numpy(sequences(rng, "parity", 3, n_items))[None]
        own = {name: value[b : b + 1] for name, value in params.items()}
        activity = trajectory(cell, own, bits, state)[0, :, n_burn_in * cell.repeat :].numpy()
        assert found[b].n_steps == activity.shape[1] == 600
        exact = direct(activity.astype(float), 40)
        largest = exact[:, :1]
        np.testing.assert_allclose(found[b].autocovariance() / largest, exact / largest, atol=1e-4)
        alone = measuring.of_recording(activity, 40).autocovariance(1)
        np.testing.assert_allclose(found[b].autocovariance(1) / largest, alone / largest, atol=1e-4)


@pytest.mark.parametrize("kind", ["leaky", "lstm"])
def test_company_changes_no_bit_of_a_recording_and_its_fits(kind, monkeypatch):
    monkeypatch.setattr(measuring, "SEGMENT", 5000)  # several, as many in any company
    cell, seeds, n = Cell(kind), [4, 5, 4], 21

    def measured(params, seeds):
        moments = measuring.stimulate(cell, params, seeds, SETTINGS)
        each = [{name: value[[b]] for name, value in params.items()} for b in range(len(seeds))]
        return moments, measuring.measure(each, moments, 31)

    params = draw(cell, n, 2, [1, 2, 3])
    moments, rows = measured(params, seeds)
    for b in range(3):
        own = {name: value[[b]] for name, value in params.items()}
        [alone], [its] = measured(own, seeds[b : b + 1])
        np.testing.assert_array_equal(alone.covariance(), moments[b].covariance())
        np.testing.assert_array_equal(alone.autocovariance(), moments[b].autocovariance())
        np.testing.assert_equal(its["timescales"], rows[b]["timescales"])
        pd.testing.assert_frame_equal(its["curves"], rows[b]["curves"], rtol=0, atol=0)


def test_stimulation_without_burn_in():
    cell = Cell()
    [found] = measuring.stimulate(cell, draw(cell, 6, 1, [0]), [0], {**SETTINGS, "burn_in": 0})
    assert found.n_steps == 600


def test_recording_too_short_for_its_lags():
    cell = Cell()
    with pytest.raises(ValueError, match="ask for fewer lags"):
        measuring.stimulate(cell, draw(cell, 6, 1, [0]), [0], {**SETTINGS, "steps": 60})


def of(tau_net, is_double=None):
    tau_net = np.array(tau_net, float)
    is_double = np.zeros(len(tau_net), bool) if is_double is None else np.array(is_double)
    return measuring.Timescales(tau_net, is_double, np.ones((len(tau_net), 3)))


def test_summary_leaves_out_what_the_paper_leaves_out():
    paper = of([0.5, np.nan, 2.0, 4.0, MAX_TAU, 7.0], [True, False, False, True, True, True])
    corrected = of([0.5, np.nan, 2.0, 3.0, 4.0, 8.0])
    row = measuring.summarise(np.array([1.0, 0.9, 2.0, 3.0, 1.1]), paper, corrected)
    assert row["tau_net_mean"] == np.mean([2, 4, MAX_TAU])
    assert row["tau_net_sd"] == np.std([2, 4, MAX_TAU])
    assert (row["n_fitted"], row["n_at_bound"], row["n_double"]) == (3, 1, 2)
    assert (row["tau_net_population"], row["tau_net_corrected_population"]) == (7, 8)
    assert row["tau_net_corrected_mean"] == 3
    assert (row["tau_mean"], row["tau_max"], row["tau_longest"]) == (1.6, 3, 3)
    nothing = measuring.summarise(np.full(2, np.nan), of([0.2, 0.3, 0.4]), of([0.2, 0.3, 0.4]))
    assert np.isnan(nothing["tau_net_mean"]) and np.isnan(nothing["tau_mean"])
    assert nothing["n_fitted"] == 0


def test_longest_time_constants():
    assert measuring.longest_taus(np.arange(300.0)).tolist() == list(range(299, 279, -1))
    assert measuring.longest_taus(np.arange(50.0)).tolist() == [49, 48, 47, 46, 45]


def test_examples():
    found = of([0.5, 2.0, 3.0, 9.0, MAX_TAU, 5.0], [False, False, True, False, True, True])
    curves = np.arange(30.0).reshape(6, 5)
    rows = measuring.examples(np.array([3.0, 1.0, 1.2, 1.5, 1.4]), curves, found)
    # longest tau; median, 90th percentile and largest tau_net below the bound; shortest tau
    assert rows["neuron"].unique().tolist() == [0, 2, 3, 1, -1]
    one = rows[rows["neuron"] == 2]
    assert one["model"].unique().tolist() == ["double"]
    np.testing.assert_array_equal(one["autocorrelation"], curves[2])
    np.testing.assert_array_equal(one["fit"].isna(), [False] * 3 + [True] * 2)
    assert rows.loc[rows["neuron"] == -1, "tau_net"].unique().tolist() == [5]
    gated = measuring.examples(np.full(5, np.nan), curves, found)
    assert gated["neuron"].iloc[-1] == -1 and gated["tau"].isna().all()


def test_wanted_N():
    assert measuring.wanted([2, 3, 4, 5], [3, 9]) == [3, 5]
    assert measuring.wanted([], [3]) == []
