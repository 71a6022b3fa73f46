"""Schemas of the tables, by name."""

import pytest

from memdyn.external import tables as external
from memdyn.slow_manifolds import tables as slow_manifolds
from memdyn.timescales import tables as timescales


def test_a_kind_of_table_has_one_schema():
    assert slow_manifolds.schema("memory") == "slow_manifolds.memory/1"
    assert timescales.schema("memory") == "timescales.memory/1"
    assert external.schema("memory") == "slow_manifolds.memory/1"  # the same columns
    assert external.schema("summary") == "external.summary/1"


@pytest.mark.parametrize("wing", [slow_manifolds, timescales, external])
def test_an_unknown_kind_is_named(wing):
    with pytest.raises(KeyError, match="has no table 'memories': there"):
        wing.schema("memories")
