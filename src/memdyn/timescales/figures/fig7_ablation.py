"""Figure 7 of study 2: accuracy when one neuron is taken out."""

from __future__ import annotations

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
    nothing_to_draw,
    panel,
    small_print,
    tint,
)
from memdyn.timescales.claims import bands
from memdyn.timescales.figures.conditions import (
    CURRICULUM_COLOURS,
    CURRICULUM_NAMES,
    TASK_NAMES,
    colour_of,
    curriculum_of,
    rows_of,
)
from memdyn.timescales.figures.marks import (
    common_N,
    draw_dots,
    key,
    mean_row,
    paper_box,
    paper_note,
    per_network,
    some_of,
)

GROUPS = {"shortest": "shortest τ", "longest": "longest τ"}
CURRICULA = ("single", "multi", "sliding")
MOST_N = 3
#: Factor on tau by which dots of a curriculum are moved, so that those at tau = 1 do not hide.
DODGE = {"single": 0.98, "multi": 1.02, "sliding": 1.0}
ROW, TOP = 3.55, 0.75  # height of a task's two rows of panels, above the first (inch)
COLUMNS = ["condition", "N", "group", "mean", "low", "high", "n", "tau", "n_neurons"]


def draw(ablation: pd.DataFrame, n_units: int, note: str) -> Drawn:
    """Draw the figure.

    Args:
        ablation: one row per network, N, group and neuron, with ``tau`` and ``relative``; may be
            empty, without columns.
        n_units: size of the networks.
        note: scale and size, for the small print.
    """
    table = relative_accuracy(ablation)
    with house_style():
        if table.empty:
            return nothing_to_draw("No neuron was taken out at this scale.", note)
        tasks = [task for task in TASK_NAMES if table["condition"].str.startswith(task).any()]
        figure = new_figure(FULL, TOP + ROW * len(tasks) + 0.1)
        shown = [name for name in CURRICULA if any(table["condition"].str.endswith(name))]
        key(
            figure,
            0.12,
            [("band", CURRICULUM_COLOURS[name], CURRICULUM_NAMES[name]) for name in shown]
            + [("o", FAINT, "a network")]
            + ([("paper", FAINT, "the paper's networks")] if bands.hold(n_units) else []),
            left=0.62,
        )
        plotted = {}
        for i, task in enumerate(tasks):
            rows = table[table["condition"].str.startswith(task)]
            _draw_task(figure, TOP + ROW * i, task, rows, ablation, n_units, 2 * i)
            plotted["aceg"[i]] = rows
            plotted["bdfh"[i]] = _neurons(ablation, rows)
        small_print(
            figure,
            note,
            "Relative accuracy: 1 as without ablation, 0 at chance; p = 0.5. Bars: mean over"
            " networks of the mean over neurons, taken out one at a time; lines: 95 % interval"
            " over networks (t, n ≥ 3).",
            paper_note(n_units, figure),
        )
        return Drawn(figure, plotted, _summary(table))


def relative_accuracy(ablation: pd.DataFrame) -> pd.DataFrame:
    """Mean relative accuracy over networks, of each condition, N and group.

    Args:
        ablation: as in :func:`draw`; neurons are averaged within a network first.

    Returns:
        Rows of ``COLUMNS``: ``tau`` is the mean of the ablated neurons, ``n`` counts networks and
        ``n_neurons`` those taken out of each.
    """
    found = []
    for condition in (f"{task}_{name}" for task in TASK_NAMES for name in CURRICULA):
        rows = rows_of(ablation, condition)
        if rows.empty:
            continue
        for (N, group), own in rows.groupby(["N", "group"]):
            each = per_network(own, condition, "relative")
            row = mean_row(each).values()
            count = own.groupby("network")["neuron"].nunique().max()
            found.append((condition, int(N), group, *row, own["tau"].mean(), int(count)))
    return pd.DataFrame(found, columns=COLUMNS)


def _neurons(ablation: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Every ablated neuron of the conditions in ``rows``."""
    columns = ["condition", "network", "N", "group", "neuron", "tau", "relative"]
    return ablation.loc[ablation["condition"].isin(rows["condition"].unique()), columns]


def _draw_task(
    figure,
    top: float,
    task: str,
    rows: pd.DataFrame,
    ablation: pd.DataFrame,
    n_units: int,
    first: int,
) -> None:
    """Bars of both groups for up to three N, and below them every neuron against its tau.

    Among them are the largest N of any condition and the largest that all have.
    """
    shared = common_N(rows, rows["condition"].unique())
    last = int(rows["N"].max())
    Ns = some_of(shared, MOST_N) if last in shared else [*some_of(shared, MOST_N - 1), last]
    width = (FULL - 0.62 - 0.15 - 0.25 * (len(Ns) - 1)) / len(Ns)
    width = min(width, 3.2)
    taus = ablation.loc[ablation["condition"].isin(rows["condition"]), "tau"]
    across = (0.9 * max(taus.min(), 0.5), 1.15 * taus.max())
    floor = min(-0.05, 1.1 * rows["mean"].min())
    for i, N in enumerate(Ns):
        left = 0.62 + i * (width + 0.25)
        bars = panel(figure, left, top, width, 1.3)
        bars.set_title(f"{TASK_NAMES[task]}, N = {N}", loc="left", pad=14)
        _draw_bars(bars, rows, ablation, n_units, N)
        dots = panel(figure, left, top + 1.72, width, 1.0)
        _draw_neurons(dots, ablation, [f"{task}_{name}" for name in CURRICULA], N, across)
        for ax in (bars, dots):
            ax.axhline(1, color=FAINT, lw=0.5, zorder=0)
            ax.axhline(0, color=FAINT, lw=0.5, zorder=0)
            ax.set_ylim(floor, 1.14)
            ax.set_yticks([0, 0.5, 1])
            if i:
                ax.set_yticklabels([])
            else:
                ax.set_ylabel("relative accuracy")
        if i == 0:
            letter(bars, "abcdefgh"[first], left=36, up=14)
            letter(dots, "abcdefgh"[first + 1], left=36, up=4)


def _draw_bars(ax: Axes, rows: pd.DataFrame, ablation: pd.DataFrame, n_units: int, N: int) -> None:
    """Bars of one N; a condition that did not get so far keeps its place, with n = 0."""
    conditions = list(dict.fromkeys(rows["condition"]))
    rows = rows[rows["N"] == N]
    step = 0.9 / max(len(conditions), 2)
    ax.set_xlim(-0.6, 1.6)
    for g, group in enumerate(GROUPS):
        for j, condition in enumerate(conditions):
            own = rows[(rows["group"] == group) & (rows["condition"] == condition)]
            at = g + step * (j - (len(conditions) - 1) / 2)
            colour = colour_of(condition)
            n = int(own["n"].sum())
            ax.annotate(
                f"n = {n}" if j == 0 and g == 0 else f"{n}",
                (at, 1.0),
                xytext=(0, 2),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                size=SMALL,
                ha="center",
                color=deep(colour),
            )
            if not n:
                continue
            ax.bar(at, own["mean"].iloc[0], 0.84 * step, color=tint(colour, 0.3), zorder=0.3)
            values = per_network(
                ablation[(ablation["N"] == N) & (ablation["group"] == group)],
                condition,
                "relative",
            )
            draw_dots(ax, values, at, colour, upright=True, width=0.4 * step, tick=False)
            if bands.hold(n_units) and (condition, N, group) in bands.ABLATION:
                half = 0.42 * step
                paper_box(ax, at - half, at + half, bands.ABLATION[condition, N, group], FAINT)
    ax.set_xticks(range(len(GROUPS)), GROUPS.values())
    ax.tick_params(axis="x", length=0)


def _draw_neurons(ax: Axes, ablation: pd.DataFrame, conditions: list[str], N: int, across) -> None:
    """Each ablated neuron of every network: its relative accuracy against its tau."""
    ax.set(xscale="log", xlim=across)
    ticks = (1, 1.2, 1.5, 2) if across[1] < 3 * across[0] else (1, 2, 3, 5, 10, 20, 50)
    ticks = [tick for tick in ticks if across[0] <= tick <= across[1]]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("τ of the ablated neuron (steps)")
    for condition in conditions:
        rows = rows_of(ablation, condition)
        if rows.empty:
            continue
        rows = rows[rows["N"] == N]
        ax.plot(
            rows["tau"].clip(lower=1) * DODGE[curriculum_of(condition)],
            rows["relative"],
            "o",
            ms=2.4,
            mew=0,
            alpha=0.55,
            color=CURRICULUM_COLOURS[curriculum_of(condition)],
            clip_on=False,
        )


def _summary(table: pd.DataFrame) -> dict:
    summary: dict = {}
    for row in table.itertuples():
        place = summary.setdefault(row.condition, {}).setdefault(f"N = {row.N}", {})
        place[row.group] = {
            "mean": row.mean if np.isfinite(row.mean) else None,
            "n": row.n,
            "tau": row.tau,
            "neurons": row.n_neurons,
        }
    return summary
