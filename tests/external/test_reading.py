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
    np.savez(tmp_path / "rate.npz", recurrent=0.5 * np.eye(3), **states)
    entry = {"name": "r", "file": str(tmp_path / "rate.npz"), "cell": "rate", "n_units": 3}
    entry |= {"n_inputs": 0, "states": {"file": entry["file"], "key": "start"}, "dt": 0.2}
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
