"""Checkpoints of study 2: each network at every N that it solved, and where training stands.

A finished shard is one file. While a shard is in training, what it has solved and the state of the
group under way lie in a folder beside it, so that a killed job goes on and loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from memdyn.files import FileProblem, load_arrays, save_arrays
from memdyn.timescales.grid import Network
from memdyn.timescales.networks.recurrent import Cell, Parameters
from memdyn.timescales.training.curriculum import Curriculum
from memdyn.timescales.training.gradient import EPOCH_COLUMNS, FINISHED, HEAD_COLUMNS, TrainingState

SCHEMA, PARTIAL_SCHEMA = "timescales.snapshots/1", "timescales.partial/1"


class Snapshots:
    """A finished shard, read piece by piece.

    Attributes:
        networks: its networks.
        key: all that decided how they were trained (``jobs.digest.training_key``).
    """

    def __init__(self, path: Path | str):
        self.path = Path(path)
        facts = ("members", "solved", "cells", "curricula", "status")
        _, self._facts = load_arrays(path, SCHEMA, under="nothing", facts=facts)
        self.networks = [Network(*row) for row in self._facts["members"]]
        self.key = self._facts.get("provenance", {}).get("key", "")

    def solved(self, network: Network) -> list[int]:
        """N that the network solved, ascending; with several heads, the largest of each time."""
        return [high for _, high in self._facts["solved"][network.name]]

    def parameters(self, network: Network, N: int) -> Parameters:
        """The network when it had solved N, with a network axis of one."""
        arrays, _ = load_arrays(self.path, SCHEMA, under=f"{network.name}/N{N}/")
        if not arrays:
            raise KeyError(
                f"{network.name} has not solved N = {N} (solved: {self.solved(network)})"
            )
        return {name: torch.from_numpy(array)[None] for name, array in arrays.items()}

    def cell(self, network: Network) -> Cell:
        return Cell(*self._facts["cells"][network.name])

    def head(self, network: Network, N_solved: int, N: int) -> int | None:
        """Index of the head that answered N when ``N_solved`` was solved; None if none did."""
        curriculum = Curriculum(*self._facts["curricula"][network.name])
        position = next(p for p in self._facts["solved"][network.name] if p[1] == N_solved)
        return curriculum.head(tuple(position), N)

    def status(self, network: Network) -> str:
        """How training ended: ``reached max_N``, ``solved``, ``out of epochs`` or ``diverged``."""
        status = self._facts["status"][network.name]
        if status != FINISHED:
            return status
        return "solved" if network.curriculum == "none" else "reached max_N"

    def histories(self, network: Network) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Tables of epochs and of heads, without the network's identity."""
        under, names = f"{network.name}/history/", ("epochs", "heads")
        arrays, _ = load_arrays(self.path, SCHEMA, under=under, names=names)
        epochs = pd.DataFrame(arrays["epochs"], columns=list(EPOCH_COLUMNS))
        whole = dict.fromkeys(("epoch", "updates", "n_min", "n_max"), int)
        heads = pd.DataFrame(arrays["heads"], columns=list(HEAD_COLUMNS))
        return (
            epochs.astype(whole | {"advanced": bool}),
            heads.astype({"epoch": int, "N": int}),
        )


def open_snapshots(path: Path | str) -> Snapshots:
    """Open a finished shard.

    Raises:
        FileProblem: missing, truncated or foreign file.
    """
    return Snapshots(path)


class Unfinished(NamedTuple):
    """The folder of a shard in training; ``key`` names all that decides how it goes."""

    folder: Path
    key: str

    def keep_solved(self, network: Network, position: tuple[int, int], params: Parameters) -> None:
        """Keep a network that has just solved ``position``."""
        self._save(
            f"{network.name}.N{position[1]}",
            {name: value.cpu().numpy() for name, value in params.items()},
            {"position": list(position)},
        )

    def save_group(
        self, group: str, state: TrainingState, copies: Mapping[str, torch.Tensor] | None = None
    ) -> None:
        """Keep where a group of networks stands, finished or not; ``copies``: see load_copies."""
        arrays = {f"params/{name}": value for name, value in state.params.items()}
        for name, own in state.moments.items():
            arrays |= {f"moments/{name}/{kind}": value for kind, value in own.items()}
        arrays |= {f"copies/{name}": value for name, value in (copies or {}).items()}
        arrays = {name: value.cpu().numpy() for name, value in arrays.items()}
        for b in range(len(state.status)):
            arrays[f"epochs/{b}"] = np.array(state.epochs[b]).reshape(-1, len(EPOCH_COLUMNS))
            arrays[f"heads/{b}"] = np.array(state.heads[b]).reshape(-1, len(HEAD_COLUMNS))
        if state.loss is not None:
            arrays["loss"] = state.loss.cpu().numpy()
        whole = ("active", "positions", "status", "epoch", "update")
        self._save(group, arrays, {name: getattr(state, name) for name in whole})

    def load_group(self, group: str, device: torch.device | str) -> TrainingState | None:
        """Where a group of networks stands; None if it has not begun under this key.

        Raises:
            FileProblem: the file is truncated or foreign.
        """
        found = self._load(self.folder / f"{group}.safetensors")
        if found is None:
            return None
        arrays, facts = found
        tensors = {
            name: torch.from_numpy(array.copy()).to(device)
            for name, array in arrays.items()
            if name.partition("/")[0] in ("params", "moments", "loss")
        }
        moments: dict[str, dict[str, torch.Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("moments/"):
                _, parameter, kind = name.split("/")
                moments.setdefault(parameter, {})[kind] = value
        n = len(facts["status"])
        return TrainingState(
            params={
                name.removeprefix("params/"): value
                for name, value in tensors.items()
                if name.startswith("params/")
            },
            moments=moments,
            active=facts["active"],
            positions=[tuple(position) for position in facts["positions"]],
            status=facts["status"],
            epoch=facts["epoch"],
            update=facts["update"],
            loss=tensors.get("loss"),
            epochs=[[tuple(row) for row in arrays[f"epochs/{b}"].tolist()] for b in range(n)],
            heads=[[tuple(row) for row in arrays[f"heads/{b}"].tolist()] for b in range(n)],
        )

    def load_copies(self, group: str, device: torch.device | str) -> Parameters:
        """The ``copies`` saved with a group: what its networks had become, also those that left.

        Raises:
            FileProblem: the file is missing, truncated or foreign.
        """
        path = self.folder / f"{group}.safetensors"
        arrays, _ = load_arrays(path, PARTIAL_SCHEMA, under="copies/")
        return {name: torch.from_numpy(array.copy()).to(device) for name, array in arrays.items()}

    def solved(self, network: Network) -> dict[int, tuple[list[int], dict[str, np.ndarray]]]:
        """What a network has solved: largest N -> position and parameters, ascending."""
        found = {}
        for path in self.folder.glob(f"{network.name}.N*.safetensors"):
            stored = self._load(path)
            if stored is not None:
                found[stored[1]["position"][1]] = (stored[1]["position"], stored[0])
        return dict(sorted(found.items()))

    def _save(self, name: str, arrays: Mapping[str, np.ndarray], facts: Mapping) -> None:
        metadata = {"schema": PARTIAL_SCHEMA, "key": self.key, **facts}
        save_arrays(self.folder / f"{name}.safetensors", arrays, metadata)

    def _load(self, path: Path) -> tuple[dict[str, np.ndarray], dict] | None:
        if not path.exists():
            return None
        arrays, facts = load_arrays(path, PARTIAL_SCHEMA, facts=("key",))
        return (arrays, facts) if facts["key"] == self.key else None


def save_snapshots(
    path: Path | str,
    unfinished: Unfinished,
    groups: Sequence[tuple[Sequence[Network], Cell, Curriculum, TrainingState]],
    metadata: Mapping,
) -> None:
    """Put all groups of a finished shard into one file.

    Raises:
        FileProblem: a network that was solved, as its history says, is not in the folder.
    """
    arrays: dict[str, np.ndarray] = {}
    facts: dict[str, dict] = {name: {} for name in ("solved", "cells", "curricula", "status")}
    for networks, cell, curriculum, state in groups:
        for b, network in enumerate(networks):
            name = network.name
            kept = _as_booked(unfinished, network, state.epochs[b])
            for N, (_, params) in kept.items():
                arrays |= {f"{name}/N{N}/{key}": value for key, value in params.items()}
            arrays[f"{name}/history/epochs"] = np.array(state.epochs[b], dtype=np.float64)
            arrays[f"{name}/history/heads"] = np.array(state.heads[b], dtype=np.float64)
            facts["solved"][name] = [position for position, _ in kept.values()]
            facts["cells"][name] = list(cell)
            facts["curricula"][name] = list(curriculum)
            facts["status"][name] = state.status[b]
    all_networks = [list(network) for networks, *_ in groups for network in networks]
    save_arrays(path, arrays, {"schema": SCHEMA, "members": all_networks, **facts, **metadata})


def _as_booked(
    unfinished: Unfinished, network: Network, epochs: Sequence[tuple]
) -> dict[int, tuple[list[int], dict[str, np.ndarray]]]:
    """What a network has solved as its history says; an earlier try may have left more."""
    last, advanced = (EPOCH_COLUMNS.index(name) for name in ("n_max", "advanced"))
    booked, kept = [int(row[last]) for row in epochs if row[advanced]], unfinished.solved(network)
    if missing := [N for N in booked if N not in kept]:
        raise FileProblem(
            f"{unfinished.folder} does not hold {network.name} at N = {missing[0]}, which it has "
            "solved: delete this folder and train again"
        )
    return {N: kept[N] for N in booked}


def key_of(path: Path | str) -> str:
    """Key under which a finished shard was trained, once all its arrays are verified.

    Raises:
        FileProblem: missing, truncated, damaged or foreign file.
    """
    return load_arrays(path, SCHEMA)[1]["provenance"]["key"]
