"""Networks from outside: read what is plain arrays, refuse the rest in one sentence.

Nothing executable is loaded: npz without pickles, safetensors, and .pt files of bare tensors only.
What a file says of its sizes is checked before room is made for it. The checksums of zip archives
(npz, pt) are verified; a safetensors file has none, so that a bit that flipped in it is not seen.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from memdyn.dynamics.cells import GRU, LSTM, LeakyNetwork, RateNetwork, Stacked
from memdyn.dynamics.systems import EulerMap, System
from memdyn.files import FileProblem

#: cell -> rows of its recurrent matrix per unit
GATES = {"rate": 1, "leaky": 1, "rnn": 1, "gru": 3, "lstm": 4}
#: Cells whose arrays have our own names; the others have torch's.
OWN_NAMES = ("rate", "leaky")
#: What a file may hold unpacked: a recurrent network of 10 000 units several times over.
MOST_BYTES = 4 * 2**30


def load_weights(path: Path | str) -> dict[str, Tensor]:
    """All tensors of a file (.npz, .safetensors, or .pt/.pth with weights only), float64.

    Raises:
        FileProblem: missing, truncated, of another format, larger unpacked than ``MOST_BYTES``, or
            with anything in it but real numbers.
    """
    path = Path(path)
    if not path.is_file():
        raise FileProblem(f"{path} is not a file: correct 'file' in the list 'external'")
    if path.suffix and path.suffix not in _READ:
        raise FileProblem(f"{path} ends in none of .npz, .safetensors, .pt, .pth: save it so")
    try:
        found = _READ[path.suffix or ".pt"](path)  # study 2's authors name files without an ending
    except FileProblem:
        raise
    except pickle.UnpicklingError:
        raise FileProblem(
            f"{path} holds more than tensors, which could run code: save the state_dict alone"
        ) from None
    except safetensors.SafetensorError as problem:
        raise FileProblem(f"{path} is not a complete safetensors file ({problem})") from None
    except Exception as problem:  # damaged archives make their readers raise anything
        reason = "pickled objects" if "allow_pickle" in str(problem) else "it cannot be read"
        raise FileProblem(
            f"{path} is not a file of plain arrays ({reason}): save or copy it again"
        ) from None
    found = _unwrap(path, found)
    if not isinstance(found, Mapping) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in found.items()
    ):
        raise FileProblem(f"{path} is not a mapping of names to tensors: save a state_dict")
    for name, value in found.items():
        _check_plain(path, name, value)
    if 8 * sum(value.numel() for value in found.values()) > 2 * MOST_BYTES:
        raise FileProblem(_too_large(path))
    return {name: value.detach().to(torch.float64) for name, value in found.items()}


def _unwrap(path: Path, found: object) -> object:
    """The state dict in ``{"state_dict": ...}``, as study 2's authors save networks."""
    if not isinstance(found, Mapping) or not isinstance(found.get("state_dict"), Mapping):
        return found
    if more := [name for name in found if name != "state_dict"]:
        raise FileProblem(f"{path} holds '{more[0]}' beside 'state_dict': save that alone")
    return found["state_dict"]


def _read_npz(path: Path) -> dict[str, Tensor]:
    found = {}
    with zipfile.ZipFile(path) as archive:
        _check_archive(path, archive)
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            with archive.open(info) as file:
                version = np.lib.format.read_magic(file)
                header = {
                    (1, 0): np.lib.format.read_array_header_1_0,
                    (2, 0): np.lib.format.read_array_header_2_0,
                }[version]
                shape, _, kind = header(file)
            if kind.hasobject:
                raise FileProblem(f"{path} is not a file of plain arrays (pickled objects)")
            if kind.kind not in "biuf":
                raise FileProblem(f"'{name}' of {path} holds {kind}: only real numbers are read")
            if min(shape, default=0) < 0 or prod(shape) * kind.itemsize > info.file_size:
                raise FileProblem(
                    f"'{name}' of {path} states a shape {shape} that it does not fill"
                )
            with archive.open(info) as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
                if file.read(1):  # reads to the end, where the checksum is verified
                    raise FileProblem(f"'{name}' of {path} is longer than its shape {shape}")
            # torch knows neither the other order of bytes nor long doubles
            plain = kind.newbyteorder("=") if kind.itemsize <= 8 else np.dtype("float64")
            found[name] = torch.as_tensor(array.astype(plain))
    return found


def _read_pt(path: Path) -> object:
    if not zipfile.is_zipfile(path):
        raise FileProblem(
            f"{path} is no archive as torch.save has written since version 1.6: save it again"
        )
    with zipfile.ZipFile(path) as archive:
        _check_archive(path, archive)
        damaged = archive.testzip()  # torch does not look at the checksums
    if damaged:
        raise FileProblem(f"{path} is damaged (the checksum of {damaged} does not match)")
    return torch.load(path, map_location="cpu", weights_only=True)


_READ = {
    **{".npz": _read_npz, ".safetensors": safetensors.torch.load_file},
    **{".pt": _read_pt, ".pth": _read_pt},
}


def _check_archive(path: Path, archive: zipfile.ZipFile) -> None:
    if sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
        raise FileProblem(_too_large(path))
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise FileProblem(f"{path} holds two arrays of one name: save it again")


def _check_plain(path: Path, name: str, value: Tensor) -> None:
    """Refuse a tensor that is anything but stored real numbers, one by one."""
    plain = value.layout == torch.strided and value.device.type == "cpu"
    if not plain or value.is_quantized or value.is_complex():
        raise FileProblem(f"'{name}' of {path} is quantized, sparse or complex: save it dense")
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        raise FileProblem(
            f"'{name}' of {path} is a view of {value.numel()} elements of fewer: save a copy of it"
        )


def _too_large(path: Path) -> str:
    return f"{path} holds more than {MOST_BYTES / 2**30:.0f} GiB unpacked: save the weights alone"


def build_system(entry: Mapping, weights: Mapping[str, Tensor]) -> System:
    """The map that a network steps by.

    Args:
        entry: of the list ``external`` in the configuration.
        weights: of ``load_weights``. A rate or leaky network has ``recurrent`` (n, n) and, if there
            are, ``input`` (n, n_inputs), ``bias`` (n,) and, leaky only, ``tau`` (n,) in steps, or
            is a file of study 2's authors; the others have torch's own names, with any prefix
            (``rnn.weight_hh_l0``), and as many layers as the file has.

    Raises:
        FileProblem: a weight is missing or has another shape than the entry says, or the file holds
            something that would change what the network does and is not read.
    """
    cell, n, n_inputs = entry["cell"], entry["n_units"], entry["n_inputs"]
    if unknown := [name for name in entry.get("unused", ()) if name not in weights]:
        raise FileProblem(f"{entry['file']} has no '{unknown[0]}', which 'unused' names")
    if cell not in OWN_NAMES:
        return _torch_system(entry, weights)
    if "modulelist.1.weight" in weights:
        weights = _of_the_authors(entry, weights)
    rows = GATES[cell] * n
    shapes = {"recurrent": (rows, n), "input": (rows, n_inputs), "bias": (rows,)}
    if cell == "leaky":
        shapes |= {"tau": (n,), "recurrent_bias": (rows,)}
    found: dict[str, Any] = _weights(entry, weights, shapes, n_inputs)
    _refuse_unread(entry, weights, shapes)
    if cell == "rate":
        tau, dt = entry.get("tau", 1.0), entry.get("dt", 0.1)
        if not 0 < dt < tau:
            raise FileProblem(f"the Euler step dt = {dt} must be positive, and below tau = {tau}")
        return EulerMap(RateNetwork(**found, tau=tau, dt=dt))
    bend, inside = entry.get("nonlinearity", "leaky_relu"), entry.get("inside", False)
    return LeakyNetwork(**found, nonlinearity=bend, inside=inside)


def _weights(
    entry: Mapping, parts: Mapping[str, Tensor | None], shapes: Mapping, n_inputs: int
) -> dict[str, Tensor]:
    """The parts of one layer that are there, each of the shape that the entry says."""
    cell, where, found = entry["cell"], entry["file"], {}
    for part, shape in shapes.items():
        value = parts.get(part)
        needed = part == "recurrent" or (part == "input" and n_inputs)
        if value is None:
            if needed:
                raise FileProblem(f"{where} has no {part} weights: it is no {cell} as described")
            continue
        if tuple(value.shape) != shape:
            raise FileProblem(
                f"the {part} weights of {where} have shape {tuple(value.shape)}, but the cell "
                f"'{cell}' with n_units {entry['n_units']} and n_inputs {n_inputs} has {shape}"
            )
        if not value.isfinite().all():
            raise FileProblem(f"the {part} weights of {where} are not finite")
        found[part] = value
    return found


def _torch_system(entry: Mapping, weights: Mapping[str, Tensor]) -> System:
    """A cell, or layers of it, of torch's names with any prefix."""
    cell, n, where = entry["cell"], entry["n_units"], entry["file"]
    last = {key: key.split(".")[-1] for key in weights}
    if any(name.endswith("_reverse") for name in last.values()):
        raise FileProblem(f"{where} has two directions: a network that steps has one")
    if any(name.startswith("weight_hr") for name in last.values()):
        raise FileProblem(f"{where} has a projection: only cells without one are read")
    names = {"recurrent": "weight_hh", "input": "weight_ih", "bias": "bias_ih"}
    names["recurrent_bias"] = "bias_hh"
    rows, layers, read = GATES[cell] * n, [], set()
    while not layers or f"weight_hh_l{len(layers)}" in last.values():
        k, width = len(layers), n if layers else entry["n_inputs"]
        endings = ("", "_l0") if k == 0 else (f"_l{k}",)
        parts = {part: _one_of(last, name, endings, where) for part, name in names.items()}
        read |= {key for key in parts.values() if key}
        own = {part: None if key is None else weights[key] for part, key in parts.items()}
        shapes = {"recurrent": (rows, n), "input": (rows, width), "bias": (rows,)}
        found = _weights(entry, own, {**shapes, "recurrent_bias": (rows,)}, width)
        if cell == "rnn":
            shape = {"nonlinearity": entry.get("nonlinearity", "tanh")}
            layers.append(LeakyNetwork(**found, **shape, inside=True))
        else:
            layers.append({"gru": GRU, "lstm": LSTM}[cell](**found))
    _refuse_unread(entry, weights, read)
    return layers[0] if len(layers) == 1 else Stacked(tuple(layers))


def _one_of(last: Mapping[str, str], name: str, endings: tuple, where: str) -> str | None:
    """The only key whose last part is the name with one of the endings; None if there is none."""
    keys = [key for key, end in last.items() if end in [name + ending for ending in endings]]
    if len(keys) > 1:
        raise FileProblem(f"{where} has several {name}: save the state_dict of the cell alone")
    return keys[0] if keys else None


def _of_the_authors(entry: Mapping, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Khajehabdollahi et al.'s RNN_Stack under our names: its modules are the input, the recurrent
    layer and then heads of two outputs, its parameters the time constants.

    The diagonal of the recurrent matrix is zero whenever it is used, whatever the file says, and a
    single time constant is that of all units.
    """
    where, n = entry["file"], entry["n_units"]
    if "parameterlist.1" in weights:
        raise FileProblem(f"{where} has several layers of leaky cells: only one is read")
    names = ("modulelist.0.weight", "modulelist.0.bias", "modulelist.1.weight", "modulelist.1.bias")
    heads = {
        key
        for key, value in weights.items()
        if key.startswith("modulelist.") and key not in names and value.shape[-1:] in ((n,), (2,))
    }
    found = {key: value for key, value in weights.items() if key not in heads}
    for theirs, ours in zip(names, ("input", "bias", "recurrent", "recurrent_bias"), strict=True):
        if theirs in found:
            found[ours] = found.pop(theirs)
    if found["recurrent"].ndim == 2:
        found["recurrent"] = found["recurrent"].clone().fill_diagonal_(0.0)
    if "parameterlist.0" in found:
        tau = found.pop("parameterlist.0")
        found["tau"] = tau.expand(n).clone() if tau.numel() == 1 else tau
    return found


def _refuse_unread(entry: Mapping, weights: Mapping[str, Tensor], known: Iterable[str]) -> None:
    """Refuse arrays that are neither read as weights nor named by the entry."""
    states = entry["states"]
    named = {states.get("key"), states.get("memory")} if states.get("file") == entry["file"] else ()
    if unread := sorted(set(weights) - set(known) - set(named) - set(entry.get("unused", ()))):
        own = f" does not have: it has {', '.join(known)}" if entry["cell"] in OWN_NAMES else ""
        raise FileProblem(
            f"{entry['file']} holds '{unread[0]}', which the cell '{entry['cell']}'"
            f"{own or ' has no use for'}; remove the array, or name it under 'unused' (--unused) "
            "if it does not act on the units"
        )


def starting_states(entry: Mapping, system: System) -> Tensor:
    """(rows, n_units) states from which everything starts, float64.

    Those of ``states.file``, under ``states.key``, or ``states.n`` normal ones of SD ``states.sd``
    (seed 0). An LSTM's are (h, c) side by side.

    Raises:
        FileProblem: no such array, or another shape.
    """
    states = entry["states"]
    if "file" not in states:
        rng = np.random.default_rng(0)
        return torch.as_tensor(states["sd"] * rng.standard_normal((states["n"], system.n_units)))
    arrays = load_weights(states["file"])
    if states["key"] not in arrays:
        raise FileProblem(f"{states['file']} has no array '{states['key']}': it has {[*arrays]}")
    found = arrays[states["key"]]
    if not found.isfinite().all():
        raise FileProblem(f"'{states['key']}' of {states['file']} is not finite")
    layers = len(system.layers) if isinstance(system, Stacked) else 1
    if found.ndim == 3 and len(found) == layers:  # torch's h_n: (layers, rows, hidden)
        found = torch.cat([*found], dim=-1)
    if found.ndim != 2 or found.shape[1] != system.n_units or not len(found):
        both = ", h and c side by side" if entry["cell"] == "lstm" else ""
        raise FileProblem(
            f"'{states['key']}' of {states['file']} has shape {tuple(found.shape)}; "
            f"(rows, {system.n_units}) are needed, one row for each state{both}"
        )
    return found


def constant_input(entry: Mapping) -> Tensor | None:
    """(n_inputs,) the input during the analysis, none if it is zero.

    Raises:
        FileProblem: its length is not the number of inputs.
    """
    if not entry.get("input"):
        return None
    if len(entry["input"]) != entry["n_inputs"]:
        raise FileProblem(
            f"'input' of {entry['name']} has {len(entry['input'])} values for "
            f"{entry['n_inputs']} inputs"
        )
    return torch.tensor(entry["input"], dtype=torch.float64)


def starting_memory(entry: Mapping, n_rows: int) -> np.ndarray | None:
    """(n_rows,) the item that each starting state has to remember, None if that is not known.

    Raises:
        FileProblem: no such array, or not one item per starting state.
    """
    key = entry["states"].get("memory")
    if key is None:
        return None
    where = entry["states"]["file"]
    arrays = load_weights(where)
    if key not in arrays:
        raise FileProblem(f"{where} has no array '{key}': it has {[*arrays]}")
    if tuple(arrays[key].shape) != (n_rows,):
        raise FileProblem(
            f"'{key}' of {where} has shape {tuple(arrays[key].shape)}; ({n_rows},) is needed, one "
            "item for each starting state"
        )
    if not arrays[key].isfinite().all():
        raise FileProblem(f"'{key}' of {where} is not finite: number what is to be remembered")
    return np.unique(arrays[key].numpy(), return_inverse=True)[1]
