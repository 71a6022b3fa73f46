"""The scripts of the tests of study 2 on one finished shard, as their rules run them."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from delay_line import CELL, build, network, save
from test_retraining import TRAINING

from memdyn.files import read_table
from memdyn.timescales.networks.recurrent import Cell, draw
from memdyn.timescales.tables import schema
from memdyn.timescales.training.curriculum import Curriculum

SCRIPTS = Path(__file__).parents[3] / "workflow/scripts/timescales"
ACCURACY = {"steps": 100, "warm_up": 20, "repeats": 2, "reference": "mean"}
CONTINUOUS = Cell("leaky_inside", "relu", repeat=4, scale_tau=True)
IDENTITY = ["network", "condition", "task", "curriculum", "cell", "fixed_tau", "repeat", "seed"]


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    """A leaky multi-head network, one of fixed tau, one in continuous time, a GRU."""
    heads, _ = build("dms", [2, 3, 4])
    multi, gru = Curriculum("multi", 2, 4), Cell("gru", signed=True)
    fixed, continuous = network("fixed", fixed_tau=1.0), network("continuous", repeat=4)
    return save(
        tmp_path_factory.mktemp("shard"),
        [
            (network("leaky"), CELL, multi, {(2, 3): heads, (2, 4): heads}),
            (fixed, CELL._replace(fixed_tau=1.0), multi, {(2, 4): heads}),
            (continuous, CONTINUOUS, multi, {(2, 4): heads}),
            (network("gru", cell="gru"), gru, multi, {(2, 4): draw(gru, 8, 3, [0])}),
        ],
    )


@pytest.fixture
def run(shard, tmp_path, monkeypatch):
    monkeypatch.setattr("memdyn.jobs.start.start_job", lambda job: None)
    monkeypatch.setattr("memdyn.jobs.stopping.can_stop", lambda: None)

    def run_script(name, table, **params):
        params.setdefault("settings", {})
        params["settings"].setdefault("conditions", ["leaky", "fixed", "continuous", "gru"])
        fake = SimpleNamespace(
            input=[str(shard)],
            output=[str(tmp_path / f"{table}.parquet")],
            log=[str(tmp_path / "log")],
            threads=1,
            resources=SimpleNamespace(gpu=0),
            params=SimpleNamespace(accuracy=ACCURACY, code="", **params),
        )
        runpy.run_path(str(SCRIPTS / f"{name}.py"), init_globals={"snakemake": fake})
        found = read_table(fake.output[0], schema(table))
        assert not len(found) or set(IDENTITY) <= set(found)
        return found

    return run_script


def test_memory(run):
    table = run("test_memory", "memory", settings={"every": 1, "beyond": 1})
    assert table.groupby("condition")["N_solved"].unique().map(list).to_dict() == {
        "leaky": [3, 4],
        "fixed": [4],
        "continuous": [4],
        "gru": [4],
    }
    assert (table.loc[table["condition"] == "leaky", "accuracy"] == 1).all()
    one = run("test_memory", "memory", settings={"every": 1, "beyond": 1, "conditions": ["fixed"]})
    assert one["condition"].unique().tolist() == ["fixed"]


def test_ablation(run):
    table = run("ablate_neurons", "ablation", settings={"N": [3, 9], "n_ablated": 2})
    assert table["condition"].unique().tolist() == ["leaky", "continuous"]
    assert table["N"].unique().tolist() == [3], "nobody has solved N = 9"
    columns = ["N", "group", "neuron", "tau", "accuracy", "reference", "relative"]
    assert table.columns[-7:].tolist() == columns
    assert len(table) == 2 * 4


def test_perturbation(run):
    sizes = {"start": 0.01, "stop": 10.0, "n": 3}
    settings = {"N": [4], "recurrent": sizes, "tau": {**sizes, "n": 2}}
    table = run("perturb_networks", "perturbation", settings=settings)
    counts = table.groupby(["condition", "target"]).size()
    assert counts.to_dict() == {
        ("leaky", "recurrent"): 8,
        ("leaky", "tau"): 6,
        ("fixed", "recurrent"): 8,
        ("continuous", "recurrent"): 8,
        ("continuous", "tau"): 6,
    }


def test_retraining(run):
    study = {
        "conditions": {"leaky": {"task": "dms", "curriculum": "multi", "nonlinearity": "relu"}},
        "training": {"leaky": {**TRAINING, "learning_rate": 0.0, "signed": False}},
        "curriculum": {"start_N": 2, "accuracy": 0.98, "shortest": [1, 2], "longest": [4, 1]},
        "network": {"n_units": 8, "initial_tau": [1.0, 2.0]},
        "max_N": 4,
    }
    settings = {"N_from": 3, "to": [3, 4], "epochs": 1, "at_once": 2, "conditions": ["leaky"]}
    table = run("retrain_networks", "retraining", settings=settings, study=study)
    assert table["N"].tolist() == [3, 4]
    assert table["accuracy"][0] == 1.0
    columns = ["N_from", "N", "epochs", "accuracy", "relative"]
    assert table.columns[-5:].tolist() == columns


def test_substeps(run):
    table = run("change_steps", "substeps", settings={"N": [4], "k": [1, 4]})
    assert table["condition"].unique().tolist() == ["continuous"]
    assert table["k"].tolist() == [1, 4]
    assert table["accuracy"][0] == 1.0


def test_nothing_to_test_is_an_empty_table(run):
    settings = {"N": [4], "k": [1], "conditions": ["leaky"]}
    assert run("change_steps", "substeps", settings=settings).empty
