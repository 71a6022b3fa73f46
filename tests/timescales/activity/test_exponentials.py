"""Fits of one and two exponentials, against known curves, an exact expectation, and SciPy."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from memdyn.timescales.activity.exponentials import MAX_TAU, expected, fit_exponentials

LAGS = np.arange(31)


def single(t, a, tau):
    with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
        return a * np.exp(-t / tau)


def double(t, a, tau1, c, tau2):
    return single(t, a * c, tau1) + single(t, a * (1 - c), tau2)


def mixtures(n: int, seed: int = 0) -> np.ndarray:
    """Autocorrelations of two exponentials with errors that go together, some of an AR(2)."""
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0, 0.6, n)[:, None]
    fast, slow = rng.uniform(0.3, 5, n)[:, None], rng.uniform(2, 80, n)[:, None]
    curves = (1 - weight) * np.exp(-LAGS / fast) + weight * np.exp(-LAGS / slow)
    r = np.stack([rng.uniform(0.2, 0.9, n // 5), rng.uniform(-0.5, 0.9, n // 5)])[:, :, None]
    share = r[0] * (1 - r[1] ** 2) / ((r[0] - r[1]) * (1 + r[0] * r[1]))  # of two real roots
    curves[: n // 5] = share * r[0] ** LAGS + (1 - share) * r[1] ** LAGS
    errors = rng.normal(size=curves.shape).cumsum(axis=1) * 10 ** rng.uniform(-5, -2, (n, 1))
    return curves + errors - errors[:, :1]


def test_known_curves_are_recovered():
    one = fit_exponentials(0.7 * expected(np.array([0.5, 3.0, 60.0]), 31), 1)
    np.testing.assert_allclose(one.tau[:, 0], [0.5, 3, 60], rtol=1e-6)
    np.testing.assert_allclose(one.weight[:, 0], 0.7, rtol=1e-6)
    two = fit_exponentials(double(LAGS, 0.9, 2.0, 0.8, 30.0)[None], 2)
    np.testing.assert_allclose(two.tau, [[30, 2]], rtol=1e-4)
    np.testing.assert_allclose(two.weight, [[0.18, 0.72]], rtol=1e-4)
    np.testing.assert_allclose(two.curve[0], double(LAGS, 0.9, 2.0, 0.8, 30.0), atol=1e-8)


@pytest.mark.parametrize(
    ("model", "bounds", "n"), [(single, [1, 100], 1), (double, [1, 100, 1, 100], 2)]
)
def test_no_worse_than_scipy(model, bounds, n):
    curves = mixtures(30)
    found = fit_exponentials(curves, n)
    assert (found.weight >= 0).all() and (found.weight.sum(axis=1) <= 1 + 1e-12).all()
    assert (found.tau <= MAX_TAU * (1 + 1e-12)).all()
    for curve, rss in zip(curves, found.rss, strict=True):
        theirs, _ = curve_fit(model, LAGS, curve, bounds=(0, bounds), maxfev=2000)
        assert rss <= np.square(curve - model(LAGS, *theirs)).sum() * (1 + 1e-6)
    np.testing.assert_allclose(np.square(curves - found.curve).sum(axis=1), found.rss, rtol=1e-9)


def test_bounds_hold_a_constant_and_a_growing_curve():
    found = fit_exponentials(np.stack([np.ones(31), 1 + LAGS / 30]), 1)
    np.testing.assert_allclose(found.tau, MAX_TAU)
    np.testing.assert_allclose(found.weight, 1)


def test_curve_that_is_not_a_number_stays_so():
    curves = mixtures(4)
    curves[1, 3] = np.nan
    for n in (1, 2):
        found = fit_exponentials(curves, n)
        assert np.isnan(found.tau[1]).all() and np.isnan(found.rss[1])
        alone = fit_exponentials(curves[2:3], n)
        np.testing.assert_allclose(found.tau[2], alone.tau[0], rtol=1e-6)
    assert np.isnan(fit_exponentials(np.full((2, 31), np.nan), 2).tau).all()


@pytest.mark.parametrize("tau", [0.3, 4.0, 50.0])
def test_expectation_in_a_short_recording(tau):
    n, lags = 60, np.arange(10)
    covariance = np.exp(-np.abs(np.subtract.outer(np.arange(n), np.arange(n))) / tau)
    centre = np.eye(n) - 1 / n
    of_sample = centre @ covariance @ centre
    exact = np.array([of_sample.diagonal(lag).mean() for lag in lags])
    np.testing.assert_allclose(expected(np.array(tau), 10, n), exact / exact[0], rtol=1e-9)
    np.testing.assert_allclose(expected(np.array(tau), 10), np.exp(-lags / tau))


def test_finite_recordings_are_recovered_too():
    curve = 0.3 * expected(np.array(40.0), 31, 300) + 0.7 * expected(np.array(3.0), 31, 300)
    found = fit_exponentials(curve[None], 2, n_steps=300)
    np.testing.assert_allclose(found.tau, [[40, 3]], rtol=1e-4)
    assert fit_exponentials(curve[None], 2).tau[0, 0] < 30
