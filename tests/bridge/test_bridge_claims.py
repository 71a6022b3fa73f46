"""Rows of the bridge: true of tables that were made so, false of their opposite."""

import pandas as pd
import pytest

import bridge_tables as made
from memdyn.bridge.claims import CLAIMS
from memdyn.bridge.headings import HEADINGS
from memdyn.claims.judge import Evidence, judge


def verdicts(**tables):
    table = judge("bridge", CLAIMS, Evidence(tables), "test")
    return dict(zip(table["id"], table["verdict"], strict=True)), table.set_index("id")


def test_tables_made_so_hold():
    said, table = verdicts(
        slowness=made.slowness(), points=made.points(), forgetting=made.forgetting()
    )
    assert set(said.values()) == {"holds"}, said
    assert table.loc["br.2.predicts", "detail"] == "seeds: 3; never forget half: 3"
    assert set(table["claim"]) == set(HEADINGS)


def test_their_opposites_fail():
    several = made.points().assign(n_points=3)
    said, _ = verdicts(
        slowness=made.slowness(rise=-0.04, single=12.0, multi=1.5),
        points=several,
        forgetting=made.forgetting(order=-1),
    )
    expected = {"br.1.transient", "br.1.slower_single", "br.1.one_neuron", "br.1.collective"}
    expected |= {"br.1.tau_net_multi", "br.2.predicts", "br.2.predicts_paper"}
    assert {name for name, verdict in said.items() if verdict == "fails"} >= expected


@pytest.mark.parametrize("table", [pd.DataFrame(), None])
def test_without_tables_nothing_is_said(table):
    tables = dict.fromkeys(("slowness", "points", "forgetting"), table)
    said, _ = verdicts(**{name: own for name, own in tables.items() if own is not None})
    assert set(said.values()) == {"not run"}
