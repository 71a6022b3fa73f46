"""The command `memdyn`: what it prints and writes, and what it refuses in one sentence."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from memdyn.external import command

FAST = {"transient": 300, "window": 200, "exponent_steps": 400, "n_seeds": 8, "rounds": 1}


@pytest.fixture
def latch(tmp_path):
    """A torch RNN of two units that holds a sign, h -> tanh(2 h), saved with states and items."""
    rnn = torch.nn.RNN(1, 2)
    with torch.no_grad():
        for name, value in rnn.named_parameters():
            value.zero_() if name != "weight_hh_l0" else value.copy_(2 * torch.eye(2))
    held = torch.tensor([[0.5, 0.5], [-0.5, -0.5], [0.6, 0.4], [-0.4, -0.6]])
    path = tmp_path / "latch.safetensors"
    weights = {f"core.{name}": value for name, value in rnn.state_dict().items()}
    save_file({**weights, "held": held, "item": torch.tensor([1, 0, 1, 0])}, path)
    return path


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    from memdyn.landscape import landscape

    monkeypatch.setattr(landscape, "SETTINGS", {**landscape.SETTINGS, **FAST})


def test_a_saved_network_is_taken_apart(latch, tmp_path, capsys):
    out = tmp_path / "found"
    command.main(
        [
            *("analyse", str(latch), "--cell", "rnn", "--states", "held", "--memory", "item"),
            *("--delay", "10", "--out", str(out)),
        ]
    )
    printed = capsys.readouterr().out
    assert printed.startswith("latch: direct")
    points = pd.read_parquet(out / "points.parquet")
    # tanh(2 x) = x has three roots in each unit, and both stable ones of each are stable together.
    assert len(points) == 9 and points["stable"].sum() == 4
    assert (out / "page.png").stat().st_size > 10_000


def test_random_states_without_any(latch, tmp_path, capsys):
    alone = ["--n", "6", "--unused", "held", "item", "--out", str(tmp_path / "x")]
    command.main(["analyse", str(latch), "--cell", "rnn", *alone])
    assert "fixed" in capsys.readouterr().out.splitlines()[0]


def test_one_of_several_networks_is_named(tmp_path, capsys):
    cells = torch.nn.ModuleDict({"slow": torch.nn.GRU(1, 3), "fast": torch.nn.GRU(2, 4)})
    save_file(cells.state_dict(), path := tmp_path / "two.safetensors")
    with pytest.raises(SystemExit, match=r"holds 2 networks \(fast, slow\).*--prefix fast"):
        command.main(["analyse", str(path), "--cell", "gru"])
    weights = {name: value.double() for name, value in cells.state_dict().items()}
    one = command.of_one_network(weights, "slow.", "two")
    assert command.sizes("gru", one, "two") == (3, 1)
    assert not [name for name in one if name.startswith("fast")]
    with pytest.raises(SystemExit, match=r"no array of .* starts with 'middle'"):
        command.main(["analyse", str(path), "--cell", "gru", "--prefix", "middle"])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--cell", "rate"], "no matrix 'recurrent'"),
        (["--cell", "gru"], "rows|shape"),
        (["--cell", "rnn", "--memory", "item"], "give both"),
        (["--cell", "rnn"], "holds 'held', which the cell 'rnn' has no use for"),
        (["--cell", "rnn", "--states", "kept", "--unused", "held", "item"], "no array 'kept'"),
        (["--cell", "rnn", "--delay", "-3", "--unused", "held", "item"], "delay must be positive"),
        (["--cell", "rnn", "--tau", "2"], "--tau: the cell 'rnn' has none"),
        (["--cell", "rnn", "--states", "held", "--n", "3"], "leave them out"),
        (["--cell", "rnn", "--input", "1", "2", "--unused", "held", "item"], "is needed"),
        (["--cell", "rnn", "--n", "0"], "--n has to be positive and finite, and is 0"),
        (["--cell", "rnn", "--n", "-3"], "--n has to be positive"),
        (["--cell", "rnn", "--sd", "0"], "--sd has to be positive"),
        (["--cell", "rnn", "--sd", "nan"], "--sd has to be positive"),
        (["--cell", "rate", "--dt", "0"], "--dt has to be positive"),
        (["--cell", "rate", "--tau", "inf"], "--tau has to be positive"),
        (["--cell", "rnn", "--delay", "inf", "--unused", "held", "item"], "positive and finite"),
        (["--cell", "rnn", "--unused", "held", "item", "itme"], "no 'itme', which 'unused' names"),
    ],
)
def test_what_does_not_fit_ends_in_a_sentence(latch, tmp_path, more, words):
    with pytest.raises(SystemExit, match=words) as ended:
        command.main(["analyse", str(latch), *more, "--out", str(tmp_path / "x")])
    assert str(ended.value).startswith("memdyn: ") and "\n" not in str(ended.value)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("cell", "arrays", "words"),
    [
        ("gru", {"weight_hh_l0": (6, 18), "weight_ih_l0": (18, 2)}, "seems to be transposed"),
        ("lstm", {"weight_hh": (3, 12), "weight_ih": (2, 12)}, "lstm of 3 units has \\(12, 3\\)"),
        ("gru", {"weight_hh": (18, 6), "weight_ih": (2, 18)}, "'weight_ih' of .* transposed"),
        ("rate", {"recurrent": (5, 5), "input": (2, 5)}, "'input' of .* transposed"),
        ("rate", {"recurrent": (2, 5, 5)}, "it has recurrent \\(2, 5, 5\\)"),
        ("rate", {"recurrent": (0, 0)}, "no matrix 'recurrent'"),
        ("gru", {"gru/kernel:0": (2, 18), "gru/recurrent_kernel:0": (6, 18)}, "recurrent_kernel"),
    ],
)
def test_matrices_of_other_libraries_are_told(tmp_path, cell, arrays, words):
    path = tmp_path / "theirs.npz"
    np.savez(path, **{name: np.full(shape, 0.1) for name, shape in arrays.items()})
    with pytest.raises(SystemExit, match=words):
        command.main(["analyse", str(path), "--cell", cell])


def test_an_euler_step_that_overshoots_is_refused(tmp_path):
    path = tmp_path / "rate.npz"
    np.savez(path, recurrent=np.eye(3) / 2)
    for more in (["--dt", "3"], ["--tau", "0.05"], ["--dt", "1"]):
        with pytest.raises(SystemExit, match="must be positive, and below tau"):
            command.main(["analyse", str(path), "--cell", "rate", *more])


def test_a_module_that_runs():
    done = subprocess.run([sys.executable, "-m", "memdyn", "--version"], capture_output=True)
    assert done.returncode == 0 and done.stdout.startswith(b"memdyn 0.")


def test_a_file_that_is_none(tmp_path):
    np.savez(tmp_path / "rate.npz", recurrent=np.eye(3) / 2)
    assert command.sizes("rate", {"recurrent": torch.eye(3)}, "x") == (3, 0)
    with pytest.raises(SystemExit, match=r"none\.npz is not a file: correct its name"):
        command.main(["analyse", str(tmp_path / "none.npz"), "--cell", "rate"])


def test_the_version_costs_no_torch():
    code = (
        "import sys; from memdyn.external import command\n"
        "try: command.main(['--version'])\n"
        "except SystemExit: assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("memdyn 0."), done.stderr
