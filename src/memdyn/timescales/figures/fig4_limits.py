"""Figure 4 of study 2: how far networks get, and what their time constants do on the way."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from memdyn.figures.style import (
    FAINT,
    FULL,
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
from memdyn.timescales.claims import bands
from memdyn.timescales.figures.conditions import (
    CURRICULUM_COLOURS,
    CURRICULUM_NAMES,
    TASK_NAMES,
    colour_of,
    rows_of,
)
from memdyn.timescales.figures.curves import (
    ALL_ASKED,
    COLUMNS,
    ENDINGS,
    MIN_NETWORKS,
    draw_curve,
    end_mark,
    interval,
    n_line,
)
from memdyn.timescales.figures.marks import (
    key,
    paper_bands,
    paper_box,
    paper_note,
    some_missing,
)

HEIGHT = 6.7
#: Conditions whose limit is shown, by group: those of the main text come first, fixed tau after.
GROUPS = (
    ("parity", "single", ("", "tau1", "tau2", "tau3", "tau4", "tau5")),
    ("parity", "multi", ("", "tau1", "tau2", "tau3", "tau4", "tau5")),
    ("dms", "single", ("",)),
    ("dms", "multi", ("",)),
)
#: Conditions whose time constants are shown, per task.
TASKS = {"parity": ("parity_single", "parity_multi"), "dms": ("dms_single", "dms_multi")}
STATISTICS = {
    "tau_mean": ("mean τ over units", bands.TAU_MEAN, bands.TAU_AT_START[0]),
    "tau_sd": ("SD of τ over units", bands.TAU_SD, bands.TAU_AT_START[1]),
}


def draw(networks: pd.DataFrame, timescales: pd.DataFrame, n_units: int, note: str) -> Drawn:
    """Draw the figure.

    Args:
        networks: one row per network (table ``networks``); may be empty.
        timescales: one row per network and solved N (table ``timescales``); may be empty.
        n_units: units of the networks; the paper's bands are drawn for its size only.
        note: scale, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, HEIGHT)
        plotted = {"a": _draw_limits(panel(figure, 0.62, 0.52, 6.73, 1.4), networks, n_units)}
        _keys(figure, networks, n_units)
        letters = iter("bcde")
        for row, statistic in enumerate(STATISTICS):
            for column, task in enumerate(TASKS):
                name = next(letters)
                ax = panel(figure, 0.62 + 3.66 * column, 3.1 + 1.62 * row, 3.07, 1.22)
                plotted[name] = _draw_statistic(ax, timescales, statistic, task, n_units, row)
                letter(ax, name, left=34 if column == 0 else 26)
        curves = [plotted[name] for name in "bcde"]
        hatched = any(bar.get_hatch() for ax in figure.axes for bar in ax.patches)
        small_print(
            figure,
            note,
            f"Bands: 95 % over networks (Student), from {MIN_NETWORKS} networks on.",
            "Dotted: not all networks got so far." if some_missing(curves) else "",
            "Hatched: no larger N was asked for." if hatched else "",
            "" if bands.hold(n_units) else paper_note(n_units, figure),
        )
        return Drawn(figure, plotted, _summary(plotted))


def limits(networks: pd.DataFrame) -> pd.DataFrame:
    """Largest N of each network of the conditions shown.

    Args:
        networks: table ``networks``.

    Returns:
        Rows of ``group`` (0 ...), ``slot`` (place along x), ``condition``, ``label``, ``network``,
        ``max_N``, ``status``; one of the main conditions without networks has one row without them.
    """
    rows, slot = [], 0.0
    for group, (task, curriculum, kinds) in enumerate(GROUPS):
        for kind in kinds:
            condition = "_".join(filter(None, (task, curriculum, kind)))
            own = rows_of(networks, condition)
            if own.empty and kind:
                continue
            found = re.fullmatch(r"tau(\d+)", kind)
            where = {
                "group": group,
                "slot": slot,
                "condition": condition,
                "label": f"τ = {found[1]}" if found else "trained τ",
            }
            for one in own.itertuples():
                rows.append(
                    where | {"network": one.network, "max_N": one.max_N, "status": one.status}
                )
            if own.empty:
                rows.append(where | {"network": None, "max_N": np.nan, "status": None})
            slot += 1
        slot += 0.6
    return pd.DataFrame(rows)


def _draw_limits(ax: Axes, networks: pd.DataFrame, n_units: int) -> pd.DataFrame:
    """Largest N per condition: networks, their mean and interval, the paper's range behind."""
    ax.set_title("largest N solved, with trained and with fixed time constants", loc="left", pad=13)
    letter(ax, "a", left=34, up=14)
    found = limits(networks)
    known = found.dropna(subset="max_N")
    if known.empty:
        say(ax, "No network was trained.")
        return known
    slots = found.drop_duplicates("slot")
    ax.set(xlim=(-0.6, slots["slot"].max() + 0.6), ylim=(0, 1.08 * max(1, known["max_N"].max())))
    if bands.hold(n_units):
        for one in slots.itertuples():
            if one.condition in bands.MAX_N:
                band, colour = bands.MAX_N[one.condition], colour_of(one.condition)
                paper_box(ax, one.slot - 0.38, one.slot + 0.38, band, colour)
    summary = []
    for one in slots.itertuples():
        own = known[known["slot"] == one.slot]
        colour = colour_of(one.condition)
        if own.empty:
            ax.annotate(
                "not run",
                (one.slot, 0),
                xytext=(0, 4),
                textcoords="offset points",
                ha="center",
                size=SMALL,
                color=FAINT,
            )
            continue
        mean, (low, high) = own["max_N"].mean(), interval(own["max_N"])
        # What solved all that was asked could have gone on.
        asked = (own["status"] == ALL_ASKED).all()
        (bar,) = ax.bar(one.slot, mean, 0.62, color=colour, alpha=0.25, zorder=1)
        if asked:
            bar.set(hatch="////", facecolor="none", edgecolor=colour, lw=0)
        ax.plot([one.slot - 0.31, one.slot + 0.31], [mean, mean], color=colour, lw=1.6, zorder=4)
        ax.plot([one.slot, one.slot], [low, high], color=colour, lw=1.0, zorder=3)
        spread = np.linspace(-0.2, 0.2, len(own)) if len(own) > 1 else [0.0]
        for shift, network in zip(spread, own.itertuples(), strict=True):
            kind = ENDINGS.get(network.status, ("o", ""))[0]
            end_mark(ax, one.slot + shift, network.max_N, kind, colour)
        summary.append((one.condition, mean, low, high, len(own)))
    counts = known.groupby("slot")["network"].size()
    labels = [
        f"{one.label}\nn = {counts[one.slot]}" if one.slot in counts else f"{one.label}\n–"
        for one in slots.itertuples()
    ]
    ax.set_xticks(slots["slot"], labels)
    ax.tick_params(axis="x", length=0)
    ax.set_ylabel("largest N solved")
    ax.yaxis.set_major_locator(whole_numbers(6))
    for group, own in slots.groupby("group"):
        task, curriculum, _ = GROUPS[group]
        _bracket(ax, own["slot"].min(), own["slot"].max(), task, curriculum)
    means = pd.DataFrame(summary, columns=["condition", "mean", "low", "high", "n"])
    return known.merge(means, on="condition").drop(columns="group")


def _bracket(ax: Axes, first: float, last: float, task: str, curriculum: str) -> None:
    """Name a group of conditions below their labels."""
    colour = CURRICULUM_COLOURS[curriculum]
    for xs, text in (((first - 0.35, last + 0.35), None), (((first + last) / 2,) * 2, curriculum)):
        if text is None:
            ax.plot(
                xs,
                [-0.235, -0.235],
                color=colour,
                lw=1.2,
                transform=ax.get_xaxis_transform(),
                clip_on=False,
            )
        else:
            wide = last > first
            ax.text(
                xs[0],
                -0.265,
                f"{TASK_NAMES[task]}," + (" " if wide else "\n") + CURRICULUM_NAMES[text],
                transform=ax.get_xaxis_transform(),
                ha="center",
                va="top",
                size=SMALL,
                color=deep(colour),
                linespacing=1.0,
            )


def _draw_statistic(
    ax: Axes, timescales: pd.DataFrame, statistic: str, task: str, n_units: int, row: int
) -> pd.DataFrame:
    """One statistic of the time constants against N."""
    title, paper, start = STATISTICS[statistic]
    ax.set_title(f"{TASK_NAMES[task]}: {title}", loc="left")
    curves = [draw_curve(ax, timescales, name, statistic) for name in TASKS[task]]
    curves = [curve for curve in curves if len(curve)]
    if not curves:
        say(ax, "Not run at this scale.")
        return pd.DataFrame(columns=COLUMNS)
    found = pd.concat(curves, ignore_index=True)
    n_line(ax, list(found.groupby("condition", sort=False)["n"].max().items()))
    shown = timescales[timescales["condition"].isin(TASKS[task])]
    _limits_of_y(ax, shown[statistic].dropna(), start)
    ax.axhline(start, color=FAINT, lw=0.6, ls=(0, (4, 2)), zorder=1)
    ax.set_xlim(min(1.5, found["x"].min() - 0.5), found["x"].max() + 0.5)
    for name in TASKS[task]:
        paper_bands(ax, paper, name, n_units)
    ax.set_ylabel("τ (time steps)")
    if row == len(STATISTICS) - 1:
        ax.set_xlabel("N solved")
    ax.xaxis.set_major_locator(whole_numbers(7))
    return found


def _limits_of_y(ax: Axes, values: pd.Series, start: float) -> None:
    """From the networks and the value before training, and half of that for wider intervals."""
    low, high = min(values.min(), start), max(values.max(), start)
    margin = max(0.1 * (high - low), 0.02)
    room = max(0.5 * (high - low), margin)
    drawn = ax.dataLim.padded(0.02 * (high - low))
    ax.set_ylim(
        max(low - room, min(low - margin, drawn.y0)), min(high + room, max(high + margin, drawn.y1))
    )


def _keys(figure, networks: pd.DataFrame, n_units: int) -> None:
    names = [n for n in ("single", "multi") if len(networks)]
    entries: list[tuple] = [("line", CURRICULUM_COLOURS[n], CURRICULUM_NAMES[n]) for n in names]
    ended = set(networks["status"]) if len(networks) else set()
    entries += [(kind, FAINT, text) for status, (kind, text) in ENDINGS.items() if status in ended]
    if bands.hold(n_units):
        entries.append(("paper", FAINT, "the paper"))
    if names:
        entries.append(("dashed", FAINT, "before training"))
    if entries:
        key(figure, 2.6, entries, left=0.62, gap=0.1)


def _summary(plotted: dict[str, pd.DataFrame]) -> dict:
    a = plotted["a"]
    chosen = a.drop_duplicates("condition") if len(a) else a
    summary: dict = {
        "max_N": {
            one.condition: {"mean": one.mean, "low": one.low, "high": one.high, "n": one.n}
            for one in chosen.itertuples()
        }
    }
    letters = iter("bcde")
    for statistic in STATISTICS:
        for _task in TASKS:
            rows = plotted[next(letters)]
            if len(rows):
                for condition, own in rows.groupby("condition", sort=False):
                    summary.setdefault(statistic, {})[condition] = {
                        int(x): mean for x, mean in zip(own["x"], own["mean"], strict=True)
                    }
    return summary
