"""Figures: tables and recordings in, pages out; nothing here computes science or needs torch."""

from collections.abc import Mapping

#: Kind and version of the file of examples, written by ``memdyn.examples`` for the figures.
EXAMPLES_SCHEMA = "slow_manifolds.examples/1"
#: ... of the file of their landscapes, written by the rule ``trace_landscapes``.
LANDSCAPES_SCHEMA = "slow_manifolds.landscapes/1"


def part_of(arrays: Mapping, name: str) -> dict:
    """The arrays that are stored as ``<name>.<key>``, under their key."""
    start = f"{name}."
    return {key.removeprefix(start): a for key, a in arrays.items() if key.startswith(start)}
