"""Networks of study 2: what a condition says of them."""

from memdyn.costs import memory
from memdyn.timescales.grid import networks, units_of


def study(**entry):
    return {
        "network": {"n_units": 500},
        "conditions": {"parity_single": {"task": "parity", "curriculum": "single", **entry}},
        "run": ["parity_single"],
        "seed": [0, 1],
        "curriculum": {"start_N": 2},
    }


def test_units_are_those_of_the_condition_or_else_of_the_study():
    assert units_of(study(), "parity_single") == 500
    assert units_of(study(n_units=128), "parity_single") == 128
    assert memory.largest_n_units(study(n_units=128)) == 128


def test_names_do_not_change_with_the_size():
    assert [m.name for m in networks(study(n_units=128))] == [m.name for m in networks(study())]
