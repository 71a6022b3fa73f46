"""Figure X1 of the bridge: where slowness sits in networks that remember bits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    PALE,
    SMALL,
    TAU_NET,
    Drawn,
    deep,
    house_style,
    letter,
    log_ticks,
    new_figure,
    panel,
    say,
    small_print,
    tint,
    whole_numbers,
)
from memdyn.timescales.figures.conditions import colour_of, name_of, rows_of
from memdyn.timescales.figures.curves import (
    COLUMNS,
    draw_curve,
    draw_mean,
    n_line,
    over_networks,
)
from memdyn.timescales.figures.marks import (
    NOT_RUN,
    common_N,
    fit_height,
    key,
    some_missing,
    summary_of,
)

CONDITIONS = ("parity_single", "parity_multi")
#: Times that are compared: column, marker (open with -), words.
TIMES = (
    ("forgetting_time", "o", "forgetting time −1/λ₁"),
    ("tau_max", "^-", "longest τ of a neuron"),
    ("tau_net_corrected", "s-", f"{TAU_NET}, mean over neurons"),
)
#: What a network has at a constant input: test of its numbers, words, strength of its colour.
RESTS = (
    ("one stable point, no other", 1.0),
    ("several points", 0.4),
    ("no stable point", 0.0),
)


def draw(slowness: pd.DataFrame, points: pd.DataFrame, modes: pd.DataFrame, note: str) -> Drawn:
    """Draw the figure.

    Args:
        slowness: one row per network and N, of ``slowness.measure`` with tau_net; may be empty.
        points: one row per network, N and item held; may be empty.
        modes: one row per network, N and rank of a neuron in the slowest mode; may be empty.
        note: scale and size, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, 4.75)
        tops, width, height = (0.5, 2.75), 1.8, 1.35
        axes = [
            panel(figure, left, top, width, height) for top in tops for left in (0.62, 3.1, 5.45)
        ]
        for ax, name in zip(axes, "abcdef", strict=True):
            if name in "abcd":
                ax.xaxis.set_major_locator(whole_numbers(4))
            letter(ax, name, left=34 if name in "ad" else 26, up=10)
        plotted = {"a": _draw_exponents(axes[0], slowness)}
        plotted |= _draw_times(axes[1:3], slowness)
        plotted |= {
            "d": _draw_carriers(axes[3], slowness),
            "e": _draw_modes(axes[4], modes),
            "f": _draw_rests(axes[5], points),
        }
        key(
            figure,
            2.2,
            [
                *(
                    ("line", colour_of(name), name_of(name, task=False))
                    for name in CONDITIONS
                    if name in set(plotted["a"]["condition"])
                ),
                *((mark, INK, words) for _, mark, words in TIMES if len(plotted["a"])),
            ],
        )
        small_print(
            figure,
            note,
            "N-parity; networks that have just solved N, driven by random bits. Curves: mean over"
            " networks; bands: 95 % interval (t, n ≥ 3); hairlines: networks"
            + (
                "; dotted: only some networks got so far."
                if some_missing(plotted.values())
                else "."
            ),
        )
        return Drawn(figure, plotted, _summary(plotted))


def rests(points: pd.DataFrame) -> pd.DataFrame:
    """How many cases (network, N, item) of each condition there are of each kind of ``RESTS``."""
    rows = []
    for condition in CONDITIONS:
        own = rows_of(points, condition)
        if own.empty:
            continue
        stable, alone = own["n_stable"] > 0, own["n_points"] == 1
        counts = ((stable & alone).sum(), (stable & ~alone).sum(), (~stable).sum())
        for (kind, _), count in zip(RESTS, counts, strict=True):
            rows.append({"condition": condition, "kind": kind, "cases": int(count)})
    return pd.DataFrame(rows, columns=["condition", "kind", "cases"])


def carried(modes: pd.DataFrame) -> pd.DataFrame:
    """Part of the slowest mode that its first neurons carry together, at the largest common N."""
    shared = common_N(modes, CONDITIONS) if len(modes) else []
    if not shared:
        return pd.DataFrame(columns=["condition", "network", "N", "rank", "part"])
    own = modes[(modes["N"] == shared[-1]) & modes["condition"].isin(CONDITIONS)]
    own = own.sort_values(["condition", "network", "rank"])
    together = own.groupby("network")["part"].cumsum()
    return own.assign(part=together)[["condition", "network", "N", "rank", "part"]]


def _draw_exponents(ax: Axes, slowness: pd.DataFrame) -> pd.DataFrame:
    ax.set_title("how fast differences fade", loc="left", pad=12)
    drawn = _draw_pair(ax, slowness, "exponent_1")
    if len(drawn):
        fit_height(ax, slowness, CONDITIONS, "exponent_1")
        ax.set_ylim(top=max(0.03, ax.get_ylim()[1]))
        ax.axhline(0, color=FAINT, lw=0.7, ls=(0, (2, 2)), zorder=1)
        ax.annotate(
            "0: kept for ever",
            (0.02, 0),
            (0, -2),
            ("axes fraction", "data"),
            "offset points",
            size=SMALL,
            color=FAINT,
            va="top",
        )
        ax.set(xlabel="N", ylabel="exponent λ₁ (1/step)")
    return drawn


def _draw_pair(ax: Axes, slowness: pd.DataFrame, value: str) -> pd.DataFrame:
    """Curves of both conditions, with how many networks they are of."""
    curves = [draw_curve(ax, slowness, name, value, marker="o") for name in CONDITIONS]
    found = [curve for curve in curves if len(curve)]
    if not found:
        say(ax, NOT_RUN)
        return pd.DataFrame(columns=COLUMNS)
    n_line(ax, [(curve["condition"].iloc[0], int(curve["n"].max())) for curve in found], up=2)
    return pd.concat(found, ignore_index=True)


def _draw_times(axes: list[Axes], slowness: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Three times of each condition, on one scale."""
    found, top = {}, 0.0
    for ax, condition, name in zip(axes, CONDITIONS, "bc", strict=True):
        colour = colour_of(condition)
        title = f"how long, {name_of(condition, task=False)}"
        ax.set_title(title, loc="left", color=deep(colour), pad=12)
        curves = {}
        for value, marker, _ in TIMES:
            finite = slowness
            if len(slowness):
                finite = slowness[np.isfinite(slowness[value])]
            curve = over_networks(finite, condition, value)
            if curve.empty:
                continue
            beside = marker.endswith("-")
            draw_mean(
                ax,
                curve,
                lw=0.8 if beside else 1.5,
                marker=marker[0],
                ms=4,
                mfc="white" if beside else colour,
            )
            curves[value] = curve.assign(quantity=value)
            top = max(top, float(curve["mean"].max()))
        if not curves:
            say(ax, NOT_RUN)
        found[name] = (
            pd.concat(curves.values(), ignore_index=True)
            if curves
            else pd.DataFrame(columns=[*COLUMNS, "quantity"])
        )
    for ax, curves in zip(axes, found.values(), strict=True):
        if len(curves):
            ax.set(ylim=(0, 1.12 * top), xlabel="N")
    if len(found["b"]):
        axes[0].set_ylabel("time (steps)")
    return found


def _draw_carriers(ax: Axes, slowness: pd.DataFrame) -> pd.DataFrame:
    ax.set_title("neurons in the slowest mode", loc="left", pad=12)
    drawn = _draw_pair(ax, slowness, "participation")
    if len(drawn):
        values = slowness.loc[slowness["condition"].isin(CONDITIONS), "participation"]
        ax.set(yscale="log", ylim=(0.8, max(4.0, 1.6 * values.max())))
        log_ticks(ax.yaxis, (1, 2, 5, 10, 20, 50, 100, 200, 500), *ax.get_ylim())
        ax.axhline(1, color=FAINT, lw=0.7, ls=(0, (2, 2)), zorder=1)
        ax.annotate(
            "1: one neuron alone",
            (0.02, 1),
            (0, 2),
            ("axes fraction", "data"),
            "offset points",
            size=SMALL,
            color=FAINT,
        )
        ax.set(xlabel="N", ylabel="participation ratio")
    return drawn


def _draw_modes(ax: Axes, modes: pd.DataFrame) -> pd.DataFrame:
    found = carried(modes)
    if found.empty:
        say(ax, NOT_RUN)
        return found
    ax.set_title(f"who carries it, N = {found['N'].iloc[0]:g}", loc="left", pad=12)
    for condition in CONDITIONS:
        own, colour = rows_of(found, condition), colour_of(condition)
        for _, one in own.groupby("network"):
            ax.plot(one["rank"], one["part"], color=tint(colour, 0.55), lw=0.5, zorder=2)
        mean = own.groupby("rank")["part"].mean()
        ax.plot(mean.index, mean, color=colour, lw=1.5, zorder=3)
    ax.set(xlim=(0, None), ylim=(0, 1), xlabel="first so many neurons", ylabel="part of the mode")
    return found


def _draw_rests(ax: Axes, points: pd.DataFrame) -> pd.DataFrame:
    ax.set_title("held at 0 or at 1, a network has", loc="left", pad=12)
    found = rests(points)
    if found.empty:
        say(ax, NOT_RUN)
        return found
    names = []
    for at, (condition, own) in enumerate(found.groupby("condition", sort=False)):
        left, total = 0.0, own["cases"].sum()
        names.append(name_of(str(condition), task=False))
        for count, (_, strength) in zip(own["cases"], RESTS, strict=True):
            part = count / total
            colour = tint(colour_of(str(condition)), strength) if strength else "white"
            ax.barh(at, part, 0.5, left, color=colour, edgecolor=INK, lw=0.5 if part else 0)
            left += part
        ax.text(0, at - 0.33, f"{names[-1]}, {total} cases", size=SMALL, va="bottom")
    seen = set(found.loc[found["cases"] > 0, "kind"])
    for i, (kind, strength) in enumerate(rest for rest in RESTS if rest[0] in seen):
        colour = tint(INK, strength) if strength else "white"
        y = len(names) - 0.3 + 0.36 * i
        ax.barh(y, 0.06, 0.2, 0, color=colour, edgecolor=INK, lw=0.5)
        ax.text(0.09, y, kind, size=SMALL, va="center", color=INK)
    ax.set(xlim=(0, 1), ylim=(len(names) + 0.75, -0.7), yticks=[], xlabel="part of the cases")
    ax.spines["left"].set_color(PALE)
    return found


def _summary(plotted: dict[str, pd.DataFrame]) -> dict:
    summary: dict = {}
    for name, value in (("a", "exponent_1"), ("d", "participation")):
        own = plotted[name].groupby("condition", sort=False)
        summary[value] = {condition: summary_of(curve) for condition, curve in own}
    times = pd.concat([plotted["b"], plotted["c"]])
    for value, _, _ in TIMES:
        own = times[times["quantity"] == value].groupby("condition", sort=False)
        summary[value] = {condition: summary_of(curve) for condition, curve in own}
    rows = plotted["f"].itertuples()
    summary["rests"] = {f"{row.condition}, {row.kind}": row.cases for row in rows}
    return summary
