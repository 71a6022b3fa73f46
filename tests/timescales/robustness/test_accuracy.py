"""Accuracy on a long sequence, and what is remembered: exact networks, and plain loops."""

import numpy as np
import pytest
import torch
from delay_line import CELL, balanced, build, network, noisy, save

from memdyn.timescales.networks.recurrent import Cell, draw
from memdyn.timescales.robustness import accuracy as accuracy_module
from memdyn.timescales.robustness.accuracy import accuracy, draw_sequences, reference_of, relative
from memdyn.timescales.robustness.cases import cases
from memdyn.timescales.robustness.memory import measure_memory
from memdyn.timescales.training.checkpoints import open_snapshots
from memdyn.timescales.training.curriculum import Curriculum

SETTINGS = {"steps": 200, "warm_up": 20, "repeats": 3, "reference": "mean"}
FUNCTIONS = {
    "relu": lambda y: np.maximum(y, 0),
    "tanh": np.tanh,
    "leaky_relu": lambda y: np.where(y > 0, y, 0.01 * y),
}


def by_hand(cell, params, task, N, head, items, state, warm_up):
    """One sequence, one step after the other, from the definitions (float64)."""
    p = {name: value[0].double().numpy() for name, value in params.items()}
    f, scale = FUNCTIONS[cell.nonlinearity], cell.repeat if cell.scale_tau else 1
    tau, h, answers = np.maximum(p["tau"] * scale, 1), state.astype(float), []
    for t, item in enumerate(items):
        for _ in range(cell.repeat):
            shown = 2 * item - 1 if cell.signed else item
            drive = p["recurrent"] @ h + p["bias"] + p["input"][:, 0] * shown + p["input_bias"]
            if cell.kind == "leaky":
                h = f((1 - 1 / tau) * h + drive / tau)
            else:
                h = (1 - 1 / tau) * h + f(drive) / tau
        if t >= warm_up and t + 1 >= N:
            last = items[t + 1 - N : t + 1]
            label = sum(last) % 2 if task == "parity" else last[0] == last[-1]
            logits = p["heads"][head] @ h + p["head_bias"][head]
            answers.append(int(logits[1] > logits[0]) == int(label))
    return np.mean(answers)


@pytest.mark.parametrize("task", ["dms", "parity"])
def test_an_exact_network_is_always_right(task):
    Ns = [2, 3, 7]
    params, _ = build(task, Ns)
    drawn = draw_sequences(CELL, task, params["heads"].shape[-1], 0, SETTINGS)
    right = accuracy(CELL, params, task, {N: i for i, N in enumerate(Ns)}, *drawn, 20)
    assert right.shape == (1, 3, 3)
    assert (right == 1).all()
    # A head that is asked for another N than its own.
    wrong = accuracy(CELL, params, task, {4: 1}, *drawn, 20)
    assert np.abs(wrong - 0.5).max() < 0.12


@pytest.mark.parametrize(
    "cell",
    [
        Cell("leaky", "leaky_relu"),
        Cell("leaky_inside", "tanh", signed=True),
        Cell("leaky", "tanh", repeat=3),
        Cell("leaky_inside", "relu", repeat=4, scale_tau=True),
    ],
)
def test_agrees_with_a_plain_loop(cell, monkeypatch):
    line, _ = build("parity", [2, 3])
    params = [balanced(cell, noisy(line, 0.15, seed)) for seed in (0, 1)]
    both = {name: torch.cat([p[name] for p in params]) for name in params[0]}
    items, states = draw_sequences(cell, "parity", both["heads"].shape[-1], 3, SETTINGS)
    found = accuracy(cell, both, "parity", {2: 0, 3: 1}, items, states, 20)
    for b, own in enumerate(params):
        for r in (0, 1):
            for i, N in enumerate((2, 3)):
                expected = by_hand(cell, own, "parity", N, i, items[r], states[r], 20)
                assert found[b, r, i] == pytest.approx(expected, abs=1.1 / 200)
    assert len(np.unique(found)) > 5, "the answers must vary"
    # Little at a time is the same as all at once.
    monkeypatch.setattr(accuracy_module, "ACTIVITY", 1)
    pieces = accuracy(cell, both, "parity", {2: 0, 3: 1}, items, states, 20)
    np.testing.assert_array_equal(pieces, found)


def test_answers_count_from_the_first_step_with_enough_items():
    """The line is empty at the start, so that an answer given too early would often be wrong."""
    params, _ = build("dms", [9])
    items, states = draw_sequences(CELL, "dms", params["heads"].shape[-1], 0, SETTINGS)
    assert (accuracy(CELL, params, "dms", {9: 0}, items, states, 0) == 1).all()
    one = accuracy(CELL, params, "dms", {9: 0}, items[:, :9], states, 0)
    assert (one == 1).all(), "there is one answer, at the ninth item"


def test_a_repeat_depends_on_its_seed_and_number_only():
    few = draw_sequences(CELL, "dms", 5, 4, SETTINGS)
    many = draw_sequences(CELL, "parity", 5, 4, {**SETTINGS, "repeats": 5})
    for a, b in zip(few, many, strict=True):
        np.testing.assert_array_equal(a, b[:3])
    assert len({tuple(row) for row in many[0]}) == 5
    other = draw_sequences(CELL, "dms", 5, 5, SETTINGS)
    assert (few[0] != other[0]).any()
    assert few[0].mean() == pytest.approx(0.5, abs=0.05)


def test_gated_networks_answer_too():
    cell = Cell("lstm", signed=True)
    params = draw(cell, 8, 2, [0])
    drawn = draw_sequences(cell, "parity", 8, 0, SETTINGS)
    found = accuracy(cell, params, "parity", {2: 1}, *drawn, 20)
    assert np.abs(found - 0.5).max() < 0.125, "it has learnt nothing"
    with pytest.raises(ValueError, match="'lstm' cannot be silenced"):
        accuracy(cell, params, "parity", {2: 1}, *drawn, 20, torch.ones(3, 8))


def test_an_n_without_a_step_to_answer_at_is_refused():
    params, _ = build("dms", [2])
    drawn = draw_sequences(CELL, "dms", params["heads"].shape[-1], 0, SETTINGS)
    with pytest.raises(ValueError, match=r"no answer for N = 221: increase 'accuracy.steps'"):
        accuracy(CELL, params, "dms", {221: 0}, *drawn, 20)


def test_relative_accuracy():
    values = np.array([0.5, 0.75, 1.0])
    np.testing.assert_allclose(relative(values, 1.0), [0, 0.5, 1])
    assert np.isnan(relative(values, 0.51)).all()
    assert np.isnan(relative(values, np.nan)).all()
    runs = np.array([0.8, 1.0])
    assert reference_of(runs, {"reference": "mean"}) == pytest.approx(0.9)
    assert reference_of(runs, {"reference": "max"}) == 1.0
    with pytest.raises(ValueError, match="'median' is neither mean nor max"):
        reference_of(runs, {"reference": "median"})


@pytest.fixture
def shard(tmp_path):
    """A single-head and a multi-head network that are exact at what they have solved."""
    single, multi = network("dms_single", curriculum="single"), network()
    window = network("dms_sliding", curriculum="sliding")
    heads, _ = build("dms", [2, 3, 4, 5, 6])
    heads["heads"][:, 3:] = 0.0  # N = 5 and 6 are not trained
    line = {N: build("dms", [N])[0] for N in (2, 3, 4)}
    return save(
        tmp_path,
        [
            (single, CELL, Curriculum("single", 2, 4), {(N, N): line[N] for N in line}),
            (multi, CELL, Curriculum("multi", 2, 6), {(2, 4): heads}),
            (window, CELL, Curriculum("sliding", 2, 6, 2, 2), {(4, 5): build("dms", [4, 5])[0]}),
        ],
    )


def test_memory(shard):
    snapshots = open_snapshots(shard)
    single, multi, window = snapshots.networks
    table = measure_memory(snapshots, single, 1, 1, SETTINGS)
    pairs = list(zip(table["N_solved"], table["N"], strict=True))
    assert pairs == [(2, 2), (2, 3), (3, 2), (3, 3), (3, 4), (4, 2), (4, 3), (4, 4), (4, 5)]
    own = table["N_solved"] == table["N"]
    assert (table.loc[own, "accuracy"] == 1).all()
    assert np.abs(table.loc[~own, "accuracy"] - 0.5).max() < 0.12, "forgotten, or never learnt"
    every = measure_memory(snapshots, single, 2, 0, SETTINGS)
    assert every["N_solved"].unique().tolist() == [2, 4]

    table = measure_memory(snapshots, multi, 1, 5, SETTINGS).set_index("N")["accuracy"]
    assert table.index.tolist() == [2, 3, 4, 5, 6], "there are no more heads"
    assert (table[[2, 3, 4]] == 1).all()
    assert np.abs(table[[5, 6]] - 0.5).max() < 0.12

    table = measure_memory(snapshots, window, 1, 3, SETTINGS)
    assert table["N"].tolist() == [4, 5], "its heads have no other N"
    assert (table["accuracy"] == 1).all()


def test_cases_are_the_first_snapshots_that_solve_an_n(shard, caplog):
    caplog.set_level("INFO")
    settings = {"conditions": ["dms_single", "dms_multi"], "N": [3, 5]}
    found = list(cases(open_snapshots(shard), settings))
    assert [(case.network.condition, case.N, case.head) for case in found] == [
        ("dms_single", 3, 0),
        ("dms_multi", 3, 1),
    ]
    assert torch.equal(found[0].params["heads"], build("dms", [3])[0]["heads"])
    assert "dms_single_s0: has not solved N = 5, left out" in caplog.text
