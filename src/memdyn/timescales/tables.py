"""Tables of study 2: their schemas."""

from __future__ import annotations

from memdyn.tables import schema_of
from memdyn.timescales.measurements import MEASUREMENTS

#: kinds of tables
KINDS = (
    *("epochs", "heads", "networks"),
    *(kind for one in MEASUREMENTS.values() for kind in one.tables),
)


def schema(kind: str) -> str:
    """Schema of a kind of table, as stored in its files.

    Raises:
        KeyError: there is no such kind.
    """
    return schema_of("timescales", kind, KINDS)
