"""Supplementary figure 2 of study 2: which N a network answers after it has solved one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    PALE,
    SMALL,
    Drawn,
    deep,
    house_style,
    letter,
    new_figure,
    panel,
    say,
    small_print,
    whole_numbers,
)
from memdyn.timescales.figures.conditions import TASK_NAMES, colour_of, name_of, rows_of
from memdyn.timescales.figures.curves import draw_curve, label_ends
from memdyn.timescales.figures.marks import NOT_RUN, ends_of, summary_of

CHANCE = 0.5
CONDITIONS = ("parity_single", "parity_multi", "parity_sliding", "dms_single", "dms_multi")
MAPPED = ("parity_single", "parity_multi", "dms_single", "dms_multi")
MAP = "viridis"


def draw(memory: pd.DataFrame, note: str) -> Drawn:
    """Draw the figure.

    Args:
        memory: one row per network, ``N_solved`` and tested ``N``, with ``accuracy``; may be
            empty, without columns.
        note: scale and size, for the small print.
    """
    maps = {name: accuracy_map(memory, name) for name in MAPPED}
    distances = distance_from_solved(memory)
    with house_style():
        figure = new_figure(FULL, 5.75)
        _draw_scale(panel(figure, 1.5, 0.16, 1.2, 0.09))
        plotted, curves = {}, {}
        for row, task in enumerate(TASK_NAMES):
            top = 0.68 + 2.4 * row
            names = [name for name in MAPPED if name.startswith(task)]
            for column, name in enumerate(names):
                ax = panel(figure, 0.62 + 2.1 * column, top, 1.6, 1.6)
                _draw_map(ax, maps[name], name)
                letter(ax, "abcdef"[3 * row + column], left=36 if column == 0 else 26)
                plotted["abcdef"[3 * row + column]] = maps[name]
            ax = panel(figure, 4.95, top, 1.55, 1.6)
            letter(ax, "abcdef"[3 * row + 2], left=34)
            curves[task] = plotted["abcdef"[3 * row + 2]] = _draw_distance(ax, distances, task)
        small_print(
            figure,
            note,
            "Accuracy over long sequences, p = 0.5. Maps: mean over networks. Curves: mean over"
            " networks, each averaged over its snapshots; band: 95 % interval (t, n ≥ 3).",
        )
        summary = {
            condition: summary_of(own)
            for found in curves.values()
            for condition, own in found.groupby("condition", sort=False)
        }
        return Drawn(figure, plotted, {"accuracy by N tested - N solved": summary})


def accuracy_map(memory: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Mean accuracy over networks at each pair of solved and tested N.

    Returns:
        Rows of ``condition``, ``N_solved``, ``N``, ``accuracy`` and ``n`` networks.
    """
    rows = rows_of(memory, condition)
    columns = ["condition", "N_solved", "N", "accuracy", "n"]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    found = rows.groupby(["N_solved", "N"], as_index=False).agg(
        accuracy=("accuracy", "mean"), n=("network", "nunique")
    )
    return found.assign(condition=condition)[columns]


def distance_from_solved(memory: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``network``, ``condition``, ``distance`` (N tested minus N solved), ``accuracy``.

    Each network is averaged over its snapshots; only distances that all of them can have would
    weigh snapshots alike, so this is a summary, and the maps hold the rest.
    """
    columns = ["network", "condition", "distance", "accuracy"]
    if memory.empty:
        return pd.DataFrame(columns=columns)
    rows = memory.assign(distance=memory["N"] - memory["N_solved"])
    return rows.groupby(columns[:3], as_index=False)["accuracy"].mean()[columns]


def _draw_map(ax: Axes, found: pd.DataFrame, condition: str) -> None:
    ax.set_title(name_of(condition), loc="left", color=deep(colour_of(condition)))
    if found.empty:
        say(ax, NOT_RUN)
        return
    solved = np.arange(found["N_solved"].min(), found["N_solved"].max() + 1)
    tested = np.arange(found["N"].min(), found["N"].max() + 1)
    grid = found.pivot_table("accuracy", "N_solved", "N").reindex(index=solved, columns=tested)
    ax.set_facecolor(PALE)
    ax.pcolormesh(
        np.append(tested, tested[-1] + 1) - 0.5,
        np.append(solved, solved[-1] + 1) - 0.5,
        np.ma.masked_invalid(grid.to_numpy(dtype=float)),
        cmap=MAP,
        vmin=CHANCE,
        vmax=1,
    )
    for N in sorted(set(found["N_solved"])):  # the solved N, as a staircase of frames
        ax.plot(
            N + np.array([-0.5, 0.5, 0.5, -0.5, -0.5]),
            N + np.array([-0.5, -0.5, 0.5, 0.5, -0.5]),
            color="white",
            lw=min(0.9, 12 / len(solved)),
        )
    ax.xaxis.set_major_locator(whole_numbers(5))
    ax.yaxis.set_major_locator(whole_numbers(5))
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    low, high = found.groupby("N_solved")["n"].max().agg(["min", "max"])
    n = f"n = {high}" if low == high else f"n = {high} to {low}"
    ax.set(xlabel=f"N tested ({n})", ylabel="N just solved")


def _draw_scale(ax: Axes) -> None:
    """The key to the colours, above the maps."""
    ax.imshow(
        np.linspace(0, 1, 200)[None],
        aspect="auto",
        cmap=colormaps[MAP],
        extent=(CHANCE, 1, 0, 1),
    )
    ax.set(xticks=[], yticks=[])
    for x, text, side in ((CHANCE, "accuracy: 0.5 (chance) ", "right"), (1, " 1", "left")):
        ax.text(x, 0.5, text, size=SMALL, ha=side, va="center")
    ax.set_xlim(CHANCE, 1)
    for left, colour, text in (
        (2.0, PALE, "no head, or not tested"),
        (4.1, "white", "N just solved"),
    ):
        box = {"facecolor": colour, "edgecolor": FAINT, "lw": 0.6 if colour == "white" else 0}
        ax.add_patch(
            Rectangle((left / 1.2, -0.2), 0.12, 1.4, transform=ax.transAxes, clip_on=False, **box)
        )
        ax.text(left / 1.2 + 0.17, 0.5, text, transform=ax.transAxes, size=SMALL, va="center")


def _draw_distance(ax: Axes, distances: pd.DataFrame, task: str) -> pd.DataFrame:
    """Accuracy against the distance of the tested N from the one just solved."""
    ax.set_title(f"{TASK_NAMES[task]}: earlier | later N", loc="left")
    drawn = {}
    for name in (name for name in CONDITIONS if name.startswith(task)):
        curve = draw_curve(ax, distances, name, "accuracy", x="distance")
        if len(curve):
            drawn[name] = curve
    if not drawn:
        say(ax, NOT_RUN)
        return pd.DataFrame(columns=["condition"])
    left = min(curve["x"].min() for curve in drawn.values())
    right = max(curve["x"].max() for curve in drawn.values())
    ax.set(xlim=(left - 0.5, right + 0.5), ylim=(0.42, 1.1), yticks=[0.5, 0.75, 1])
    ax.axhline(CHANCE, color=FAINT, lw=0.6, ls=(0, (4, 2)), zorder=0)
    ax.text(left - 0.4, CHANCE - 0.015, "chance", size=SMALL, color=FAINT, va="top")
    ax.axvline(0, color=INK, lw=0.6, zorder=0)
    ax.annotate(
        "solved",
        (0, 1.08),
        size=SMALL,
        color=FAINT,
        ha="right",
        va="center",
        xytext=(-2, 0),
        textcoords="offset points",
    )
    ax.set(xlabel="N tested − N just solved", ylabel="accuracy")
    ax.xaxis.set_major_locator(whole_numbers(6))
    label_ends(ax, ends_of(drawn), gap=0.1)
    return pd.concat(drawn.values(), ignore_index=True)
