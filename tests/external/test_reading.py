"""Networks from outside: what is read, and what is refused in one sentence."""

import numpy as np
import pytest
import safetensors.torch
import torch

from memdyn.external.reading import (
    build_system,
    constant_input,
    load_weights,
    starting_memory,
    starting_states,
)
from memdyn.files import FileProblem
from memdyn.timescales.networks.recurrent import Cell, draw, final_state

CELLS = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM, "rnn": torch.nn.RNN}


def save_network(folder, cell="gru", suffix=".safetensors"):
    torch.manual_seed(0)
    module = CELLS[cell](2, 8)
    path = folder / f"mine{suffix}"
    weights = {f"core.{name}": value for name, value in module.state_dict().items()}
    if suffix == ".pt":
        torch.save(weights, path)
    else:
        safetensors.torch.save_file(weights, path)
    states = {"n": 6, "sd": 0.5}
    about = {"name": "mine", "file": str(path), "cell": cell, "n_units": 8, "n_inputs": 2}
    return {**about, "states": states}, module


@pytest.mark.parametrize(
    ("cell", "suffix"), [("gru", ".pt"), ("lstm", ".safetensors"), ("rnn", ".pt")]
)
def test_it_steps_as_torch_does(tmp_path, cell, suffix):
    entry, module = save_network(tmp_path, cell, suffix)
    system = build_system(entry, load_weights(entry["file"]))
    x = starting_states(entry, system)
    u = constant_input({**entry, "input": [0.3, -0.2]})
    state = x.float()[None]
    if cell == "lstm":
        state = tuple(part.contiguous() for part in state.chunk(2, -1))
    _, after = module(u.float().expand(1, len(x), -1), state)
    after = torch.cat(after, -1)[0] if cell == "lstm" else after[0]
    torch.testing.assert_close(system.step(x, u.expand(len(x), -1)).float(), after)


def test_what_each_state_has_to_remember(tmp_path):
    path = str(tmp_path / "runs.npz")
    np.savez(path, held=np.ones((3, 8)), item=[4.0, -1.0, 4.0], short=[0, 1])
    entry = {"states": {"file": path, "key": "held"}}
    assert starting_memory(entry, 3) is None
    entry["states"]["memory"] = "item"
    assert starting_memory(entry, 3).tolist() == [1, 0, 1]
    for key, sentence in (("nothing", "has no array 'nothing'"), ("short", "one item for each")):
        entry["states"]["memory"] = key
        with pytest.raises(FileProblem, match=sentence):
            starting_memory(entry, 3)


def test_a_rate_matrix_and_its_states(tmp_path):
    states = {"start": np.ones((2, 3)), "broken": np.full((1, 3), np.nan)}
    np.savez(tmp_path / "rate.npz", recurrent=0.5 * np.eye(3))
    np.savez(tmp_path / "states.npz", recurrent=0.5 * np.eye(3), **states)
    entry = {"name": "r", "file": str(tmp_path / "rate.npz"), "cell": "rate", "n_units": 3}
    place = {"file": str(tmp_path / "states.npz"), "key": "start"}
    entry |= {"n_inputs": 0, "states": place, "dt": 0.2}
    system = build_system(entry, load_weights(entry["file"]))
    x = starting_states(entry, system)
    torch.testing.assert_close(system.step(x), x + 0.2 * (0.5 * torch.tanh(x) - x))
    assert constant_input(entry) is None
    for states, sentence in (
        ("nothing", "has no array 'nothing'"),
        ("broken", "is not finite"),
        ("recurrent", None),
    ):
        entry["states"]["key"] = states
        if sentence:
            with pytest.raises(FileProblem, match=sentence):
                starting_states(entry, system)
        else:
            assert starting_states(entry, system).shape == (3, 3)


class Trap:
    def __reduce__(self):
        return (print, ("this ran",))


def test_files_that_are_not_what_they_say_are_refused(tmp_path, capsys):
    torch.save({"weight_hh_l0": Trap()}, tmp_path / "trap.pt")
    np.savez(tmp_path / "trap.npz", recurrent=np.array([Trap()], dtype=object))
    (tmp_path / "cut.safetensors").write_bytes(b"\x10")
    (tmp_path / "cut.npz").write_bytes(b"PK")
    (tmp_path / "net.pkl").write_bytes(b"")
    torch.save([1, 2], tmp_path / "list.pt")
    for name, sentence in {
        "trap.pt": "could run code",
        "trap.npz": "pickled objects",
        "cut.safetensors": "not a complete safetensors file",
        "cut.npz": "not a file of plain arrays",
        "net.pkl": "ends in none of",
        "list.pt": "not a mapping",
        "gone.pt": "is not a file",
    }.items():
        with pytest.raises(FileProblem, match=sentence):
            load_weights(tmp_path / name)
    assert "this ran" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_units": 9}, "but a gru of 9 units"),
        ({"cell": "lstm"}, "but a lstm of 8 units"),
        ({"cell": "rate"}, "has no recurrent weights"),
    ],
)
def test_a_wrong_description_is_refused(tmp_path, change, sentence):
    entry, _ = save_network(tmp_path)
    with pytest.raises(FileProblem, match=sentence):
        build_system({**entry, **change}, load_weights(entry["file"]))
    with pytest.raises(FileProblem, match="has 1 values for 2 inputs"):
        constant_input({**entry, "input": [1.0]})


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("nonlinearity", ["leaky_relu", "tanh"])
def test_a_network_of_study_2_steps_as_it_was_trained(tmp_path, inside, nonlinearity):
    cell = Cell("leaky_inside" if inside else "leaky", nonlinearity=nonlinearity)
    params = {name: value[0] for name, value in draw(cell, 7, 1, [3], (1.0, 4.0)).items()}
    path = tmp_path / "leaky.npz"
    np.savez(
        path,
        recurrent=params["recurrent"],
        input=params["input"],
        bias=params["bias"] + params["input_bias"],
        tau=params["tau"],
    )
    entry = {"name": "x", "file": str(path), "cell": "leaky", "n_units": 7, "n_inputs": 1}
    entry |= {"states": {"n": 5, "sd": 1.0}, "inside": inside, "nonlinearity": nonlinearity}
    system = build_system(entry, load_weights(path))
    x, u = starting_states(entry, system), torch.ones(1, dtype=torch.float64)
    whole = {name: value[None] for name, value in params.items()}
    stepped = final_state(cell, whole, torch.ones(1, 5, 1), x.float()[None], [1])[0]
    torch.testing.assert_close(system.step(x, u.expand(5, -1)).float(), stepped)


@pytest.mark.parametrize("cell", ["rate", "leaky"])
@pytest.mark.parametrize("name", ["biases", "taus", "weight", "task"])
def test_an_array_that_is_not_read_is_named(tmp_path, cell, name):
    path = tmp_path / "net.npz"
    np.savez(path, recurrent=np.eye(2), held=np.ones((3, 2)), **{name: np.ones(2)})
    states = {"file": str(path), "key": "held"}
    entry = {"name": "x", "file": str(path), "cell": cell, "n_units": 2, "n_inputs": 0}
    with pytest.raises(FileProblem, match=f"holds '{name}', which a {cell} does not have"):
        build_system({**entry, "states": states}, load_weights(path))


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"bidirectional": True}, "two directions"), ({"num_layers": 2}, "several layers")],
)
def test_what_would_change_the_steps_is_refused(settings, words):
    module = torch.nn.GRU(2, 8, **settings)
    weights = {name: value.detach() for name, value in module.state_dict().items()}
    entry = {"name": "x", "file": "x", "cell": "gru", "n_units": 8, "n_inputs": 2}
    with pytest.raises(FileProblem, match=words):
        build_system({**entry, "states": {"n": 1, "sd": 1.0}}, weights)
