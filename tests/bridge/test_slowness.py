"""Networks of study 2 in the instrument: they step alike, and known ones have known slowness."""

import numpy as np
import pandas as pd
import pytest
import torch

from memdyn.bridge.slowness import forgetting_time, measure, rest_points, system_of
from memdyn.bridge.together import with_tau_net
from memdyn.dynamics.cells import LeakyNetwork
from memdyn.timescales.networks.recurrent import Cell, draw, trajectory

SETTINGS = {"trials": 2, "steps": 400, "burn_in": 100, "n_seeds": 6}
CELLS = (
    Cell(),
    Cell(kind="leaky_inside", nonlinearity="tanh"),
    Cell(kind="leaky_inside", repeat=3, scale_tau=True),
    Cell(kind="gru", signed=True),
    Cell(kind="lstm", signed=True),
)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.kind}, {cell.repeat}")
def test_the_instrument_steps_them_as_study_2_does(cell):
    params = draw(cell, 7, 1, [3])
    items = torch.tensor([[[1.0, 0.0, 1.0, 1.0]]])
    start = torch.rand(1, 1, 7)
    theirs = trajectory(cell, params, items, start)[0, 0, -1].double()
    system = system_of(cell, params)
    x = torch.zeros(1, system.n_units).double()
    x[:, :7] = start[0].double()
    shown = 2 * items - 1 if cell.signed else items
    for item in shown.repeat_interleave(cell.repeat, dim=2)[0, 0]:
        x = system.step(x, item.double()[None])
    torch.testing.assert_close(x[0, :7], theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.kind}, {cell.repeat}")
def test_every_cell_is_measured(cell):
    found = measure(cell, draw(cell, 7, 1, [3]), 3, SETTINGS)
    assert found["driven"]["exponent_1"] >= found["driven"]["exponent_2"]
    assert 1 <= found["driven"]["participation"] <= 14
    assert found["points"]["item"].tolist() == [0, 1]
    assert np.isfinite(found["driven"]["mode_tau"]) == cell.model.has_tau
    parts = found["modes"]["part"]
    assert parts.is_monotonic_decreasing and parts.sum() == pytest.approx(1)


def test_one_long_neuron_is_found():
    """Unconnected units above zero: the slowest mode is the unit with the longest tau."""
    cell, n = Cell(nonlinearity="relu"), 6
    params = draw(cell, n, 1, [0])
    params["recurrent"][:] = 0
    params["bias"][:], params["input"][:], params["input_bias"][:] = 1.0, 0.5, 0.0
    params["tau"] = torch.linspace(1.5, 10, n)[None]
    driven, points, modes = measure(cell, params, 0, SETTINGS).values()
    assert driven["exponent_1"] == pytest.approx(np.log(0.9), abs=1e-4)
    assert driven["forgetting_time"] == pytest.approx(-1 / np.log(0.9), rel=1e-3)
    assert driven["participation"] == pytest.approx(1, abs=1e-2)
    assert driven["mode_tau"] == pytest.approx(10, abs=1e-2)
    assert driven["tau_max"] == 10
    assert points["n_points"].tolist() == points["n_stable"].tolist() == [1, 1]
    np.testing.assert_allclose(points["time"], -1 / np.log(0.9), rtol=1e-4)
    assert modes["tau"][0] == pytest.approx(10)


def test_two_places_to_rest_are_two():
    latch = LeakyNetwork(2 * torch.eye(1).double(), torch.zeros(1, 1).double(), nonlinearity="tanh")
    found = rest_points(latch, 1.0, torch.tensor([[0.5], [-0.5]]).double(), 6)
    assert (found["n_points"], found["n_stable"]) == (3, 2)
    assert found["participation"] == pytest.approx(1)


def test_what_does_not_fade_lasts_for_ever():
    assert forgetting_time(-0.5) == 2 and forgetting_time(0.0) == forgetting_time(0.1) == np.inf


def test_tau_net_stands_beside_its_network():
    driven = pd.DataFrame({"network": ["a", "a"], "N": [2, 3], "exponent_1": [-0.5, -0.4]})
    row = {"network": "a", "N": 3, "tau_net_mean": 4.0, "tau_net_corrected_mean": 3.0}
    table = with_tau_net(driven, pd.DataFrame([row]))
    assert table["tau_net"].tolist()[1] == 4 and np.isnan(table["tau_net"][0])
    assert with_tau_net(driven, pd.DataFrame())["tau_net_corrected"].isna().all()
    assert with_tau_net(pd.DataFrame(), pd.DataFrame([row])).empty
