"""Tables of networks from outside: study 1's, with the same columns, and a summary."""

from __future__ import annotations

from memdyn.slow_manifolds import tables as slow_manifolds
from memdyn.tables import schema_of


def schema(kind: str) -> str:
    """Schema of a kind of table, as stored in its files.

    Raises:
        KeyError: there is no such kind.
    """
    if kind in slow_manifolds.KINDS:
        return slow_manifolds.schema(kind)
    return schema_of("external", kind, (*slow_manifolds.KINDS, "summary"))
