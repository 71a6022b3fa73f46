"""Supplementary figure of study 2: the curricula with gated networks, beside the leaky ones."""

from __future__ import annotations

import pandas as pd

from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    Drawn,
    house_style,
    letter,
    new_figure,
    panel,
    say,
    small_print,
    whole_numbers,
)
from memdyn.timescales.figures.conditions import (
    CURRICULUM_COLOURS,
    CURRICULUM_NAMES,
    missing,
    name_of,
    rows_of,
)
from memdyn.timescales.figures.curves import ENDINGS, MIN_NETWORKS, draw_progress, interval, n_line
from memdyn.timescales.figures.marks import key

HEIGHT = 2.9
#: Conditions per cell, and its name for readers.
CELLS = {
    "leaky": ("leaky, trained τ", ("parity_single", "parity_multi")),
    "gru": ("GRU", ("gru_single", "gru_multi")),
    "lstm": ("LSTM", ("lstm_single", "lstm_multi")),
}
CONDITIONS = [name for _, conditions in CELLS.values() for name in conditions]


def draw(epochs: pd.DataFrame, networks: pd.DataFrame, note: str) -> Drawn:
    """Draw the figure.

    Args:
        epochs: one row per network and epoch (table ``epochs``); may be empty.
        networks: one row per network (table ``networks``); may be empty.
        note: scale and size, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, HEIGHT)
        plotted, absent, axes = {}, [], []
        for i, (title, conditions) in enumerate(CELLS.values()):
            ax = panel(figure, 0.62 + 2.38 * i, 0.68, 1.9, 1.5)
            ax.set_title(title, loc="left")
            letter(ax, "abc"[i], left=34 if i == 0 else 24)
            found = draw_progress(ax, epochs, networks, conditions)
            plotted["abc"[i]] = found
            absent += missing(epochs, conditions)
            if found.empty:
                say(ax, "Not run at this scale.")
                continue
            axes.append(ax)
            n_line(ax, list(found.groupby("condition", sort=False)["n"].max().items()))
            ax.set(xlim=(0, found["x"].max()), xlabel=_epoch_label(epochs, conditions))
            ax.xaxis.set_major_locator(whole_numbers(5))
        _share_heights(axes, plotted)
        _keys(figure, networks)
        small_print(
            figure,
            note,
            "N-parity. Means over networks; bands: 95 % (Student), from"
            f" {MIN_NETWORKS} networks on.",
            f"Not run: {'; '.join(map(name_of, absent))}." if absent else "",
        )
        return Drawn(figure, plotted, _summary(networks))


def _epoch_label(epochs: pd.DataFrame, conditions: tuple[str, ...]) -> str:
    """Label of the axis: how many updates an epoch of this cell has."""
    rows = epochs[epochs["condition"].isin(conditions)]
    first = rows[rows["epoch"] == 1]["updates"].unique()
    return f"epoch ({int(first[0])} updates)" if len(first) == 1 else "epoch"


def _share_heights(axes: list, plotted: dict[str, pd.DataFrame]) -> None:
    """One scale of N for all cells."""
    top = max((found["mean"].max() for found in plotted.values() if len(found)), default=1)
    for i, ax in enumerate(axes):
        ax.set_ylim(0, 1.1 * max(1, top))
        ax.yaxis.set_major_locator(whole_numbers(6))
        if i == 0:
            ax.set_ylabel("largest N solved")


def _keys(figure, networks: pd.DataFrame) -> None:
    own = networks[networks["condition"].isin(CONDITIONS)] if len(networks) else networks
    if own.empty:
        return
    entries = [("line", CURRICULUM_COLOURS[n], CURRICULUM_NAMES[n]) for n in ("single", "multi")]
    entries.append(("hair", INK, "one network"))
    ended = set(own["status"])
    entries += [(kind, FAINT, text) for status, (kind, text) in ENDINGS.items() if status in ended]
    key(figure, 0.14, entries, left=0.62)


def _summary(networks: pd.DataFrame) -> dict:
    found = {}
    for cell, (_title, conditions) in CELLS.items():
        for condition in conditions:
            rows = rows_of(networks, condition)
            if len(rows):
                low, high = interval(rows["max_N"])
                found[condition] = {
                    "cell": cell,
                    "networks": len(rows),
                    "max_N_mean": rows["max_N"].mean(),
                    "max_N_low": low,
                    "max_N_high": high,
                    "epochs_median": rows["n_epochs"].median(),
                    "status": rows["status"].value_counts().to_dict(),
                }
    return {"conditions": found}
