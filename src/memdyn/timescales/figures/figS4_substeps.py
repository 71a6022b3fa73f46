"""Supplementary figure 4 of study 2: networks in continuous time, with other steps than trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
from memdyn.timescales.figures.conditions import colour_of, name_of, rows_of
from memdyn.timescales.figures.curves import draw_curve, label_ends, n_label, over_networks
from memdyn.timescales.figures.marks import NOT_RUN, shades, some_of, summary_of

CONDITIONS = (
    "parity_single_continuous",
    "parity_multi_continuous",
    "parity_multi_continuous10",
)
MOST_N = 3
CHANCE = 0.5


def draw(
    substeps: pd.DataFrame,
    timescales: pd.DataFrame,
    trained: Mapping[str, Sequence[int]],
    note: str,
) -> Drawn:
    """Draw the figure.

    Args:
        substeps: one row per network, N and k, with ``accuracy``; may be empty, without columns.
        timescales: one row per network and N, with ``tau_mean`` and ``tau_sd``; may be empty.
        trained: condition -> the k that its networks were trained with.
        note: scale and size, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, 5.05)
        plotted = {}
        run = [name for name in CONDITIONS if len(rows_of(substeps, name))] or CONDITIONS[:1]
        steps, taus = "abcde"[: len(run)], "abcde"[len(run) : len(run) + 2]
        for i, condition in enumerate(run):
            ax = panel(figure, 0.62 + 2.33 * i, 0.45, 1.95, 1.4)
            letter(ax, steps[i], left=36 if i == 0 else 20)
            plotted[steps[i]] = _draw_steps(ax, substeps, condition, trained)
            if i:
                ax.set(ylabel=None, yticklabels=[])
        names = {"tau_mean": "mean over neurons of τ", "tau_sd": "SD over neurons of τ"}
        for i, (value, title) in enumerate(names.items()):
            ax = panel(figure, 0.62 + 2.65 * i, 2.75, 1.95, 1.4)
            letter(ax, taus[i], left=36)
            ax.set_title(title, loc="left")
            plotted[taus[i]] = _draw_tau(ax, timescales, value, trained, last=i == 1)
            if i == 0 and len(plotted[taus[0]]):
                ax.set_ylabel("τ (items)")
        small_print(
            figure,
            note,
            "N-parity, non-linearity inside the leak. k steps per item, so that one step is 1 / k"
            " of an item; τ counts items. Curves: mean over networks, band: its 95 % interval (t,"
            " n ≥ 3); hairlines: networks. Shaded: k of training.",
        )
        summary = {
            condition: {
                f"N = {N:g}": summary_of(own) for N, own in plotted[key].groupby("N", sort=True)
            }
            for key, condition in zip(steps, run, strict=True)
            if len(plotted[key])
        }
        for key, value in zip(taus, names, strict=True):
            summary[value] = {
                name: summary_of(own) for name, own in plotted[key].groupby("condition", sort=False)
            }
        return Drawn(figure, plotted, summary)


def _title(condition: str, trained: Mapping[str, Sequence[int]]) -> str:
    """Curriculum, and the k of training where they are known."""
    ks = sorted(trained.get(condition, ()))
    spans = f"{ks[0]}" if len(ks) == 1 else f"{ks[0]}–{ks[-1]}" if ks else ""
    name = name_of(condition, task=False).split(",")[0]
    return f"{name}, trained at k = {spans}" if spans else name


def _draw_steps(
    ax: Axes, substeps: pd.DataFrame, condition: str, trained: Mapping[str, Sequence[int]]
) -> pd.DataFrame:
    """Accuracy against the number of sub-steps, one curve per N."""
    ax.set_title(_title(condition, trained), loc="left", color=deep(colour_of(condition)))
    rows = rows_of(substeps, condition)
    if rows.empty:
        say(ax, NOT_RUN)
        return pd.DataFrame(columns=["condition", "N"])
    ax.set_xscale("log")
    left, right = rows["k"].min(), rows["k"].max()
    ks = trained.get(condition, ())
    if ks:
        ax.axvspan(min(ks) / 1.06, max(ks) * 1.06, color="#EEEEEE", lw=0, zorder=0)
    Ns = some_of(rows["N"], MOST_N)
    drawn = []
    for i, (N, colour) in enumerate(zip(Ns, shades(colour_of(condition), len(Ns)), strict=True)):
        curve = over_networks(rows[rows["N"] == N], condition, "accuracy", x="k")
        ax.fill_between(
            curve["x"].to_numpy(float),
            curve["low"].to_numpy(float),
            curve["high"].to_numpy(float),
            color=colour,
            alpha=0.16,
            lw=0,
        )
        ax.plot(curve["x"], curve["mean"], color=colour, lw=1.4, marker="o", ms=2.4)
        drawn.append(curve.assign(N=N))
        ax.annotate(
            f"N = {N}, {n_label(curve)}",
            (1, 1),
            xytext=(2, -1 - 9.5 * i),
            xycoords="axes fraction",
            textcoords="offset points",
            size=SMALL,
            ha="right",
            va="top",
            color=deep(colour),
        )
    ax.axhline(CHANCE, color=FAINT, lw=0.6, ls=(0, (4, 2)), zorder=0)
    ax.text(left, CHANCE - 0.012, "chance", size=SMALL, color=FAINT, va="top")
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200) if left <= tick <= right]
    ax.set_xticks(ticks, [f"{tick}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set(xlim=(left / 1.1, right * 1.1), ylim=(0.42, 1.19), yticks=[0.5, 0.75, 1])
    ax.set(xlabel="steps per item k", ylabel="accuracy")
    return pd.concat(drawn, ignore_index=True)


def _draw_tau(
    ax: Axes,
    timescales: pd.DataFrame,
    value: str,
    trained: Mapping[str, Sequence[int]],
    last: bool,
) -> pd.DataFrame:
    """Mean or SD of tau against N."""
    drawn = {}
    for condition in CONDITIONS:
        dashed = condition == CONDITIONS[2]
        curve = draw_curve(ax, timescales, condition, value, dashed=dashed, marker="o")
        if len(curve):
            drawn[condition] = curve
    if not drawn:
        say(ax, NOT_RUN)
        return pd.DataFrame(columns=["condition"])
    ax.set_xlabel("N")
    ax.xaxis.set_major_locator(whole_numbers(6))
    if last:
        ends = {
            name: (
                curve["x"].iloc[-1],
                curve["mean"].iloc[-1],
                f"{_title(name, trained).replace(' trained at', '')}\n{n_label(curve)}",
                colour_of(name),
            )
            for name, curve in drawn.items()
        }
        label_ends(ax, ends, gap=0.1)
    return pd.concat(drawn.values(), ignore_index=True)
