"""The public face: any network that steps in one call, its results, and a finished run's tables."""

import doctest
import importlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

import memdyn
from memdyn.dynamics import GRU, EulerMap, Flow, LeakyNetwork, Map, RateNetwork, from_torch
from memdyn.files import FileProblem, read_table, write_table
from memdyn.landscape import analyse

QUICK = {"transient": 800, "window": 400, "n_seeds": 16, "rounds": 2, "exponent_steps": 400}
LATCH = torch.full((4, 4), 0.5, dtype=torch.float64)  # m -> tanh(2 m) in one direction
STARTS = [[0.5] * 4, [-0.5] * 4, [0.9] * 4, [-0.8] * 4]
ITEMS = ["up", "down", "up", "down"]


def latch_layer():
    """A layer as training leaves it: float32 parameters that want gradients."""
    layer = torch.nn.Linear(4, 4, bias=False)
    with torch.no_grad():
        layer.weight.copy_(LATCH)
    return layer


def trained_function():
    layer = latch_layer().double()
    return lambda x: torch.tanh(layer(x))


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
    "function with a default": lambda: lambda x, weights=LATCH: torch.tanh(x @ weights),
    "function of trained weights": trained_function,
    "module of one's own": lambda: torch.nn.Sequential(latch_layer(), torch.nn.Tanh()),
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


def test_states_and_memory_of_a_training_are_taken_with_their_gradients():
    starts = torch.tensor(STARTS, requires_grad=True)
    found = analyse(latch_rnn(), starts, starts[:, 0].sign(), settings=QUICK, name="latch")
    assert found.vote.label == "direct" and torch.is_grad_enabled()
    assert found.portrait.facts["groups"] == ["-1", "1"]
    np.testing.assert_allclose(np.sort(found.states[:, 0]), [-0.9575, 0, 0.9575], atol=1e-4)
    assert found.eigenvalues.shape == (3, 4) and found.orbits.shape == (0, 64, 4)
    leading = found.eigenvalues[~found.points["stable"].to_numpy(), 0]
    np.testing.assert_allclose(leading, [2.0], atol=1e-6)


def test_a_constant_input_reaches_a_function_as_rows():
    def step(x, u):
        return torch.tanh(0.5 * x + torch.cat([u, 2 * u], dim=-1))

    found = analyse(step, [[0.1, 0.2], [0.3, -0.4]], inputs=[0.4], settings=QUICK)
    x = torch.zeros(1, 2, dtype=torch.float64)
    for _ in range(200):
        x = step(x, torch.full((1, 1), 0.4, dtype=torch.float64))
    np.testing.assert_allclose(found.states, x.numpy(), atol=1e-9)
    assert analyse(torch.tanh, [[0.5], [-0.5]], settings=QUICK).vote.label  # without a signature


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
        (lambda: analyse(torch.nn.GRU(1, 4, num_layers=2), STARTS), "4 units, the network has 8"),
        (lambda: analyse(torch.nn.Linear(4, 2), STARTS), r"returns \(1, 2\) for states \(1, 4\)"),
        (lambda: analyse(lambda x: x @ LATCH.float(), STARTS), "does not step rows of float64"),
        (lambda: analyse(lambda x: x.numpy(), STARTS), "returns ndarray for states"),
        (lambda: analyse(lambda x: torch.as_tensor(np.tanh(x.numpy())), STARTS), "write it with"),
        (lambda: analyse(latch_rnn(), STARTS, delay=0), "delay must be positive"),
    ],
)
def test_what_does_not_fit_is_said(call, words):
    with pytest.raises(ValueError, match=words):
        call()


class Counts(torch.nn.Module):
    """Steps differently at every other call."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return torch.tanh(2 * x) + 0.01 * (self.calls % 3)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (lambda x: torch.tanh(2 * (x - x.mean(0, keepdim=True))), "others stand beside it"),
        (lambda x: torch.tanh(2 * x[:1]), "others stand beside it"),
        (lambda x: torch.tanh(x @ x.mT @ x), "others stand beside it"),
        (lambda x: torch.tanh(2 * x) + 0.01 * torch.randn_like(x), "now so, now otherwise"),
        (Counts(), "now so, now otherwise"),
        (torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.5)), "now so"),
        (torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2)), "more than 1 value"),
    ],
    ids=["mean", "first row", "Gram", "noise", "counter", "dropout", "batch norm"],
)
def test_rows_are_states_and_steps_do_not_change(step, words):
    with pytest.raises(ValueError, match=words):
        analyse(step, np.random.default_rng(0).standard_normal((6, 2)))


def test_a_function_that_rounds_to_float32_steps():
    found = analyse(lambda x: torch.tanh(2 * x.float()).double(), [[0.5], [-0.5], [0.3]])
    assert found.vote.label == "fixed" and len(found.points) == 3


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


#: Whose functions are public: what their docstrings show is run.
PUBLIC = [
    *("landscape.landscape", "runs", "dynamics.cells", "dynamics.systems", "dynamics.fixed_points"),
    *("dynamics.limit_cycles", "dynamics.lyapunov", "dynamics.manifolds"),
]


@pytest.mark.parametrize("name", PUBLIC)
def test_examples_in_docstrings(name):
    done = doctest.testmod(importlib.import_module(f"memdyn.{name}"))
    assert done.failed == 0 and done.attempted > 0


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
