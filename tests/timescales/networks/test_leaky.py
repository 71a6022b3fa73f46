"""Leaky networks: the gradient by hand, networks side by side, and their definition."""

import pytest
import torch

import recorder
from memdyn import cuda_graphs
from memdyn.timescales.networks import leaky, turns

N, BATCH = 7, 5


@pytest.fixture
def double_params():
    params = leaky.draw(N, [0, 1, 2], (0.5, 3.0))
    params = {name: value.double() for name, value in params.items()}
    params["tau"][0, 0] = 0.9  # below the bound: no gradient
    return params


def by_definition(params, b, x, h, inside, nonlinearity, scale=1):
    """The equations at the top of ``leaky``, one step at a time, for autograd."""
    f = {
        "leaky_relu": lambda y: torch.nn.functional.leaky_relu(y, leaky.SLOPE),
        "relu": torch.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
    }[nonlinearity]
    tau = (params["tau"][b] * scale).clamp(min=1)
    for t in range(x.shape[1]):
        drive = h @ params["recurrent"][b].T + params["bias"][b] + params["input_bias"][b]
        drive = drive + x[:, t, None] * params["input"][b][:, 0]
        kept = (1 - 1 / tau) * h
        h = kept + f(drive) / tau if inside else f(kept + drive / tau)
    return h


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("nonlinearity", leaky.NONLINEARITIES)
@pytest.mark.parametrize("lengths", [(6, 6, 6), (3, 6, 4), (3, 4, 6)])
def test_states_and_gradients_are_those_of_autograd(double_params, inside, nonlinearity, lengths):
    torch.manual_seed(0)
    x = (torch.rand(3, BATCH, 6) < 0.5).double()
    h0, target = torch.rand(3, BATCH, N).double(), torch.randn(3, BATCH, N).double()
    ours = {name: value.clone().requires_grad_() for name, value in double_params.items()}
    final = leaky.final_state(ours, x, h0, lengths, inside, nonlinearity, 2)
    (final * target).sum().backward()

    plain = {name: value.clone().requires_grad_() for name, value in double_params.items()}
    expected = torch.stack(
        [
            by_definition(plain, b, x[b, :, 6 - length :], h0[b], inside, nonlinearity, 2)
            for b, length in enumerate(lengths)
        ]
    )
    (expected * target).sum().backward()
    torch.testing.assert_close(final, expected)
    for name, value in plain.items():
        wanted = value.grad.clone()
        if name == "recurrent":
            wanted.diagonal(dim1=1, dim2=2).zero_()
        torch.testing.assert_close(ours[name].grad, wanted)
    with torch.no_grad():
        unkept = leaky.final_state(ours, x, h0, lengths, inside, nonlinearity, 2)
    torch.testing.assert_close(unkept, expected)


def test_no_gradient_below_the_bound_of_tau(double_params):
    params = {name: value.requires_grad_() for name, value in double_params.items()}
    x, h0 = torch.ones(3, BATCH, 4).double(), torch.rand(3, BATCH, N).double()
    leaky.final_state(params, x, h0, (4, 4, 4), False, "leaky_relu").sum().backward()
    assert params["tau"].grad[0, 0] == 0
    assert (params["tau"].grad[1] != 0).any()


@pytest.mark.parametrize("inside", [False, True])
def test_side_by_side_is_the_same_as_alone_bit_for_bit(inside):
    n, batch, lengths = 60, 32, (9, 4, 7)
    params = leaky.draw(n, [3, 4, 5], (1.0, 2.0))
    x, h0 = (torch.rand(3, batch, 9) < 0.5).float(), torch.rand(3, batch, n)

    def run(rows):
        own = {name: value[rows].clone().requires_grad_() for name, value in params.items()}
        final = leaky.final_state(
            own, x[rows], h0[rows], [lengths[b] for b in rows], inside, "leaky_relu"
        )
        final.square().sum().backward()
        return final.detach(), own

    together, all_params = run([0, 1, 2])
    for b in range(3):
        alone, own = run([b])
        assert torch.equal(together[b], alone[0])
        for name, value in own.items():
            assert torch.equal(all_params[name].grad[b], value.grad[0]), name


@pytest.fixture
def recorded(monkeypatch):
    """The GPU's route, its graphs played on the CPU; all loops over time that were recorded."""
    works = []

    def record(work):
        works.append(work)
        return recorder.record(work)

    monkeypatch.setattr(turns, "together", lambda x: True)
    monkeypatch.setattr(leaky, "_kept", {})
    monkeypatch.setattr(leaky, "Replayed", lambda work, device: cuda_graphs.Replayed(work, "cuda"))
    monkeypatch.setattr(cuda_graphs, "record", record)
    return works


def gradients(params, x, h0, lengths, inside, nonlinearity):
    own = {name: value.clone().requires_grad_() for name, value in params.items()}
    final = leaky.final_state(own, x, h0, lengths, inside, nonlinearity)
    final.square().sum().backward()
    return [final.detach(), *(value.grad for value in own.values())]


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("nonlinearity", leaky.NONLINEARITIES)
def test_a_recorded_loop_has_the_same_bits(inside, nonlinearity, recorded, monkeypatch):
    """Passes that are run, recorded and replayed, with lengths and sequences of their own."""
    n, batch = 12, 6
    params = leaky.draw(n, [3, 4, 5], (1.0, 2.0))
    generator = torch.Generator().manual_seed(0)
    for lengths in [(9, 4, 7), (4, 10, 3), (12, 12, 5), (9, 16, 16), (20, 3, 18)]:
        x = (torch.rand(3, batch, max(lengths), generator=generator) < 0.5).float()
        h0 = torch.rand(3, batch, n, generator=generator)
        arguments = (params, x, h0, lengths, inside, nonlinearity)
        found = gradients(*arguments)
        with monkeypatch.context() as plain:
            plain.setattr(turns, "together", lambda x: False)
            expected = gradients(*arguments)
        for ours, theirs in zip(found, expected, strict=True):
            assert torch.equal(ours, theirs)
    assert len(recorded) == 2, "forwards and backwards; the last begins earlier, and runs once"


def test_recorded_loops_make_room_for_longer_sequences(recorded):
    params, h0 = leaky.draw(N, [0], (1, 2)), torch.rand(1, BATCH, N)
    rooms = []
    for steps in (60, 70, 5):
        leaky.final_state(params, torch.ones(1, BATCH, steps), h0, (steps,), False, "tanh")
        rooms.append([loop.room for loop in leaky._kept.values()])
    assert rooms == [[64], [128], [128]]


def test_a_gradient_whose_states_are_overwritten_is_refused(recorded):
    params = leaky.draw(N, [0], (1, 2))
    params["bias"].requires_grad_()
    x, h0 = torch.ones(1, BATCH, 4), torch.rand(1, BATCH, N)
    first, second = (leaky.final_state(params, x, h0, (4,), False, "tanh") for _ in range(2))
    second.sum().backward()
    with pytest.raises(RuntimeError, match="overwritten"):
        first.sum().backward()


def test_trajectory_ends_in_the_final_state(double_params):
    x, h0 = (torch.rand(3, BATCH, 6) < 0.5).double(), torch.rand(3, BATCH, N).double()
    path = leaky.trajectory(double_params, x, h0, False, "tanh")
    final = leaky.final_state(double_params, x, h0, (6, 6, 6), False, "tanh")
    torch.testing.assert_close(path[:, :, -1], final)


def test_no_unit_is_connected_to_itself():
    assert leaky.draw(N, [0], (1, 2))["recurrent"].diagonal(dim1=1, dim2=2).abs().max() == 0


def test_the_initial_spectral_radius_is_that_of_the_paper():
    recurrent = leaky.draw(500, [0], (1, 2))["recurrent"][0]
    assert torch.linalg.eigvals(recurrent).abs().max() == pytest.approx(0.58, abs=0.03)
