"""The common interface: gated cells against torch's modules, heads, how items are shown."""

import numpy as np
import pytest
import torch

from memdyn.timescales.networks.recurrent import (
    Cell,
    classify,
    draw,
    final_state,
    trajectory,
)


@pytest.mark.parametrize(("kind", "module"), [("gru", torch.nn.GRU), ("lstm", torch.nn.LSTM)])
def test_gated_networks_are_torchs(kind, module):
    params, x = draw(Cell(kind), 6, 1, [0, 1]), (torch.rand(2, 4, 9) < 0.5).float()
    found = trajectory(Cell(kind), params, x, torch.zeros(2, 4, 6))
    for b in range(2):
        peer = module(1, 6, batch_first=True)
        peer.load_state_dict(
            {f"{name}_l0": params[name][b] for name in params if not name.startswith("head")}
        )
        torch.testing.assert_close(found[b], peer(x[b, :, :, None])[0])


@pytest.mark.parametrize("kind", ["leaky", "gru"])
def test_only_the_last_items_of_a_shorter_sequence_are_seen(kind):
    cell, x = Cell(kind), (torch.rand(2, 4, 9) < 0.5).float()
    params, h0 = draw(cell, 6, 1, [0, 1]), torch.zeros(2, 4, 6)
    both = final_state(cell, params, x, h0, [9, 5])
    second = {name: value[1:] for name, value in params.items()}
    alone = final_state(cell, second, x[1:, :, 4:], h0[1:], [5])
    torch.testing.assert_close(both[1], alone[0])


def test_repeated_items_are_items_repeated():
    params, x, h0 = draw(Cell(), 6, 1, [0]), torch.ones(1, 2, 3), torch.zeros(1, 2, 6)
    x[0, 0, 1] = 0
    found = trajectory(Cell(repeat=3), params, x, h0)
    torch.testing.assert_close(found, trajectory(Cell(), params, x.repeat_interleave(3, 2), h0))


def test_sub_steps_approach_continuous_time():
    """The state after two time units converges with the number of sub-steps, at first order."""
    params, x, h0 = draw(Cell(), 6, 1, [0]), torch.ones(1, 2, 2), torch.rand(1, 2, 6)
    ends = {
        k: final_state(Cell("leaky_inside", repeat=k, scale_tau=True), params, x, h0, [2])
        for k in (8, 16, 32, 512)
    }
    errors = [float((ends[k] - ends[512]).norm()) for k in (8, 16, 32)]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.15)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.15)


def test_signed_items():
    cell = Cell("gru")
    params, x, h0 = draw(cell, 6, 1, [0]), torch.zeros(1, 2, 3), torch.zeros(1, 2, 6)
    signed = trajectory(cell._replace(signed=True), params, x, h0)
    torch.testing.assert_close(signed, trajectory(cell, params, x - 1, h0))


def test_heads_read_their_own_answer():
    params = draw(Cell(), 6, 4, [0, 1])
    states = torch.rand(2, 3, 5, 6)
    logits = classify(params, states, [3, 1])
    assert logits.shape == (2, 3, 5, 2, 2)
    expected = states[1, 2, 4] @ params["heads"][1, 3].T + params["head_bias"][1, 3]
    torch.testing.assert_close(logits[1, 2, 4, 0], expected)


@pytest.mark.parametrize("kind", ["leaky", "lstm"])
def test_a_seed_gives_its_network_whatever_its_company_and_number_of_heads(kind):
    several, alone = draw(Cell(kind), 8, 5, [4, 7, 2]), draw(Cell(kind), 8, 3, [7])
    for name, value in alone.items():
        own = several[name][1]
        assert torch.equal(own[: len(value[0])] if name.startswith("head") else own, value[0])


@pytest.mark.parametrize("n, batch", [(21, 1), (21, 15), (64, 32)])
@pytest.mark.parametrize("kind", ["leaky", "leaky_inside", "gru", "lstm"])
def test_company_changes_no_bit_of_activity_and_answers(kind, n, batch):
    cell, rng = Cell(kind, "sigmoid"), torch.Generator().manual_seed(0)
    params = draw(cell, n, 3, [4, 7, 2])
    x = torch.randint(0, 2, (3, batch, 9), generator=rng).float()
    h0 = torch.rand(3, batch, n, generator=rng)
    together = trajectory(cell, params, x, h0)
    answers = classify(params, together, [2, 0])
    for b in range(3):
        own = {name: value[b : b + 1].clone() for name, value in params.items()}
        alone = trajectory(cell, own, x[b, None].clone(), h0[b, None].clone())
        assert torch.equal(together[b], alone[0])
        assert torch.equal(answers[b], classify(own, alone, [2, 0])[0])


def test_fixed_time_constants():
    assert (draw(Cell(fixed_tau=3.0), 8, 1, [0])["tau"] == 3).all()


def test_initial_states():
    rng, leaky = np.random.default_rng(0), Cell().model
    assert 0 <= leaky.initial_states(rng, 5, 9).min() < leaky.initial_states(rng, 5, 9).max()
    assert leaky.initial_states(rng, 50, 90).max() <= 0.1
    assert not Cell("lstm").model.initial_states(rng, 5, 9).any()
