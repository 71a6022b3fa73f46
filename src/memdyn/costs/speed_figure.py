"""How fast the work is: ratios to a reference, and how near the machine's limit it comes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from memdyn.figures.recordings import quantity
from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    PALE,
    SMALL,
    TEXT,
    TITLE,
    Drawn,
    house_style,
    new_figure,
    panel,
    small_print,
)
from memdyn.files import FileProblem, read_benchmark

#: Columns that a benchmark's CSV must have for the figure and the table.
COLUMNS = (
    *("work", "what", "size", "ours", "reference", "against", "unit", "ratio", "target"),
    *("limit", "limit_kind", "share", "target_share", "note"),
    *("command", "cpu", "cores", "device", "torch", "commit", "time"),
)
REACHED, MISSED = "#117733", "#CC3311"  # as the verdicts of claims
# Places across the page and heights (inch).
NAMES, AXIS, LIMIT, TOP, LINE, BOTTOM = 0.12, (3.45, 2.3), (6.1, 1.05), 0.42, 0.5, 0.78


def read_rows(paths: Sequence[Path | str]) -> pd.DataFrame:
    """The last row of each work, size and device in the CSVs of benchmarks, in order.

    Raises:
        FileProblem: a file is none of them.
    """
    rows = pd.concat([read_benchmark(path, COLUMNS) for path in paths], ignore_index=True)
    return rows.drop_duplicates(["work", "size", "device"], keep="last", ignore_index=True)


def draw(rows: pd.DataFrame) -> Drawn:
    """Draw the figure.

    Args:
        rows: of ``read_rows``; those without a reference are left out.

    Raises:
        FileProblem: no row has a reference.
    """
    rows = rows[rows["ratio"].notna()].reset_index(drop=True)
    if rows.empty:
        raise FileProblem("no benchmark with a reference has been measured: run `make bench`")
    height = TOP + LINE * len(rows) + BOTTOM
    with house_style():
        figure = new_figure(FULL, height)
        ratios = panel(figure, AXIS[0], TOP, AXIS[1], LINE * len(rows))
        limits = panel(figure, LIMIT[0], TOP, LIMIT[1], LINE * len(rows))
        for y, row in enumerate(rows.itertuples()):
            _draw_names(ratios, y, row)
            _draw_ratio(ratios, y, row)
            _draw_share(limits, y, row)
        for ax in (ratios, limits):
            ax.set_ylim(len(rows) - 0.5, -0.5)
            ax.yaxis.set_major_locator(NullLocator())
            ax.spines["left"].set_visible(False)
        _scale(ratios, rows)
        limits.set(xlim=(0, 1), xlabel="part of the machine's limit")
        limits.xaxis.set_major_locator(FixedLocator([0, 0.5, 1]))
        limits.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        heads = ((NAMES, "Work"), (AXIS[0], "Speed"), (LIMIT[0], "Limit"))
        for x, title in heads:
            figure.text(x / FULL, 1 - 0.2 / height, title, size=TITLE, weight="bold", va="center")
        small_print(figure, _note(rows))
    shown = rows[["work", "what", "size", "ours", "reference", "against", "unit", "ratio"]]
    shown = shown.join(rows[["target", "limit", "limit_kind", "share", "target_share", "device"]])
    return Drawn(figure, {"speed": shown}, _summary(rows))


def reached(value: float, target: float) -> bool | None:
    """Whether a target was reached; None without a target."""
    return None if math.isnan(target) else bool(value >= target)


def _draw_names(ax: Axes, y: float, row) -> None:
    """What was measured, its size, and the seconds of both, left of the axis."""
    place = {"xycoords": ("figure fraction", "data"), "textcoords": "offset points", "size": SMALL}
    gpu = "" if row.device == "cpu" else " (GPU)"
    seconds = f"{quantity(row.ours, row.unit)}; {row.against}: {quantity(row.reference, row.unit)}"
    for up, text in ((10, row.what + gpu), (0, row.size), (-10, seconds)):
        colour = INK if up > 0 else FAINT
        ax.annotate(text, (NAMES / FULL, y), (0, up), va="center", color=colour, **place)


def _draw_ratio(ax: Axes, y: float, row) -> None:
    """A line from one to the ratio, its number, and a tick where it was asked to be."""
    colour = {True: REACHED, False: MISSED, None: INK}[reached(row.ratio, row.target)]
    ax.plot([1, row.ratio], [y, y], color=colour, lw=1.6, solid_capstyle="butt", zorder=2)
    ax.plot(row.ratio, y, "o", ms=4.5, color=colour, zorder=3)
    beyond = row.ratio < row.target < 2.5 * row.ratio  # the target's mark would hide the number
    ax.annotate(
        f"{row.ratio:.3g}×" if row.ratio < 100 else f"{row.ratio:.0f}×",
        (max(row.ratio, row.target) if beyond else max(row.ratio, 1.0), y),
        (6, 0),
        textcoords="offset points",
        size=TEXT,
        color=colour,
        va="center_baseline",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        zorder=4,
    )
    if not math.isnan(row.target):
        ax.plot([row.target] * 2, [y - 0.25, y + 0.25], color=INK, lw=1.4, zorder=5)


def _draw_share(ax: Axes, y: float, row) -> None:
    """A bar up to the share of the limit, and what limits."""
    if math.isnan(row.share):
        ax.text(0.02, y, "no limit known", size=SMALL, color=FAINT, va="center_baseline")
        return
    colour = {True: REACHED, False: MISSED, None: FAINT}[reached(row.share, row.target_share)]
    ax.barh(y, 1, 0.22, color=PALE, lw=0, zorder=1)
    ax.barh(y, min(row.share, 1), 0.22, color=colour, lw=0, zorder=2)
    if not math.isnan(row.target_share):
        ax.plot([row.target_share] * 2, [y - 0.19, y + 0.19], color=INK, lw=1.4, zorder=3)
    text = f"{row.share:.0%} ({row.limit_kind})"
    ax.text(0, y - 0.17, text, size=SMALL, color=FAINT, va="bottom")


def _scale(ax: Axes, rows: pd.DataFrame) -> None:
    """A log axis from one on, with a line there and room for the numbers."""
    values = np.concatenate([rows["ratio"], rows["target"].dropna()])
    low, high = min(1.0, values.min() / 2), values.max() * 2.2
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ticks = [t for t in (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000) if low <= t <= high]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    for tick in ticks:
        ax.axvline(tick, color=INK if tick == 1 else PALE, lw=0.6, zorder=0)
    ax.set_xlabel("times as fast as the reference")


def _note(rows: pd.DataFrame) -> str:
    last = rows.iloc[-1]
    commits = ", ".join(dict.fromkeys(str(commit)[:7] for commit in rows["commit"]))
    return (
        "Upright mark: the target (green: reached; red: missed). CPU-s: of one thread; s: on the "
        "wall's clock.\nLimit: operations or bytes at the rate of matrix products (matmul) or of "
        f"copies, measured beside.\n{last['cpu']}, {last['cores']} cores, torch {last['torch']}, "
        f"commit {commits}."
    )


def _summary(rows: pd.DataFrame) -> dict:
    """Ratio, target and share of each work, and how many targets were reached."""
    met = [reached(row.ratio, row.target) for row in rows.itertuples()]
    works = {
        row.work + ("" if row.device == "cpu" else " (GPU)"): {
            "ratio": row.ratio,
            "target": row.target,
            "share_of_limit": row.share,
        }
        for row in rows.itertuples()
    }
    return {"targets": sum(m is not None for m in met), "reached": met.count(True), "works": works}
