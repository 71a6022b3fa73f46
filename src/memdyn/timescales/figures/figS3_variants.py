"""Supplementary figure 3 of study 2: other networks and curricula, compared with the main ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

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
from memdyn.timescales.figures.conditions import colour_of, name_of, rows_of
from memdyn.timescales.figures.curves import ENDINGS, draw_curve, label_ends, n_label, over_networks
from memdyn.timescales.figures.marks import (
    NOT_RUN,
    draw_dots,
    key,
    paper_bands,
    paper_box,
    paper_note,
    per_network,
    some_of,
    summary_of,
)

#: Panels of mean tau by name: title, plain conditions (solid), variants beside them (dashed).
COMPARED = {
    "inside": (
        "non-linearity inside the leak",
        ("parity_single", "parity_multi"),
        ("parity_single_inside", "parity_multi_inside"),
    ),
    "curricula": ("other curricula", ("parity_multi",), ("parity_sliding", "parity_all_heads")),
}
REFERENCE = ("parity_single", "parity_multi")
VARIANTS = ("parity_single_inside", "parity_multi_inside", "parity_sliding", "parity_all_heads")
EMERGENT = "parity_all_heads"


def draw(
    networks: pd.DataFrame, timescales: pd.DataFrame, heads: pd.DataFrame, n_units: int, note: str
) -> Drawn:
    """Draw the figure; what was not run has no row and no panel.

    Args:
        networks: one row per network, with ``max_N`` and ``status``; may be empty, without columns.
        timescales: one row per network and N, with ``tau_mean`` and ``repeat``; may be empty.
        heads: one row per network, epoch and N, with ``accuracy``; may be empty.
        n_units: size of the networks.
        note: scale and size, for the small print.
    """
    repeated = conditions_with_repeats(networks, timescales)
    repeats = ("each item shown k times", REFERENCE, repeated)
    compared = {
        name: (title, plain, others)
        for name, (title, plain, others) in {**COMPARED, "repeats": repeats}.items()
        if any(len(rows_of(timescales, variant)) for variant in others)
    }
    with house_style():
        figure = new_figure(FULL, 5.6 if compared else 3.35)
        plotted = {}
        ax = panel(figure, 2.1, 0.45, 1.55, 1.75)
        plotted["a"] = _draw_reached(ax, networks, [*REFERENCE, *VARIANTS, *repeated], n_units)
        ax = panel(figure, 4.75, 0.45, 1.75, 1.75)
        plotted["b"] = _draw_heads(ax, heads)
        taus = {}
        for i, (name, (title, plain, others)) in enumerate(compared.items()):
            ax = panel(figure, 0.62 + 2.33 * i, 3.2, 1.55, 1.25)
            letter(ax, "cde"[i], left=36 if i == 0 else 28)
            ax.set_title(title, loc="left")
            plotted["cde"[i]] = taus[name] = _draw_tau(ax, timescales, plain, others, n_units)
            if name == "repeats":
                ax.set_ylabel("mean τ / k")
            elif i == 0:
                ax.set_ylabel("mean τ (steps)")
        small_print(
            figure,
            note,
            "N-parity. Marks in a: networks; tick and line: mean and its 95 % interval (t, n ≥ 3).",
            "Mean τ: over networks, band: its interval; solid: as in the main figures, dashed or"
            " open: the variant."
            if compared
            else "",
            paper_note(n_units, figure),
        )
        return Drawn(figure, plotted, _summary(plotted["a"], taus))


def conditions_with_repeats(*tables: pd.DataFrame) -> list[str]:
    """Conditions of parity that show each bit several times in discrete time, fewest first."""
    found = {}
    for table in tables:
        if table.empty or "condition" not in table:
            continue
        chosen = table[table["condition"].str.fullmatch(r"parity_(single|multi)_repeat\d+")]
        found |= dict(zip(chosen["condition"], chosen["repeat"], strict=True))
    return sorted(found, key=lambda name: (found[name], name))


def _draw_reached(
    ax: Axes, networks: pd.DataFrame, order: Sequence[str], n_units: int
) -> pd.DataFrame:
    """Largest N solved, one dot per network."""
    ax.set_title("largest N solved", loc="left")
    letter(ax, "a", left=140)
    rows = []
    order = [name for name in order if len(rows_of(networks, name))]
    if not order:
        say(ax, NOT_RUN)
        return pd.DataFrame(columns=["condition", "network", "max_N", "status"])
    labels, seen = [], set()
    for i, name in enumerate(order):
        values = per_network(networks, name, "max_N")
        own = rows_of(networks, name)
        marks = {
            network: ENDINGS[status][0]
            for network, status in own[["network", "status"]].to_numpy()
            if status in ENDINGS
        }
        row = draw_dots(ax, values, i, colour_of(name), marks=marks)
        seen |= set(marks.values())
        labels.append(f"{name_of(name, task=False)}, n = {row['n']}")
        rows.append(own)
    ax.set_xlim(0, 1.08 * max(1, pd.concat(rows)["max_N"].max()))
    ax.set(ylim=(len(order) - 0.5, -0.5), yticks=range(len(order)), yticklabels=labels)
    if bands.hold(n_units):
        for i, name in enumerate(order):
            if name in bands.MAX_N:
                _paper_reached(ax, i, bands.MAX_N[name])
    ax.tick_params(axis="y", length=0)
    for tick, name in zip(ax.get_yticklabels(), order, strict=True):
        tick.set_color(deep(colour_of(name)))
    ax.xaxis.set_major_locator(whole_numbers(5))
    ax.set_xlabel("N")
    ends = [(kind, FAINT, text) for kind, text in ENDINGS.values() if kind in seen]
    figure = ax.figure
    assert isinstance(figure, Figure)
    key(figure, 2.53, ends, left=0.62)
    return pd.concat(rows)[["condition", "network", "max_N", "status"]]


def _paper_reached(ax: Axes, at: float, band: bands.Band) -> None:
    """The paper's range of N, behind this row; one without end reaches the edge."""
    left, right = ax.get_xlim()
    if band.low > right:
        return
    limits = ax.get_ylim()
    paper_box(
        ax,
        max(band.low, left),
        min(band.high, right),
        bands.Band(at - 0.38, at + 0.38, np.nan, band.grade),
    )
    ax.set_ylim(limits)


def _draw_heads(ax: Axes, heads: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of every head after some epochs of training on all heads from the start."""
    ax.set_title("all heads at once: short N first", loc="left")
    letter(ax, "b", left=36)
    columns = ["condition", "epoch", "x", "mean", "low", "high", "n", "all_present"]
    rows = rows_of(heads, EMERGENT)
    if rows.empty:
        say(ax, NOT_RUN)
        return pd.DataFrame(columns=columns)
    # Later heads join one by one; the first ones are those that all networks had from the start.
    start = set.intersection(
        *(set(own["N"]) for _, own in rows[rows["epoch"] == 1].groupby("seed"))
    )
    rows = rows[rows["N"].isin(start)]
    solved = rows.groupby("epoch")["accuracy"].min()
    enough = solved.index[solved > 0.97]
    last = int(enough[0]) if len(enough) else int(rows["epoch"].max())
    epochs = some_of(range(1, last + 1), 5)
    colours = [to_hex(c) for c in colormaps["viridis"](np.linspace(0.85, 0.05, len(epochs)))]
    drawn, ends = [], {}
    for epoch, colour in zip(epochs, colours, strict=True):
        own = rows[rows["epoch"] == epoch]
        curve = over_networks(own, EMERGENT, "accuracy")
        ax.plot(curve["x"], curve["mean"], color=colour, lw=1.4, marker="o", ms=2.6, clip_on=False)
        drawn.append(curve.assign(epoch=epoch))
        ends[str(epoch)] = (
            curve["x"].iloc[-1],
            curve["mean"].iloc[-1],
            f"epoch {epoch}, {n_label(curve)}",
            colour,
        )
    ax.axhline(0.5, color=FAINT, lw=0.6, ls=(0, (4, 2)), zorder=0)
    ax.annotate(
        "chance",
        (0, 0.5),
        xycoords=("axes fraction", "data"),
        xytext=(3, -2),
        textcoords="offset points",
        size=SMALL,
        color=FAINT,
        va="top",
    )
    ax.set(ylim=(0.42, 1.04), yticks=[0.5, 0.75, 1], xlabel="N of the head", ylabel="accuracy")
    ax.xaxis.set_major_locator(whole_numbers(6))
    label_ends(ax, ends, gap=0.09)
    return pd.concat(drawn, ignore_index=True)[columns]


def _draw_tau(
    ax: Axes,
    timescales: pd.DataFrame,
    plain: Sequence[str],
    others: Sequence[str],
    n_units: int,
) -> pd.DataFrame:
    """Mean tau (over repeat) against N: main conditions solid, variants dashed."""
    table = timescales.assign(tau_mean=timescales["tau_mean"] / timescales["repeat"])
    drawn = {}
    for name in (*plain, *others):
        dashed = name in others
        curve = draw_curve(ax, table, name, "tau_mean", dashed=dashed, networks=False)
        if len(curve):
            drawn[name] = curve
    ax.set_xlabel("N")
    for name in drawn:
        paper_bands(ax, bands.TAU_MEAN, name, n_units)
    lines = [
        f"{name_of(name, task=False)}, {n_label(drawn[name])}" for name in others if name in drawn
    ]
    for i, (name, line) in enumerate(
        zip((name for name in others if name in drawn), lines, strict=True)
    ):
        ax.annotate(
            line,
            (0, 0),
            xytext=(0, -27 - 9.5 * i),
            xycoords="axes fraction",
            textcoords="offset points",
            size=SMALL,
            color=deep(colour_of(name)),
            va="top",
            annotation_clip=False,
        )
    return pd.concat(drawn.values(), ignore_index=True)


def _summary(networks: pd.DataFrame, taus: Mapping[str, pd.DataFrame]) -> dict:
    reached = networks.groupby("condition", sort=False)["max_N"]
    return {
        "largest N solved": {
            name: {"mean": values.mean(), "n": len(values)} for name, values in reached
        },
        **{
            f"mean tau, {title}": {
                name: summary_of(own) for name, own in drawn.groupby("condition", sort=False)
            }
            for title, drawn in taus.items()
        },
    }
