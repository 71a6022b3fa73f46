"""Tables of study 2: their schemas."""

from __future__ import annotations

from memdyn.tables import schema_of

#: kinds of tables
KINDS = (
    *("epochs", "heads", "networks", "timescales", "curves", "dimension", "weights"),
    *("memory", "ablation", "perturbation", "retraining", "substeps"),
)


def schema(kind: str) -> str:
    """Schema of a kind of table, as stored in its files.

    Raises:
        KeyError: there is no such kind.
    """
    return schema_of("timescales", kind, KINDS)
