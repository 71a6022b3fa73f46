"""Fixed weights: their moments, their dependence on the seed alone, the closed loop."""

import numpy as np
import pytest

from memdyn.slow_manifolds.networks.rate import closed_loop, fixed_weights


def draw(seed=0, distribution="gauss", pg=0.4, n=400):
    return fixed_weights(seed, distribution, pg, n, 50.0, 0.1)


def test_moments():
    fixed, n = draw(n=1000), 1000
    density = (fixed.recurrent != 0).mean()
    assert density == pytest.approx(0.4, abs=0.002)  # 4 SD of a fraction of 1e6 draws
    assert fixed.recurrent[fixed.recurrent != 0].std() == pytest.approx(
        1 / np.sqrt(0.4 * n), rel=0.01
    )
    assert np.abs(np.linalg.eigvals(fixed.recurrent)).max() == pytest.approx(1.0, rel=0.06)
    assert fixed.input.std() == pytest.approx(1 / 50, rel=0.05)
    assert fixed.initial_state.std() == pytest.approx(0.1, rel=0.1)
    assert fixed.feedback.shape == (3, n)


def test_uniform_weights():
    fixed = draw(distribution="uniform")
    assert np.abs(fixed.feedback).max() <= 1
    assert fixed.feedback.std() == pytest.approx(1 / np.sqrt(3), rel=0.05)
    assert np.abs(fixed.input).max() <= 1 / 50
    np.testing.assert_array_equal(fixed.recurrent, draw().recurrent)


def test_seed_decides():
    assert draw(1).digest() == draw(1).digest()
    assert draw(1).digest() != draw(2).digest()
    assert draw(1, pg=0.6).digest() != draw(1, pg=0.4).digest()


def test_unknown_distribution():
    with pytest.raises(ValueError, match="cauchy"):
        draw(distribution="cauchy")


def test_closed_loop_feeds_both_outputs_back():
    fixed = draw(n=50)
    readout = np.random.default_rng(0).normal(size=(3, 50))
    r = np.random.default_rng(1).normal(size=50)
    z, z_d = readout[0] @ r, readout[1:] @ r
    w_f, W_fd = fixed.feedback[0], fixed.feedback[1:].T
    expected = 1.3 * fixed.recurrent @ r + (w_f * z + W_fd @ z_d) / 10
    np.testing.assert_allclose(closed_loop(fixed, 1.3, 10, readout) @ r, expected, rtol=1e-12)


def test_the_first_state_is_drawn_like_the_weights():
    first = fixed_weights(0, "uniform", 0.4, 4000, 50.0, 0.1).initial_state
    assert np.abs(first).max() <= 0.1
    assert first.std() == pytest.approx(0.1 / np.sqrt(3), rel=0.05)
