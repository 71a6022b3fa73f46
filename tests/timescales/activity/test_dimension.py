"""Dimension of activity, on covariances whose spectrum is known."""

import numpy as np
import pytest

from memdyn.timescales.activity.dimension import (
    measure,
    participation_ratio,
    pca_dimension,
    spectrum,
)


def rotated(variances, seed=0):
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(len(variances),) * 2))
    return (q * variances) @ q.T


def test_spectrum_is_recovered_largest_first():
    np.testing.assert_allclose(spectrum(rotated([1.0, 5, 3])), [5, 3, 1])
    assert (spectrum(rotated([1.0, 0, 0, 0])) >= 0).all()


@pytest.mark.parametrize(
    ("variances", "dimension"),
    [([1.0] * 10, 9), ([95.0, 5], 1), ([89.0, 11], 2), ([50, 30, 15, 5], 3), ([7.0], 1)],
)
def test_fewest_components_that_explain_nine_tenths(variances, dimension):
    assert pca_dimension(np.array(variances) * 1.0000001) == dimension


def test_participation_ratio():
    assert participation_ratio(np.full(10, 3.0)) == pytest.approx(10)
    assert participation_ratio(np.array([2.0, 0, 0])) == pytest.approx(1)
    assert participation_ratio(np.array([2.0, 1])) == pytest.approx(9 / 5)


def test_trials_count_each_for_itself():
    covariances = np.stack([rotated([1.0, 1, 0, 0]), rotated([0.0, 0, 0, 5])])
    assert measure(covariances) == pytest.approx(
        {"dimension": 1.5, "dimension_paper": 0.5, "participation_ratio": 1.5}
    )


def test_no_variance_no_dimension():
    found = measure(np.zeros((2, 4, 4)))
    assert all(np.isnan(value) for value in found.values())
