"""Ablation: what is lost with one unit, of the shortest or the longest time constants.

Source: specification of study 2, section 7. To ablate a unit, its row and column of the recurrent
weights, its column of the readout and its input weight are set to zero; its biases stay, so that it
still has a state, which nobody sees. Setting its state to zero at every step is therefore the same,
and lets all ablations of a network share one product with one weight matrix.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from memdyn.timescales.robustness.accuracy import accuracy, draw_sequences, reference_of, relative
from memdyn.timescales.robustness.cases import Case


def extremes(tau: np.ndarray, n: int) -> dict[str, np.ndarray]:
    """Units of the ``n`` shortest and ``n`` longest time constants, shortest and longest first.

    Equal ones come in the order of their index.

    Raises:
        ValueError: the two groups would share units.
    """
    if 2 * n > len(tau):
        raise ValueError(
            f"ablation.n_ablated: 2 x {n} units cannot be chosen from {len(tau)}; give fewer"
        )
    return {
        "shortest": np.argsort(tau, kind="stable")[:n],
        "longest": np.argsort(-tau, kind="stable")[:n],
    }


def ablate(case: Case, n_ablated: int, settings: Mapping) -> pd.DataFrame:
    """Accuracy after the loss of one unit, for each unit of both extremes of tau.

    Args:
        case: a leaky network and the N that it is asked for.
        n_ablated: units of each group.
        settings: the ``accuracy`` section.

    Returns:
        One row per unit: ``N``, ``group``, ``neuron`` (its index), ``tau`` (raw), ``accuracy``
        (mean over sequences), ``reference`` (of the intact network on the same sequences),
        ``relative`` (NaN where the reference is near chance).

    Raises:
        ValueError: not leaky, or too few units for two groups.
    """
    if not case.cell.leaky:
        raise ValueError(f"{case.network.name}: a {case.cell.kind} has no time constants to rank")
    tau = case.params["tau"][0].cpu().numpy()
    groups, n_units = extremes(tau, n_ablated), case.n_units
    items, states = draw_sequences(
        case.cell, case.network.task, n_units, case.network.seed, settings
    )
    repeats, units = len(items), np.concatenate(list(groups.values()))
    # The intact network, then one ablation after the other, each on all sequences.
    n_runs = 1 + len(units)
    kept = torch.ones(n_runs, repeats, n_units, device=case.params["tau"].device)
    for i, unit in enumerate(units, start=1):
        kept[i, :, unit] = 0
    found = accuracy(
        case.cell,
        case.params,
        case.network.task,
        {case.N: case.head},
        np.tile(items, (n_runs, 1)),
        np.tile(states, (n_runs, 1)),
        settings["warm_up"],
        kept.flatten(0, 1),
    )
    found = found.reshape(n_runs, repeats)
    reference, means = reference_of(found[0], settings), found[1:].mean(axis=1)
    return pd.DataFrame(
        {
            "N": case.N,
            "group": np.repeat(list(groups), n_ablated),
            "neuron": units,
            "tau": tau[units],
            "accuracy": means,
            "reference": reference,
            "relative": relative(means, reference),
        }
    )
