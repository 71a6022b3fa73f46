"""What the landscape's panels show of a network of study 1."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from memdyn.figures.scene import Scene, point_kinds
from memdyn.figures.style import (
    class_colours,
)
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching


def scene_of(
    task: SequentialPatternMatching,
    dt: float,
    leak: float,
    own: Mapping[str, np.ndarray],
    fact: Mapping,
) -> Scene:
    """What is shown of a network of study 1.

    Args:
        task, dt, leak: as for ``draw``.
        own, fact: its arrays and facts in a landscapes file.
    """
    return Scene(
        own=own,
        kinds=point_kinds(own["stable"], fact["kinds"]),
        stable_cycles=fact["stable_cycles"],
        group=task.pair(np.arange(len(own["alone"])) % task.n_types)[0],
        colours=class_colours(task.n_classes),
        dt=dt,
        leak=leak,
        delay=task.n_delay * dt,
        held=task.epochs["delay 1"],
        unit="τ",
        pace="stimulus",
    )
