"""The page of one network of study 1."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from memdyn.figures.network_page import NAMES, draw_page
from memdyn.figures.scene import (
    CROSS,
)
from memdyn.figures.style import (
    Drawn,
    class_colours,
    house_style,
)
from memdyn.slow_manifolds.figures.scene import scene_of
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching


def draw_network(
    name: str,
    task: SequentialPatternMatching,
    classes: list[int],
    dt: float,
    leak: float,
    own: Mapping[str, np.ndarray],
    fact: Mapping,
    note: str,
) -> Drawn:
    """Draw a network of study 1.

    Args:
        name: of the network.
        task, classes, dt, leak: as for ``fig3_landscape.draw``.
        own, fact: arrays and facts of its file, see ``trace_network``.
        note: scale and size, for the small print.
    """
    performs = "performs" if fact["performs"] else "does not perform"
    about = [
        f"g = {fact['g']:g},  fb = {fact['fb']:g},  pg = {fact['pg']:g}",
        f"{performs} the task, RMSE {fact['rmse']:.2g}",
        f"memories end: {NAMES[fact['mechanism_memory']]}",
        f"trials end: {NAMES[fact['mechanism']]}",
        f"authors’ tests: {fact['authors_a']}, {fact['authors_b']}",
    ]
    with house_style():
        groups = zip((f"“{c}”" for c in classes), class_colours(len(classes)), strict=True)
        key = ("delay 1, holding", list(groups), CROSS)
        return draw_page(name, about, scene_of(task, dt, leak, own, fact), fact, key, note)
