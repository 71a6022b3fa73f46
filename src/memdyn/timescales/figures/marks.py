"""Pieces that several figures of study 2 share: dots per network, the N shown, ends of curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from memdyn.figures.style import FAINT, FULL, INK, SMALL, deep, panel, tint, width_of
from memdyn.timescales.claims import bands
from memdyn.timescales.figures.conditions import colour_of, name_of, rows_of
from memdyn.timescales.figures.curves import interval, n_label

NOT_RUN = "Not run at this scale."
MARK, EDGE = 0.28, 0.1  # of a key: from a mark to its words; to the edges of the page (inch)
PAPER = "paper"  # what boxes of the paper's numbers are called among the patches of a figure


def some_missing(curves: Iterable[pd.DataFrame]) -> bool:
    """Whether any curve is dotted somewhere: not all of its networks got so far."""
    return any(not one["all_present"].all() for one in curves if "all_present" in one)


def per_network(table: pd.DataFrame, condition: str, value: str) -> pd.Series:
    """Network -> mean of a column over its rows (neurons, repeats); without those not finite."""
    rows = rows_of(table, condition)
    if rows.empty:
        return pd.Series(dtype=float)
    return rows.groupby("network")[value].mean().dropna()


def mean_row(values: Iterable[float], logarithmic: bool = False) -> dict[str, float]:
    """Mean over networks with its interval and n; geometric if ``logarithmic``."""
    known = np.asarray(list(values), dtype=float)
    known = np.log(known) if logarithmic else known
    if not len(known):
        return {"mean": np.nan, "low": np.nan, "high": np.nan, "n": 0}
    found = np.array([known.mean(), *interval(known)])
    mean, low, high = np.exp(found) if logarithmic else found
    return {"mean": float(mean), "low": float(low), "high": float(high), "n": len(known)}


def draw_dots(
    ax: Axes,
    values: pd.Series,
    at: float,
    colour,
    upright: bool = False,
    logarithmic: bool = False,
    width: float = 0.34,
    tick: bool = True,
    marks: Mapping[str, str] | None = None,
) -> dict[str, float]:
    """Draw one dot per network, their mean as a tick and its interval as a line.

    Args:
        ax: axes.
        values: one per network.
        at: place on the other axis.
        colour: of the dots.
        upright: values along y instead of x.
        logarithmic: geometric mean.
        width: over which the dots are spread, so that none hides another.
        tick: whether to mark the mean.
        marks: network -> marker, where it is not a dot ("o-": an open one).

    Returns:
        What :func:`mean_row` gives.
    """
    row = mean_row(values, logarithmic)
    if not row["n"]:
        return row
    places = at + width * (np.linspace(-0.5, 0.5, len(values)) if len(values) > 1 else np.zeros(1))

    def plot(x, y, *form, **look):
        return ax.plot(*((y, x) if upright else (x, y)), *form, **look)

    for network, value, place in zip(values.index, values, places, strict=True):
        mark = (marks or {}).get(network, "o")
        face = "white" if mark.endswith("-") else colour
        edge = colour if mark in ("o-", "x") else "white"
        look = {"ms": 3.6, "mfc": face, "mec": edge, "mew": 0.8 if edge != "white" else 0.5}
        plot([value], [place], mark.removesuffix("-"), zorder=5, clip_on=False, **look)
    if np.isfinite(row["low"]):
        plot([row["low"], row["high"]], [at, at], color=INK, lw=0.9, zorder=4)
    if tick:
        half = width / 2 + 0.08
        plot([row["mean"]] * 2, [at - half, at + half], color=INK, lw=1.4, zorder=4)
    return row


def fit_height(
    ax: Axes, table: pd.DataFrame, conditions: Iterable[str], value: str, zero: bool = False
) -> None:
    """Limit y to what single networks have, and to what intervals add by half of that at most.

    The interval of three may be many times as wide.

    Args:
        ax: axes, with all that is drawn on them.
        table, conditions, value: whose numbers.
        zero: let the axis start at zero.
    """
    values = pd.concat([rows_of(table, name)[value] for name in conditions if len(table)] or [])
    values = values[np.isfinite(values)]
    if values.empty:
        return
    low, high = (0.0 if zero else values.min()), values.max()
    margin = 0.08 * (high - low) or 0.08 * abs(high) or 1.0
    room = max(0.5 * (high - low), margin)
    low = low if zero else max(low - room, min(low - margin, ax.dataLim.y0))
    ax.set_ylim(low, min(high + room, max(high + margin, ax.dataLim.y1)))


def some_of(values: Iterable[int], most: int) -> list[int]:
    """At most so many of the values, spread evenly, the smallest and the largest among them."""
    every = sorted({int(value) for value in values})
    if len(every) <= most:
        return every
    picks = np.linspace(0, len(every) - 1, most).round().astype(int)
    return [every[i] for i in picks]


def common_N(table: pd.DataFrame, conditions: Iterable[str]) -> list[int]:
    """The N that all of these conditions have, of those that have any; all N if none is shared."""
    sets = [set(rows["N"].astype(int)) for name in conditions if len(rows := rows_of(table, name))]
    if not sets:
        return []
    return sorted(set.intersection(*sets) or set.union(*sets))


def shades(colour, n: int) -> list:
    """n tints of a colour, pale to full."""
    return [tint(colour, strength) for strength in np.linspace(0.35, 1.0, n)] if n > 1 else [colour]


def ends_of(curves: Mapping[str, pd.DataFrame], task: bool = False) -> dict:
    """Where curves end and what they are called, for ``label_ends``."""
    return {
        name: (
            curve["x"].iloc[-1],
            curve["mean"].iloc[-1],
            f"{name_of(name, task)}\n{n_label(curve)}",
            colour_of(name),
        )
        for name, curve in curves.items()
        if len(curve)
    }


def summary_of(curve: pd.DataFrame) -> dict:
    """A curve for the summary: n and its mean at each place."""
    if curve.empty:
        return {"n": 0}
    means = zip(curve["x"], curve["mean"], strict=True)
    return {"n": int(curve["n"].max()), "mean": {f"{x:g}": mean for x, mean in means}}


def paper_bands(
    ax: Axes,
    table: Mapping[tuple, bands.Band],
    condition: str,
    n_units: int,
    half_width: float | None = None,
) -> int:
    """Draw what the paper reports for a condition behind our curve, where it is comparable.

    Only bands inside the limits of x are drawn, which stay; those of y grow to hold them.

    Args:
        ax: axes with N along x, our curves drawn.
        table: (condition, N) -> band, as in ``memdyn.timescales.claims.bands``.
        condition: whose bands.
        n_units: size of our networks; bands of another size are not drawn.
        half_width: of a box along x; by default 1.2 % of the axis, at least 0.3.

    Returns:
        How many bands were drawn.
    """
    if not bands.hold(n_units):
        return 0
    left, right = ax.get_xlim()
    half = half_width or max(0.3, 0.012 * (right - left))
    inside = {
        N: band for (name, N, *_), band in table.items() if name == condition and left <= N <= right
    }
    for N, band in inside.items():
        paper_box(ax, N - half, N + half, band, colour_of(condition))
    return len(inside)


def paper_box(ax: Axes, left: float, right: float, band: bands.Band, colour: str = FAINT) -> None:
    """Draw one range of the paper: a pale box with a dashed edge and a tick at its number.

    The limits of x stay; those of y grow to hold it. A range without end reaches to their edge.
    """
    across = ax.get_xlim()
    scale = ax.yaxis.get_transform()  # margins are those of the axis, which may be logarithmic
    bottom, top = scale.transform(ax.get_ylim())
    limits = np.array([band.low, band.high, band.value])
    known = scale.transform(limits[np.isfinite(limits)])
    margin = 0.03 * (top - bottom)
    if min(known) < bottom:
        bottom = min(known) - margin
    if max(known) > top:
        top = max(known) + margin
    bottom, top = scale.inverted().transform([bottom, top])
    low, high = np.clip([band.low, band.high], bottom, top)
    ax.add_patch(
        Rectangle(
            (left, low),
            right - left,
            high - low,
            facecolor=tint(colour, 0.16),
            edgecolor=tint(colour, 0.6),
            lw=0.6,
            ls=(0, (2, 1.5)),
            zorder=0.5,
            gid=PAPER,
        )
    )
    ax.plot([left, right], [band.value] * 2, color=tint(colour, 0.6), lw=0.8, zorder=0.6)
    if np.isinf(band.high):
        ax.annotate(
            "↑ or more",
            ((left + right) / 2, top),
            xytext=(0, 1),
            textcoords="offset points",
            ha="center",
            va="bottom",
            size=SMALL,
            color=deep(colour),
            annotation_clip=False,
        )
    ax.set(xlim=across, ylim=(bottom, top))


def paper_note(n_units: int, figure: Figure) -> str:
    """For the small print: where the dashed boxes of a figure come from, or why there are none."""
    if bands.hold(n_units):
        boxes = any(patch.get_gid() == PAPER for ax in figure.axes for patch in ax.patches)
        return "Dashed boxes: the paper's networks (500 units)." if boxes else ""
    return "The paper's bands hold for 500 units: not drawn."


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
        left: where it starts (inch), or farther left if it would not fit.
        gap: between entries (inch), or less if it would not fit.
    """
    ax = panel(figure, 0, top, FULL, 0.2)
    ax.set(xlim=(0, FULL), ylim=(0, 0.2))
    ax.set_axis_off()
    words = [ax.text(0, 0.095, text, size=SMALL, va="center") for _, _, text in entries]
    widths = [MARK + width_of(figure, word) for word in words]
    room, gaps = FULL - EDGE - sum(widths), len(entries) - 1
    x = max(EDGE, min(left, room - gap * gaps))
    gap = min(gap, (room - x) / max(gaps, 1))
    for (kind, colour, _), word, taken in zip(entries, words, widths, strict=True):
        middle = x + 0.11
        if kind in ("band", "paper"):
            edge: dict[str, Any] = {"edgecolor": tint(colour, 0.6), "lw": 0.6, "ls": (0, (2, 1.5))}
            bare: dict[str, Any] = {"lw": 0}
            ax.add_patch(
                Rectangle(
                    (x, 0.04),
                    0.22,
                    0.12,
                    facecolor=tint(colour, 0.2),
                    **(edge if kind == "paper" else bare),
                )
            )
        elif kind in ("line", "dashed", "dotted", "hair"):
            style = {"dashed": (0, (4, 1.5)), "dotted": (0, (1, 1.2))}.get(kind, "-")
            width = {"hair": 0.6, "dotted": 0.9, "dashed": 0.8}.get(kind, 1.5)
            shade = tint(colour, 0.55) if kind == "hair" else colour
            ax.plot([x, x + 0.22], [0.1, 0.1], color=shade, lw=width, ls=style)
        else:
            face = "white" if kind.endswith("-") else colour
            ax.plot(middle, 0.1, kind.removesuffix("-"), ms=4, mfc=face, mec=colour, mew=0.9)
        word.set_x(x + MARK)
        x += taken + gap
