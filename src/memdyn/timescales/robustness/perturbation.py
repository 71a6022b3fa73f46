"""Perturbation: recurrent weights and time constants moved in random directions.

Source: specification of study 2, section 7. A perturbation of size eps has eps times the norm of
what it is added to. The time constants are only made longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from memdyn.randomness import Stream, generator
from memdyn.timescales.networks.recurrent import Cell, Parameters
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
    """One network (B = 1) as len(sizes) networks, perturbed by each size along one direction."""
    copies = {
        name: value.repeat(len(sizes), *[1] * (value.ndim - 1)) for name, value in params.items()
    }
    unit = torch.as_tensor(along, dtype=copies[target].dtype, device=copies[target].device)
    scale = params[target][0].norm() * torch.as_tensor(sizes, dtype=unit.dtype, device=unit.device)
    copies[target] += scale.reshape(-1, *[1] * unit.ndim) * unit
    return copies


def targets_of(cell: Cell) -> tuple[str, ...]:
    """What can be perturbed: the weights of leaky networks, and tau where it is trained."""
    if not cell.leaky:
        return ()
    return ("recurrent",) if cell.fixed_tau else TARGETS


def perturb(case: Case, target: str, sizes: Sequence[float], settings: Mapping) -> pd.DataFrame:
    """Accuracy against the size of a perturbation; each repeat has a direction and a sequence.

    All sizes of a repeat share both, and so do all networks of a seed. The reference is the
    unperturbed network on the same sequences (size 0, also in the table).

    Args:
        case: a leaky network and the N that it is asked for.
        target: one of :func:`targets_of` the network.
        sizes: above zero, increasing.
        settings: the ``accuracy`` section.

    Returns:
        One row per repeat and size: ``N``, ``target``, ``size``, ``repeat_index``, ``accuracy``,
        ``reference``, ``relative`` (NaN where the reference is near chance).

    Raises:
        ValueError: the target is no such target of this network.
    """
    if target not in targets_of(case.cell):
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


def half_accuracy_size(table: pd.DataFrame) -> pd.DataFrame:
    """Size at which half of the accuracy above chance is lost, for each network.

    The mean over repeats is interpolated on the logarithm of the size where it first falls below
    one half.

    Args:
        table: a ``perturbation`` table, of any number of networks.

    Returns:
        One row per ``network``, ``N`` and ``target``, with ``condition`` and ``seed``: ``size``
        and ``bound``: ``none``; ``above``, it stays above one half up to the largest size, which is
        given; ``below``, it is already below at the smallest one, which is given. Networks without
        a relative accuracy have no row.
    """
    keys = ["network", "condition", "seed", "N", "target"]
    rows = []
    if len(table):
        curves = table[(table["size"] > 0) & table["relative"].notna()]
        means = curves.groupby([*keys, "size"], sort=True)["relative"].mean()
        for key, curve in means.groupby(level=keys, sort=False):
            size, bound = _crossing(
                curve.index.get_level_values("size").to_numpy(), curve.to_numpy()
            )
            rows.append((*key, size, bound))
    return pd.DataFrame(rows, columns=[*keys, "size", "bound"])


def _crossing(sizes: np.ndarray, values: np.ndarray) -> tuple[float, str]:
    """Where ``values`` first fall below one half, and which bound that is."""
    low = np.flatnonzero(values < 0.5)
    if not len(low):
        return float(sizes[-1]), "above"
    if low[0] == 0:
        return float(sizes[0]), "below"
    after, before = low[0], low[0] - 1
    share = (values[before] - 0.5) / (values[before] - values[after])
    logs = np.log(sizes)
    return float(np.exp(logs[before] + share * (logs[after] - logs[before]))), "none"
