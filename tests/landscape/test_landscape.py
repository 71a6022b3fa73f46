"""Networks whose landscape is known by construction, through the functions that the rules call."""

import numpy as np
import pandas as pd
import pytest
import torch

from memdyn.dynamics.cells import RateNetwork
from memdyn.dynamics.systems import EulerMap
from memdyn.landscape.cycles import find_runs
from memdyn.landscape.evidence import arrivals, run_evidence, vote_on
from memdyn.landscape.exponents import find_exponents
from memdyn.landscape.memory import measure_memory
from memdyn.landscape.points import find_points
from memdyn.landscape.starts import after, choose_seeds, evenly, task_speed

N = 40
SETTINGS = {
    "transient": 3000,
    "window": 600,
    "n_multipliers": 6,
    "n_seeds": 16,
    "rounds": 3,
    "noisy_copies": 1,
    "n_exponents": 2,
    "exponent_steps": 2000,
}


def planted(core):
    """A rate network whose state in k rows of units follows tau m' = -m + core tanh(m)."""
    core = torch.as_tensor(core, dtype=torch.float64)
    size = N // len(core)
    blocks = torch.kron(core, torch.ones(size, size, dtype=torch.float64) / size)
    return EulerMap(RateNetwork(blocks, tau=1.0, dt=0.1))


def starts(rows=8, sd=0.2):
    """(rows, N): half around +1, half around -1, in turn."""
    noise = torch.randn(rows, N, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    side = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(rows // 2)[:, None]
    return side * torch.ones(1, N, dtype=torch.float64) + sd * noise


def ends_of(kind, z):
    return pd.DataFrame({"kind": kind, "z": z, "zd_1": 0.0})


def label(system, kind, z):
    """The vote on a planted network; ``kind`` and ``z`` are what long runs showed of it."""
    x = starts()
    runs = find_runs(system, x, settings=SETTINGS)
    seeds = choose_seeds(torch.as_tensor(runs.ends), [x], 16)
    points = find_points(system, seeds, speed=task_speed(system, x), settings=SETTINGS)
    exact = (points.table["kind"] != "slow").to_numpy()
    stable = points.table["stable"].to_numpy()[exact]
    arrived = arrivals(runs.ends, x.numpy(), points.states[exact], stable)
    return vote_on(
        np.arange(8) % 2,
        *run_evidence(ends_of(kind, z), 2),
        runs.table,
        runs.cycles,
        arrived,
        find_exponents(system, torch.as_tensor(runs.ends), settings=SETTINGS),
    )


def test_two_memories_at_their_own_points_are_direct():
    found = label(planted([[1.5]]), "rest", np.where(np.arange(8) % 2, -0.9, 0.9))
    assert set(found.values()) == {"direct", "fixed"}
    assert found["vote"] == "direct"


def test_memories_that_fade_to_one_point_are_a_slow_manifold():
    system = planted([[0.95]])
    assert label(system, "rest", np.zeros(8))["vote"] == "slow_manifold"
    late = after(system, starts(), n_steps=400)
    speed = task_speed(system, starts())
    memory, spectrum = measure_memory(system, late, delay=5.0, speed=speed, settings=SETTINGS)
    assert (memory["n_slow"] == 1).all() and (memory["dimension"] == 1).all()
    assert spectrum.shape == (8, N)


def test_a_planted_cycle_is_found_and_labelled():
    system = planted([[2.0, -1.5], [1.5, 2.0]])
    runs = find_runs(system, starts(), settings=SETTINGS)
    assert len(runs.cycles) == 1 and runs.cycles["stable"].all()
    assert runs.cycles["trivial_error"].max() < 1e-3
    assert runs.orbits.shape == (1, 64, N)
    assert label(system, "periodic", np.zeros(8))["vote"] == "limit_cycle"


def test_routes_that_disagree_leave_a_network_unresolved():
    found = label(planted([[1.5]]), "aperiodic", np.zeros(8))
    assert found["vote"] == "unresolved"
    assert (found["vote_runs"], found["vote_solver"]) == ("aperiodic", "direct")


def test_points_have_their_known_number_stability_and_degree():
    system = planted([[1.5]])
    points = find_points(
        system,
        starts(),
        speed=1.0,
        settings=SETTINGS,
        readout=lambda x: np.tanh(x).mean(1, keepdims=True),
    )
    assert sorted(points.table["n_unstable"]) == [0, 0, 1]
    assert points.degree_sum == 1
    assert points.table.loc[points.table["stable"], "z"].abs().min() > 0.5
    unstable = points.table[~points.table["stable"]].iloc[0]
    assert unstable["leading_re"] == pytest.approx(1 + 0.1 * 0.5)  # the Euler step of -1 + 1.5
    assert unstable["leading_time"] < 0


def test_a_run_that_diverged_has_no_exponent_and_no_vote():
    system = planted([[1.5]])
    x = starts()
    ends = after(system, x, n_steps=500)
    ends[0] = torch.nan
    exponents = find_exponents(system, ends, settings=SETTINGS)
    assert exponents["exponent_1"].isna().tolist() == [True] + [False] * 7
    runs = pd.DataFrame({"cycle": np.full(8, -1)})
    votes = vote_on(
        np.arange(8) % 2,
        *run_evidence(ends_of("rest", np.arange(8) % 2), 2),
        runs,
        pd.DataFrame(),
        np.arange(8) % 2,
        exponents,
    )
    assert (votes["vote"], votes["vote_exponents"]) == ("unresolved", "unresolved")


def test_seeds_are_distinct_ends_first_and_never_too_many():
    ends = torch.zeros(5, N)
    ends[3] = torch.nan
    ends[4] = 1.0
    seeds = choose_seeds(ends, [starts(20), starts(10)], 12)
    assert len(seeds) == 12 and seeds.isfinite().all()
    assert (seeds[0] == 0).all() and (seeds[1] == 1).all()
    assert len(choose_seeds(ends, [starts(20)], 1)) == 1


@pytest.mark.parametrize("n", [2, 4, 8])
def test_memory_states_that_are_measured_hold_all_memories(n):
    """Cases are 4 starts x 4 trial types: each fourth would be of one type, so of one memory."""
    types = torch.arange(16)[:, None] % 4
    chosen = evenly(types, n)
    assert len(chosen) == n
    assert set((chosen // 2).ravel().tolist()) == {0, 1}
    assert len(evenly(types, 99)) == 16 and len(evenly(types, 0)) == 0


def test_a_run_arrives_only_at_a_stable_point_that_is_clearly_nearest():
    points = np.eye(3)
    stable = np.array([True, True, False])
    ends = np.array([[1.0, 0.01, 0], [0, 0, 1.0], [0.5, 0.5, 0], [np.nan, 0, 0]])
    where = arrivals(ends, 10 * starts()[:, :3].numpy(), points, stable)
    assert where.tolist() == [0, -1, -1, -1]
    assert (arrivals(ends, ends, points[:0], stable[:0]) == -1).all()
