"""Checkpoints of a shard: the finished networks, and where unfinished training stands.

A finished checkpoint holds what training made. The fixed random weights are drawn again from the
seed and checked by their digest. The state of unfinished training lies beside it until it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from memdyn.files import FileProblem, load_arrays, save_arrays
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.networks.rate import FixedWeights, fixed_weights
from memdyn.slow_manifolds.training.force import TRAINED, TrainingState

TRAINED_SCHEMA, PARTIAL_SCHEMA = "slow_manifolds.trained/2", "slow_manifolds.partial/2"
#: Arrays of a finished shard, and of unfinished training.
_KEPT = ("readout", "x", "status", "n_trials", "rmse", "readout_at", "x_at")
_STATE = [f.name for f in fields(TrainingState) if f.name != "trial"]


class Trained(NamedTuple):
    """A finished shard.

    Attributes:
        networks: in the order of the arrays.
        fixed: their common fixed weights, drawn again.
        readout: (B, n_outputs, n_units) rows w_o and W_d.
        x: (B, n_units) state at the end of training.
        status: (B,) code of ``force.STATUS``.
        n_trials: (B,) trials each was trained for.
        rmse: (B, n_trials) learning curves; NaN where not run.
        readout_at, x_at: (S, B, ...) readout and x at each snapshot, see ``snapshots``.
        snapshots: (S,) trials after which they were taken.
        metadata: as stored, with ``provenance``.
    """

    networks: list[Network]
    fixed: FixedWeights
    readout: np.ndarray
    x: np.ndarray
    status: np.ndarray
    n_trials: np.ndarray
    rmse: np.ndarray
    readout_at: np.ndarray
    x_at: np.ndarray
    snapshots: list[int]
    metadata: dict


def draw_fixed(networks: Sequence[Network], network: Mapping) -> FixedWeights:
    """Fixed weights of a shard; ``network`` is that section of the configuration."""
    first = networks[0]
    return fixed_weights(
        first.seed,
        first.distribution,
        first.pg,
        network["n_units"],
        network["input_scale"],
        network["initial_state_sd"],
    )


def save_partial(path: Path, state: TrainingState, key: str) -> None:
    """Write the state of unfinished training, atomically."""
    arrays = {name: value.cpu().numpy() for name, value in _tensors(state).items()}
    save_arrays(path, arrays, {"schema": PARTIAL_SCHEMA, "key": key, "trial": state.trial})


def load_partial(path: Path, key: str, device: torch.device | str) -> TrainingState | None:
    """State of unfinished training, or None if there is none that fits.

    Half-written files that a kill in the middle of a save has left are removed.

    Raises:
        FileProblem: the file is truncated, damaged or foreign.
    """
    for half_written in path.parent.glob(f".{path.stem}.*{path.suffix}"):
        half_written.unlink()
    if not path.exists():
        return None
    arrays, metadata = load_arrays(path, PARTIAL_SCHEMA, names=_STATE, facts=("key", "trial"))
    if metadata["key"] != key:
        return None
    booked = {"status", "n_trials", "good", "rmse"}  # these stay on the CPU
    tensors = {
        name: torch.from_numpy(array.copy()).to("cpu" if name in booked else device)
        for name, array in arrays.items()
    }
    return TrainingState(trial=metadata["trial"], **tensors)


def save_trained(
    path: Path,
    state: TrainingState,
    networks: Sequence[Network],
    fixed: FixedWeights,
    snapshots: Sequence[int],
    metadata: Mapping,
) -> None:
    """Write a finished shard; ``snapshots`` are the trials after which they were taken."""
    save_arrays(
        path,
        {name: value.cpu().numpy() for name, value in _tensors(state).items() if name in _KEPT},
        {
            "schema": TRAINED_SCHEMA,
            "networks": [list(network) for network in networks],
            "fixed_digest": fixed.digest(),
            "snapshots": list(snapshots),
            **metadata,
        },
    )


def load_trained(path: Path | str, network: Mapping) -> Trained:
    """Read a finished shard and draw its fixed weights again.

    Args:
        path: checkpoint.
        network: that section of the configuration.

    Raises:
        FileProblem: missing, truncated, damaged or foreign file, or fixed weights that are not
            those that the networks were trained with.
    """
    facts = ("networks", "fixed_digest", "snapshots")
    arrays, metadata = load_arrays(path, TRAINED_SCHEMA, names=_KEPT, facts=facts)
    networks = [Network(*row) for row in metadata.pop("networks")]
    fixed = draw_fixed(networks, network)
    if fixed.digest() != metadata["fixed_digest"]:
        raise FileProblem(
            f"{path} was trained with other fixed weights than its seed gives here (another numpy, "
            "or another 'network' section in the config): delete it and train again"
        )
    snapshots = metadata.pop("snapshots")
    return Trained(networks=networks, fixed=fixed, snapshots=snapshots, metadata=metadata, **arrays)


def save_snapshot(path: Path, trained: Path | str, trial: int, metadata: Mapping) -> None:
    """Write a shard as it stood after ``trial`` trials: a finished shard like any other.

    Raises:
        FileProblem: missing, truncated or foreign file, or one without that snapshot.
    """
    wanted = ("networks", "fixed_digest", "snapshots")
    arrays, facts = load_arrays(trained, TRAINED_SCHEMA, names=_KEPT, facts=wanted)
    if trial not in facts["snapshots"]:
        raise FileProblem(
            f"{trained} holds no snapshot of trial {trial}, only of {facts['snapshots']}: add it "
            "to 'training.snapshots' in the config and train again"
        )
    at, n_trials = facts["snapshots"].index(trial), np.minimum(arrays["n_trials"], trial)
    went_on = arrays["n_trials"] > trial
    networks = [Network(*row)._replace(trials=trial) for row in facts["networks"]]
    save_arrays(
        path,
        {
            "readout": arrays["readout_at"][at],
            "x": arrays["x_at"][at],
            "status": np.where(went_on, TRAINED, arrays["status"]),
            "n_trials": n_trials,
            "rmse": np.ascontiguousarray(arrays["rmse"][:, :trial]),
            "readout_at": arrays["readout_at"][:0],
            "x_at": arrays["x_at"][:0],
        },
        {
            "schema": TRAINED_SCHEMA,
            "networks": [list(network) for network in networks],
            "fixed_digest": facts["fixed_digest"],
            "snapshots": [],
            **metadata,
        },
    )


def key_of(path: Path | str) -> str:
    """Key under which a finished shard was trained, once all its arrays are verified.

    Raises:
        FileProblem: missing, truncated, damaged or foreign file.
    """
    return load_arrays(path, TRAINED_SCHEMA, names=_KEPT)[1]["provenance"]["key"]


def _tensors(state: TrainingState) -> dict[str, torch.Tensor]:
    return {name: getattr(state, name) for name in _STATE}
