"""Gradient training: its parts against torch's own, and independence of company."""

import numpy as np
import pytest
import torch

import recorder
from memdyn.randomness import Stream, generator
from memdyn.timescales.conditions import Condition
from memdyn.timescales.networks import turns
from memdyn.timescales.networks.recurrent import Cell, draw
from memdyn.timescales.training import gradient
from memdyn.timescales.training.curriculum import Curriculum

SGD = {
    **{"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.5, "clip": 2.0, "rate": "task"},
    **{"batch_size": 16, "updates_per_epoch": 8, "test_batches": 3, "max_epochs": 3, "plateau": 0},
    **{"accuracy": 0.98, "shortest": [1, 2], "longest": [4, 1], "signed": False},
}
ADAM = SGD | {"optimizer": "adam", "learning_rate": 0.01, "rate": 0.5}


def condition_for(kind="single", cell=None, settings=SGD, heads=1, max_N=5):
    curriculum = Curriculum(kind, 2, max_N, heads)
    return Condition("parity", cell or Cell(), curriculum, (1,), (1.0, 2.0), settings)


def begin(condition, seeds, n_units=20):
    return gradient.start(
        draw(condition.cell, n_units, condition.curriculum.n_heads, seeds), condition
    )


def batch_for(condition, state, positions, seed=0):
    rngs = [generator(seed + b, Stream.TS_TRAINING) for b in range(len(positions))]
    return gradient.draw_batch(rngs, positions, condition, state.params, "cpu")


@pytest.mark.parametrize("settings", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize("clip", [0.05, 100.0])
def test_updates_are_those_of_torchs_optimisers(settings, clip):
    """With one head and with a second that is trained later."""
    settings = settings | {"clip": clip}
    condition = condition_for("multi", Cell(nonlinearity="tanh"), settings, max_N=3)
    state = begin(condition, [3])
    state.params = {name: value.double() for name, value in state.params.items()}
    for own in state.moments.values():
        own.update({kind: value.double() for kind, value in own.items()})
    plain = {name: torch.nn.Parameter(value.clone()) for name, value in state.params.items()}
    heads = [
        {name: torch.nn.Parameter(plain[name][:, h].clone()) for name in ("heads", "head_bias")}
        for h in range(2)
    ]
    leaves = [value for name, value in plain.items() if not name.startswith("head")]
    leaves += [value for head in heads for value in head.values()]
    if settings["optimizer"] == "sgd":
        rate, momentum = settings["learning_rate"], settings["momentum"]
        optimiser = torch.optim.SGD(leaves, rate, momentum, nesterov=True)
    else:
        optimiser = torch.optim.Adam(leaves, settings["learning_rate"])
    for i in range(6):
        position = (2, 2) if i < 3 else (2, 3)
        batch = batch_for(condition, state, [position], seed=i)
        batch = batch._replace(inputs=batch.inputs.double(), states=batch.states.double())
        gradient.update(state, batch, condition)

        params = plain | {name: torch.stack([head[name] for head in heads], 1) for name in heads[0]}
        optimiser.zero_grad()
        final = gradient.recurrent.final_state(
            condition.cell, params, batch.inputs, batch.states, batch.lengths
        )
        n = position[1] - 1
        logits = gradient.recurrent.classify(params, final, range(n))[0]
        loss = sum(
            torch.nn.functional.cross_entropy(logits[:, h], batch.answers[0][:, h])
            for h in range(n)
        )
        loss.backward()
        for later in heads[n:]:  # torch leaves out what has no gradient
            for value in later.values():
                value.grad = None
        torch.nn.utils.clip_grad_norm_(leaves, clip)
        optimiser.step()
    for name, value in state.params.items():
        if name.startswith("head"):
            wanted = torch.stack([head[name] for head in heads], 1)
        else:
            wanted = plain[name]
        torch.testing.assert_close(value, wanted.detach())


def run(condition, seeds):
    kept = {}
    state = begin(condition, seeds)
    gradient.train(
        state,
        seeds,
        condition,
        lambda b, position, params: kept.update({(seeds[b], position): params}),
    )
    return state, kept


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_a_network_becomes_the_same_in_any_company(kind):
    settings = SGD | {"updates_per_epoch": 70, "max_epochs": 6, "plateau": 0}
    condition = condition_for(kind, settings=settings, max_N=3)
    together, kept = run(condition, [0, 1, 2])
    paths = {tuple(row[3] for row in rows) for rows in together.epochs}
    assert len(paths) > 1, "all are at the same N at all times: lengths never differ"
    for b, seed in enumerate([0, 1, 2]):
        alone, own = run(condition, [seed])
        assert alone.epochs[0] == together.epochs[b]
        assert alone.heads[0] == together.heads[b]
        for key, params in own.items():
            for name, value in params.items():
                assert torch.equal(value, kept[key][name]), name


@pytest.mark.parametrize("n_units, batch_size", [(21, 15), (64, 32)])
@pytest.mark.parametrize(
    "cell",
    [Cell(), Cell("leaky_inside", "sigmoid"), Cell(nonlinearity="sigmoid"), Cell("gru")],
    ids=["leaky", "inside", "sigmoid", "gru"],
)
def test_company_changes_no_bit_in_odd_sizes(cell, n_units, batch_size):
    """Where networks begin in memory, and where vectors end, differs with company."""
    settings = ADAM | {"batch_size": batch_size, "max_epochs": 2, "clip": 0.05}
    condition = condition_for("multi", cell, settings, max_N=6)
    seeds = [3, 1, 2]
    states = {}
    for group in (seeds, seeds[:1], seeds[1:2], seeds[2:], seeds[1:]):
        state = begin(condition, group, n_units)
        for i in range(5):
            # Networks of a group differ in their lengths, and so does the longest of a group.
            rngs = [generator(seed, Stream.TS_TRAINING, i) for seed in group]
            places = [(2, 2 + seed) for seed in group]
            batch = gradient.draw_batch(rngs, places, condition, state.params, "cpu")
            gradient.update(state, batch, condition)
        for b, seed in enumerate(group):
            own = {name: value[b] for name, value in state.params.items()}
            for name, value in states.setdefault(seed, own).items():
                assert torch.equal(value, own[name]), (name, seed, group)


@pytest.mark.parametrize("settings", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize("kind", ["leaky", "leaky_inside"])
@pytest.mark.parametrize("on_gpu", [False, True])
def test_an_update_asks_nothing_of_the_host(kind, settings, on_gpu, monkeypatch):
    """So that a GPU never waits; networks differ in N, and so in the length of their sequences."""
    monkeypatch.setattr(turns, "together", lambda x: on_gpu)
    condition = condition_for("multi", Cell(kind), settings)
    state = begin(condition, [0, 1])
    batch = batch_for(condition, state, [(2, 2), (2, 5)])
    assert batch.lengths[0] != batch.lengths[1]
    with recorder.Recorder():
        gradient.update(state, batch, condition)


def test_fixed_time_constants_stay():
    condition = condition_for(cell=Cell(fixed_tau=2.0))
    state = begin(condition, [0])
    before = {name: value.clone() for name, value in state.params.items()}
    gradient.update(state, batch_for(condition, state, [(2, 2)]), condition)
    assert torch.equal(state.params["tau"], before["tau"])
    assert not torch.equal(state.params["recurrent"], before["recurrent"])


def test_no_unit_gets_connected_to_itself():
    condition = condition_for()
    state = begin(condition, [0, 1])
    for i in range(3):
        gradient.update(state, batch_for(condition, state, [(2, 2), (3, 3)], i), condition)
    assert state.params["recurrent"].diagonal(dim1=1, dim2=2).abs().max() == 0


def test_heads_that_are_not_in_training_stay():
    condition = condition_for("multi", max_N=6)
    state = begin(condition, [0])
    before = state.params["heads"].clone()
    gradient.update(state, batch_for(condition, state, [(2, 4)]), condition)
    changed = (state.params["heads"] != before).flatten(2).any(2)[0]
    assert changed.tolist() == [True, True, True, False, False]


def test_sequences_are_as_long_as_specified():
    condition, state = condition_for(), begin(condition_for(), [0])
    found = {batch_for(condition, state, [(5, 7)], seed).lengths[0] for seed in range(300)}
    assert (min(found), max(found)) == (9, 29)  # N + 2 to 4 N + 1


def test_a_network_that_diverges_is_booked_and_leaves():
    condition = condition_for(settings=SGD | {"learning_rate": 1e30, "clip": 1e30})
    state, kept = run(condition, [0])
    assert state.status == [gradient.DIVERGED]
    assert not kept


def test_a_network_that_learns_nothing_runs_out_of_epochs():
    state, _ = run(condition_for(settings=SGD | {"learning_rate": 1e-9}), [0])
    assert state.status == [gradient.OUT_OF_EPOCHS]
    assert len(state.epochs[0]) == SGD["max_epochs"]


def test_accuracy_of_chance():
    condition = condition_for(settings=SGD | {"rate": 0.5, "test_batches": 100})
    state = begin(condition, [0, 1])
    rngs = [np.random.default_rng(b) for b in range(2)]
    for found in gradient.accuracies(state.params, [(2, 2), (4, 4)], rngs, condition):
        assert found == pytest.approx([0.5], abs=0.06)


@pytest.mark.parametrize(
    ("advanced", "patience", "ends"),
    [
        ([0, 0, 0], 3, True),
        ([0, 0, 0], 4, False),
        ([1, 0, 0], 3, False),
        ([0, 1, 0, 0, 0], 3, True),
        ([0] * 50, 0, False),
        ([], 1, False),
    ],
)
def test_a_plateau_is_so_many_epochs_without_a_new_N(advanced, patience, ends):
    place = gradient.EPOCH_COLUMNS.index("advanced")
    rows = [tuple(float(i == place and new) for i in range(place + 1)) for new in advanced]
    assert gradient._on_plateau(rows, patience) == ends


def test_training_ends_on_a_plateau_and_says_so():
    hopeless = SGD | {"learning_rate": 1e-9, "max_epochs": 9, "plateau": 2, "updates_per_epoch": 1}
    state, kept = run(condition_for(settings=hopeless), [0, 1])
    assert state.status == [gradient.PLATEAU] * 2 and not kept
    assert [len(rows) for rows in state.epochs] == [2, 2]
