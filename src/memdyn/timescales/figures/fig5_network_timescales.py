"""Figure 5 of study 2: how long activity remembers, from its autocorrelation."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from memdyn.figures.style import (
    FAINT,
    FULL,
    SMALL,
    TAU_NET,
    Drawn,
    deep,
    house_style,
    letter,
    new_figure,
    panel,
    say,
    small_print,
)
from memdyn.timescales.claims import bands
from memdyn.timescales.figures.conditions import (
    CURRICULUM_COLOURS,
    TASK_NAMES,
    colour_of,
    name_of,
    rows_of,
)
from memdyn.timescales.figures.curves import draw_curve, label_ends, over_networks
from memdyn.timescales.figures.marks import (
    NOT_RUN,
    common_N,
    ends_of,
    fit_height,
    key,
    paper_bands,
    paper_note,
    shades,
    some_missing,
    some_of,
    summary_of,
)

FLOOR, LAST_LAG = 1e-3, 30  # smallest autocorrelation and last lag on the axes
VALUES = {
    "tau_net_mean": "mean over neurons",
    "tau_net_sd": "SD over neurons",
    "tau_net_population": "summed activity",
}
_BANDS = {"tau_net_mean": bands.TAU_NET_MEAN, "tau_net_sd": bands.TAU_NET_SD}


def draw(timescales: pd.DataFrame, curves: pd.DataFrame, n_units: int, note: str) -> Drawn:
    """Draw the figure.

    Args:
        timescales: one row per network and N, with the columns of ``VALUES`` and
            ``tau_net_corrected_mean``; may be empty, without columns.
        curves: example autocorrelations, one row per network, N, neuron and lag; may be empty.
        n_units: size of the networks.
        note: scale and size, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, 6.35)
        examples = _draw_examples(figure, curves)
        plotted, summary = {"a": examples}, {}
        for row, task in enumerate(TASK_NAMES):
            found = _draw_task(figure, 2.85 + 1.72 * row, task, timescales, n_units, row)
            plotted |= {"bcdefg"[3 * row + i]: curve for i, curve in enumerate(found.values())}
            summary[task] = {
                value: {
                    name: summary_of(own) for name, own in curve.groupby("condition", sort=False)
                }
                for value, curve in found.items()
            }
        entries = [
            ("line", CURRICULUM_COLOURS["single"], "single-head"),
            ("line", CURRICULUM_COLOURS["multi"], "multi-head"),
            ("dashed", FAINT, "mean corrected for the bias of the fit"),
            ("dotted", FAINT, "only some networks got so far"),
        ]
        key(figure, 2.33, entries if some_missing(plotted.values()) else entries[:-1])
        small_print(
            figure,
            note,
            "Curves: mean over networks, band: its 95 % interval (t, n ≥ 3); hairlines: networks.",
            paper_note(n_units, figure),
        )
        return Drawn(figure, plotted, summary)


def choose_example(curves: pd.DataFrame, condition: str, N: int) -> pd.DataFrame:
    """The autocorrelation of one neuron: of its first network, the one of median tau_net.

    Args:
        curves: as in :func:`draw`.
        condition, N: whose.

    Returns:
        Its rows by lag, up to ``LAST_LAG``; none if there is no such neuron with a finite tau_net.
    """
    rows = rows_of(curves, condition)
    rows = rows[(rows["N"] == N) & (rows["neuron"] >= 0) & np.isfinite(rows["tau_net"])]
    if rows.empty:
        return rows
    rows = rows[(rows["seed"] == rows["seed"].min()) & (rows["lag"] <= LAST_LAG)]
    each = rows.groupby("neuron")["tau_net"].first().sort_values(kind="stable")
    return rows[rows["neuron"] == each.index[(len(each) - 1) // 2]].sort_values("lag")


def _draw_examples(figure, curves: pd.DataFrame) -> pd.DataFrame:
    """A panel per task and curriculum: an example neuron at a small and at a large N."""
    shown = []
    for i, (task, curriculum) in enumerate(
        (task, curriculum) for task in TASK_NAMES for curriculum in ("single", "multi")
    ):
        condition = f"{task}_{curriculum}"
        ax = panel(figure, 0.6 + 1.75 * i, 0.45, 1.4, 1.35)
        ax.set_title(name_of(condition), loc="left", color=deep(colour_of(condition)), size=SMALL)
        if i == 0:
            letter(ax, "a", left=36, up=8)
        pair = [f"{task}_single", f"{task}_multi"]
        Ns = some_of(common_N(curves, pair), 2)
        found = [example for N in Ns if len(example := choose_example(curves, condition, N))]
        if not found:
            say(ax, NOT_RUN)
            continue
        _draw_example(ax, found, condition)
        if shown:
            ax.set_yticklabels([])
        else:  # the first that is drawn
            ax.set_ylabel("autocorrelation")
        shown += found
    columns = ["condition", "network", "N", "neuron", "tau", "tau_net", "model"]
    columns += ["lag", "autocorrelation", "fit"]
    return pd.concat(shown)[columns] if shown else pd.DataFrame(columns=columns)


def _draw_example(ax: Axes, found: list[pd.DataFrame], condition: str) -> None:
    ax.set(yscale="log", ylim=(FLOOR, 1.4), xlim=(0, 31), xlabel="lag (steps)", xticks=[0, 15, 30])
    ax.minorticks_off()
    colours = shades(colour_of(condition), len(found))
    for i, (rows, colour) in enumerate(zip(found, colours, strict=True)):
        seen = rows[rows["autocorrelation"] > FLOOR]
        ax.plot(seen["lag"], seen["autocorrelation"], "o", ms=2, color=colour, mew=0, clip_on=False)
        fit = rows[rows["fit"] > FLOOR]
        ax.plot(fit["lag"], fit["fit"], color=colour, lw=1)
        first = rows.iloc[0]
        ax.annotate(
            f"N = {first['N']:g}: τ {first['tau']:.1f}, {TAU_NET} {first['tau_net']:.1f}",
            (1, 1),
            xytext=(4, -3 - 9.5 * (len(found) - 1 - i)),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="top",
            size=SMALL,
            color=deep(colour),
        )


def _draw_task(figure, top: float, task: str, timescales: pd.DataFrame, n_units: int, row: int):
    """Three panels of one task; value -> what is drawn of both curricula."""
    conditions = [f"{task}_single", f"{task}_multi"]
    found = {}
    for i, (value, title) in enumerate(VALUES.items()):
        ax = panel(figure, 0.6 + 2.12 * i, top, 1.65, 1.1)
        letter(ax, "bcdefg"[3 * row + i], left=36 if i == 0 else 26)
        ax.set_title(f"{TASK_NAMES[task]}: {title}", loc="left")
        curves = {name: draw_curve(ax, timescales, name, value) for name in conditions}
        drawn = [curve for curve in curves.values() if len(curve)]
        found[value] = (
            pd.concat(drawn, ignore_index=True) if drawn else pd.DataFrame(columns=["condition"])
        )
        if not drawn:
            say(ax, NOT_RUN)
            continue
        if value == "tau_net_mean":
            for name in conditions:
                better = over_networks(timescales, name, "tau_net_corrected_mean")
                ax.plot(better["x"], better["mean"], color=colour_of(name), lw=1, ls=(0, (4, 1.5)))
        fit_height(ax, timescales, conditions, value, zero=True)
        ax.set_xlabel("N")
        if i == 0:
            ax.set_ylabel(f"{TAU_NET} (steps)")
        for name in conditions:
            paper_bands(ax, _BANDS.get(value, {}), name, n_units)
        if i == 2:
            label_ends(ax, ends_of(curves), gap=0.13)
    return found
