"""The two scripts, from tables on disk to claims.csv and its figure."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import invented
from memdyn.bridge import claims as bridge
from memdyn.claims.judge import read
from memdyn.files import FileProblem, write_table
from memdyn.slow_manifolds.claims import claims as slow_manifolds
from memdyn.timescales.claims import claims as timescales

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts/claims"
FACTS = {
    "slow_manifolds": invented.FACTS,
    "timescales": {"n_units": 500, "steps": 100_500, "trials": 10},
    "bridge": {},
}
N_UNITS = {study: facts["n_units"] for study, facts in FACTS.items() if facts}


class Named(dict):
    """Inputs as Snakemake hands them over: by name and by place."""

    def __getitem__(self, key):
        return list(self.values())[key] if isinstance(key, int) else super().__getitem__(key)

    def __getattr__(self, name):
        return self[name]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr("memdyn.jobs.start.start_job", lambda job: None)

    def run_script(script, inputs, outputs) -> None:
        job = SimpleNamespace(
            input=Named(inputs),
            output=outputs,
            params=SimpleNamespace(scale="test", n_units=N_UNITS, facts=FACTS),
            log=[tmp_path / "log"],
        )
        runpy.run_path(str(SCRIPTS / f"{script}.py"), init_globals={"snakemake": job})

    return run_script


def put(folder, study, tables) -> list[str]:
    for name, table in tables.items():
        path = folder / study / f"{name}.parquet"
        write_table(path, table, {"schema": f"{study}.{name}/1"})
    return [str(folder / study / f"{name}.parquet") for name in tables]


def test_from_tables_to_a_judged_and_drawn_table(tmp_path, run, caplog):
    caplog.set_level("INFO")
    studies = {
        "slow_manifolds": invented.slow_manifolds(),
        "timescales": invented.timescales(("parity_single", "parity_multi"), seeds=range(2)),
    }
    studies["timescales"]["heads"] = pd.DataFrame()  # a table without rows has no columns either
    files = {study: put(tmp_path, study, tables) for study, tables in studies.items()}
    run("judge_claims", files, [tmp_path / "claims.csv"])
    table = read(tmp_path / "claims.csv").set_index("id")
    assert table.loc["sm.2.prevalent", "verdict"] == "holds"
    assert table.loc["ts.4.max_N", "verdict"] == "holds"
    assert table.loc["sm.2.prevalent", "one_left_out"] == "4 of 4"
    # Two networks decide by a hair what either alone cannot.
    assert table.loc["ts.4.max_N", "one_left_out"] == "0 of 2; without seed 0 or 1 undecided"
    assert table.loc["ts.4.emerges", "detail"] == "heads not measured in this run"
    assert "holds: Multi-head reaches larger N in as many epochs (largest N" in caplog.text

    ends = ("pdf", "png", "csv", "json")
    figure = SimpleNamespace(
        **{end: tmp_path / f"f.{end}" for end in ends},
        **{f"verdicts_{end}": tmp_path / f"v.{end}" for end in ends},
    )
    run("draw_claims", {"claims": tmp_path / "claims.csv"}, figure)
    assert all(path.stat().st_size > 100 for path in vars(figure).values())
    assert json.loads(figure.json.read_text())["verdicts"]["sm.2.prevalent"] == "holds"
    assert len(pd.read_csv(figure.csv)) == len(table)

    papers = table[(table["kind"] == "claim") & (table["study"] != "bridge")]
    assert pd.read_csv(figure.verdicts_csv)["id"].tolist() == papers.index.tolist()

    networks = next(file for file in files["slow_manifolds"] if "networks" in file)
    names = {"bands": "b.md", "open": "o.md", "mechanisms": "m.md", "counts": "m.csv"}
    pages = SimpleNamespace(**{key: tmp_path / name for key, name in names.items()})
    run("write_pages", {"claims": tmp_path / "claims.csv", "networks": networks}, pages)
    assert "| single-head parity | 33 to 37 |" in pages.bands.read_text()
    assert "rests on so many independent values" in pages.open.read_text()
    # Of 4 + 3 networks in each of four seeds, the last of the four slow ones does not perform.
    assert "| perform the task | 24 of 28: 0.86 [" in pages.mechanisms.read_text()
    counts = pd.read_csv(pages.counts, keep_default_na=False).set_index(["label", "mechanism"])
    assert counts.loc[("memory states", "slow_manifold"), ["networks", "of"]].tolist() == [12, 24]


def test_a_table_of_another_study_is_refused(tmp_path, run):
    files = put(tmp_path, "slow_manifolds", {"networks": invented.slow_manifolds()["networks"]})
    with pytest.raises(FileProblem, match=r"timescales\.networks/1"):
        run("judge_claims", {"timescales": files}, [tmp_path / "claims.csv"])


def test_the_rule_hands_over_the_tables_that_the_claims_read():
    rules = (SCRIPTS.parents[1] / "rules/claims.smk").read_text()
    found: dict = {}
    exec(rules.partition("# What the tables do not hold")[0], found)
    assert found["CLAIMS_OF"] == {
        "slow_manifolds": slow_manifolds.TABLES,
        "timescales": timescales.TABLES,
        "bridge": bridge.TABLES,
    }
