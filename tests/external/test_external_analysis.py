"""Networks from outside whose landscape is known: tables, votes, and what the figure gets."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from memdyn.dynamics.cells import GRU, RateNetwork
from memdyn.dynamics.systems import EulerMap, Map
from memdyn.external.analysis import analyse
from memdyn.external.reading import build_system, load_weights, starting_memory, starting_states
from memdyn.figures.network_page import draw_external
from memdyn.landscape.analysis import watch_ends
from memdyn.landscape.vote import ROUTES
from memdyn.slow_manifolds.grid import Network
from memdyn.tables import with_network

SETTINGS = {
    "transient": 1500,
    "window": 500,
    "n_multipliers": 4,
    "n_seeds": 4,
    "rounds": 1,
    "memory_states": 2,
    "noisy_copies": 1,
    "n_exponents": 1,
    "exponent_steps": 800,
}
ATTRACTORS = {"variance_a": 1e-6, "periodic": 0.1, "decimals_a": 2}
#: One unit in two: m -> tanh(2 m) has rests at +-m* and an unstable one at 0.
LATCH = RateNetwork(torch.kron(torch.eye(1), torch.full((6, 6), 2 / 6)).double(), tau=2.0, dt=0.2)
#: Two groups that chase each other: a limit cycle about the origin.
CHASE = torch.kron(torch.tensor([[2.0, -3.0], [3.0, 2.0]]), torch.full((3, 3), 1 / 3)).double()


def rate_entry(**about):
    return {"name": "net", "cell": "rate", "n_units": 6, "n_inputs": 0, "tau": 2.0, **about}


def starts(rows=6):
    noise = torch.randn(rows, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(rows // 2)[:, None] + 0.1 * noise


def apart(system, memory=None, x=None, **about):
    x = starts() if x is None else x
    return analyse(rate_entry(**about), system, x, None, memory, SETTINGS, ATTRACTORS)


@pytest.mark.parametrize(
    ("memory", "label"),
    [(None, "fixed"), ([0, 1] * 3, "direct"), ([0, 0, 1, 1, 2, 2], "slow_manifold")],
)
def test_two_rests_by_what_is_remembered(memory, label):
    memory = None if memory is None else np.array(memory)
    tables, arrays, facts = apart(EulerMap(LATCH), memory, delay=3.0)
    votes = tables["votes"].iloc[0]
    assert votes["vote"] == votes["vote_runs"] == votes["vote_solver"] == label
    row = tables["summary"].iloc[0]
    assert (row["n_fixed"], row["n_stable"], row["degree_sum"]) == (3, 2, 1)
    assert row["runs_fixed_point"] == 6 and row["largest_exponent"] < 0
    # Figures are in units of tau: a step of 0.2 with tau = 2 is a tenth.
    assert facts["dt"] == pytest.approx(0.1) and facts["rate"] == pytest.approx(0.1)
    assert arrays["alone"].shape[:2] == (6, 20 * 30)
    assert len(tables["memory"]) == 6 and (tables["memory"]["drift"] < 1).all()
    assert len(facts["groups"]) == (2 if memory is None else memory.max() + 1)


def test_a_cycle_is_found_and_voted_for():
    system = EulerMap(RateNetwork(CHASE, tau=1.0, dt=0.1))
    tables, arrays, facts = apart(system, tau=1.0)
    assert tables["votes"].iloc[0].filter(like="vote").tolist() == ["limit_cycle"] * (
        1 + len(ROUTES)
    )
    assert len(tables["cycles"]) == 1 and facts["stable_cycles"] == [True]
    assert arrays["orbits"].shape == (1, 64, 3) and facts["groups"] == ["cycle 0"]
    assert tables["memory"].empty and facts["n_slow"] is None


def test_the_columns_are_those_of_study_1():
    tables, _, _ = apart(EulerMap(LATCH), delay=3.0)
    identity = [*with_network(Network("gauss", 0.4, 1.0, 1.0, 0), {}).columns]
    for table in tables.values():
        assert [*table.columns[: len(identity)]] == identity
        assert (table["network"] == "net").all() and (table["distribution"] == "external").all()
    assert {"start", "index", "memory", "outcome", "cycle", "diameter"} <= {*tables["runs"].columns}
    assert {"index", "exponent_1", "error_1"} <= {*tables["exponents"].columns}
    pd.testing.assert_index_equal(
        tables["votes"].columns[len(identity) :],
        pd.Index(["vote", *(f"vote_{route}" for route in ROUTES)]),
    )


def test_runs_are_watched_without_the_search():
    spin = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)
    turning = Map(lambda x, u: x @ spin.to(x), n_units=2)  # period of four steps
    leaving = Map(lambda x, u: 1.5 * x, n_units=2)
    x = torch.tensor([[1.0, 0.0], [0.0, 0.5]], dtype=torch.float64)
    assert watch_ends(turning, x, SETTINGS, ATTRACTORS)["kind"].tolist() == ["periodic"] * 2
    ends = watch_ends(leaving, x, SETTINGS, ATTRACTORS)
    assert ends["kind"].tolist() == ["diverged"] * 2 and ends["z"].notna().all()


def test_a_network_that_runs_away_still_gets_its_page():
    grow = Map(lambda x, u: 2 * x + 0.1, n_units=6)
    tables, arrays, facts = apart(grow, cell="gru")
    assert tables["votes"].iloc[0]["vote"] == "unresolved"
    assert tables["summary"].iloc[0]["runs_diverged"] == 6 and facts["exponent"] is None
    shown = np.isfinite(arrays["alone"]).all(axis=(1, 2))
    assert not shown.any() and np.isfinite(arrays["alone"][:, :5]).all()
    drawn = draw_external("net", arrays, facts, "Test.")
    assert drawn.summary["network"]["vote"] == "unresolved"


def test_a_page_of_a_gru_with_input(tmp_path):
    torch.manual_seed(0)
    module = torch.nn.GRU(2, 6).double()
    weights = [value.detach() for value in module.state_dict().values()]
    system = GRU(weights[1], weights[0], weights[2], weights[3])
    u = torch.tensor([0.3, -0.2], dtype=torch.float64)
    entry = rate_entry(cell="gru", dynamics={"rounds": 2})
    tables, arrays, facts = analyse(entry, system, starts(), u, None, SETTINGS, ATTRACTORS)
    assert tables["votes"].iloc[0]["vote"] == "fixed"  # weak weights: one rest
    point, _ = module(u[None, None], torch.zeros(1, 1, 6).double())
    for _ in range(500):
        _, point = module(u[None, None], point.reshape(1, 1, 6))
    np.testing.assert_allclose(arrays["alone"][:, -1], np.tile(arrays["points"], (6, 1)), atol=1e-4)
    drawn = draw_external("net", arrays, facts, "Test.")
    assert set(drawn.plotted["d"]["at"]) == {"memory", "stable"}
    assert drawn.summary["network"]["points"]["stable"] == 1


def test_the_example_of_the_readme_runs_as_printed(tmp_path, monkeypatch):
    text = (Path(__file__).parents[2] / "README.md").read_text()
    text = text.partition("### Your own network")[2]
    train, search = re.findall(r"```python\n(.*?)```", text, re.S)[:2]
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    done = {}
    exec(train.replace("range(300)", "range(60)"), done)
    exec(search, done)
    assert done["found"].vote.label == "direct" and done["found"].summary["degree_sum"] == 1
    assert Path("my_gru.png").stat().st_size and Path("my_gru/points.parquet").exists()
    more = (Path(__file__).parents[2] / "docs/your-network.md").read_text()
    entry = yaml.safe_load(re.search(r"```yaml\n(.*?)```", more, re.S)[1])["external"][0]
    system = build_system(entry, load_weights(entry["file"]))
    x = starting_states(entry, system)
    memory = starting_memory(entry, len(x))
    assert len(x) == 64 and set(memory) == {0, 1}
    np.testing.assert_allclose(x.numpy(), done["states"][1].detach().numpy())
