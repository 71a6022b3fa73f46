"""Tables of the bridge: their schemas."""

from __future__ import annotations

from memdyn.tables import schema_of

#: Kinds of tables: what shards are measured for, and what is put together of it.
KINDS = ("driven", "points", "modes", "activity", "slowness", "forgetting")


def schema(kind: str) -> str:
    """Schema of a kind of table, as stored in its files.

    Raises:
        KeyError: there is no such kind.
    """
    return schema_of("bridge", kind, KINDS)
