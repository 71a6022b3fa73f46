"""Claims and bands of study 2 on invented tables with known answers."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import invented
from memdyn.claims.judge import Evidence, judge
from memdyn.timescales.claims import bands
from memdyn.timescales.claims.claims import CLAIMS, TABLES
from memdyn.timescales.claims.half_size import half_size
from memdyn.timescales.claims.headings import HEADINGS

#: The authors' recordings for tau_net.
RECORDED = {"steps": 100_500, "trials": 10}


def judged(tables, *ids, facts=None) -> pd.DataFrame:
    """All claims, or those that are named."""
    claims = [claim for claim in CLAIMS if not ids or claim.id in ids]
    evidence = Evidence(tables, facts or RECORDED)
    return judge("timescales", claims, evidence, "test").set_index("id")


@pytest.fixture(scope="module")
def agreeing() -> dict:
    tables = invented.timescales()
    networks = pd.concat([tables["networks"], invented.alone()], ignore_index=True)
    return {**tables, "heads": invented.all_heads(), "networks": networks}


@pytest.fixture(scope="module")
def table(agreeing) -> pd.DataFrame:
    return judged(agreeing)


def test_tables_that_agree_with_the_paper_make_every_claim_hold(agreeing, table):
    assert set(agreeing) == set(TABLES)
    claims = table[table["kind"] == "claim"]
    assert set(claims["claim"]) == set(HEADINGS)
    missing = {"ts.3.fixed3", "ts.5.lstm"}  # conditions that were not invented
    assert set(claims.index[claims["verdict"] == "not run"]) == missing
    assert (claims.drop(list(missing))["verdict"] == "holds").all(), claims["verdict"]


def test_estimates_are_what_was_put_in(table):
    expected = {
        "ts.1.tau_net.parity_single": 2.0,  # per 10 N
        "ts.3.falls.parity_multi": -0.04,
        "ts.2.forgets": 0.5,
        "ts.4.remembers": 0.97,
        "ts.4.ablation_longest": 0.99 - 0.44,
        "ts.4.perturbation_tau": np.log10(3),
        "ts.4.retraining": 0.5,
        "ts.4.emerges": 1.0,
    }
    for name, value in expected.items():
        np.testing.assert_allclose(table.loc[name, "estimate"], value, rtol=0.05)
    assert table.loc["ts.4.epochs", "detail"] == "pairs at N = 36"
    assert table.loc["ts.4.epochs", "estimate"] == 35 - 3 * 35


def test_tables_that_disagree_make_claims_fail(agreeing):
    swap = {"parity_single": "parity_multi", "parity_multi": "parity_single"}
    table = judged({k: rows.replace({"condition": swap}) for k, rows in agreeing.items()})
    for name in ("2.forgets", "3.shorter", "3.falls.parity_multi", "4.epochs", "4.max_N"):
        assert table.loc[f"ts.{name}", "verdict"] == "fails", name
    for name in ("remembers", "ablation_longest", "perturbation_recurrent", "retraining"):
        assert table.loc[f"ts.4.{name}", "verdict"] == "fails", name


def test_one_seed_decides_nothing():
    table = judged(invented.timescales(("parity_single", "parity_multi"), seeds=[0]))
    asked = table[table["verdict"] != "not run"]
    assert len(asked) > 20
    assert (asked["verdict"] == "undecided").all()


def test_pairs_are_of_one_seed():
    """A large spread over seeds that both conditions share does not hide their difference."""
    tables = invented.timescales(("parity_single", "parity_multi"))
    rows = tables["epochs"]
    rows["tau_mean"] += rows["seed"] * 10
    found = judged(tables, "ts.3.shorter").loc["ts.3.shorter"]
    assert found["verdict"] == "holds"
    alone = tables | {"epochs": rows[(rows["condition"] == "parity_multi") | (rows.seed < 2)]}
    assert judged(alone, "ts.3.shorter").loc["ts.3.shorter", "n"] == "2 + 2"


def test_short_runs_are_not_asked_what_only_long_ones_can_answer():
    table = judged(invented.timescales(("parity_single", "parity_multi"), last_N=11))
    said = table["detail"]
    assert said["ts.4.ablation_longest"] == "asks for a common N ≥ 20, ours reach 11"
    assert said["ts.2.tau.parity_single"] == "a slope asks for three N from 15 on, ours reach 11"
    # Multi-head takes an epoch for each N, single-head three, and both were to reach N = 11.
    assert said["ts.4.max_N"] == "mean of largest N: 11 and 4, within 10 epochs"
    assert table.loc["ts.4.max_N", "verdict"] == "holds"
    assert said["ts.band.max_N.parity_single"] == "our own settings ended runs, at N = 11"
    assert said["ts.band.max_N.parity_multi"] == "our own settings ended runs, at N = 11"
    assert table.loc["ts.band.tau_mean.parity_single.11", "verdict"] == "holds"


def test_the_largest_N_is_that_of_as_many_epochs():
    """Of what both had, unless the one behind had more, or came to an end by itself."""
    tables = invented.timescales(("parity_single", "parity_single_tau1"))
    networks = tables["networks"]
    fixed = networks["condition"] == "parity_single_tau1"
    usual = judged(tables, "ts.2.trained").loc["ts.2.trained"]
    assert (usual["verdict"], usual["detail"][-18:]) == ("holds", "within 1000 epochs")
    networks.loc[fixed, "n_epochs"] = 40
    fewer = judged(tables, "ts.2.trained").loc["ts.2.trained"]
    assert fewer["detail"] == "mean of largest N: 14 and 14, within 40 epochs"
    assert (fewer["estimate"], fewer["verdict"]) == (0, "undecided")
    networks.loc[fixed, "status"] = "plateau"
    level = judged(tables, "ts.2.trained").loc["ts.2.trained"]
    assert (level["estimate"], level["detail"][-12:]) == (usual["estimate"], "at a plateau")


@pytest.mark.parametrize(
    ("last_N", "why"),
    [
        (9, "asks for N ≥ 10, ours reach 9 in as many epochs"),
        (11, "ours both reach the largest N that was asked, 11, at once"),
    ],
)
def test_what_both_reach_at_once_says_nothing(last_N, why):
    tables = invented.timescales(("parity_single", "parity_single_tau1"), last_N=last_N)
    found = judged(tables, "ts.2.trained").loc["ts.2.trained"]
    assert (found["verdict"], found["detail"]) == ("not run", why)


def test_heads_that_are_added_later_do_not_count_as_learnt_later():
    rows = invented.all_heads()
    at_once = rows[rows["N"] == 7].assign(accuracy=1.0)
    others = rows[rows["N"] < 7].assign(accuracy=lambda t: (t["epoch"] >= 9 - t["N"]).astype(float))
    found = judged({"heads": pd.concat([others, at_once])}, "ts.4.emerges").loc["ts.4.emerges"]
    assert found["verdict"] == "fails"
    np.testing.assert_allclose(found["estimate"], -1.0)


def test_bands_hold_at_their_size_and_protocol_only(agreeing):
    small = judged(invented.timescales(("parity_single",), n_units=128))
    theirs = small[(small["kind"] == "band") & small.index.str.contains("parity_single.5")]
    assert (theirs["detail"] == "bands hold for 500 units, ours have 128").all()
    networks = agreeing["networks"].assign(updates=100)
    name = "ts.band.tau_mean.parity_single.11"
    found = judged({**agreeing, "networks": networks}, name).loc[name]
    assert (found["verdict"], found["detail"][:27]) == ("not run", "bands hold for epochs of 60")


def test_bands_compare_with_the_mean_of_our_networks(table):
    found = table.loc["ts.band.tau_mean.parity_single.11"]
    assert (found["claimed_low"], found["claimed_high"]) == (1.403, 1.463)
    assert found["verdict"] == "holds"
    assert table.loc["ts.band.tau_mean.parity_single.30", "verdict"] == "fails"  # 1.81
    assert table.loc["ts.band.half_size.parity_single.30.recurrent", "verdict"] == "holds"
    assert table.loc["ts.band.epochs.parity_single.N 7-12", "estimate"] == 3


def test_without_tables_every_row_says_why():
    table = judged({})
    assert (table["verdict"] == "not run").all()
    assert (table["detail"].str.len() > 10).all()


@pytest.mark.parametrize("name", ["networks", "epochs", "perturbation"])
def test_a_missing_table_takes_only_its_claims(agreeing, name):
    table = judged({**agreeing, name: pd.DataFrame()})
    gone = table["detail"] == f"{name} not measured in this run"
    assert gone.any()
    assert (table["verdict"] == "holds").any()


def test_half_size_is_interpolated_in_log_size():
    curve = pd.Series([1.0, 0.9, 0.6, 0.4, 0.1], index=[0.0, 0.01, 0.1, 1.0, 10.0])
    np.testing.assert_allclose(half_size(curve), 10**-0.5)
    assert half_size(curve.loc[:0.1]) == 0.1  # never below: at least the largest
    assert half_size(curve.loc[1.0:]) == 1.0  # below from the start


def test_constant_is_the_abstract_and_falling_the_figure(agreeing, table):
    """What their figure shows and their abstract denies stands as two sentences."""
    constant, falls = (table.loc[f"ts.3.{name}.parity_multi"] for name in ("constant", "falls"))
    assert (constant["where"], constant["verdict"]) == ("abstract", "holds")
    assert (falls["where"], falls["verdict"]) == ("figure 4b", "holds")
    epochs = agreeing["epochs"]
    steeper = epochs.assign(tau_mean=epochs["tau_mean"] - 0.008 * epochs["n_max"])
    said = judged({**agreeing, "epochs": steeper})["verdict"]
    assert said["ts.3.constant.parity_multi"] == "fails"
    assert said["ts.3.falls.parity_multi"] == "holds"


def test_an_excess_that_was_there_at_the_start_is_no_recurrence(agreeing):
    rows = agreeing["timescales"]
    flat = rows.assign(tau_net_mean=rows["tau_mean"] + 0.6 + 0.01 * (rows["seed"] - 1.5))
    row = judged({**agreeing, "timescales": flat}, "ts.3.recurrence").loc["ts.3.recurrence"]
    assert row["verdict"] != "holds"
    np.testing.assert_allclose(row["estimate"], 0, atol=1e-9)
    row = judged(agreeing, "ts.3.recurrence").loc["ts.3.recurrence"]
    np.testing.assert_allclose(row["estimate"], (0.15 + 0.004) * (99 - 2), rtol=0.05)
    later = rows[rows["N"] > 2]
    row = judged({**agreeing, "timescales": later}, "ts.3.recurrence").loc["ts.3.recurrence"]
    assert row["detail"] == "parity_multi: asks for N = 2, ours begin at 5"


def test_our_budget_is_not_their_failure(agreeing, table):
    claims = [claim for claim in CLAIMS if "largest N solved in as many" in claim.statistic.text]
    assert len(claims) == 7
    assert all("as many epochs" in claim.sentence for claim in claims), "all say so"
    assert table.loc["ts.4.max_N", "detail"].endswith("within 1000 epochs")
    networks = agreeing["networks"]
    single = networks["condition"] == "parity_single"
    levelled = networks.assign(status=networks["status"].mask(single, "plateau"))
    row = judged({**agreeing, "networks": levelled}, "ts.4.max_N").loc["ts.4.max_N"]
    assert row["verdict"] == "holds"
    assert row["detail"].endswith("at a plateau")


def test_without_a_curriculum_a_network_needs_as_many_epochs_to_fail(agreeing, table):
    assert table.loc["ts.4.alone", "verdict"] == "holds"
    networks = agreeing["networks"]
    alone = networks["condition"] == "parity_none"
    # Single-head networks take 3 epochs for each N from 2 on: 30 to N = 11, 57 to N = 20.
    for epochs, n in ((29, None), (30, "4"), (57, "12")):
        given = networks.assign(n_epochs=networks["n_epochs"].mask(alone, epochs))
        row = judged({**agreeing, "networks": given}, "ts.4.alone").loc["ts.4.alone"]
        if n is None:
            assert row["verdict"] == "not run"
            assert row["detail"] == "ours had fewer epochs than the curriculum took to get there"
        else:
            assert (row["verdict"], row["n"]) == ("holds", n)


def test_networks_of_different_sizes_are_not_compared(agreeing):
    networks = agreeing["networks"]
    small = networks["condition"] == "parity_multi"
    given = networks.assign(n_units=networks["n_units"].mask(small, 250))
    found = judged({**agreeing, "networks": given}, "ts.4.max_N", "ts.3.shorter")
    assert (found["detail"] == "ours have different sizes: [250, 500] units").all()


def test_a_condition_of_the_other_ones_size_is_compared_instead(agreeing):
    networks = agreeing["networks"]
    usual = judged(agreeing, "ts.4.max_N").loc["ts.4.max_N"]
    small = networks["condition"] == "parity_multi"
    shrunk = networks.assign(n_units=networks["n_units"].mask(small, 250))
    twin = networks[networks["condition"] == "parity_single"]
    twin = twin.assign(condition="parity_single_250", n_units=250)
    given = {**agreeing, "networks": pd.concat([shrunk, twin])}
    row = judged(given, "ts.4.max_N").loc["ts.4.max_N"]
    assert (row["estimate"], row["verdict"]) == (usual["estimate"], usual["verdict"])
    assert row["detail"].endswith("parity_multi and parity_single_250")


def test_a_condition_of_another_size_stands_for_one_that_was_not_run(agreeing):
    """But not in bands, which hold for the size of the paper; two that are compared are of one."""

    def smaller(rows: pd.DataFrame) -> pd.DataFrame:
        small = rows["condition"].isin(["parity_single", "parity_multi"])
        own = rows[small].assign(condition=rows["condition"] + "_250")
        if "n_units" in own:
            own = own.assign(n_units=250)
        return pd.concat([rows[rows["condition"] != "parity_single"], own])

    given = {
        kind: smaller(rows) if "condition" in rows else rows for kind, rows in agreeing.items()
    }
    asked = ("ts.2.forgets", "ts.2.tau.parity_single", "ts.4.epochs", "ts.4.ablation_longest")
    usual, found = judged(agreeing, *asked), judged(given, *asked)
    assert (found["verdict"] == "holds").all()
    assert (found["estimate"] == usual["estimate"]).all()
    assert found.loc["ts.2.forgets", "detail"].endswith(", parity_single_250")
    assert found.loc["ts.4.epochs", "detail"].endswith(", parity_multi_250 and parity_single_250")
    band = judged(given).loc["ts.band.tau_mean.parity_single.11"]
    assert band["detail"] == "this run has no parity_single"


@pytest.mark.parametrize("facts", [{"steps": 20_000, "trials": 10}, {"steps": 1e5, "trials": 4}])
def test_bands_of_tau_net_hold_for_recordings_as_long_as_theirs(agreeing, facts):
    table = judged(agreeing, facts=facts)
    net = table.index.str.startswith("ts.band.tau_net")
    said = table.loc[net & table.index.str.contains("single.5|multi.5$"), "detail"]
    assert len(said) and said.str.startswith("bands hold for recordings of 10 x 100000 st").all()
    assert (table.loc[net, "verdict"] == "not run").all()
    ran = judged(agreeing).loc[net, "verdict"] != "not run"
    assert ran.sum() >= 4
    assert table.loc["ts.band.tau_mean.parity_single.11", "verdict"] == "holds"


def test_each_band_has_its_condition_in_the_configuration():
    config = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())
    asked = config["timescales"]["run"]
    tables = [value for value in vars(bands).values() if isinstance(value, dict)]
    conditions = {
        key if isinstance(key, str) else key[0]
        for found in tables
        for key, band in found.items()
        if isinstance(band, bands.Band)
    }
    assert len(conditions) > 10
    assert conditions <= set(asked)


def test_every_band_contains_the_authors_number():
    tables = [value for name, value in vars(bands).items() if name.isupper() and name[0] != "_"]
    found = [band for t in tables if isinstance(t, dict) for band in t.values()]
    found = [band for band in found if isinstance(band, bands.Band)]
    assert len(found) > 100
    for band in found:
        assert band.low <= band.value <= band.high, band
        assert band.grade in "CDFR", band
    assert bands.hold(500)
    assert not bands.hold(128)


def test_bands_need_no_torch():
    code = "import sys, memdyn.timescales.claims.bands; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
