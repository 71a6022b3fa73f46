"""Weight statistics."""

import numpy as np
import pytest
import torch

from memdyn.timescales.activity.weights import measure, spectral_radius
from memdyn.timescales.networks.recurrent import Cell, draw


def test_spectral_radius():
    assert spectral_radius(np.array([[0.0, 2], [-2, 0]])) == pytest.approx(2)
    assert spectral_radius(np.array([[0.0, 1], [0, 0]])) == 0
    assert np.isnan(spectral_radius(np.array([[np.inf, 1], [0, 0]])))


def test_a_leaky_network():
    recurrent = torch.tensor([[[9.0, -1, 1], [2, 9, 0], [0, -8, 9]]])  # the diagonal is no weight
    params = {
        "recurrent": recurrent,
        "bias": torch.tensor([[1.0, 2, 3]]),
        "input": torch.tensor([[[1.0], [-1], [4]]]),
        "input_bias": torch.tensor([[0.0, 0, 3]]),
    }
    found = measure(Cell(), params)
    assert found["weight_mean"] == -1
    assert found["weight_abs_mean"] == 2
    assert found["weight_sd"] == pytest.approx(np.std([-1, 1, 2, 0, 0, -8]))
    assert (found["input_abs_mean"], found["bias_mean"]) == (2, 3)
    roots = np.roots([1, 0, 2, 16])  # characteristic polynomial without the diagonal
    assert found["spectral_radius"] == pytest.approx(np.abs(roots).max())


def test_a_new_network_has_the_radius_of_its_variance():
    """Specification, section 2: U(-1, 1) / sqrt(n) gives a radius of 0.58, sqrt(1 / 3)."""
    cell = Cell()
    found = measure(cell, draw(cell, 400, 1, [0]))
    assert found["spectral_radius"] == pytest.approx(np.sqrt(1 / 3), abs=0.04)
    assert found["weight_sd"] == pytest.approx(1 / np.sqrt(3 * 400), rel=0.01)


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_a_gated_network_has_no_radius(kind):
    cell = Cell(kind)
    found = measure(cell, draw(cell, 20, 1, [0]))
    assert np.isnan(found.pop("spectral_radius"))
    assert np.isfinite(list(found.values())).all()
