"""Weight statistics and their regression on N."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from memdyn.timescales.activity.weights import measure, regress_on_N, spectral_radius
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


def lines(slopes, Ns=(2, 10, 30, 40)):
    return pd.DataFrame(
        [
            {"condition": condition, "network": f"{condition}{i}", "N": N, "value": 5 + slope * N}
            for condition, own in slopes.items()
            for i, slope in enumerate(own)
            for N in Ns
        ]
    )


def test_slopes_over_networks():
    found = regress_on_N(lines({"a": [1.0, 2, 3, 4], "b": [-1.0]}), "value").set_index("condition")
    assert found.loc["a", "slope"] == pytest.approx(2.5)
    assert found.loc["a", "intercept"] == pytest.approx(5)
    interval = stats.ttest_1samp([1, 2, 3, 4], 0).confidence_interval()
    assert tuple(found.loc["a", ["low", "high"]]) == pytest.approx(tuple(interval))
    assert found.loc["a", ["n", "n_positive"]].tolist() == [4, 4]
    assert found.loc["b", "n"] == 1 and np.isnan(found.loc["b", "low"])


def test_slopes_stop_at_the_largest_N():
    table = lines({"a": [1.0, 1]})
    table.loc[table["N"] > 30, "value"] = 1e6
    assert regress_on_N(table, "value")["slope"].tolist() == pytest.approx([1])
    assert regress_on_N(table, "value", max_N=40)["slope"].iloc[0] > 1000


def test_a_network_with_one_N_has_no_slope():
    assert not len(regress_on_N(lines({"a": [1.0, 1]}, Ns=[5]), "value"))
    missing = lines({"a": [1.0, 1]})
    missing.loc[missing["network"] == "a0", "value"] = np.nan
    assert regress_on_N(missing, "value")["n"].tolist() == [1]
