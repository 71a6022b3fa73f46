"""Figures: tables and recordings in, pages out; nothing here computes science or needs torch."""

from collections.abc import Mapping

#: Kind and version of the file of examples, from ``memdyn.slow_manifolds.examples``.
EXAMPLES_SCHEMA = "slow_manifolds.examples/1"
#: ... of the file of their landscapes, written by the rule ``trace_landscapes``.
LANDSCAPES_SCHEMA = "slow_manifolds.landscapes/1"


def part_of(arrays: Mapping, name: str) -> dict:
    """The arrays that are stored as ``<name>.<key>``, under their key."""
    start = f"{name}."
    return {key.removeprefix(start): a for key, a in arrays.items() if key.startswith(start)}


def quantity(value: float, unit: str) -> str:
    """Seconds for readers: ``quantity(0.002, "CPU-s")`` is "2 CPU-ms"."""
    if value >= 1000:
        return f"{value:,.0f} {unit}".replace(",", "\N{NO-BREAK SPACE}")
    factor, prefix = next((p for p in ((1, ""), (1e-3, "m")) if value >= p[0]), (1e-6, "µ"))
    return f"{value / factor:.3g} {unit.removesuffix('s')}{prefix}s"
