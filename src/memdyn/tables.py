"""Tidy tables: one row per network or per condition of a network, with the network's identity."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from memdyn.grid import Member, Network

#: kind of table -> its schema, as stored in the file
SCHEMAS = {
    name: f"slow_manifolds.{name}/1"
    for name in (
        *("performance", "ends", "mechanisms", "delays", "noise", "networks"),
        *("runs", "cycles", "points", "memory", "exponents", "votes"),
    )
}

#: the same for study 2
SCHEMAS2 = {
    name: f"timescales.{name}/1"
    for name in (
        *("epochs", "heads", "networks", "timescales", "curves", "dimension", "weights"),
        *("memory", "ablation", "perturbation", "retraining", "substeps"),
    )
}


def with_network(network: Network | Member, rows: pd.DataFrame | Mapping) -> pd.DataFrame:
    """Put a network's name and place in the grid in front of its rows."""
    table = pd.DataFrame([dict(rows)]) if isinstance(rows, Mapping) else rows.reset_index(drop=True)
    identity = {"network": network.name, **network._asdict()}
    return pd.concat(
        [pd.DataFrame({name: [value] * len(table) for name, value in identity.items()}), table],
        axis=1,
    )


def combine(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate tables; without any rows the result has no columns either."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def performing(performance: pd.DataFrame) -> set[str]:
    """Names of the networks that perform the task."""
    return set(performance.loc[performance["performs"], "network"])


def analysed(performance: pd.DataFrame, settings: Mapping) -> set[str]:
    """Names of the networks whose dynamics are taken apart; ``settings`` is ``dynamics``."""
    return performing(performance) if settings["only_performing"] else set(performance["network"])


def of_network(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of one network; none of a table without rows."""
    return table[table["network"] == name] if len(table) else table


def votes_of(votes: pd.DataFrame) -> dict[str, str]:
    """Network -> the label that was voted; a network that was not taken apart is missing."""
    return dict(zip(votes["network"], votes["vote"], strict=True)) if len(votes) else {}


def join_networks(performance: pd.DataFrame, mechanisms: pd.DataFrame) -> pd.DataFrame:
    """One row per network: its place in the grid, its performance, its mechanism.

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
    return joined
