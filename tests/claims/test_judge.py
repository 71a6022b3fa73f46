"""The table of claims: every column, a reason for whatever could not be asked, and its file."""

import numpy as np
import pandas as pd
import pytest

from memdyn.claims.intervals import Interval, above, of_mean
from memdyn.claims.judge import (
    COLUMNS,
    Claim,
    Evidence,
    NotRun,
    Statistic,
    fragile,
    judge,
    once,
    read,
    spelt,
    write,
)
from memdyn.files import FileProblem


def claim(name, compute, **more) -> Claim:
    statistic = Statistic("a number", compute)
    return Claim(name, "1", "A sentence", "abstract", statistic, above(0), "figure 1", **more)


def values(*numbers):
    return lambda evidence: of_mean(numbers)


def refuse(evidence):
    raise NotRun("nobody looked")


def test_each_claim_is_a_row_with_estimate_interval_and_verdict():
    claims = [claim("a", values(1.0, 1.1, 0.9)), claim("b", values(2.0)), claim("c", refuse)]
    table = judge("timescales", claims, Evidence({}), "quick").set_index("id")
    assert table["verdict"].tolist() == ["holds", "undecided", "not run"]
    assert (table["study"] + table["scale"] == "timescalesquick").all()
    assert table.loc["a", "low"] < table.loc["a", "estimate"] < table.loc["a", "high"]
    assert np.isnan(table.loc["b", "low"])
    assert "no interval" in table.loc["b", "detail"]
    assert table.loc["c", "detail"] == "nobody looked"
    assert np.isnan(table.loc["c", "estimate"])


def test_two_claims_of_one_name_are_refused():
    with pytest.raises(ValueError, match="called a"):
        judge("timescales", [claim("a", refuse)] * 2, Evidence({}), "quick")


def test_evidence_says_what_is_missing():
    table = pd.DataFrame({"condition": ["parity_single"], "N": [2]})
    evidence = Evidence({"memory": table, "epochs": pd.DataFrame()})
    assert len(evidence.rows("memory", condition="parity_single", N=2)) == 1
    with pytest.raises(NotRun, match="no memory of dms_single"):
        evidence.rows("memory", condition="dms_single")
    for name in ("epochs", "ablation"):
        with pytest.raises(NotRun, match=f"{name} not measured"):
            evidence.rows(name)


def test_a_file_of_claims_reads_back(tmp_path):
    claims = [
        claim("a", values(1.0, 1.25), assumption="“far”: more than 2, we say"),
        claim("b", lambda _: Interval(-0.5, -1.0, 0.0, 4, "12 + 4"), kind="check"),
        claim("c", refuse),
    ]
    table = judge("slow_manifolds", claims, Evidence({}), "paper")
    write(tmp_path / "claims.csv", table)
    found = read(tmp_path / "claims.csv")
    assert list(found) == list(COLUMNS)
    pd.testing.assert_frame_equal(found, table, check_dtype=False, rtol=1e-5)


def test_a_foreign_file_is_refused_in_one_sentence(tmp_path):
    path = tmp_path / "claims.csv"
    with pytest.raises(FileProblem, match="judge_claims"):
        read(path)
    path.write_text("id,verdict\na,perhaps\n")
    with pytest.raises(FileProblem, match="of this version"):
        read(path)


def seeded(numbers) -> Evidence:
    """A table with one number per seed, and one that knows no seeds."""
    rows = {"seed": list(numbers), "value": list(numbers.values())}
    return Evidence({"networks": pd.DataFrame(rows), "plain": pd.DataFrame({"a": [1]})})


def mean_of_seeds(evidence):
    assert len(evidence.rows("plain")) == 1
    return of_mean(evidence.rows("networks")["value"])


def test_a_verdict_that_one_seed_carries_is_fragile():
    claims = [
        claim("agreed", mean_of_seeds),
        claim("other", lambda evidence: of_mean([1.0, 1.1])),  # rests on no seed at all
        claim("unasked", refuse),
    ]
    agreeing = seeded({0: 1.0, 1: 1.2, 2: 0.9, 5: 1.1})
    table = judge("timescales", claims, agreeing, "quick", leave_out=True)
    assert table["one_left_out"].tolist() == ["4 of 4", "0 of 0", ""]
    assert not fragile(table).any()
    quickly = judge("timescales", claims, agreeing, "quick")
    assert quickly["one_left_out"].tolist() == [""] * 3

    # Seed 7 widens the interval beyond 0: without it, the sentence would hold.
    apart = seeded({0: 1.0, 1: 1.2, 2: 0.9, 7: -1.5})
    spread = judge("timescales", claims[:1], apart, "quick", leave_out=True)
    assert spread["verdict"].tolist() == ["undecided"]
    assert spread["one_left_out"].tolist() == ["3 of 4; without seed 7 holds"]
    assert fragile(spread).all()

    # Three seeds just hold (above 0.018); any two of them do not.
    few = judge("timescales", claims[:1], seeded({3: 1.0, 4: 1.6, 6: 2.3}), "quick", leave_out=True)
    assert few["verdict"].tolist() == ["holds"]
    assert few["one_left_out"].tolist() == ["0 of 3; without seed 3 or 4 or 6 undecided"]


def test_what_one_seed_alone_shows_is_undecided_and_so_it_is_without_it():
    claims = [claim("a", mean_of_seeds)]
    (row,) = judge("timescales", claims, seeded({4: 1.0}), "quick", leave_out=True).itertuples()
    assert (row.verdict, row.one_left_out) == ("undecided", "1 of 1")


def test_seeds_that_only_some_tables_know_are_left_out_of_these():
    """A sentence about two of five seeds rests on two, and may be lost with either."""

    def paired(evidence):
        rows = evidence.rows("networks").merge(evidence.rows("delays"), on="seed")
        if rows.empty:
            raise NotRun("no pair")
        return of_mean(rows["value"] - rows["late"])

    tables = {
        "networks": pd.DataFrame({"seed": range(5), "value": [3.0, 3.0, 3.1, 9.0, 9.0]}),
        "delays": pd.DataFrame({"seed": [1, 2], "late": [1.0, 1.1]}),
    }
    claims = [claim("a", paired)]
    (row,) = judge("timescales", claims, Evidence(tables), "quick", leave_out=True).itertuples()
    assert row.one_left_out == "0 of 2; without seed 1 or 2 undecided"


def test_a_measure_is_taken_once_of_the_same_evidence():
    taken = []

    @once
    def measure(evidence):
        taken.append(evidence)
        return pd.Series({"a": 1.0})

    whole = seeded({0: 1.0, 1: 2.0})
    less = whole.without(1)
    for evidence in (whole, whole, less, less):
        assert measure(evidence)["a"] == 1.0
    assert taken == [whole, less]


def test_conditions_have_the_names_that_readers_know():
    names = {"dms": "DMS", "dms_multi": "multi-head DMS"}
    text = "dms_multi minus dms_multi_250, not dms_multi_inside; dms"
    known = "multi-head DMS minus multi-head DMS (250 units), not dms_multi_inside; DMS"
    assert spelt(text, names) == known
    assert spelt(text, {}) == text
    asked = {"claims": [claim("a", refuse)], "evidence": Evidence({}), "scale": "quick"}
    table = judge("timescales", **asked, names={"nobody": "Ann"})
    assert table["detail"][0] == "Ann looked"
