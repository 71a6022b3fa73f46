"""Tidy tables: one row per network or per condition of a network, with the network's identity."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

import pandas as pd

from memdyn.files import read_table, read_table_metadata


class Placed(Protocol):
    """A network of either study: a named tuple of its place in the grid."""

    @property
    def name(self) -> str: ...

    def _asdict(self) -> dict: ...


def schema_of(wing: str, kind: str, kinds: Collection[str]) -> str:
    """Schema of a wing's kind of table.

    Raises:
        KeyError: it is none of ``kinds``.
    """
    if kind not in kinds:
        raise KeyError(f"{wing} has no table '{kind}': there are {', '.join(kinds)}")
    return f"{wing}.{kind}/1"


def with_network(network: Placed, rows: pd.DataFrame | Mapping) -> pd.DataFrame:
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


def of_network(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of one network; none of a table without rows."""
    return table[table["network"] == name] if len(table) else table


def key_of(path: Path | str, schema: str) -> str:
    """Key of the work that a table is the end of (``jobs.digest.training_key``).

    Raises:
        FileProblem: missing, truncated, damaged or foreign file, or of another schema.
    """
    read_table(path, schema)
    return read_table_metadata(path).get("provenance", {}).get("key", "")
