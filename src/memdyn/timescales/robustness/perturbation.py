"""Perturbation: recurrent weights and time constants moved in random directions.

Source: Khajehabdollahi et al., ICLR 2024, figure 8, and the authors' code. A perturbation of size
eps has eps times the norm of what it is added to. The time constants are only made longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from memdyn.randomness import Stream, generator
from memdyn.timescales.networks.recurrent import Parameters
from memdyn.timescales.robustness.accuracy import accuracy, draw_sequences, reference_of, relative
from memdyn.timescales.robustness.cases import Case

TARGETS = ("recurrent", "tau")


def sizes_of(limits: Mapping) -> list[float]:
    """Sizes of a perturbation: ``n`` of them, evenly on a log axis from ``start`` to ``stop``."""
    return np.geomspace(limits["start"], limits["stop"], limits["n"]).tolist()


def direction(target: str, n_units: int, seed: int, repeat: int) -> np.ndarray:
    """The direction of one repeat, of norm 1, for all networks of a seed.

    Args:
        target: ``recurrent`` gives (n, n) from N(0, 1) without the diagonal, since no unit is
            connected to itself; ``tau`` gives (n,) from |N(0, 1)|.
        n_units: n.
        seed: of the network.
        repeat: of the test.
    """
    rng = generator(seed, Stream.TS_PERTURBATION, TARGETS.index(target), repeat)
    if target == "recurrent":
        drawn = rng.standard_normal((n_units, n_units))
        np.fill_diagonal(drawn, 0.0)
    else:
        drawn = np.abs(rng.standard_normal(n_units))
    return drawn / np.linalg.norm(drawn)


def perturbed(
    params: Parameters, target: str, along: np.ndarray, sizes: Sequence[float]
) -> Parameters:
    """One network as len(sizes) networks, perturbed by each size along one direction.

    Args:
        params: with a network axis of one.
        target: the parameter that is moved.
        along: direction of norm 1, of the parameter's shape without the network axis.
        sizes: lengths of the moves, relative to the norm of the parameter.
    """
    copies = {
        name: value.repeat(len(sizes), *[1] * (value.ndim - 1)) for name, value in params.items()
    }
    unit = torch.as_tensor(along, dtype=copies[target].dtype, device=copies[target].device)
    scale = params[target][0].norm() * torch.as_tensor(sizes, dtype=unit.dtype, device=unit.device)
    copies[target] += scale.reshape(-1, *[1] * unit.ndim) * unit
    return copies


def perturb(case: Case, target: str, sizes: Sequence[float], settings: Mapping) -> pd.DataFrame:
    """Accuracy against the size of a perturbation; each repeat has a direction and a sequence.

    All sizes of a repeat share both, and so do all networks of a seed. The reference is the
    unperturbed network on the same sequences (size 0, also in the table).

    Args:
        case: a network and the N that it is asked for.
        target: one of the cell's ``targets``.
        sizes: above zero, increasing.
        settings: the ``accuracy`` section.

    Returns:
        One row per repeat and size: ``N``, ``target``, ``size``, ``repeat_index``, ``accuracy``,
        ``reference``, ``relative`` (NaN where the reference is near chance).

    Raises:
        ValueError: the target is no such target of this network.
    """
    if target not in case.cell.targets:
        raise ValueError(f"{case.network.name}: '{target}' of this network cannot be perturbed")
    sizes, seed, task = [0.0, *sizes], case.network.seed, case.network.task
    items, states = draw_sequences(case.cell, task, case.n_units, seed, settings)
    found = np.empty((len(items), len(sizes)))
    for repeat in range(len(items)):
        along = direction(target, case.n_units, seed, repeat)
        found[repeat] = accuracy(
            case.cell,
            perturbed(case.params, target, along, sizes),
            task,
            {case.N: case.head},
            items[[repeat]],
            states[[repeat]],
            settings["warm_up"],
        )[:, 0, 0]
    reference = reference_of(found[:, 0], settings)
    return pd.DataFrame(
        {
            "N": case.N,
            "target": target,
            "size": np.tile(sizes, len(items)),
            "repeat_index": np.repeat(np.arange(len(items)), len(sizes)),
            "accuracy": found.ravel(),
            "reference": reference,
            "relative": relative(found.ravel(), reference),
        }
    )
