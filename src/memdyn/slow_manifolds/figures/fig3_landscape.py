"""Figure 3 of study 1: where the example networks can go, how slowly, and their spectra."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from memdyn.figures.recordings import part_of
from memdyn.figures.scene import CROSS, MARKS, draw_keys, draw_plane, draw_spectra, draw_speed
from memdyn.figures.style import (
    FULL,
    INK,
    MECHANISM_COLOURS,
    MECHANISM_NAMES,
    SMALL,
    TITLE,
    Drawn,
    class_colours,
    column_title,
    deep,
    house_style,
    new_figure,
    nothing_to_draw,
    panel,
    small_print,
)
from memdyn.slow_manifolds.figures.scene import scene_of
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching

ROW, TOP, BOTTOM = 1.98, 0.55, 0.84  # heights (inch): of one mechanism, above and below all


TITLES = ("trials and where they can rest", "speed of memories", "leading eigenvalues")


def draw(
    task: SequentialPatternMatching,
    classes: list[int],
    dt: float,
    leak: float,
    landscapes: Mapping[str, np.ndarray],
    facts: Mapping[str, Mapping],
    note: str,
) -> Drawn:
    """Draw the figure, a row per mechanism found.

    Args:
        task: sequential pattern matching.
        classes: image classes shown, in the task's order.
        dt: Euler step (tau).
        leak: dt / tau.
        landscapes, facts: arrays of the landscapes file, and mechanism -> facts of its example.
        note: scale and size, for the small print.
    """
    names = list(facts)
    with house_style():
        if not names:
            return nothing_to_draw(
                "No network performs the task with a mechanism on which label and vote agree.", note
            )
        height = TOP + ROW * len(names) + BOTTOM
        figure = new_figure(FULL, height)
        plotted: dict[str, list[pd.DataFrame]] = {"a": [], "b": [], "c": []}
        summary, scenes = {}, []
        for row, name in enumerate(names):
            own = part_of(landscapes, name)
            top, last, fact = TOP + row * ROW, row == len(names) - 1, facts[name]
            scene = scene_of(task, dt, leak, own, fact)
            scenes.append(scene)
            _write_facts(figure, top, name, fact, scene.kinds)
            axes = [
                panel(figure, left, top, width, ROW - 0.48)
                for left, width in ((1.68, 1.62), (3.83, 1.42), (5.87, 1.5))
            ]
            parts = (
                draw_plane(axes[0], scene),
                draw_speed(axes[1], scene, last),
                draw_spectra(axes[2], scene, last),
            )
            for key, part in zip(plotted, parts, strict=True):
                plotted[key].append(part.assign(mechanism=name))
            if row == 0:
                for key, ax, title in zip(plotted, axes, TITLES, strict=True):
                    column_title(ax, key, title, up=18)
            summary[name] = {
                "network": fact["network"],
                "vote": fact["vote"],
                "points": {kind: scene.kinds.count(kind) for kind in MARKS},
                "periods": fact["periods"],
                **{key: fact[key] for key in ("n_slow", "dimension", "drift", "slowest")},
                "degree_sum": fact["degree_sum"],
            }
        colours = class_colours(len(classes))
        holding = [(f"“{label}”", c) for label, c in zip(classes, colours, strict=True)]
        draw_keys(figure, height - 0.74, scenes, "delay 1, holding", holding, CROSS)
        told = (
            f"{note} The networks of figure 2. g: gain of the recurrent weights; 1/fb: SD of the"
            " feedback weights."
        )
        if any(_incomplete(facts[name]) for name in names):
            told += "\nIncomplete: points are missing, as their degrees do not sum to 1."
        small_print(figure, told)
        return Drawn(
            figure,
            {key: pd.concat(parts, ignore_index=True) for key, parts in plotted.items()},
            {"examples": summary},
        )


def _incomplete(fact: Mapping) -> bool:
    return fact["degree_sum"] not in (None, 1)


def _write_facts(figure: Figure, top: float, name: str, fact: Mapping, kinds: list[str]) -> None:
    ax = panel(figure, 0.12, top, 1.25, ROW - 0.48)
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    colour = MECHANISM_COLOURS[name]
    ax.plot([0, 0], [0, 1], color=colour, lw=3, clip_on=False, solid_capstyle="butt")
    ax.text(
        0.07, 1.0, MECHANISM_NAMES[name], color=deep(colour), weight="bold", size=TITLE, va="top"
    )
    vote = fact["vote"]
    vote = "not taken" if vote is None else MECHANISM_NAMES.get(vote, vote)
    counts = [f"{kinds.count(kind)} {kind} point{'s'[: kinds.count(kind) != 1]}" for kind in MARKS]
    lines = [f"g = {fact['g']:g},  fb = {fact['fb']:g}", f"vote: {vote}"]
    lines += [line for line in counts if not line.startswith("0 ")] or ["no point found"]
    if _incomplete(fact):
        lines.append(f"incomplete (degree {fact['degree_sum']})")
    if fact["periods"]:
        lines.append(f"period {', '.join(f'{period:.1f}' for period in fact['periods'][:2])} τ")
    if fact["n_slow"] is not None:
        lines.append(f"slow modes: {fact['n_slow']:g}")
    ax.text(0.07, 0.82, "\n".join(lines), size=SMALL, va="top", linespacing=1.4, color=INK)
