"""Figure 8 of study 2: perturbed weights and time constants, and retraining to a larger N."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    SMALL,
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
from memdyn.timescales.claims.half_size import half_size
from memdyn.timescales.figures.conditions import TASK_NAMES, colour_of, name_of, rows_of
from memdyn.timescales.figures.curves import draw_curve, label_ends
from memdyn.timescales.figures.marks import (
    NOT_RUN,
    common_N,
    draw_dots,
    ends_of,
    mean_row,
    paper_box,
    paper_note,
    summary_of,
)

TARGETS = {"recurrent": "recurrent weights W", "tau": "time constants τ"}
CURRICULA = ("single", "multi", "sliding")
HALF_COLUMNS = ["condition", "network", "seed", "N", "target", "size", "bound"]
_BOUNDS = {"none": "o", "above": ">", "below": "<"}


def draw(perturbation: pd.DataFrame, retraining: pd.DataFrame, n_units: int, note: str) -> Drawn:
    """Draw the figure.

    Args:
        perturbation: one row per network, N, target, size and repeat, with ``relative``; may be
            empty, without columns.
        retraining: one row per network, ``N_from`` and N, with ``relative``; may be empty.
        n_units: size of the networks.
        note: scale and size, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, 5.35)
        conditions = _shown(perturbation)
        N = max(common_N(perturbation, conditions), default=0)
        halves = half_sizes(perturbation, conditions, N)
        plotted = {}
        for i, target in enumerate(TARGETS):
            ax = panel(figure, 0.62 + 3.93 * i, 0.45, 1.95 + 0.15 * (i == 0), 1.55)
            letter(ax, "ab"[i], left=36)
            plotted["ab"[i]] = _draw_target(ax, perturbation, conditions, N, target)
        retrained = bool(_shown(retraining))
        ax = panel(figure, 1.35, 2.85, 1.75 if retrained else 5.2, 1.6)
        plotted["c"] = halves
        _draw_halves(ax, halves, conditions, N, n_units)
        if retrained:
            ax = panel(figure, 4.55, 2.85, 1.95, 1.6)
            plotted["d"] = _draw_retraining(ax, retraining)
        small_print(
            figure,
            note,
            "Relative accuracy: 1 as unperturbed, 0 at chance; p = 0.5. Curves: mean over networks,"
            " band: its 95 % interval (t, n ≥ 3); hairlines: networks.",
            paper_note(n_units, figure),
        )
        return Drawn(figure, plotted, _summary(plotted, halves, N))


def half_sizes(perturbation: pd.DataFrame, conditions: Sequence[str], N: int) -> pd.DataFrame:
    """Size at which each network's relative accuracy, averaged over repeats, falls below one half.

    Args:
        perturbation: as in :func:`draw`.
        conditions, N: which rows count.

    Returns:
        Rows of ``HALF_COLUMNS``; ``bound`` is ``above`` if the accuracy never falls so far (the
        size is then the largest tested), ``below`` if the smallest size is enough, else ``none``.
        Networks without any relative accuracy are left out.
    """
    found = []
    for condition in conditions:
        rows = rows_of(perturbation, condition)
        rows = rows[(rows["N"] == N) & (rows["size"] > 0) & np.isfinite(rows["relative"])]
        for (target, network, seed), own in rows.groupby(["target", "network", "seed"]):
            curve = own.groupby("size")["relative"].mean()
            size = half_size(curve)
            bound = "none"
            if (curve >= 0.5).all():
                bound = "above"
            elif curve.iloc[0] < 0.5:
                bound = "below"
            found.append((condition, network, seed, N, target, size, bound))
    return pd.DataFrame(found, columns=HALF_COLUMNS)


def _shown(table: pd.DataFrame) -> list[str]:
    """The plain conditions that a table holds, in one order."""
    names = [f"{task}_{name}" for task in TASK_NAMES for name in CURRICULA]
    return [name for name in names if len(rows_of(table, name))]


def _draw_target(
    ax: Axes, perturbation: pd.DataFrame, conditions: Sequence[str], N: int, target: str
) -> pd.DataFrame:
    """Relative accuracy against the size of a perturbation; zero stands left of the log axis."""
    ax.set_title(f"{TARGETS[target]}{f', N = {N}' if N else ''}", loc="left")
    rows = perturbation
    if len(rows):
        rows = rows[(rows["target"] == target) & (rows["N"] == N)]
    if rows.empty:
        say(ax, NOT_RUN)
        return pd.DataFrame(columns=["condition"])
    first, last = rows.loc[rows["size"] > 0, "size"].min(), rows["size"].max()
    ax.set_xscale("symlog", linthresh=first, linscale=0.35)
    drawn = {}
    for name in conditions:
        curve = draw_curve(ax, rows, name, "relative", x="size", dashed=name.startswith("dms"))
        if len(curve):
            drawn[name] = curve
    for level in (0, 1):
        ax.axhline(level, color=FAINT, lw=0.5, zorder=0)
    ax.axhline(0.5, color=INK, lw=0.7, ls=(0, (1, 1.5)), zorder=0)
    ax.text(0, 0.5, " half", size=SMALL, color=FAINT, va="bottom")
    decades = [x for x in 10.0 ** np.arange(-4, 3) if 0.99 * first <= x <= 1.01 * last]
    if len(decades) > 3:  # the first would touch the zero
        decades = decades[1:]
    ax.set_xticks([0, *decades], ["0", *(f"{x:g}" for x in decades)])
    ax.set_xticks([], minor=True)
    ax.set(xlim=(0, last), xlabel=f"size of the perturbation, ε = ‖Δ‖ / ‖{_symbol(target)}‖")
    low = min(curve["mean"].min() for curve in drawn.values())
    ax.set(ylim=(min(-0.06, 1.1 * low), 1.09), yticks=[0, 0.5, 1], ylabel="relative accuracy")
    label_ends(ax, ends_of(drawn, task=any(name.startswith("dms") for name in drawn)), gap=0.095)
    return pd.concat(drawn.values(), ignore_index=True)


def _symbol(target: str) -> str:
    return "W" if target == "recurrent" else "τ"


def _draw_halves(
    ax: Axes, halves: pd.DataFrame, conditions: Sequence[str], N: int, n_units: int
) -> None:
    """The size that halves the accuracy, one mark per network."""
    width = ax.get_position().width * FULL
    ax.set_title("perturbation that halves the accuracy", loc="left", x=-0.665 / width)
    letter(ax, "c", left=88)
    if halves.empty:
        say(ax, NOT_RUN)
        return
    ax.set_xscale("log")
    rows = [
        mean_row(own["size"], logarithmic=True)
        for _, own in halves.groupby(["target", "condition"])
        if (own["bound"] == "none").all()
    ]
    known = [halves["size"].min(), halves["size"].max()]
    wide = [*known, *(row[end] for row in rows for end in ("low", "high"))]
    low = max(np.nanmin(wide), known[0] / 5)  # an interval of three may be very wide
    high = min(np.nanmax(wide), known[1] * 5)
    ax.set_xlim(low / 1.6, high * 1.6)
    labels, places, at = [], [], 0.0
    for target in TARGETS:
        for name in conditions:
            own = halves[(halves["target"] == target) & (halves["condition"] == name)]
            if own.empty:
                continue
            _draw_networks(ax, own, at, name)
            band = bands.HALF_ACCURACY.get((name, target))
            if band is not None and bands.hold(n_units) and N == 30:
                _paper_span(ax, at, band)
            labels.append(f"{_symbol(target)}, {name_of(name, task='dms' in ''.join(conditions))}")
            places.append((at, name))
            at += 1
        at += 0.4
    ax.set(ylim=(at - 0.9, -0.6), yticks=[place for place, _ in places], yticklabels=labels)
    for tick, (_, name) in zip(ax.get_yticklabels(), places, strict=True):
        tick.set_color(deep(colour_of(name)))
    ax.tick_params(axis="y", length=0)
    ticks = [x for x in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10) if low / 1.6 <= x]
    ticks = [x for x in ticks if x <= high * 1.6]
    ax.set_xticks(ticks, [f"{x:g}" for x in ticks])
    ax.set_xticks([], minor=True)
    bounded = set(halves["bound"]) - {"none"}
    ax.set_xlabel("ε at half accuracy" + (" (triangles: beyond sizes tested)" if bounded else ""))


def _draw_networks(ax: Axes, own: pd.DataFrame, at: float, name: str) -> None:
    """Marks of one condition and target; those that are only bounds are triangles."""
    colour = colour_of(name)
    exact = own[own["bound"] == "none"].set_index("network")["size"]
    if len(exact) == len(own):
        row = draw_dots(ax, exact, at, colour, logarithmic=True, width=0.5)
        text = f"{row['mean']:.2g}, n = {row['n']}"
    else:  # a mean over bounds would be no mean
        spread = at + np.linspace(-0.25, 0.25, len(own)) * (len(own) > 1)
        for place, size, bound in zip(spread, own["size"], own["bound"], strict=True):
            ax.plot(size, place, _BOUNDS[bound], ms=4, color=colour, mec="white", mew=0.5)
        text = f"n = {len(own)}"
    ax.annotate(
        text,
        (1, at),
        xytext=(3, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        size=SMALL,
        va="center",
        color=FAINT,
        annotation_clip=False,
    )


def _paper_span(ax: Axes, at: float, band: bands.Band) -> None:
    """The paper's range of a size, across this row."""
    box = bands.Band(at - 0.4, at + 0.4, np.nan, band.grade)
    limits = ax.get_ylim()
    paper_box(ax, band.low, band.high, box)
    ax.set_ylim(limits)


def _draw_retraining(ax: Axes, retraining: pd.DataFrame) -> pd.DataFrame:
    """Relative accuracy after retraining against the new N."""
    conditions = _shown(retraining)
    letter(ax, "d", left=36)
    starts = set.intersection(
        *(set(rows_of(retraining, name)["N_from"].astype(int)) for name in conditions)
    ) or set(retraining["N_from"].astype(int))
    start = max(starts)
    rows = retraining[retraining["N_from"] == start]
    epochs = sorted(set(rows["epochs"].astype(int)))
    spent = "–".join(str(value) for value in {epochs[0]: 0, epochs[-1]: 0})
    plural = "" if spent == "1" else "s"
    ax.set_title(f"from N = {start}: {spent} epoch{plural} at N", loc="left")
    drawn = {}
    for name in conditions:
        curve = draw_curve(ax, rows, name, "relative", marker="o", dashed=name.startswith("dms"))
        if len(curve):
            drawn[name] = curve
    for level in (0, 1):
        ax.axhline(level, color=FAINT, lw=0.5, zorder=0)
    if not drawn:
        say(ax, NOT_RUN)
        return pd.DataFrame(columns=["condition"])
    low = min(curve["mean"].min() for curve in drawn.values())
    ax.set(xlabel="N retrained on", ylabel="relative accuracy", yticks=[0, 0.5, 1])
    ax.set_ylim(min(-0.06, 1.1 * low), 1.09)
    ax.locator_params(axis="x", integer=True)
    label_ends(ax, ends_of(drawn, task=any(name.startswith("dms") for name in drawn)), gap=0.095)
    return pd.concat(drawn.values(), ignore_index=True)


def _summary(plotted: dict, halves: pd.DataFrame, N: int) -> dict:
    summary: dict = {"N": N, "half_size": {}}
    for (condition, target), own in halves.groupby(["condition", "target"]):
        place = summary["half_size"].setdefault(condition, {})
        place[target] = {
            "geometric_mean": float(np.exp(np.log(own["size"]).mean())),
            "n": len(own),
            "bounds": int((own["bound"] != "none").sum()),
        }
    for name, key in (("a", "recurrent"), ("b", "tau"), ("d", "retraining")):
        if name in plotted:
            summary[key] = {
                condition: summary_of(own)
                for condition, own in plotted[name].groupby("condition", sort=False)
            }
    return summary
