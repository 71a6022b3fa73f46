"""Networks from outside: what is read, and what is refused in one sentence."""

import struct
import zipfile

import numpy as np
import pytest
import safetensors.torch
import torch

from memdyn.external import reading
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
        ({"n_units": 9}, "but the cell 'gru' with n_units 9"),
        ({"cell": "lstm"}, "but the cell 'lstm' with n_units 8"),
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
    with pytest.raises(FileProblem, match=f"holds '{name}', which the cell '{cell}' does not have"):
        build_system({**entry, "states": states}, load_weights(path))


@pytest.mark.parametrize(
    ("cell", "settings", "words"),
    [
        ("gru", {"bidirectional": True}, "two directions"),
        ("rnn", {"bidirectional": True, "num_layers": 2}, "two directions"),
        ("lstm", {"proj_size": 3}, "a projection"),
    ],
)
def test_what_would_change_the_steps_is_refused(cell, settings, words):
    module = CELLS[cell](2, 8, **settings)
    weights = {name: value.detach() for name, value in module.state_dict().items()}
    entry = {"name": "x", "file": "x", "cell": cell, "n_units": 8, "n_inputs": 2}
    with pytest.raises(FileProblem, match=words):
        build_system({**entry, "states": {"n": 1, "sd": 1.0}}, weights)


@pytest.mark.parametrize("n_layers", [2, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_stacked_layers_are_one_system(cell, n_layers):
    torch.manual_seed(0)
    module = CELLS[cell](2, 5, num_layers=n_layers).double()
    weights = {f"core.{name}": value.detach() for name, value in module.state_dict().items()}
    entry = {"name": "x", "file": "x", "cell": cell, "n_units": 5, "n_inputs": 2}
    system = build_system({**entry, "states": {"n": 4, "sd": 0.5}}, weights)
    x = starting_states({**entry, "states": {"n": 4, "sd": 0.5}}, system)
    u = torch.tensor([0.3, -0.2], dtype=torch.float64).expand(4, -1)
    parts = torch.stack(x.chunk(n_layers, -1))
    state = tuple(parts.chunk(2, -1)) if cell == "lstm" else parts
    _, after = module(u[None], tuple(p.contiguous() for p in state) if cell == "lstm" else parts)
    after = torch.cat(after, -1) if cell == "lstm" else after
    torch.testing.assert_close(system.step(x, u), torch.cat([*after], -1))
    again = build_system({**entry, "states": {"n": 4, "sd": 0.5}}, weights)
    assert system.n_units == again.n_units == x.shape[1]


def test_a_readout_is_refused_by_name_unless_it_is_said_to_be_unused(tmp_path):
    entry, module = save_network(tmp_path)
    weights = {f"core.{k}": v.detach() for k, v in module.state_dict().items()}
    weights["out.weight"] = torch.ones(1, 8)
    with pytest.raises(
        FileProblem, match=r"holds 'out.weight', which the cell 'gru' has no use for"
    ):
        build_system(entry, weights)
    assert build_system({**entry, "unused": ["out.weight"]}, weights).n_units == 8


def authors_file(path, n=6, tau=None):
    """A network as Khajehabdollahi et al. save it: no ending, a state dict inside, many heads."""
    torch.manual_seed(0)
    layers = [torch.nn.Linear(1, n), torch.nn.Linear(n, n), *(torch.nn.Linear(n, 2) for _ in "ab")]
    weights = {"parameterlist.0": 1 + torch.rand(n) if tau is None else torch.tensor([tau])}
    for k, layer in enumerate(layers):
        weights |= {f"modulelist.{k}.{name}": value for name, value in layer.state_dict().items()}
    torch.save({"state_dict": weights}, path)
    return {name: value.double() for name, value in weights.items()}


@pytest.mark.parametrize("tau", [None, 3.0])
@pytest.mark.parametrize("inside", [False, True])
def test_files_of_the_authors_of_study_2_are_read_as_they_are(tmp_path, inside, tau):
    path = tmp_path / "rnn_N2_N10"
    w = authors_file(path, tau=tau)
    entry = {"name": "x", "file": str(path), "cell": "leaky", "n_units": 6, "n_inputs": 1}
    entry |= {"states": {"n": 5, "sd": 1.0}, "inside": inside}
    system = build_system(entry, load_weights(path))
    x, u = starting_states(entry, system), torch.ones(5, 1, dtype=torch.float64)
    recurrent = w["modulelist.1.weight"].fill_diagonal_(0.0)
    a = x @ recurrent.T + w["modulelist.1.bias"]
    a = a + u @ w["modulelist.0.weight"].T + w["modulelist.0.bias"]
    leak = 1 / w["parameterlist.0"].clamp(min=1)
    f = torch.nn.functional.leaky_relu
    truth = (1 - leak) * x + leak * f(a) if inside else f((1 - leak) * x + leak * a)
    torch.testing.assert_close(system.step(x, u), truth)


def test_what_stands_beside_a_state_dict_is_named(tmp_path):
    torch.save({"state_dict": {"recurrent": torch.eye(2)}, "epoch": 3}, tmp_path / "w.pt")
    with pytest.raises(FileProblem, match="holds 'epoch' beside 'state_dict'"):
        load_weights(tmp_path / "w.pt")


def test_states_of_torch_with_their_axis_of_layers_and_items_that_are_no_numbers(tmp_path):
    entry, _ = save_network(tmp_path)
    path = str(tmp_path / "held.npz")
    np.savez(path, h_n=np.ones((1, 3, 8)), item=[0.0, np.nan, 1.0])
    entry["states"] = {"file": path, "key": "h_n", "memory": "item"}
    system = build_system(entry, load_weights(entry["file"]))
    assert starting_states(entry, system).shape == (3, 8)
    with pytest.raises(FileProblem, match=r"'item' of .* is not finite"):
        starting_memory(entry, 3)


def header_of(shape, kind="<f8"):
    text = repr({"descr": kind, "fortran_order": False, "shape": shape}).ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def write_npz(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (torch.ones(1).expand(10**10), "a view of 10000000000 elements"),
        (torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8), "quantized"),
        (torch.eye(3).to_sparse(), "sparse"),
        (torch.ones(3, dtype=torch.complex64), "complex"),
        (torch.empty(10**10, device="meta"), "."),
    ],
    ids=["view", "quantized", "sparse", "complex", "meta"],
)
def test_tensors_that_are_no_stored_numbers_are_refused(tmp_path, value, sentence):
    torch.save({"recurrent": value}, tmp_path / "w.pt")
    with pytest.raises(FileProblem, match=rf"w\.pt.*{sentence}|w\.pt.*save"):
        load_weights(tmp_path / "w.pt")


def test_archives_that_are_not_what_they_say_are_refused(tmp_path):
    torch.save({"w": torch.ones(3)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    (tmp_path / "text.pt").write_text("weights")
    torch.save({1: torch.ones(3)}, tmp_path / "numbers.pt")
    write_npz(tmp_path / "huge.npz", ("recurrent.npy", header_of((10**12,)) + bytes(8)))
    write_npz(tmp_path / "negative.npz", ("recurrent.npy", header_of((-1, -1)) + bytes(8)))
    write_npz(tmp_path / "long.npz", ("recurrent.npy", header_of((1,)) + bytes(800)))
    write_npz(tmp_path / "text.npz", ("recurrent.npy", b"weights"))
    np.savez(tmp_path / "complex.npz", recurrent=np.ones(3, complex))
    np.savez(tmp_path / "words.npz", recurrent=np.array(["a"]))
    for name, sentence in {
        "old.pt": "no archive as torch.save",
        "text.pt": "no archive as torch.save",
        "numbers.pt": "not a mapping",
        "huge.npz": "states a shape",
        "negative.npz": "states a shape",
        "long.npz": "longer than its shape",
        "text.npz": "not a file of plain arrays",
        "complex.npz": "only real numbers",
        "words.npz": "only real numbers",
    }.items():
        with pytest.raises(FileProblem, match=sentence):
            load_weights(tmp_path / name)


@pytest.mark.parametrize("suffix", [".npz", ".pt"])
def test_what_unpacks_to_much_is_refused(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    path = tmp_path / f"w{suffix}"
    if suffix == ".npz":
        np.savez_compressed(path, recurrent=np.zeros(10_000))
    else:
        torch.save({"recurrent": torch.zeros(10_000)}, path)
    with pytest.raises(FileProblem, match="GiB unpacked"):
        load_weights(path)


@pytest.mark.parametrize("suffix", [".npz", ".pt"])
def test_a_flipped_bit_in_an_archive_is_no_traceback(tmp_path, suffix):
    path, chance = tmp_path / f"w{suffix}", np.random.default_rng(0)
    value = chance.standard_normal((8, 8))
    if suffix == ".npz":
        np.savez(path, recurrent=value)
    else:
        torch.save({"recurrent": torch.as_tensor(value)}, path)
    content = path.read_bytes()
    for at, bit in zip(chance.integers(0, len(content), 150), range(150), strict=True):
        damaged = bytearray(content)
        damaged[at] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            found = load_weights(path)
        except FileProblem as problem:
            assert "\n" not in str(problem)
        else:
            for array in found.values():  # perhaps under another name
                np.testing.assert_array_equal(array.numpy(), value)


def test_other_byte_orders_and_types_are_read(tmp_path):
    kinds = {"big": ">f8", "small": "<f2", "whole": ">i4", "long": "g"}
    np.savez(tmp_path / "w.npz", **{name: np.arange(3).astype(k) for name, k in kinds.items()})
    for value in load_weights(tmp_path / "w.npz").values():
        assert value.dtype == torch.float64 and value.tolist() == [0, 1, 2]
