"""Figure 6 of study 2: recurrent weights and the dimension of activity against N."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    Drawn,
    deep,
    house_style,
    letter,
    new_figure,
    panel,
    say,
    small_print,
)
from memdyn.timescales.figures.conditions import (
    CURRICULUM_COLOURS,
    CURRICULUM_NAMES,
    MAIN,
    TASK_NAMES,
    colour_of,
    rows_of,
)
from memdyn.timescales.figures.curves import draw_curve, label_ends
from memdyn.timescales.figures.marks import (
    NOT_RUN,
    draw_dots,
    ends_of,
    fit_height,
    key,
    some_missing,
    summary_of,
)

LAST_N = 30  # the authors' regressions end here
THOUSANDTHS = 1e3  # weights are shown in units of 10^-3
_COLUMNS = ["condition", "network", "slope", "intercept", "n_N", "last_N"]


def draw(weights: pd.DataFrame, dimension: pd.DataFrame, note: str) -> Drawn:
    """Draw the figure.

    Args:
        weights: one row per network and N, with ``weight_mean`` and ``spectral_radius``; may be
            empty, without columns.
        dimension: one row per network and N, with ``dimension`` and ``participation_ratio``.
        note: scale and size, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, 5.1)
        slopes = regressions(weights)
        plotted = {}
        for i, task in enumerate(TASK_NAMES):
            ax = panel(figure, 0.62 + 2.2 * i, 0.45, 1.65, 1.4)
            letter(ax, "ab"[i], left=36)
            plotted["ab"[i]] = _draw_weights(ax, weights, slopes, task)
        plotted["c"] = _draw_slopes(panel(figure, 6.1, 0.45, 1.25, 1.4), slopes)
        key(
            figure,
            2.35,
            [
                ("line", CURRICULUM_COLOURS["single"], "single-head"),
                ("line", CURRICULUM_COLOURS["multi"], "multi-head"),
                ("line", FAINT, "N-parity"),
                ("dashed", FAINT, "N-DMS"),
                ("dotted", INK, f"regression on N ≤ {LAST_N} (a, b)"),
            ],
        )
        values = {
            "d": (weights, "spectral_radius", "spectral radius"),
            "e": (dimension, "dimension", "dimension (90 % variance)"),
            "f": (dimension, "participation_ratio", "participation ratio"),
        }
        for i, (name, (table, value, title)) in enumerate(values.items()):
            ax = panel(figure, 0.62 + 2.02 * i, 2.9, 1.5, 1.4)
            letter(ax, name, left=36 if i == 0 else 28)
            ax.set_title(title, loc="left")
            plotted[name] = _draw_both_tasks(ax, table, value, last=name == "f")
        small_print(
            figure,
            note,
            "Curves: mean over networks, band: its 95 % interval (t, n ≥ 3); hairlines: networks.",
            "Thin dotted: only some networks got so far." if some_missing(plotted.values()) else "",
            "Slopes: least squares, one per network.",
        )
        summary = {
            "slopes": {
                name: {"mean": own["slope"].mean(), "n": len(own)}
                for name, own in slopes.groupby("condition", sort=False)
            }
        }
        for name, (_, value, _) in values.items():
            summary[value] = {
                condition: summary_of(own)
                for condition, own in plotted[name].groupby("condition", sort=False)
            }
        return Drawn(figure, plotted, summary)


def regressions(weights: pd.DataFrame) -> pd.DataFrame:
    """Least-squares line of each network's mean recurrent weight against N <= ``LAST_N``.

    Args:
        weights: rows with ``network``, ``condition``, ``N`` and ``weight_mean``; may be empty.

    Returns:
        Rows of ``_COLUMNS``: ``slope`` per step of N, ``n_N`` points, ``last_N`` the largest of
        them; without networks that have fewer than two.
    """
    found = []
    for condition in MAIN:
        rows = rows_of(weights, condition)
        if rows.empty:
            continue
        rows = rows[(rows["N"] <= LAST_N) & np.isfinite(rows["weight_mean"])]
        for network, own in rows.groupby("network"):
            if own["N"].nunique() < 2:
                continue
            slope, intercept = np.polyfit(own["N"], own["weight_mean"], 1)
            found.append((condition, network, slope, intercept, len(own), int(own["N"].max())))
    return pd.DataFrame(found, columns=_COLUMNS)


def _draw_weights(ax: Axes, weights: pd.DataFrame, slopes: pd.DataFrame, task: str) -> pd.DataFrame:
    """Mean recurrent weight of one task, both curricula, with the mean regression line."""
    ax.set_title(f"{TASK_NAMES[task]}: recurrent weight", loc="left")
    if len(weights):
        weights = weights.assign(weight_mean=THOUSANDTHS * weights["weight_mean"])
    drawn = {}
    for name in (f"{task}_single", f"{task}_multi"):
        curve = draw_curve(ax, weights, name, "weight_mean")
        if curve.empty:
            continue
        drawn[name] = curve
        own = slopes[slopes["condition"] == name]
        if len(own):
            across = np.array([curve["x"].min(), own["last_N"].max()])
            line = own["intercept"].mean() + own["slope"].mean() * across
            ax.plot(across, THOUSANDTHS * line, ls=(0, (1, 1.2)), color=INK, lw=0.9, zorder=6)
    if not drawn:
        say(ax, NOT_RUN)
        return pd.DataFrame(columns=["condition"])
    fit_height(ax, weights, drawn, "weight_mean")
    ax.axhline(0, color=FAINT, lw=0.5, zorder=0)
    ax.set(xlabel="N", ylabel="mean weight (10⁻³)")
    return pd.concat(drawn.values(), ignore_index=True)


def _draw_slopes(ax: Axes, slopes: pd.DataFrame) -> pd.DataFrame:
    """The slope of each network, by condition."""
    ax.set_title("slope (10⁻³ per N)", loc="left")
    letter(ax, "c", left=92)
    if slopes.empty:
        say(ax, NOT_RUN)
        return slopes
    ax.axvline(0, color=FAINT, lw=0.5, zorder=0)
    labels = []
    for i, name in enumerate(MAIN):
        own = slopes[slopes["condition"] == name].set_index("network")["slope"] * THOUSANDTHS
        row = draw_dots(ax, own, i, colour_of(name))
        task, which = name.split("_")
        slope = f"{row['mean']:.2f}".replace("-", "−")
        text = f"{slope}, n = {row['n']}" if row["n"] else "not run"
        labels.append(f"{TASK_NAMES[task][2:]} {CURRICULUM_NAMES[which]}\n{text}")
    ax.set(ylim=(len(MAIN) - 0.5, -0.5), yticks=range(len(MAIN)), yticklabels=labels)
    ax.tick_params(axis="y", length=0)
    for tick, name in zip(ax.get_yticklabels(), MAIN, strict=True):
        tick.set_color(deep(colour_of(name)))
    ax.set_xlabel("below 0: inhibition grows")
    return slopes


def _draw_both_tasks(ax: Axes, table: pd.DataFrame, value: str, last: bool) -> pd.DataFrame:
    """One quantity against N: N-parity solid, N-DMS dashed."""
    drawn = {}
    for name in MAIN:
        dashed = name.startswith("dms")
        curve = draw_curve(ax, table, name, value, dashed=dashed, networks=not dashed)
        if len(curve):
            drawn[name] = curve
    if not drawn:
        say(ax, NOT_RUN)
        return pd.DataFrame(columns=["condition"])
    fit_height(ax, table, MAIN, value, zero=value != "spectral_radius")
    if value == "spectral_radius":
        ax.axhline(1, color=FAINT, lw=0.5, zorder=0)
    ax.set_xlabel("N")
    if last:
        label_ends(ax, ends_of(drawn, task=True), gap=0.1)
    return pd.concat(drawn.values(), ignore_index=True)
