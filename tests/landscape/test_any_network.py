"""Networks of every kind through ``analyse``: the right vote, and the sentences they get."""

import itertools

import numpy as np
import pytest
import torch

from memdyn.dynamics.cells import LeakyNetwork, RateNetwork
from memdyn.dynamics.systems import EulerMap, Flow
from memdyn.landscape import analyse
from memdyn.landscape.memory import measure_memory
from memdyn.landscape.portrait import portray_system


def rnn(weights, nonlinearity="tanh"):
    weights = torch.as_tensor(np.asarray(weights, dtype=float))
    return LeakyNetwork(weights, nonlinearity=nonlinearity, inside=True)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


#: All patterns of five signs but the two that stay as they are.
SIGNS = 0.8 * np.array(list(itertools.product([-1, 1], repeat=5)))[1:-1]


def ring(n):
    angle = 2 * np.pi / n * np.arange(n)
    return 4 / n * np.cos(angle[:, None] - angle)


def closed_lstm():
    torch.manual_seed(0)
    module = torch.nn.LSTM(1, 4)
    with torch.no_grad():
        module.bias_ih_l0[4:8], module.bias_ih_l0[:4] = 12.0, -12.0
    return module


def relu_line():
    inhibit = torch.tensor([[0.0, -1.0], [-1.0, 0.0]], dtype=torch.float64)
    bias = torch.ones(2, dtype=torch.float64)
    return EulerMap(RateNetwork(inhibit, bias=bias, nonlinearity="relu"))


def routes(found):
    return found.vote.runs, found.vote.solver, found.vote.exponents


@pytest.mark.parametrize(
    ("system", "states", "label", "n_cycles"),
    [
        (rnn(-2 * np.eye(2)), normal(16, 2), "limit_cycle", 2),
        (rnn(2 * np.roll(np.eye(5), 1, 0)), SIGNS, "limit_cycle", 6),
        (lambda x: 3.55 * x * (1 - x), np.linspace(0.1, 0.9, 5)[:, None], "limit_cycle", 1),
        (lambda x: 3.83 * x * (1 - x), np.linspace(0.1, 0.9, 5)[:, None], "limit_cycle", 1),
        (lambda x: 3.99 * x * (1 - x), np.linspace(0.1, 0.9, 5)[:, None], "aperiodic", 0),
    ],
    ids=["two of period 2", "six of period 5", "8", "3", "chaos"],
)
def test_all_routes_see_cycles_of_whole_steps(system, states, label, n_cycles):
    found = analyse(system, states, settings={"transient": 2000, "window": 400})
    assert found.vote.label == label and len(found.cycles) == n_cycles
    assert found.vote.runs == found.vote.exponents == label


@pytest.mark.parametrize(
    ("system", "states", "shape", "dimension"),
    [
        (rnn(ring(64)), normal(24, 64), "ring", 1),
        (EulerMap(RateNetwork(torch.as_tensor(ring(64)))), normal(24, 64), "ring", 1),
        (relu_line(), np.abs(normal(24, 2)), "line", 1),
        (rnn(np.eye(2), "relu"), np.abs(normal(24, 2)), "plane", 2),
        (lambda x: x, normal(24, 3), "continuum of dimension 3", 3),
    ],
    ids=["ring", "ring as flow", "relu line", "relu plane", "identity"],
)
def test_the_vote_knows_the_continuum_on_which_a_run_rests(system, states, shape, dimension):
    quick = {"transient": 1000, "window": 400, "noisy_copies": 2, "exponent_steps": 800}
    found = analyse(system, states, delay=5.0, settings=quick)
    assert found.vote.label == "fixed" and routes(found) == ("fixed",) * 3
    row = found.points[found.points["kind"] == "continuum"].iloc[0]
    assert row["dimension"] == dimension and row["extent"] > 0.1 and row["speed_along"] < 1e-10
    assert found.summary["n_continua"] == 1
    assert f"{shape} of fixed points, extent {row['extent']:.3g}" in repr(found)
    assert any(shape in text.get_text() for text in found.portrait.draw().findobj(_is_text))


def test_a_torus_is_a_surface_and_where_one_half_is_silent_there_are_curves():
    """Two rings beside each other: (ring, ring) is stable, (ring, 0) and (0, ring) are not."""
    both = rnn(np.kron(np.eye(2), ring(64)))
    quick = {"transient": 1000, "window": 400, "noisy_copies": 2, "exponent_steps": 800}
    found = analyse(both, normal(24, 128), delay=5.0, settings=quick)
    assert routes(found) == ("fixed",) * 3
    continua = found.points[found.points["kind"] == "continuum"].sort_values("dimension")
    assert continua["shape"].iloc[2] == "surface"
    assert set(continua["shape"].iloc[:2]) <= {"ring", "curve"}, "of few points it is not said"
    assert continua["dimension"].tolist() == [1, 1, 2]
    assert continua["stable"].tolist() == [False, False, True]
    assert "surface of fixed points" in repr(found)


def _is_text(artist):
    return hasattr(artist, "get_text")


def test_memories_on_a_ring_are_direct_where_their_places_differ():
    """Four bumps rest where they are; two of one place share it."""
    angle = 2 * np.pi / 64 * np.arange(64)
    psi = np.repeat([0.3, 1.9, 3.1, 4.8], 2)
    states = 2.3 * np.cos(angle - psi[:, None])
    quick = {"transient": 1000, "window": 400}
    network = EulerMap(RateNetwork(torch.as_tensor(ring(64))))
    own = analyse(network, states, np.repeat([0, 1, 2, 3], 2), settings=quick)
    assert own.vote.label == "direct" and routes(own) == ("direct", "direct", "fixed")
    shared = analyse(network, states, np.arange(8), settings=quick)
    assert shared.vote.label == "slow_manifold"


@pytest.mark.parametrize("n", [20, 32])
def test_a_slow_manifold_near_a_ring_has_a_name_of_its_own(n):
    """Runs still drift along it after thousands of steps; noise on the weights leaves it there."""
    found = analyse(
        rnn(ring(n)), normal(8, n), delay=20.0, settings={"n_seeds": 64, "exponent_steps": 1600}
    )
    assert found.vote.label == "settling" and found.summary["degree_sum"] == 1
    assert (found.summary["n_fixed"], found.summary["n_stable"]) == (2 * n + 1, n)
    assert set(found.memory["held"]) == {"persistent manifold"}
    assert found.memory["noisy_drift"].max() < 0.1
    assert "memory: persistent manifold" in repr(found) and "still slow down" in repr(found)


def test_what_is_held_only_with_exact_weights_is_called_so():
    """A line held by a weight of exactly 1: with 20 % noise it decays or grows within the delay."""
    line = rnn(np.diag([1.0, 0.0]), "linear")
    late = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.5, 0.0]], dtype=torch.float64)
    asked = {"delay": 100.0, "speed": 1.0, "settings": {"noisy_copies": 6}}
    assert set(measure_memory(line, late, **asked)[0]["held"]) == {"fine-tuned"}
    leaking = rnn(np.diag([0.999, 0.0]), "linear")
    assert set(measure_memory(leaking, late, **asked | {"delay": 500.0})[0]["held"]) == {"drifting"}
    latch = rnn(np.diag([2.0, 0.0]))
    rest = torch.tensor([[0.9575040241, 0.0], [-0.9575040241, 0.0]], dtype=torch.float64)
    for _ in range(200):
        rest = latch.step(rest)
    assert set(measure_memory(latch, rest, **asked)[0]["held"]) == {"point"}


@pytest.mark.parametrize("steps", [0, 4, 16])
@pytest.mark.parametrize("weight", [1.2, 2.0])
def test_what_still_nears_a_point_where_all_modes_decay_is_held_by_it(weight, steps):
    """Not by a manifold: nothing there outlasts the delay of 50 steps (time constants 2.6, 0.6)."""
    latch = rnn(np.diag([weight, 0.0]))
    late = torch.tensor([[0.9, 0.0], [-0.9, 0.0]], dtype=torch.float64)
    for _ in range(400):
        late = latch.step(late)
    late = 1.05 * late
    for _ in range(steps):
        late = latch.step(late)
    asked = {"delay": 50.0, "speed": 1.0, "settings": {"noisy_copies": 6}}
    memory = measure_memory(latch, late, **asked)[0]
    assert set(memory["held"]) == {"point"} and (memory["n_slow"] == 0).all()
    if steps < 16:
        assert (memory["drift"] > 1e-9).all(), "it does not rest yet"


def test_ratios_of_roundings_are_nan_with_a_reason():
    torch.manual_seed(0)
    quick = {"transient": 800, "window": 400, "exponent_steps": 400, "noisy_copies": 2}
    one_place = analyse(torch.nn.GRU(1, 8), normal(8, 8), delay=200.0, settings=quick)
    assert one_place.memory[["drift", "persistence"]].isna().all(axis=None)
    assert set(one_place.memory["held"]) == {"point"}
    assert "not measured: it rests: noisy copies have no drift" in repr(one_place)
    still = analyse(torch.nn.GRU(1, 8, bias=False), np.zeros((4, 8)), delay=20.0, settings=quick)
    assert still.vote.label == "fixed" and still.memory["relative_speed"].isna().all()
    assert "nothing moves at the starts" in still.memory["reason"].iloc[0]
    assert still.portrait.draw() is not None


def test_runs_that_have_not_arrived_are_said_to_settle():
    quick = {"transient": 1000, "window": 1000}
    found = analyse(closed_lstm(), normal(8, 8), delay=20.0, settings=quick)
    assert found.vote.label == "settling" and found.vote.runs == "settling"
    assert (found.runs["outcome"] == "settling").all()
    assert found.runs["time_constant"].between(1e5, 4e5).all()  # 1 - f is about exp(-12)
    assert "8 of 8 runs still slow down, time constant" in repr(found)
    assert found.summary["n_slow"] == 0  # a closed gate is no slow point


def test_layers_on_top_of_each_other_are_one_system():
    torch.manual_seed(0)
    module = torch.nn.GRU(2, 6, num_layers=2)
    _, h_n = module(torch.randn(12, 9, 2))
    found = analyse(module, h_n, settings={"transient": 800, "window": 400})
    assert found.states.shape[1] == 12 and found.vote.label == "fixed"
    x = torch.as_tensor(found.states, dtype=torch.float32).reshape(-1, 2, 6).transpose(0, 1)
    _, after = module(torch.zeros(1, x.shape[1], 2), x.contiguous())
    torch.testing.assert_close(after, x, atol=1e-5, rtol=0)


def test_a_portrait_of_many_runs_fits_and_is_that_of_few(monkeypatch):
    network, x = rnn(0.9 * np.eye(3)), torch.as_tensor(normal(40, 3))
    points, orbits = np.zeros((1, 3)), np.zeros((0, 64, 3))
    shown = {"n_steps": 50, "pace": 1.0, "points": points, "orbits": orbits}
    whole = portray_system(network, x, **shown)
    monkeypatch.setattr("memdyn.landscape.portrait.MOST_BYTES", 8 * 3 * 500)
    thrifty = portray_system(network, x, **shown)
    assert thrifty["alone"].shape == whole["alone"].shape
    np.testing.assert_array_equal(thrifty["speed"], whole["speed"])
    # The axes are of a selection: distances between states are the same along all three.
    gaps = [np.linalg.norm(np.diff(one["alone"], axis=1), axis=2) for one in (whole, thrifty)]
    np.testing.assert_allclose(gaps[0], gaps[1], atol=1e-5)


def rotates(angle):
    c, s = np.cos(angle), np.sin(angle)
    turn = torch.tensor([[c, s], [-s, c]], dtype=torch.float64)
    return lambda x: x * (1.1 - 0.1 * x.square().sum(-1, keepdim=True)) @ turn


def chaos(x):
    return torch.stack([1 - 1.4 * x[..., 0] ** 2 + x[..., 1], 0.3 * x[..., 0]], -1)


@pytest.mark.parametrize(
    ("system", "size", "sentence"),
    [
        (rotates(1.0), 1.0, "4 of 4 runs close on no cycle, and no exponent is clearly above 0"),
        (rotates(2.0), 1.0, "4 of 4 runs close on no cycle, and no exponent is clearly above 0"),
        (rotates(2 * np.pi / 5), 1.0, "neutral cycle, period 5"),
        (lambda x: -x, 1.0, "neutral cycle, period 2"),
        (chaos, 0.1, "4 of 4 runs never repeat: chaos, by the exponents"),
        (rnn(np.diag([2.0, 0.5])), np.array([1e6, 1e-6]), "units differ in size by"),
        (rnn(np.diag([1.0, 0.5])), 1.0, "a mode neither grows nor decays, to rounding"),
        (lambda x: torch.sin(x), 1.0, "a mode neither grows nor decays, to rounding"),
    ],
    ids=["circle 1", "circle 2", "family of 5", "family of 2", "chaos", "scales", "tanh", "sine"],
)
def test_what_is_no_point_and_no_cycle_is_said_so(system, size, sentence):
    quick = {"transient": 1000, "window": 400, "exponent_steps": 1600}
    found = analyse(system, size * normal(4, 2), settings=quick)
    assert sentence in repr(found) and "unstable cycle" not in repr(found)
    assert found.vote.label in ("unresolved", "aperiodic", "fixed", "settling")


@pytest.mark.parametrize("pull", [20.0, 25.0, 30.0])
def test_euler_steps_that_overshoot_jump_as_maps_do(pull):
    """With -pull x and steps of 0.1 the rest is unstable, and two steps come back to their start;
    the other unit rests."""
    network = RateNetwork(torch.diag(torch.tensor([-pull, 0.5], dtype=torch.float64)))
    quick = {"transient": 1000, "window": 400, "exponent_steps": 1600}
    found = analyse(network, normal(4, 2), settings=quick)
    assert found.vote.label == "limit_cycle" and routes(found) == ("limit_cycle",) * 3
    assert found.cycles["stable"].all() and np.allclose(found.cycles["period"], 0.2)


def bottleneck(excess):
    """A limit cycle through the ghost of a saddle-node: one turn takes about 2 pi / sqrt(2 e)."""

    def velocity(x, u):
        turned = torch.stack([-x[..., 1], x[..., 0]], -1)
        return x * (1 - x.square().sum(-1, keepdim=True)) + turned * (1 + excess - x[..., :1])

    return Flow(velocity, n_units=2, dt=0.05)


@pytest.mark.parametrize("excess", [3e-4, 1e-4, 3e-5])
def test_a_run_in_a_bottleneck_is_not_promised_to_rest(excess):
    quick = {"transient": 1000, "window": 1000, "exponent_steps": 1600}
    found = analyse(bottleneck(excess), normal(4, 2), settings=quick)
    assert not found.points["stable"].any()
    assert "of 4 the end is not known: they may yet pass a bottleneck" in repr(found)
    assert "steps" not in repr(found)  # times of a flow are in its own unit


def heteroclinic(x, u):
    """May & Leonard 1975: ever longer at one of three saddles after the other."""
    return x * (1 - x - 0.8 * x.roll(-1, -1) - 1.5 * x.roll(1, -1))


@pytest.mark.parametrize(
    ("system", "states"),
    [
        (Flow(heteroclinic, n_units=3, dt=0.1), np.abs(normal(4, 3)) + 0.05),
        (rnn(2 * np.eye(2)), np.zeros((4, 2))),
        (rnn(np.diag([2.0, 0.5])), normal(4, 2) * [0.0, 1.0]),
    ],
    ids=["heteroclinic", "origin", "along the stable direction"],
)
def test_runs_that_stand_at_a_saddle_are_told_from_rest(system, states):
    found = analyse(system, states)
    assert "4 of 4 runs stand still where a mode leads away" in repr(found)
    assert found.vote.label == "unresolved"


@pytest.mark.parametrize("center", [0.0, 50.0, 1e3, 1e6])
def test_states_far_from_zero_are_taken_where_they_are(center):
    quick = {"transient": 400, "window": 400, "exponent_steps": 400}
    step = lambda x: center + torch.tanh(2 * (x - center))  # noqa: E731
    found = analyse(step, center + normal(8, 1), settings=quick)
    assert (len(found.points), found.points["stable"].sum()) == (3, 2)
    assert found.vote.label == "fixed" and routes(found) == ("fixed",) * 3
