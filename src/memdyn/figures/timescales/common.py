"""What the figures of study 2 share: colours, names, curves over networks, the paper's bands.

A curriculum has one colour and a condition one name, here and nowhere else. A curve is a mean over
networks, never over trials; its interval is Student's, for with the paper's four networks a
bootstrap would be too narrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from scipy import stats

from memdyn.figures.style import FAINT, FULL, SMALL, deep, panel, tint

#: Colour of each curriculum (Tol's vibrant scheme, safe for colour-blind readers).
CURRICULUM_COLOURS = {
    "single": "#CC3311",
    "multi": "#0077BB",
    "sliding": "#009988",
    "all_heads": "#33A6DD",
    "none": "#555555",
}
CURRICULUM_NAMES = {
    "single": "single-head",
    "multi": "multi-head",
    "sliding": "sliding window",
    "all_heads": "all heads at once",
    "none": "no curriculum",
}
TASK_NAMES = {"parity": "N-parity", "dms": "N-DMS"}
#: The paper's units; only networks of this size are comparable with its bands.
PAPER_UNITS = 500

LEVEL = 0.95
#: With fewer networks no interval is drawn: that of two is 13 times their standard error.
MIN_NETWORKS = 3

_VARIANTS = {"inside": "non-linearity inside", "continuous": "continuous time"}
COLUMNS = ["condition", "x", "mean", "low", "high", "n", "all_present"]


def curriculum_of(condition: str) -> str:
    """Which of ``CURRICULUM_COLOURS`` a condition's name stands for.

    Raises:
        ValueError: the name holds no curriculum.
    """
    for name in ("all_heads", "single", "multi", "sliding", "none"):
        if re.search(rf"(^|_){name}(_|$)", condition):
            return name
    raise ValueError(
        f"condition {condition!r} names no curriculum: use one of {', '.join(CURRICULUM_COLOURS)}"
    )


def colour_of(condition: str) -> str:
    """The colour of a condition: that of its curriculum."""
    return CURRICULUM_COLOURS[curriculum_of(condition)]


def name_of(condition: str, task: bool = True) -> str:
    """A condition's name for readers: "N-parity, single-head, τ = 2".

    Args:
        condition: as in the tables.
        task: with the task, or the gated cell, in front.
    """
    parts = []
    first, *rest = condition.split("_")
    if task:
        parts.append(TASK_NAMES.get(first, first.upper()))
    parts.append(CURRICULUM_NAMES[curriculum_of(condition)])
    for part in rest:
        if found := re.fullmatch(r"tau(\d+(?:\.\d+)?)", part):
            parts.append(f"τ = {found[1]}")
        elif found := re.fullmatch(r"repeat(\d+)", part):
            parts.append(f"each bit {found[1]} times")
        elif part in _VARIANTS:
            parts.append(_VARIANTS[part])
    return ", ".join(parts)


def scale_note(scale: str, n_units: int) -> str:
    """The start of the small print of every figure of this study."""
    return f"Scale “{scale}”: {n_units} units."


def rows_of(table: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The rows of one condition; none if the table is empty or lacks its columns."""
    if table.empty or "condition" not in table:
        return table.iloc[:0]
    return table[table["condition"] == condition]


def missing(table: pd.DataFrame, conditions: Iterable[str]) -> list[str]:
    """Those of ``conditions`` of which the table holds no row."""
    return [name for name in conditions if rows_of(table, name).empty]


def interval(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """Student's interval of the mean of one number per network.

    Returns:
        Low and high; not a number with fewer than ``MIN_NETWORKS`` finite values.
    """
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if len(known) < MIN_NETWORKS:
        return np.nan, np.nan
    half = stats.t.ppf((1 + LEVEL) / 2, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    return known.mean() - half, known.mean() + half


def over_networks(table: pd.DataFrame, condition: str, value: str, x: str = "N") -> pd.DataFrame:
    """Mean over the networks of a condition at each ``x``, with its interval.

    Args:
        table: rows with ``network``, ``condition``, ``x`` and ``value``; several rows of a network
            at one ``x`` (repeats, neurons) are averaged first, so that n counts networks.
        condition: as in the table.
        value: column of the numbers; those not finite are left out.
        x: column of the abscissa.

    Returns:
        ``COLUMNS``: ``n`` networks at this ``x``; ``all_present`` whether these are all the
        networks that the curve has anywhere (later means are over the survivors).
    """
    rows = rows_of(table, condition)
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    rows = rows[np.isfinite(rows[value].astype(float))]
    each = rows.groupby([x, "network"], as_index=False)[value].mean()
    everyone = each["network"].nunique()
    found = [
        (condition, at, group.mean(), *interval(group), len(group), len(group) == everyone)
        for at, group in each.groupby(x)[value]
    ]
    return pd.DataFrame(found, columns=COLUMNS)


def draw_curve(
    ax: Axes,
    table: pd.DataFrame,
    condition: str,
    value: str,
    x: str = "N",
    dashed: bool = False,
    networks: bool = True,
    marker: str = "",
) -> pd.DataFrame:
    """Draw a condition's curve: mean, interval behind, networks as hairlines.

    The mean is dotted where some of the networks are missing (they did not get so far).

    Args:
        ax: axes.
        table, condition, value, x: see :func:`over_networks`.
        dashed: draw the mean dashed, to tell two conditions of one curriculum apart.
        networks: draw each network as a hairline, if there are few.
        marker: at each x; a curve of one point always gets one.

    Returns:
        What was drawn (``COLUMNS``); empty if there is nothing.
    """
    curve = over_networks(table, condition, value, x)
    if curve.empty:
        return curve
    colour = colour_of(condition)
    if networks and 1 < curve["n"].max() <= 8:
        own = rows_of(table, condition).groupby(["network", x], as_index=False)[value].mean()
        for _, one in own.groupby("network"):
            ax.plot(one[x], one[value], color=tint(colour, 0.55), lw=0.5, zorder=2)
    ax.fill_between(
        curve["x"].to_numpy(float),
        curve["low"].to_numpy(float),
        curve["high"].to_numpy(float),
        color=colour,
        alpha=0.16,
        lw=0,
        zorder=1.5,
    )
    style = (0, (4, 1.5)) if dashed else "-"
    ax.plot(curve["x"], curve["mean"], color=colour, lw=0.7, ls=(0, (1, 1.2)), zorder=3)
    whole = curve[curve["all_present"]]
    marker = marker or ("o" if len(whole) == 1 else "")
    ax.plot(
        whole["x"], whole["mean"], color=colour, lw=1.5, ls=style, marker=marker, ms=3, zorder=4
    )
    return curve


def n_label(curve: pd.DataFrame) -> str:
    """How many networks a curve is over, for its label: "n = 4" or "n = 4 to 2"."""
    if curve.empty:
        return "not run"
    most, last = int(curve["n"].max()), int(curve["n"].iloc[-1])
    return f"n = {most}" if most == last else f"n = {most} to {last}"


def label_ends(
    ax: Axes,
    ends: Mapping[str, tuple[float, float, str, object]],
    gap: float = 0.085,
    right: float = 1.04,
) -> None:
    """Name each curve beside the right edge, apart from the others.

    Args:
        ax: axes, with their final limits.
        ends: key -> (x, y) of the curve's end, text (lines count), colour.
        gap: height of a line of text (fraction of the axes).
        right: where texts start (fraction of the axes).
    """
    if not ends:
        return
    place = {}
    for key, (x, y, *_rest) in ends.items():
        along, up = ax.transAxes.inverted().transform(ax.transData.transform((x, y)))
        place[key] = (min(along, 1.0), float(np.clip(up, 0.0, 1.0)))
    order = sorted(ends, key=lambda key: place[key][1])
    heights = [gap * (ends[key][2].count("\n") + 1) for key in order]
    at = [place[key][1] for key in order]
    for _ in range(200):  # push overlapping neighbours apart, evenly
        moved = False
        for i in range(1, len(at)):
            lack = (heights[i] + heights[i - 1]) / 2 - (at[i] - at[i - 1])
            if lack > 1e-6:
                at[i - 1] -= lack / 2
                at[i] += lack / 2
                moved = True
        at[0] = max(at[0], heights[0] / 2 - 0.02)
        if not moved:
            break
    for key, up in zip(order, at, strict=True):
        _x, _y, text, colour = ends[key]
        ax.annotate(
            text,
            place[key],
            xytext=(right, up),
            xycoords="axes fraction",
            textcoords="axes fraction",
            size=SMALL,
            color=deep(colour),
            va="center",
            linespacing=1.0,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "lw": 0.5,
                "shrinkA": 1,
                "shrinkB": 2,
                "relpos": (0, 0.5),
            },
        )


def paper_box(
    ax: Axes, left: float, right: float, low: float, high: float, colour: str = FAINT
) -> None:
    """Draw a range that the paper reports, behind everything: pale, with a dashed edge.

    It never moves the limits of the axes: our own numbers set them.
    """
    limits = ax.get_xlim(), ax.get_ylim()
    ax.add_patch(
        Rectangle(
            (left, low),
            right - left,
            high - low,
            facecolor=tint(colour, 0.16),
            edgecolor=tint(colour, 0.55),
            lw=0.6,
            ls=(0, (2, 1.5)),
            zorder=0.5,
        )
    )
    ax.set(xlim=limits[0], ylim=limits[1])


def key(
    figure: Figure,
    top: float,
    entries: Sequence[tuple[str, object, str]],
    left: float = 0.6,
    gap: float = 0.22,
) -> None:
    """One line that says what colours and marks mean.

    Args:
        figure: the figure.
        top: distance of the line from the upper edge (inch).
        entries: (kind, colour, text), kind being "line", "dashed", "dotted", "hair", "band",
            "paper" or a matplotlib marker ("o", "^" filled; "o-" open).
        left: where it starts (inch).
        gap: between entries (inch).
    """
    ax = panel(figure, 0, top, FULL, 0.2)
    ax.set(xlim=(0, FULL), ylim=(0, 0.2))
    ax.set_axis_off()
    x = left
    for kind, colour, text in entries:
        middle = x + 0.11
        if kind in ("band", "paper"):
            edge = {"edgecolor": tint(colour, 0.55), "lw": 0.6, "ls": (0, (2, 1.5))}
            ax.add_patch(
                Rectangle(
                    (x, 0.04),
                    0.22,
                    0.12,
                    facecolor=tint(colour, 0.2),
                    **(edge if kind == "paper" else {"lw": 0}),
                )
            )
        elif kind in ("line", "dashed", "dotted", "hair"):
            style = {"dashed": (0, (4, 1.5)), "dotted": (0, (1, 1.2))}.get(kind, "-")
            width = {"hair": 0.6, "dotted": 0.9}.get(kind, 1.5)
            shade = tint(colour, 0.55) if kind == "hair" else colour
            ax.plot([x, x + 0.22], [0.1, 0.1], color=shade, lw=width, ls=style)
        else:
            face = "white" if kind.endswith("-") else colour
            ax.plot(middle, 0.1, kind.removesuffix("-"), ms=4, mfc=face, mec=colour, mew=0.9)
        word = ax.text(x + 0.28, 0.095, text, size=SMALL, va="center")
        x += 0.28 + _width(figure, word) + gap


def _width(figure: Figure, text) -> float:
    """Width of a text (inch)."""
    return text.get_window_extent(figure.canvas.get_renderer()).width / figure.dpi
