"""One network taken apart, on one page: of study 1 or from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure

from memdyn.figures.scene import (
    MARKS,
    Scene,
    draw_keys,
    draw_marks,
    draw_plane,
    draw_spectra,
    draw_speed,
    point_kinds,
)
from memdyn.figures.style import (
    FULL,
    INK,
    MECHANISM_COLOURS,
    MECHANISM_NAMES,
    SMALL,
    TEXT,
    TITLE,
    Drawn,
    class_colours,
    column_title,
    deep,
    house_style,
    new_figure,
    panel,
    small_print,
)
from memdyn.landscape.portrait import sentences
from memdyn.landscape.vote import ROUTES

HEIGHT = 6.55  # inch
SLOW, FAST = 1e-2, 1.0  # range of the colours of relative speeds
WIDEST = 40  # most letters of a line of text
PATH_EVERY = 2  # steps between the points of the coloured paths
#: Label of a vote -> name for readers; "fixed": rests, but memories are not known.
NAMES = {**MECHANISM_NAMES, "fixed": "fixed points", "settling": "still settling"}
TOLD = ("degree_sum", "periods", "exponent", "n_slow", "dimension", "drift", "slowest")


def draw_external(name: str, own: Mapping[str, np.ndarray], fact: Mapping, note: str) -> Drawn:
    """Draw a network of which only its step is known.

    Args:
        name: of the network.
        own, fact: arrays and facts of its file, see ``landscape.analysis.Analysis``.
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
        units, starts = _many(fact["n_units"], "unit"), _many(len(own["alone"]), "starting state")
        about = [f"{fact['cell']}, {units}", starts]
        cross = "starting state" if fact["delay"] is None else "state after the delay"
        if fact["delay"] is not None:
            cross += ";  shaded: decays more slowly than the delay"
        key = (fact["coloured_by"], list(zip(fact["groups"], colours, strict=False)), cross)
        return draw_page(name, about, scene, fact, key, note)


def draw_page(
    name: str,
    about: list[str],
    scene: Scene,
    fact: Mapping,
    key: tuple[str, Sequence, str],
    note: str,
) -> Drawn:
    figure = new_figure(FULL, HEIGHT)
    where = {
        "a": panel(figure, 0.45, 0.65, 2.75, 2.5),
        "b": panel(figure, 3.85, 0.65, 2.75, 2.5),
        "c": panel(figure, 0.65, 3.78, 1.95, 1.55),
        "d": panel(figure, 3.3, 3.78, 1.75, 1.55),
    }
    titles = (
        "trajectories and where they can rest",
        "states left alone, by speed",
        f"speed of {'memories' if scene.held else 'states'}",
        "leading eigenvalues" if scene.leak else "eigenvalues",
    )
    for (letter, ax), title in zip(where.items(), titles, strict=True):
        column_title(ax, letter, title, up=14 if letter in "cd" else 8)
    plotted = {
        "a": draw_plane(where["a"], scene),
        "b": _draw_speeds(figure, where["b"], scene),
        "c": draw_speed(where["c"], scene),
        "d": draw_spectra(where["d"], scene),
    }
    where["b"].set(xlim=where["a"].get_xlim(), ylim=where["a"].get_ylim())
    colour = MECHANISM_COLOURS.get(fact["vote"], INK)
    place = {"x": 0.12 / FULL, "y": 1 - 0.16 / HEIGHT, "va": "top"}
    figure.text(s=name, size=TITLE, weight="bold", color=deep(colour), **place)
    _write(panel(figure, 5.25, 3.55, 2.15, 2.05), about, scene, fact)
    draw_keys(figure, HEIGHT - 0.66, [scene], *key)
    small_print(figure, note)
    summary = {
        "network": name,
        "points": {kind: scene.kinds.count(kind) for kind in MARKS},
        **{item: fact[item] for item in ("vote", *ROUTES, *TOLD)},
    }
    return Drawn(figure, plotted, {"network": summary})


def _draw_speeds(figure: Figure, ax: Axes, scene: Scene) -> pd.DataFrame:
    """The states left alone, coloured by how slow they are; crosses: where the delay ends."""
    own, rows = scene.own, []
    norm, dark = LogNorm(SLOW, FAST), colormaps["plasma"](np.linspace(0, 0.85, 256))
    colours = ListedColormap(dark)
    for case, (path, speed) in enumerate(zip(own["alone"], own["speed"], strict=True)):
        path, speed = path[::PATH_EVERY, :2], speed[::PATH_EVERY]
        lines = LineCollection(
            [*np.stack([path[:-1], path[1:]], axis=1)], cmap=colours, norm=norm, lw=1.1, zorder=2
        )
        lines.set_array(speed[:-1])
        ax.add_collection(lines)
        if scene.delay is not None:
            late = min(round(scene.delay / scene.dt), len(own["alone"][case]) - 1)
            ax.plot(*own["alone"][case, late, :2], "x", color=INK, ms=4, mew=0.8, zorder=4)
        columns = {"pc_1": path[:, 0], "pc_2": path[:, 1], "relative_speed": speed}
        rows.append(pd.DataFrame({"part": "alone", "case": case, **columns}))
    ax.autoscale_view()
    draw_marks(ax, scene)
    left, top, width = 6.72, 0.65, 0.1
    bar = figure.colorbar(lines, cax=panel(figure, left, top, width, 2.5), extend="both")
    bar.set_label(scene.speed_name, size=TEXT)
    bar.outline.set_linewidth(0.6)
    return pd.concat(rows, ignore_index=True)


def _many(n: int, name: str) -> str:
    return f"{n} {name}{'' if n == 1 else 's'}"


def _write(ax: Axes, about: list[str], scene: Scene, fact: Mapping) -> None:
    """What was found, and what each route of the vote says."""
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    counts = {kind: scene.kinds.count(kind) for kind in MARKS}
    points = ", ".join(f"{n} {kind}" for kind, n in counts.items() if n) or "none found"
    lines = [*about, f"points: {points}"]
    if fact["degree_sum"] is not None:
        missing = "" if fact["degree_sum"] == 1 else " (not 1: some are missing)"
        lines.append(f"degree sum {fact['degree_sum']}{missing}")
    if fact["periods"]:
        periods = ", ".join(f"{period:.3g}" for period in fact["periods"][:3])
        lines.append(f"{_many(len(fact['periods']), 'cycle')}, period {periods} {scene.unit}")
    lines += sentences(fact, scene.unit)
    if fact["n_slow"] is not None:
        drift = "" if fact.get("held") else f", drift {fact['drift']:.2g} spreads / delay"
        lines.append(f"slow modes {fact['n_slow']:g}{drift}")
    if fact["exponent"] is not None:
        lines.append(f"largest exponent {fact['exponent']:.2g} / {scene.unit.rstrip('s')}")
    vote = fact["vote"]
    lines += ["", f"vote: {NAMES.get(vote, vote or 'not taken')}"]
    lines += [f"– {text}: {NAMES.get(fact[route], fact[route])}" for route, text in ROUTES.items()]
    lines = [part for line in lines for part in wrap(line, WIDEST, subsequent_indent="  ") or [""]]
    ax.text(0, 1, "\n".join(lines), size=SMALL, va="top", linespacing=1.35, color=INK)
