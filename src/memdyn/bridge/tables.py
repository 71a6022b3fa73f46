"""Tables of the bridge: their schemas."""

from __future__ import annotations

from memdyn.tables import schema_of

#: Kinds of tables of a finished run.
KINDS = ("slowness", "points", "modes", "forgetting")
#: ... and of what is measured of a shard only, before both studies are put together.
PARTS = ("driven", "activity")


def schema(kind: str) -> str:
    """Schema of a kind of table, as stored in its files.

    Raises:
        KeyError: there is no such kind.
    """
    return schema_of("bridge", kind, (*KINDS, *PARTS))
