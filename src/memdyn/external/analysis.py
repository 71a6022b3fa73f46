"""Networks from outside, taken apart like those of study 1 as far as that goes without a task."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from torch import Tensor

from memdyn.dynamics.systems import System
from memdyn.landscape import analysis
from memdyn.slow_manifolds.grid import Network
from memdyn.tables import with_network


def analyse(
    entry: Mapping,
    system: System,
    starts: Tensor,
    inputs: Tensor | None,
    memory: np.ndarray | None,
    settings: Mapping,
    attractors: Mapping,
) -> analysis.Analysis:
    """Take one network from outside apart.

    Args:
        entry: of the list ``external``.
        system, starts, inputs, memory: of the functions of ``external.reading``.
        settings, attractors: sections of the configuration; ``analysis.SEARCH`` and
            ``entry["dynamics"]`` replace some of ``settings``.

    Returns:
        As from ``landscape.analysis.take_apart``, with the columns of study 1's tables in front.
    """
    is_rate = entry["cell"] == "rate"
    found = analysis.take_apart(
        system,
        starts,
        inputs,
        memory=memory,
        delay=entry.get("delay"),
        tau=entry.get("tau", 1.0) if is_rate else None,
        settings={**settings, **analysis.SEARCH, **entry.get("dynamics", {})},
        attractors=attractors,
    )
    tables = {kind: _named(entry["name"], table) for kind, table in found.tables.items()}
    return found._replace(
        tables=tables, facts={**found.facts, **{key: entry[key] for key in ("cell", "n_units")}}
    )


def _named(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the columns of a network of study 1 in front: its name, and no place in a grid."""
    table = with_network(Network("external", np.nan, np.nan, np.nan, -1), rows)
    return table.assign(network=name)
