"""Example networks for the figures: one per mechanism, run again with everything recorded.

Each example's trials are the last test trials of each type, the very ones whose ends the
attractor test starts from; the autonomous continuation goes on from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from memdyn.landscape.labels import MECHANISMS, Mechanism
from memdyn.randomness import Stream, generator
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, run, run_trial
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching, trial_order

# Units whose rates are kept: the first so many, a fair sample because all are drawn alike.
N_SHOWN = 40
N_COMPONENTS = 3
SHOWN_LENGTHS = 10  # trial lengths of the continuation that are kept from its start
END_LENGTHS = 2  # ... and before its end, where a cycle shows its shape


class Trace(NamedTuple):
    """What one network does in one trial of each type, and when it is then left alone.

    Attributes:
        inputs: (n_types, 2, n_stimulus, n_inputs) draws of both stimuli.
        outputs: (n_types, n_steps, n_outputs) z and z_d in the trials.
        units: (N_SHOWN,) the units shown.
        rates: (n_types, n_steps, N_SHOWN) their rates.
        components: (n_types, n_steps, N_COMPONENTS) rates of all units in the principal components
            of all trials together.
        explained: (N_COMPONENTS,) fraction of the variance that each component holds.
        continued: (n_types, SHOWN_LENGTHS n_steps, N_COMPONENTS) the continuation's start.
        continued_outputs: (n_types, SHOWN_LENGTHS n_steps, n_outputs).
        end: (n_types, END_LENGTHS n_steps, N_COMPONENTS) its last part.
        end_outputs: (n_types, END_LENGTHS n_steps, n_outputs).
    """

    inputs: np.ndarray
    outputs: np.ndarray
    units: np.ndarray
    rates: np.ndarray
    components: np.ndarray
    explained: np.ndarray
    continued: np.ndarray
    continued_outputs: np.ndarray
    end: np.ndarray
    end_outputs: np.ndarray


def choose_examples(networks: pd.DataFrame, votes: Mapping[str, str]) -> pd.DataFrame:
    """The best network of each mechanism, by where memories end.

    Args:
        networks: one row per network, with ``performs``, ``mechanism_memory`` and ``rmse``.
        votes: network -> the label on which three routes agree.

    Returns:
        The rows of those with the smallest RMSE among the networks that perform the task and on
        which label and vote agree, in the order of ``MECHANISMS``, with the label as the column
        ``shown``; no row for a mechanism that no such network has.
    """
    label = networks["mechanism_memory"]
    agreed = (networks["network"].map(votes) == label) & (label != Mechanism.UNRESOLVED)
    able = networks.assign(shown=label)[networks["performs"] & agreed]
    best = able.sort_values(["rmse", "network"]).drop_duplicates("shown").set_index("shown")
    found = [name for name in MECHANISMS if name in best.index]
    return best.loc[found].reset_index(names="shown")


def replay_test_trials(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    x: torch.Tensor,
    seed: int,
    n_test_trials: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, torch.Tensor]:
    """Run the test trials again that ``performance.find_trial_ends`` ran, and record the last ones.

    Args:
        network, task, x, seed, n_test_trials: as for ``find_trial_ends``.

    Returns:
        For the last trial of each type: its inputs, its outputs, the rates of all units
        (n_types, n_steps, n_units), and the states (n_types, n_units) in which it ends.
    """
    order = trial_order(n_test_trials, task.n_types, generator(seed, Stream.TEST_ORDER))
    last = {int(trial_type): trial for trial, trial_type in enumerate(order)}
    inputs, outputs, rates, ends = {}, {}, {}, x.new_empty(task.n_types, len(x))
    x = x[None]
    for trial, trial_type in enumerate(order.tolist()):
        stream = generator(seed, Stream.TEST_STIMULI, trial)
        drawn = task.draw(order[trial : trial + 1], stream, places=seed)
        record = x.new_empty(task.n_steps, x.shape[1])

        def keep(step: int, x: torch.Tensor, r: torch.Tensor, record=record) -> None:
            record[step] = r[0]

        shown = last[trial_type] == trial
        x, z = run_trial(network, task, x, drawn, keep if shown else None)
        if shown:
            inputs[trial_type], outputs[trial_type] = drawn[0], z[:, 0].cpu().numpy()
            rates[trial_type], ends[trial_type] = record.cpu().numpy(), x[0]
    types = range(task.n_types)
    shown, given, fired = (np.stack([p[i] for i in types]) for p in (inputs, outputs, rates))
    return shown, given, fired, ends


def describe(network: Network, row: pd.Series, kinds: list[str], run_length: int) -> dict:
    """What a figure says of an example: its place, its ends and how it performs (JSON-able).

    Args:
        network: its place in the grid.
        row: its row of the table of networks.
        kinds: of the ends that its trials lead to.
        run_length: of the continuation (trial lengths).
    """
    told = ("rmse", "saturation_delay", "change_in_delay", "speed_in_delay")
    return {
        "network": network.name,
        "kinds": kinds,
        "run_length": run_length,
        "trial_ends": str(row["mechanism"]),
        **network._asdict(),
        **{name: float(row[name]) for name in told},
    }


def trace(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    x: torch.Tensor,
    seed: int,
    n_test_trials: int,
    run_length: int,
) -> tuple[Trace, torch.Tensor]:
    """Record one network.

    Args:
        network, task, x, seed, n_test_trials: as for ``find_trial_ends``.
        run_length: duration of the continuation (trial lengths).

    Returns:
        The recording, and the states (n_types, n_units) in which its trials end.
    """
    inputs, outputs, rates, ends = replay_test_trials(network, task, x, seed, n_test_trials)
    flat = rates.reshape(-1, rates.shape[-1]).astype(np.float64)
    mean = flat.mean(axis=0)
    _, singular, axes = np.linalg.svd(flat - mean, full_matrices=False)
    axes = axes[:N_COMPONENTS]
    # The sign of a component is arbitrary: its largest weight is made positive.
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    projection, centre = (torch.as_tensor(part).to(ends) for part in (axes.T, mean))

    shown, last = (
        min(lengths, run_length) * task.n_steps for lengths in (SHOWN_LENGTHS, END_LENGTHS)
    )
    n_steps = run_length * task.n_steps
    continued = ends.new_empty(shown, len(ends), N_COMPONENTS)
    end = ends.new_empty(last, len(ends), N_COMPONENTS)

    def keep(step: int, x: torch.Tensor, r: torch.Tensor) -> None:
        if step < shown or step >= n_steps - last:
            place = (r - centre) @ projection
            if step < shown:
                continued[step] = place
            if step >= n_steps - last:
                end[step - (n_steps - last)] = place

    later = run(network, ends, n_steps, observe=keep)[1].transpose(0, 1).cpu().numpy()
    units = np.arange(min(N_SHOWN, flat.shape[1]))
    recorded = Trace(
        inputs=inputs.astype(np.float32),
        outputs=outputs,
        units=units,
        rates=rates[:, :, units],
        components=((rates - mean) @ axes.T).astype(np.float32),
        explained=singular[:N_COMPONENTS] ** 2 / (singular**2).sum(),
        continued=continued.transpose(0, 1).cpu().numpy(),
        continued_outputs=later[:, :shown],
        end=end.transpose(0, 1).cpu().numpy(),
        end_outputs=later[:, -last:],
    )
    return recorded, ends


def trial_end_kinds(ends: pd.DataFrame) -> dict[str, list[str]]:
    """Network name -> what its run from each trial end ends in, from the table of ends."""
    rows = ends[ends["start"] == "trial end"].sort_values(["network", "index"])
    return {name: part["kind"].tolist() for name, part in rows.groupby("network")}
