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

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import Tensor

from memdyn.dynamics.cells import GRU, LSTM, LeakyNetwork, RateNetwork
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
    if path.suffix not in _READ:
        raise FileProblem(f"{path} ends in none of .npz, .safetensors, .pt, .pth: save it so")
    try:
        found = _READ[path.suffix](path)
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
    if not isinstance(found, Mapping) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in found.items()
    ):
        raise FileProblem(f"{path} is not a mapping of names to tensors: save a state_dict")
    for name, value in found.items():
        _check_plain(path, name, value)
    if 8 * sum(value.numel() for value in found.values()) > 2 * MOST_BYTES:
        raise FileProblem(_too_large(path))
    return {name: value.detach().to(torch.float64) for name, value in found.items()}


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
            are, ``input`` (n, n_inputs), ``bias`` (n,) and, leaky only, ``tau`` (n,) in steps; the
            others have torch's own names, with any prefix (``rnn.weight_hh_l0``).

    Raises:
        FileProblem: a weight is missing or has another shape than the entry says, or the file holds
            something that would change what the network does and is not read.
    """
    cell, n, n_inputs = entry["cell"], entry["n_units"], entry["n_inputs"]
    rows, where = GATES[cell] * n, entry["file"]
    shapes = {"recurrent": (rows, n), "input": (rows, n_inputs), "bias": (rows,)}
    if cell == "leaky":
        shapes["tau"] = (n,)
    parts: Mapping[str, Tensor | None] = weights
    if cell not in OWN_NAMES:
        names = {"recurrent": "weight_hh", "input": "weight_ih", "bias": "bias_ih"}
        names["recurrent_bias"] = "bias_hh"
        shapes["recurrent_bias"] = (rows,)
        parts = {part: _torch_weight(weights, name, where) for part, name in names.items()}
    found = {}
    for part, shape in shapes.items():
        value = parts.get(part)
        needed = part == "recurrent" or (part == "input" and n_inputs)
        if value is None:
            if needed:
                raise FileProblem(f"{where} has no {part} weights: it is no {cell} as described")
            continue
        if tuple(value.shape) != shape:
            raise FileProblem(
                f"the {part} weights of {where} have shape {tuple(value.shape)}, but a {cell} of "
                f"{n} units and {n_inputs} inputs has {shape}"
            )
        if not value.isfinite().all():
            raise FileProblem(f"the {part} weights of {where} are not finite")
        found[part] = value
    if cell in OWN_NAMES:
        _refuse_unread(entry, weights, shapes)
    if cell == "rate":
        return EulerMap(RateNetwork(**found, tau=entry.get("tau", 1.0), dt=entry.get("dt", 0.1)))
    if cell == "rnn":
        return LeakyNetwork(**found, nonlinearity=entry.get("nonlinearity", "tanh"), inside=True)
    if cell == "leaky":
        shape = {"nonlinearity": entry.get("nonlinearity", "leaky_relu")}
        return LeakyNetwork(**found, **shape, inside=entry.get("inside", False))
    return {"gru": GRU, "lstm": LSTM}[cell](**found)


def _refuse_unread(entry: Mapping, weights: Mapping[str, Tensor], known: Iterable[str]) -> None:
    """Refuse arrays that are neither read as weights nor named by the entry."""
    states = entry["states"]
    named = {states.get("key"), states.get("memory")} if states.get("file") == entry["file"] else ()
    if unread := sorted(set(weights) - set(known) - set(named)):
        raise FileProblem(
            f"{entry['file']} holds '{unread[0]}', which a {entry['cell']} does not have: it has "
            f"{', '.join(known)}; rename or remove the array"
        )


def _torch_weight(weights: Mapping[str, Tensor], name: str, where: str) -> Tensor | None:
    names = [key for key in weights if key.split(".")[-1] in (name, f"{name}_l0")]
    if len(names) > 1:
        raise FileProblem(f"{where} has several {name}: save the state_dict of the cell alone")
    last = {key.split(".")[-1] for key in weights}
    if f"{name}_l0_reverse" in last:
        raise FileProblem(f"{where} has two directions: a network that steps has one")
    if "weight_hr_l0" in last:
        raise FileProblem(f"{where} has a projection: only cells without one are read")
    if f"{name}_l1" in last:
        raise FileProblem(f"{where} has several layers: only one is read")
    return weights[names[0]] if names else None


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
    if found.ndim != 2 or found.shape[1] != system.n_units or not len(found):
        raise FileProblem(
            f"'{states['key']}' of {states['file']} has shape {tuple(found.shape)}; "
            f"(rows, {system.n_units}) are needed"
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
    return np.unique(arrays[key].numpy(), return_inverse=True)[1]
