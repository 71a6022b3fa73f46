"""The table of claims: every column, a reason for whatever could not be asked, and its file."""

import numpy as np
import pandas as pd
import pytest

from memdyn.claims.intervals import Interval, above, of_mean
from memdyn.claims.judge import COLUMNS, Claim, Evidence, NotRun, Statistic, judge, read, write
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
    with pytest.raises(NotRun, match="no dms_single in “memory”"):
        evidence.rows("memory", condition="dms_single")
    for name in ("epochs", "ablation"):
        with pytest.raises(NotRun, match=f"no table “{name}”"):
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
