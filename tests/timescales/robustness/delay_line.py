"""Networks that are known to answer right: a delay line of relay units, and units that compare.

All time constants are at most 1 (no leak) and the units rectify, so that every answer is exact. At
each step the line holds the items before the current one, and units fed by the line and the item
read the answer off: for dms whether the two items differ, for parity a tent of their sum.
"""

from pathlib import Path

import numpy as np
import torch

from memdyn.timescales.grid import Network
from memdyn.timescales.networks.recurrent import Cell, trajectory
from memdyn.timescales.training.checkpoints import Unfinished, save_snapshots
from memdyn.timescales.training.curriculum import Curriculum
from memdyn.timescales.training.gradient import TrainingState

CELL = Cell("leaky", "relu")


def build(task: str, Ns: list[int], n_unused: int = 2) -> tuple[dict, dict[str, list[int]]]:
    """A network (B = 1) with a head for each N, and its units by what they do.

    Unused units follow the item, and nobody follows them. Raw time constants rise from 0.5 to 1
    over the units, unused ones last, which changes no answer and ranks them.
    """
    line = list(range(max(Ns) - 1))  # unit i holds the item i steps ago, one item ago for the next
    rows, readouts = [], []
    for N in Ns:
        first = len(line) + len(rows)
        if task == "dms":  # current item minus the one N - 1 before, and the other way round
            rows += [({N - 2: -1.0}, 1.0, 0.0), ({N - 2: 1.0}, -1.0, 0.0)]
            readouts.append(({first: -1.0, first + 1: -1.0}, 0.5))
        else:
            summed = dict.fromkeys(range(N - 1), 1.0)
            rows += [(summed, 1.0, -float(k)) for k in range(N)]
            slopes = {first + k: 1.0 if k == 0 else 2.0 * (-1) ** k for k in range(N)}
            readouts.append((slopes, -0.5))
    readers = list(range(len(line), len(line) + len(rows)))
    rows += [({}, 1.0, 0.0)] * n_unused
    n = len(line) + len(rows)
    params = {
        "tau": torch.linspace(0.5, 1.0, n)[None],
        "recurrent": torch.zeros(1, n, n),
        "bias": torch.zeros(1, n),
        "input": torch.zeros(1, n, 1),
        "input_bias": torch.zeros(1, n),
        "heads": torch.zeros(1, len(Ns), 2, n),
        "head_bias": torch.zeros(1, len(Ns), 2),
    }
    params["input"][0, 0] = 1.0
    for i in line[1:]:
        params["recurrent"][0, i, i - 1] = 1.0
    for i, (sources, weight, bias) in enumerate(rows, start=len(line)):
        for j, value in sources.items():
            params["recurrent"][0, i, j] = value
        params["input"][0, i] = weight
        params["bias"][0, i] = bias
    for head, (slopes, bias) in enumerate(readouts):
        for i, value in slopes.items():
            params["heads"][0, head, 1, i] = value
        params["head_bias"][0, head, 1] = bias
    unused = list(range(n - n_unused, n))
    return params, {"line": line, "readers": readers, "unused": unused}


def network(condition="dms_multi", task="dms", curriculum="multi", seed=0, **others) -> Network:
    plain = {"cell": "leaky", "fixed_tau": 0.0, "repeat": 1, "start_N": 2}
    return Network(condition, task, curriculum, seed=seed, **{**plain, **others})


def noisy(params: dict, sd: float, seed: int = 0) -> dict:
    """The same network with noise on all parameters."""
    rng = np.random.default_rng(seed)
    moved = {
        name: value + sd * torch.from_numpy(rng.standard_normal(value.shape).astype(np.float32))
        for name, value in params.items()
    }
    moved["recurrent"].diagonal(dim1=1, dim2=2).zero_()
    return moved


def balanced(cell: Cell, params: dict) -> dict:
    """The same network, its heads moved so that they answer 0 about as often as 1."""
    rng = np.random.default_rng(0)
    items = torch.from_numpy((rng.random((1, 1, 200)) < 0.5).astype(np.float32))
    states = torch.zeros(1, 1, params["heads"].shape[-1])
    mean = trajectory(cell, params, items, states)[0, 0, 50:].mean(0)
    return {**params, "head_bias": -(params["heads"] @ mean)}


def save(folder: Path, networks: list[tuple[Network, Cell, Curriculum, dict]]) -> Path:
    """A finished shard; each network comes with position -> parameters (B = 1)."""
    unfinished, groups = Unfinished(folder / "partial", "key"), []
    for place, cell, curriculum, solved in networks:
        for position, params in solved.items():
            own = {name: value[0] for name, value in params.items()}
            unfinished.keep_solved(place, position, own)
        epochs = [(i + 1, 0, *at, *[0.0] * 6, 1.0) for i, at in enumerate(solved)]
        state = TrainingState({}, {}, [], [(0, 0)], ["finished"], epochs=[epochs], heads=[[]])
        groups.append(([place], cell, curriculum, state))
    save_snapshots(folder / "part0.safetensors", unfinished, groups, {})
    return folder / "part0.safetensors"
