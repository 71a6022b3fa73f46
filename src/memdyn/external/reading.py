"""Networks from outside: read what is plain arrays, refuse the rest in one sentence.

Nothing executable is loaded: npz without pickles, safetensors, and .pt files of bare tensors only.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Iterable, Mapping
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


def load_weights(path: Path | str) -> dict[str, Tensor]:
    """All tensors of a file (.npz, .safetensors, or .pt/.pth with weights only), float64.

    Raises:
        FileProblem: missing, truncated, of another format, or with anything in it but numbers.
    """
    path = Path(path)
    if not path.is_file():
        raise FileProblem(f"{path} is not a file: correct 'file' in the list 'external'")
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as content:
                found = {name: torch.as_tensor(content[name]) for name in content.files}
        elif path.suffix == ".safetensors":
            found = safetensors.torch.load_file(path)
        elif path.suffix in (".pt", ".pth"):
            found = torch.load(path, map_location="cpu", weights_only=True)
        else:
            raise FileProblem(f"{path} ends in none of .npz, .safetensors, .pt, .pth: save it so")
    except pickle.UnpicklingError:
        raise FileProblem(
            f"{path} holds more than tensors, which could run code: save the state_dict alone"
        ) from None
    except (OSError, EOFError, RuntimeError, ValueError, TypeError, zipfile.BadZipFile) as problem:
        reason = "pickled objects" if "allow_pickle" in str(problem) else "it cannot be read"
        raise FileProblem(f"{path} is not a file of plain arrays ({reason})") from None
    except safetensors.SafetensorError as problem:
        raise FileProblem(f"{path} is not a complete safetensors file ({problem})") from None
    if not isinstance(found, Mapping) or not all(isinstance(v, Tensor) for v in found.values()):
        raise FileProblem(f"{path} is not a mapping of names to tensors: save a state_dict")
    return {name: value.to(torch.float64) for name, value in found.items()}


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
    if cell not in OWN_NAMES:
        names = {"recurrent": "weight_hh", "input": "weight_ih", "bias": "bias_ih"}
        names["recurrent_bias"] = "bias_hh"
        shapes["recurrent_bias"] = (rows,)
        weights = {part: _torch_weight(weights, name, where) for part, name in names.items()}
    found = {}
    for part, shape in shapes.items():
        value = weights.get(part)
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
