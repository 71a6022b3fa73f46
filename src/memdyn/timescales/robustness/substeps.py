"""Networks in continuous time, tested with other steps than they were trained with.

Source: specification of study 2, section 2 (continuous variant): each item is shown for k steps and
tau counts items, so that dt = 1 / k. A network that has learnt continuous dynamics answers as well
at any k that is not too small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from memdyn.timescales.robustness.accuracy import accuracy, draw_sequences
from memdyn.timescales.robustness.cases import Case


def change_steps(case: Case, ks: Sequence[int], settings: Mapping) -> pd.DataFrame:
    """Accuracy against the number of sub-steps per item; all meet the same sequences.

    Args:
        case: a leaky network in continuous time and the N that it is asked for.
        ks: numbers of sub-steps.
        settings: the ``accuracy`` section.

    Returns:
        One row per k: ``N``, ``k``, ``accuracy`` (mean over sequences).

    Raises:
        ValueError: the network was not trained in continuous time.
    """
    cell, task = case.cell, case.network.task
    if not (cell.leaky and cell.scale_tau):
        raise ValueError(
            f"{case.network.name}: not a network in continuous time, without sub-steps"
        )
    drawn = draw_sequences(cell, task, case.n_units, case.network.seed, settings)
    heads, rows = {case.N: case.head}, []
    for k in ks:
        other = cell._replace(repeat=k)
        found = accuracy(other, case.params, task, heads, *drawn, settings["warm_up"])
        rows.append({"N": case.N, "k": k, "accuracy": found.mean()})
    return pd.DataFrame(rows)
