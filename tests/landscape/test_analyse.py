"""The public face: any network that steps in one call, its results, and a finished run's tables."""

import doctest
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

import memdyn
from memdyn import runs as runs_module
from memdyn.dynamics import GRU, EulerMap, Flow, LeakyNetwork, Map, RateNetwork, from_torch
from memdyn.files import FileProblem, read_table, write_table
from memdyn.landscape import analyse
from memdyn.landscape import landscape as landscape_module

QUICK = {"transient": 800, "window": 400, "n_seeds": 16, "rounds": 2, "exponent_steps": 400}
LATCH = torch.full((4, 4), 0.5, dtype=torch.float64)  # m -> tanh(2 m) in one direction
STARTS = [[0.5] * 4, [-0.5] * 4, [0.9] * 4, [-0.8] * 4]
ITEMS = ["up", "down", "up", "down"]


def latch_rnn():
    module = torch.nn.RNN(1, 4, bias=False)
    with torch.no_grad():
        module.weight_hh_l0.copy_(LATCH.float())
    return module


SYSTEMS = {
    "module": latch_rnn,
    "system": lambda: from_torch(latch_rnn()),
    "function": lambda: lambda x: torch.tanh(x @ LATCH.T),
    "function of states and input": lambda: lambda x, u: torch.tanh(x @ LATCH.T),
    "map": lambda: Map(lambda x, u: torch.tanh(x @ LATCH.T), 4),
    "leaky": lambda: LeakyNetwork(
        LATCH, tau=torch.full((4,), 3.0).double(), nonlinearity="tanh", inside=True
    ),
    "rate network": lambda: RateNetwork(LATCH, tau=2.0, dt=0.4),
    "its Euler map": lambda: EulerMap(RateNetwork(LATCH, tau=2.0, dt=0.4)),
    "flow": lambda: Flow(lambda x, u: torch.tanh(x @ LATCH.T) - x, 4, dt=0.2),
}


@pytest.mark.parametrize("kind", SYSTEMS)
def test_a_latch_is_direct_whatever_it_is_given_as(kind):
    found = analyse(SYSTEMS[kind](), STARTS, ITEMS, 4.0, settings=QUICK)
    assert found.vote.label == found.vote.runs == found.vote.solver == "direct"
    # the fixed points of every form are those of m = tanh(2 m), at 0 and +-0.9575
    assert (len(found.points), int(found.points["stable"].sum())) == (3, 2)
    assert found.summary["degree_sum"] == 1 and found.cycles.empty
    assert len(found.memory) == 4 and len(found.exponents) == len(found.runs) == 4
    assert "direct" in repr(found) and "3 fixed (2 stable)" in repr(found)


def test_without_memory_a_label_is_not_invented():
    assert analyse(latch_rnn(), STARTS, settings=QUICK).vote.label == "fixed"
    assert analyse(latch_rnn(), STARTS, settings=QUICK).memory.empty


def test_a_landscape_saves_what_it_shows(tmp_path):
    found = analyse(latch_rnn(), STARTS, ITEMS, 4, settings=QUICK, name="latch")
    found.save(tmp_path / "new" / "latch")
    names = {path.name for path in (tmp_path / "new/latch").iterdir()}
    tables = {"points", "cycles", "exponents", "memory", "runs", "vote"}
    assert names == {f"{name}.parquet" for name in tables} | {"page.png", "page.pdf"}
    points = read_table(tmp_path / "new/latch/points.parquet", "landscape.points/1")
    pd.testing.assert_frame_equal(points, found.points)


def test_states_of_torch_are_taken_as_they_are():
    lstm = torch.nn.LSTM(1, 3)
    _, state = lstm(torch.randn(5, 6, 1))
    found = analyse(lstm, state, settings=QUICK)  # (1, batch, hidden), twice
    assert found.portrait.arrays["alone"].shape[0] == 6
    assert analyse(torch.nn.GRUCell(1, 3), torch.zeros(2, 3), settings=QUICK).vote.label == "fixed"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: analyse("gru", STARTS), "a str does not step"),
        (lambda: analyse(latch_rnn(), [[0.1, 0.2]]), "states have 2 units, the network has 4"),
        (lambda: analyse(latch_rnn(), [0.1] * 4), r"\(rows, n_units\) is needed"),
        (lambda: analyse(latch_rnn(), [[np.nan] * 4]), "not all finite"),
        (lambda: analyse(latch_rnn(), STARTS, ["up"]), "1 items given for 4 states"),
        (lambda: analyse(latch_rnn(), STARTS, inputs=[1.0, 2.0]), r"\(1,\) is needed"),
        (lambda: analyse(latch_rnn(), STARTS, settings={"seeds": 3}), "unknown settings"),
        (lambda: analyse(torch.nn.Linear(4, 4), STARTS), "from_torch reads"),
    ],
)
def test_what_does_not_fit_is_said(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_importing_memdyn_costs_no_torch():
    code = "import sys, memdyn, memdyn.dynamics, memdyn.landscape; dir(memdyn.dynamics)"
    code += "; memdyn.load; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_face_is_complete_and_names_are_not_hidden_by_modules():
    import memdyn.dynamics.manifolds
    import memdyn.landscape.landscape

    assert callable(memdyn.dynamics.slow_manifold) and callable(memdyn.landscape.analyse)
    for name in ("find_fixed_points", "find_limit_cycles", "lyapunov_exponents", "from_torch"):
        assert callable(getattr(memdyn.dynamics, name))
    assert memdyn.dynamics.GRU is GRU


@pytest.mark.parametrize("module", [landscape_module, runs_module])
def test_examples_in_docstrings(module):
    assert doctest.testmod(module).failed == 0


def test_the_tables_of_a_finished_run(tmp_path):
    with pytest.raises(FileProblem, match="holds no finished run: start one with snakemake"):
        memdyn.load("quick", tmp_path)
    tables = tmp_path / "results/quick/slow_manifolds/tables"
    tables.mkdir(parents=True)
    table = pd.DataFrame({"network": ["a"], "performs": [True]})
    write_table(tables / "networks.parquet", table, {"schema": "slow_manifolds.networks/1"})
    run = memdyn.load("quick", tmp_path)
    assert run.slow_manifolds["networks"].equals(table) and run.timescales == {}
    assert run.claims is None and "networks (1)" in repr(run) and "not run" in repr(run)
