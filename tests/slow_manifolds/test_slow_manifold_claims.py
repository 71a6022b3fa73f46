"""Claims of study 1 on invented tables with known answers."""

import numpy as np
import pandas as pd
import pytest

import invented
from memdyn.claims.judge import Evidence, judge
from memdyn.slow_manifolds.claims import CLAIMS, TABLES
from memdyn.slow_manifolds.headings import HEADINGS


def judged(tables, n_units=1000) -> pd.DataFrame:
    return judge("slow_manifolds", CLAIMS, Evidence(tables, n_units), "test").set_index("id")


@pytest.fixture(scope="module")
def agreeing() -> dict:
    return invented.slow_manifolds()


def test_tables_that_agree_with_the_paper_make_every_claim_hold(agreeing):
    assert set(agreeing) == set(TABLES)
    table = judged(agreeing)
    claims = table[table["kind"] == "claim"]
    assert set(claims["claim"]) == set(HEADINGS)
    assert (claims["verdict"] == "holds").all(), claims["verdict"]
    # 4 seeds, each with 3 performing slow manifolds and one network of each other kind.
    assert table.loc["sm.2.phasic_than_direct", ["n", "units"]].tolist() == ["12 + 4", 4]
    np.testing.assert_allclose(table.loc["sm.2.prevalent", "estimate"], 3 / 6 - 1 / 6)
    np.testing.assert_allclose(table.loc["sm.4.efficient", "estimate"], 1 - 1 / 3)
    assert table.loc["sm.4.noise_zero_mean", "verdict"] == "not run"  # no Gaussian noise in them


def test_tables_that_disagree_make_claims_fail(agreeing):
    swap = {"slow_manifold": "direct", "direct": "slow_manifold"}
    networks = agreeing["networks"].replace({"mechanism": swap})
    table = judged({**agreeing, "networks": networks})
    for name in ("sm.2.prevalent", "sm.2.phasic", "sm.3.direct_keeps", "sm.3.slow_forgets"):
        assert table.loc[name, "verdict"] == "fails"
    for name in ("sm.2.phasic_than_direct", "sm.3.forgets_more", "sm.4.noise", "sm.4.efficient"):
        assert table.loc[name, "verdict"] == "fails"
    assert table.loc["sm.2.prevalent_memory", "verdict"] == "holds"  # another label


def test_networks_of_one_seed_are_one_value(agreeing):
    tables = {name: rows[rows["seed"] == 0] for name, rows in agreeing.items()}
    table = judged(tables)
    row = table.loc["sm.2.prevalent"]
    assert (row["units"], row["n"], row["verdict"]) == (1, "6", "undecided")
    assert np.isnan(row["low"])
    assert row["detail"].startswith("1 seed")


def test_a_mechanism_that_never_occurs_is_not_disproved():
    table = judged(invented.slow_manifolds(kinds=("slow_manifold", "limit_cycle", "mixed")))
    assert table.loc["sm.1.four", "verdict"] == "undecided"
    assert "direct 0" in table.loc["sm.1.four", "detail"]
    assert table.loc["sm.3.direct_keeps", "verdict"] == "not run"
    assert "direct" in table.loc["sm.3.direct_keeps", "detail"]


def test_networks_that_do_not_perform_never_count(agreeing):
    networks = agreeing["networks"]
    table = judged({**agreeing, "networks": networks.assign(performs=False)})
    own = table[table.index != "sm.1.half"]
    assert (own["verdict"] == "not run").all()
    assert own["detail"].str.contains("none of 28 networks performs|this run").all()


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_table_takes_only_its_claims(agreeing, name):
    table = judged({**agreeing, name: pd.DataFrame()})
    gone = table[table["detail"] == f"this run has no table “{name}”"]
    assert len(gone)
    assert (gone["verdict"] == "not run").all()
    assert (table["verdict"] == "holds").any() == (name != "networks")


def test_the_share_that_performs_asks_for_the_authors_protocol(agreeing):
    assert judged(agreeing).loc["sm.1.half", "estimate"] == 6 / 7
    assert "300" in judged(agreeing, n_units=300).loc["sm.1.half", "detail"]
