"""Sub-steps: the same network in continuous time at another dt."""

import pytest
from delay_line import build, network

from memdyn.timescales.networks.recurrent import Cell
from memdyn.timescales.robustness.accuracy import accuracy, draw_sequences
from memdyn.timescales.robustness.cases import Case
from memdyn.timescales.robustness.substeps import change_steps

SETTINGS = {"steps": 300, "warm_up": 20, "repeats": 2, "reference": "mean"}
CELL = Cell("leaky_inside", "relu", repeat=10, scale_tau=True)


def test_a_delay_line_works_at_its_own_step_only():
    params, _ = build("dms", [3])
    table = change_steps(Case(network(), CELL, params, 3, 0), [1, 2, 10], SETTINGS)
    assert table["k"].tolist() == [1, 2, 10]
    assert (table["N"] == 3).all()
    found = table.set_index("k")["accuracy"]
    assert found[1] == 1.0
    assert found[10] < 0.9
    drawn = draw_sequences(CELL, "dms", params["heads"].shape[-1], 0, SETTINGS)
    own = accuracy(CELL, params, "dms", {3: 0}, *drawn, 20)
    assert found[10] == own.mean()


def test_a_network_without_continuous_time_is_refused():
    params, _ = build("dms", [3])
    case = Case(network(), Cell("leaky_inside", repeat=3), params, 3, 0)
    with pytest.raises(ValueError, match="not a network in continuous time"):
        change_steps(case, [1], SETTINGS)
