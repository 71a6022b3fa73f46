"""What the figures of study 2 share: colours, names, curves over networks, the paper's bands.

A curriculum has one colour and a condition one name, here and nowhere else. A curve is a mean over
networks, never over trials; its interval is Student's, for with the paper's four networks a
bootstrap would be too narrow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from memdyn.claims import intervals
from memdyn.figures.style import SMALL, deep, end_label, tint, width_of
from memdyn.timescales.figures.conditions import colour_of, curriculum_of, rows_of

#: With fewer networks no interval is drawn: that of two is 13 times their standard error.
MIN_NETWORKS = 3

COLUMNS = ["condition", "x", "mean", "low", "high", "n", "all_present"]


def interval(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """The interval that claims use, of the mean of one number per network.

    Returns:
        Low and high; not a number with fewer than ``MIN_NETWORKS`` finite values.
    """
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if len(known) < MIN_NETWORKS:
        return np.nan, np.nan
    found = intervals.of_mean(known)
    return found.low, found.high


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

    The mean is dotted where some of the networks are missing (they did not get so far). Of one or
    two places no line is drawn, but marks, open instead of dashed.

    Args:
        ax: axes.
        table, condition, value, x: see :func:`over_networks`.
        dashed: draw the mean dashed, to tell two conditions of one curriculum apart.
        networks: draw each network as a hairline, if there are few.
        marker: at each x.

    Returns:
        What was drawn (``COLUMNS``); empty if there is nothing.
    """
    curve = over_networks(table, condition, value, x)
    if curve.empty:
        return curve
    colour, few = colour_of(condition), len(curve) < 3
    if networks and 1 < curve["n"].max() <= 8:
        own = rows_of(table, condition).groupby(["network", x], as_index=False)[value].mean()
        for _, one in own.groupby("network"):
            look: dict[str, Any] = {"ls": "", "marker": ".", "ms": 3} if few else {"lw": 0.5}
            ax.plot(one[x], one[value], color=tint(colour, 0.55), zorder=2, **look)
    places, low, high = curve[["x", "low", "high"]].to_numpy(float).T
    if few:
        known = np.isfinite(low)
        ax.vlines(places[known], low[known], high[known], color=colour, lw=0.9, zorder=3)
        face = "none" if dashed else colour
        size = 5.5 if curriculum_of(condition) == "single" else 3.5  # equal marks would hide one
        ax.plot(places, curve["mean"], "o", ms=size, mfc=face, mec=colour, mew=0.9, zorder=4)
        return curve
    ax.fill_between(places, low, high, color=colour, alpha=0.16, lw=0, zorder=1.5)
    style = (0, (4, 1.5)) if dashed else "-"
    marker = marker or ("o" if curve["all_present"].sum() == 1 else "")
    draw_mean(ax, curve, lw=1.5, ls=style, marker=marker, ms=3)
    return curve


def draw_mean(ax: Axes, curve: pd.DataFrame, **line) -> None:
    """Draw the mean of one curve (``COLUMNS``), dotted and unmarked where networks are missing.

    ``line`` says how it looks where all are there (arguments of ``Axes.plot``).
    """
    colour = colour_of(curve["condition"].iloc[0])
    some = ~curve["all_present"].astype(bool)
    beside = some | some.shift(1, fill_value=False) | some.shift(-1, fill_value=False)
    dotted = curve["mean"].where(beside)
    ax.plot(curve["x"], dotted, color=colour, lw=0.7, ls=(0, (1, 1.2)), zorder=3)
    whole = curve[curve["all_present"].astype(bool)]
    ax.plot(whole["x"], whole["mean"], color=colour, zorder=4, **line)


#: The end of a network that could have gone on.
ALL_ASKED = "reached max_N"
#: Marker of how a network's training ended, and what it means.
ENDINGS = {
    ALL_ASKED: ("^", "all N solved"),
    "out of epochs": ("o-", "epochs used up"),
    "plateau": ("s", "no new N"),
    "diverged": ("x", "diverged"),
}


def solved_in_time(epochs: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Largest N solved by the end of each epoch.

    Args:
        epochs: one row per network and epoch, with ``n_max`` and ``advanced``.
        condition: as in the table.

    Returns:
        (epoch, network): zero until the first N is solved, from epoch 0 on; not a number after a
        network's last epoch.
    """
    rows = rows_of(epochs, condition)
    if rows.empty:
        return pd.DataFrame()
    solved = rows["n_max"].where(rows["advanced"].astype(bool), 0)
    wide = rows.assign(solved=solved).pivot_table(
        "solved", "epoch", "network", aggfunc="max", dropna=False
    )
    start = pd.DataFrame(0.0, index=[0], columns=wide.columns)
    return pd.concat([start, wide]).cummax()


def draw_progress(
    ax: Axes, epochs: pd.DataFrame, networks: pd.DataFrame, conditions: Sequence[str]
) -> pd.DataFrame:
    """Draw the largest N solved against the epoch: mean over networks, and each network thin.

    A network that has ended keeps its N in the mean, which is drawn until the last one ends. The
    end of each network is marked with what ended it (``ENDINGS``).

    Returns:
        ``COLUMNS``, x being the epoch; conditions without rows are left out.
    """
    found = []
    for condition in conditions:
        each = solved_in_time(epochs, condition)
        if each.empty:
            continue
        colour = colour_of(condition)
        status = rows_of(networks, condition)
        status = dict(zip(status["network"], status["status"], strict=True)) if len(status) else {}
        for network, one in each.items():
            one = one.dropna()
            ax.step(one.index, one, where="post", color=tint(colour, 0.5), lw=0.6, zorder=2)
            kind, _ = ENDINGS.get(status.get(network, ""), (None, None))
            if kind:
                end_mark(ax, one.index[-1], one.iloc[-1], kind, colour)
        whole = each.ffill()
        curve = pd.DataFrame(
            {
                "condition": condition,
                "x": whole.index,
                "mean": whole.mean(axis=1),
                "low": [interval(row)[0] for row in whole.to_numpy()],
                "high": [interval(row)[1] for row in whole.to_numpy()],
                "n": whole.shape[1],
                "all_present": each.notna().all(axis=1),
            }
        )
        ax.fill_between(
            curve["x"].to_numpy(float),
            curve["low"].clip(lower=0).to_numpy(float),
            curve["high"].to_numpy(float),
            step="post",
            color=colour,
            alpha=0.16,
            lw=0,
            zorder=1.5,
        )
        ax.step(curve["x"], curve["mean"], where="post", color=colour, lw=1.5, zorder=3)
        found.append(curve)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)


def end_mark(ax: Axes, x: float, y: float, kind: str, colour) -> None:
    """Put a marker ("o" filled, "o-" open) on a point, above all lines."""
    face = "white" if kind.endswith("-") else colour
    ax.plot(
        x,
        y,
        kind.removesuffix("-"),
        ms=4,
        mfc=face,
        mec=colour,
        mew=0.8,
        zorder=6,
        clip_on=False,
    )


def n_line(ax: Axes, counts: Sequence[tuple[str, int]], up: float = 4) -> None:
    """State at the right above the axes how many networks each colour stands for.

    Args:
        ax: axes.
        counts: (condition, number of networks) in the order of reading.
        up: so many points above the axes.
    """
    x = 0.0
    for i, (condition, n) in reversed(list(enumerate(counts))):
        text = ("n = " if i == 0 else "") + str(n) + (", " if i + 1 < len(counts) else "")
        word = ax.annotate(
            text,
            (1, 1),
            xytext=(-x, up),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            size=SMALL,
            color=deep(colour_of(condition)),
            annotation_clip=False,
        )
        x += 72 * width_of(ax.figure, word)


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
    ax.autoscale_view()  # places are those of the final limits
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
        end_label(ax, place[key], (right, up), text, colour)
