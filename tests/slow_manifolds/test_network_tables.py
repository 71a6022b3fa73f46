"""Tables: identity in front, nothing lost when shards are put together."""

import pandas as pd
import pytest

from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.tables import join_networks, of_the_grid, performing, votes_of
from memdyn.tables import combine, of_network, with_network

ONE, OTHER = (Network("gauss", 0.4, g, 10.0, 0) for g in (0.8, 1.2))
GRID = {"distribution": ["gauss"], "pg": [0.4], "g": [0.8, 1.2], "fb": [1, 10], "seed": [0]}


def test_rows_carry_their_network():
    table = with_network(ONE, pd.DataFrame({"level": [1, 2]}, index=[7, 8]))
    assert table.columns.tolist() == ["network", *Network._fields, "level"]
    assert table["network"].tolist() == [ONE.name] * 2
    assert with_network(ONE, {"rmse": 0.1}).shape == (1, 9)


def test_empty_shards_add_nothing():
    full = with_network(ONE, {"level": 1})
    assert combine([pd.DataFrame(), full]).equals(full)
    empty = combine([pd.DataFrame()])
    assert len(empty) == 0
    assert votes_of(empty) == {}
    assert len(of_network(empty, ONE.name)) == 0


def test_networks_are_joined_one_to_one():
    tested = combine([with_network(n, {"performs": n is ONE}) for n in (ONE, OTHER)])
    labelled = combine([with_network(n, {"mechanism": "direct"}) for n in (ONE, OTHER)])
    joined = join_networks(tested, labelled, GRID)
    assert joined["mechanism"].tolist() == ["direct"] * 2
    assert not joined["also"].any()
    assert performing(tested) == {ONE.name}
    with pytest.raises(ValueError, match="2 networks were tested and 1 classified"):
        join_networks(tested, labelled[:1], GRID)


def test_what_also_adds_to_the_grid_is_told():
    added = [
        *(ONE._replace(**{key: value}) for key, value in (("seed", 4), ("fb", 0.5), ("g", 1.1))),
        *(
            ONE._replace(**{key: value})
            for key, value in (("pg", 0.9), ("distribution", "uniform"))
        ),
        ONE._replace(stimuli="frozen"),
    ]
    inside = [ONE, OTHER, ONE._replace(trials=400)]
    tables = (combine([with_network(n, {name: 0}) for n in inside + added]) for name in "ab")
    joined = join_networks(*tables, {**GRID, "also": [{"seed": [4]}]})
    assert joined["also"].tolist() == [False] * 3 + [True] * 6
    assert of_the_grid(joined)["network"].tolist() == [network.name for network in inside]


def test_votes():
    votes = combine([with_network(ONE, {"vote": "mixed"})])
    assert votes_of(votes) == {ONE.name: "mixed"}
