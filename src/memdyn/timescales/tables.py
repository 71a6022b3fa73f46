"""Tables of study 2: their schemas, and names of conditions of another size."""

from __future__ import annotations

import re

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


def other_size(name: str) -> tuple[str, int] | None:
    """``parity_multi_250`` is ``parity_multi`` with 250 units; None if a name says no units."""
    found = re.fullmatch(r"(.+)_(\d+)", name)
    return (found[1], int(found[2])) if found else None
