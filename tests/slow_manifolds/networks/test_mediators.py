"""Norms, overlaps and leading eigenvalues of the trained loops against plain linear algebra."""

import numpy as np
import pytest

from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.networks.mediators import measure_weights, rightmost
from memdyn.slow_manifolds.networks.rate import closed_loop, fixed_weights


@pytest.mark.parametrize("n", [20, 120])
def test_the_rightmost_eigenvalue_is_that_of_the_whole_spectrum(n):
    matrix = np.random.default_rng(n).standard_normal((n, n)) / np.sqrt(n)
    assert rightmost(matrix) == pytest.approx(np.linalg.eigvals(matrix).real.max(), rel=1e-6)
    assert np.isnan(rightmost(np.full((n, n), np.nan)))


def test_loops_of_known_weights():
    fixed = fixed_weights(0, "gauss", 0.4, 100, 50.0, 0.1)
    network = Network("gauss", 0.4, 1.2, 5.0, 0)
    untrained = measure_weights(fixed, network, np.zeros((3, 100)))
    assert untrained["norm_output"] == untrained["gain_memory"] == 0
    assert untrained["rightmost_after"] == pytest.approx(untrained["rightmost_before"], rel=1e-6)
    # Readouts along the feedback: the loop's gain is the squared length, and an eigenvalue of it.
    readout = 2 * fixed.feedback / np.square(fixed.feedback).sum(axis=1, keepdims=True)
    found = measure_weights(fixed, network, readout)
    assert found["gain_output"] == pytest.approx(2 / 5)
    assert found["gain_memory"] == pytest.approx(2 / 5)
    assert found["norm_output"] == pytest.approx(2 / np.linalg.norm(fixed.feedback[0]))
    strong = measure_weights(fixed, network._replace(g=0.1, fb=0.1), readout)
    whole = np.linalg.eigvals(closed_loop(fixed, 0.1, 0.1, readout)).real.max()
    assert strong["rightmost_after"] == pytest.approx(whole, rel=1e-6)
    assert whole > 15, "the loop decides"
