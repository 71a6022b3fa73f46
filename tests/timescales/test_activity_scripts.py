"""The scripts that measure timescales, dimension and weights, on snapshots that are made up."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from memdyn.files import read_table
from memdyn.timescales.activity import dimension, tau_net
from memdyn.timescales.grid import Network
from memdyn.timescales.networks.recurrent import Cell, draw
from memdyn.timescales.tables import schema

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts/timescales"
SETTINGS = {
    "conditions": ["leaky", "gru"],
    "N": [2, 4],
    "steps": 400,
    "burn_in": 20,
    "trials": 2,
    "lags": 50,
    "fitted_lags": 31,
}


class Invented:
    """Snapshots of four networks; the third has solved nothing, the fourth is not asked for."""

    networks = tuple(
        Network(name, "parity", "multi", cell, 0.0, 1, 2, seed)
        for seed, (name, cell) in enumerate(
            [("leaky", "leaky"), ("gru", "gru"), ("leaky", "leaky"), ("other", "leaky")]
        )
    )

    def solved(self, network):
        return [] if network.seed == 2 else [2, 3, 4, 5]

    def cell(self, network):
        return Cell(network.cell)

    def parameters(self, network, N):
        return draw(self.cell(network), 12, 2, [10 * N + network.seed])


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr("memdyn.jobs.start.start_job", lambda job: None)
    monkeypatch.setattr(
        "memdyn.timescales.training.checkpoints.open_snapshots", lambda path: Invented()
    )

    def run_script(name, output):
        fake = SimpleNamespace(
            input=SimpleNamespace(networks="invented"),
            output=output,
            log=[str(tmp_path / "log")],
            threads=1,
            resources=SimpleNamespace(gpu=0),
            params=SimpleNamespace(settings=SETTINGS),
        )
        runpy.run_path(str(SCRIPTS / f"{name}.py"), init_globals={"snakemake": fake})

    return run_script


def test_measure_timescales(run, tmp_path):
    paths = {name: tmp_path / f"{name}.parquet" for name in ("timescales", "curves", "dimension")}
    run("measure_timescales", paths)
    tables = {name: read_table(path, schema(name)) for name, path in paths.items()}
    for table in tables.values():
        places = table[["network", "N"]].drop_duplicates().to_numpy().tolist()
        assert places == [[name, N] for name in ("leaky_s0", "gru_s1") for N in (2, 4, 5)]
    measured = tables["timescales"].set_index(["network", "N"])
    assert measured.loc["leaky_s0", "tau_mean"].between(1, 2).all()
    assert measured.loc["gru_s1", "tau_mean"].isna().all()
    curves = tables["curves"]
    assert (curves.loc[curves["lag"] == 0, "autocorrelation"].round(6) == 1).all()
    assert (curves["neuron"] == -1).sum() == 6 * 50
    snapshots = Invented()
    params = snapshots.parameters(snapshots.networks[0], 4)
    [moments] = tau_net.stimulate(Cell(), params, [0], SETTINGS)
    row = tables["dimension"].set_index(["network", "N"]).loc[("leaky_s0", 4)]
    for name, value in dimension.measure(moments.covariance()).items():
        assert row[name] == pytest.approx(value, rel=1e-4)


def test_measure_weights(run, tmp_path):
    path = tmp_path / "weights.parquet"
    run("measure_weights", [path])
    table = read_table(path, schema("weights"))
    assert table.groupby("network")["N"].unique().map(list).to_dict() == {
        name: [2, 3, 4, 5] for name in ("leaky_s0", "gru_s1", "other_s3")
    }
    np.testing.assert_array_equal(table["spectral_radius"].isna(), table["cell"] == "gru")
