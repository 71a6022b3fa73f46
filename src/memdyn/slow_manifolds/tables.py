"""Tables of study 1: their schemas, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from memdyn.slow_manifolds.grid import Network
from memdyn.tables import schema_of

#: kinds of tables
KINDS = (
    *("performance", "ends", "mechanisms", "delays", "noise", "networks"),
    *("runs", "cycles", "points", "memory", "exponents", "votes"),
)


def schema(kind: str) -> str:
    """Schema of a kind of table, as stored in its files.

    Raises:
        KeyError: there is no such kind.
    """
    return schema_of("slow_manifolds", kind, KINDS)


def fully_trained(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of networks at the end of the configured training on the configured stimuli.

    No snapshots, nothing shorter, no variants of the stimuli.
    """
    return table[(table["trials"] == 0) & (table["stimuli"] == "")] if len(table) else table


def of_the_grid(networks: pd.DataFrame) -> pd.DataFrame:
    """The rows of networks of the grid itself, without those that its key ``also`` adds.

    With those (column ``also``), shares would lean towards the feedback that has more seeds.
    """
    return networks[~networks["also"].astype(bool)] if "also" in networks else networks


def performing(performance: pd.DataFrame) -> set[str]:
    """Names of the networks that perform the task."""
    return set(performance.loc[performance["performs"], "network"])


def analysed(performance: pd.DataFrame, settings: Mapping) -> set[str]:
    """Names of the networks whose dynamics are taken apart; ``settings`` is ``dynamics``."""
    return performing(performance) if settings["only_performing"] else set(performance["network"])


def votes_of(votes: pd.DataFrame) -> dict[str, str]:
    """Network -> the label that was voted; a network that was not taken apart is missing."""
    return dict(zip(votes["network"], votes["vote"], strict=True)) if len(votes) else {}


def join_networks(
    performance: pd.DataFrame, mechanisms: pd.DataFrame, grid: Mapping
) -> pd.DataFrame:
    """One row per network: its place in the grid, its performance, its mechanism.

    Args:
        performance, mechanisms: a row per network each.
        grid: the ``grid`` section of the configuration. Column ``also`` tells what only its key
            ``also`` adds: other seeds, gains or weights, and other stimuli.

    Raises:
        ValueError: a network has a row in one table only, or more than one.
    """
    identity = ["network", *Network._fields]
    joined = performance.merge(mechanisms, on=identity, how="inner", validate="one_to_one")
    if not len(joined) == len(performance) == len(mechanisms):
        raise ValueError(
            f"{len(performance)} networks were tested and {len(mechanisms)} classified, but only "
            f"{len(joined)} are in both tables: delete the results folder of this scale and rerun"
        )
    if len(joined):
        inside = [joined[key].isin(grid[key]) for key in ("distribution", "pg", "g", "fb", "seed")]
        joined["also"] = ~np.logical_and.reduce(inside) | (joined["stimuli"] != "")
    return joined
