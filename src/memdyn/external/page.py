"""The page of one network from outside."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from memdyn.figures.network_page import draw_page
from memdyn.figures.scene import (
    Scene,
    point_kinds,
)
from memdyn.figures.style import (
    Drawn,
    class_colours,
    house_style,
)


def draw_external(name: str, own: Mapping[str, np.ndarray], fact: Mapping, note: str) -> Drawn:
    """Draw a network from outside.

    Args:
        name: of the network.
        own, fact: arrays and facts of its file, see ``external.landscape_of``.
        note: for the small print.
    """
    with house_style():
        colours = class_colours(max(2, len(fact["groups"])))
        scene = Scene(
            own=own,
            kinds=point_kinds(own["stable"], fact["kinds"]),
            stable_cycles=fact["stable_cycles"],
            group=own["group"],
            colours=colours,
            dt=fact["dt"],
            leak=fact["rate"],
            delay=fact["delay"],
            held=None,
            unit="τ" if fact["rate"] else "steps",
            pace="at start",
        )
        about = [f"{fact['cell']}, {fact['n_units']} units", f"{len(own['alone'])} starting states"]
        cross = "starting state" if fact["delay"] is None else "state after the delay"
        if fact["delay"] is not None:
            cross += ";  shaded: decays more slowly than the delay"
        key = (fact["coloured_by"], list(zip(fact["groups"], colours, strict=False)), cross)
        return draw_page(name, about, scene, fact, key, note)
