"""Figure 4 of study 1: which mechanism emerges where, and which networks perform the task."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    MECHANISM_COLOURS,
    MECHANISM_NAMES,
    PALE,
    SMALL,
    TEXT,
    Drawn,
    deep,
    house_style,
    letter,
    new_figure,
    on,
    panel,
    present,
    say,
    small_print,
    tint,
)
from memdyn.landscape.labels import MECHANISMS

HEIGHT = 6.3
#: Letter of each mechanism inside a cell.
MARKS = dict(zip(MECHANISMS, "DSCMAU", strict=True))
LABELS = {"mechanism": "trial ends", "mechanism_memory": "memory states"}
AUTHORS = {"authors_a": "test A (trial ends)", "authors_b": "test B (noisy starts)"}
WEAK = 0.4  # strength of the colour of networks that do not perform


def draw(networks: pd.DataFrame, failed: str, note: str) -> Drawn:
    """Draw the figure.

    Args:
        networks: one row per network, with ``g``, ``fb``, ``performs``, both labels, the authors'
            labels, ``saturation_delay``, ``change_in_delay`` and the column ``failed``.
        failed: column with the fraction of test runs that failed.
        note: scale and size, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, HEIGHT)
        maps = [panel(figure, left, 0.42, 1.86, 1.86) for left in (0.62, 3.0, 5.38)]
        titles = (
            "mechanism: trial ends",
            "mechanism: memory states",
            "failed test runs (%)",
        )
        for ax, key, title in zip(maps, "abc", titles, strict=True):
            _grid(ax, networks, first=key == "a")
            ax.set_title(title, loc="left")
            letter(ax, key, left=36 if key == "a" else 20)
        for ax, label in zip(maps, LABELS, strict=False):
            _draw_labels(ax, networks, label)
        _draw_failures(maps[2], networks, failed)
        several = networks.groupby(["g", "fb"]).size().max() > 1
        frame = "frame: all (thick) or some perform" if several else "frame: performs the task"
        maps[2].set_xlabel(f"recurrent gain g\n{frame}")
        _key(panel(figure, 0.1, 2.78, 7.3, 0.3), networks)

        counts = count_mechanisms(networks)
        _draw_counts(panel(figure, 1.5, 3.6, 1.75, 2.05), counts, networks)
        authors = count_authors_labels(networks)
        _draw_authors(figure, authors)
        phases = _draw_phases(panel(figure, 5.98, 3.6, 1.38, 2.05), networks)
        small_print(
            figure,
            f"{note} {len(networks)} networks, {int(networks['performs'].sum())} perform the task."
            " Pale: does not perform.",
        )
        columns = ["network", "g", "fb", "performs", failed, *LABELS]
        plotted = {"abc": networks[columns], "d": counts, "e": authors, "f": phases}
        return Drawn(figure, plotted, _summary(networks, counts, authors, failed))


def count_mechanisms(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks per label and mechanism: ``networks`` in all, and ``performing``."""
    return pd.DataFrame(
        {
            "label": label,
            "mechanism": name,
            "networks": int((networks[label] == name).sum()),
            "performing": int((networks["performs"] & (networks[label] == name)).sum()),
        }
        for label in LABELS
        for name in MECHANISMS
    )


def count_authors_labels(networks: pd.DataFrame) -> pd.DataFrame:
    """Networks per label of the authors' own tests, the number of ends left off."""
    rows = []
    for test in AUTHORS:
        family = networks[test].map(lambda label: re.sub(r"\d+$", "", label))
        for name in sorted(set(family)):
            chosen = family == name
            rows.append(
                {
                    "test": test,
                    "label": name,
                    "networks": int(chosen.sum()),
                    "performing": int((networks["performs"] & chosen).sum()),
                }
            )
    return pd.DataFrame(rows, columns=["test", "label", "networks", "performing"])


def _summary(
    networks: pd.DataFrame, counts: pd.DataFrame, authors: pd.DataFrame, failed: str
) -> dict:
    able = networks[networks["performs"]]
    by_label = {
        label: rows.set_index("mechanism")[["networks", "performing"]].to_dict("index")
        for label, rows in counts.groupby("label", sort=False)
    }
    return {
        "networks": len(networks),
        "performing": len(able),
        "failed_median": networks[failed].median(),
        "labels": by_label,
        "agreement": float((networks["mechanism"] == networks["mechanism_memory"]).mean()),
        "authors": {
            test: rows.set_index("label")[["networks", "performing"]].to_dict("index")
            for test, rows in authors.groupby("test", sort=False)
        },
        "saturation_median": {
            name: able.loc[able["mechanism"] == name, "saturation_delay"].median()
            for name in present(able["mechanism"])
        },
    }


def _grid(ax: Axes, networks: pd.DataFrame, first: bool) -> None:
    """Axes of the map: gain along x, feedback along y with the strongest on top."""
    gains, feedbacks = _levels(networks)
    ax.set(
        xlim=(-0.5, len(gains) - 0.5),
        ylim=(-0.5, len(feedbacks) - 0.5),
        xticks=range(len(gains)),
        yticks=range(len(feedbacks)),
        xticklabels=[f"{g:g}" for g in gains],
        yticklabels=[f"1/{fb:g}" if fb != 1 else "1" for fb in feedbacks],
        xlabel="recurrent gain g",
    )
    if first:
        ax.set_ylabel("SD of feedback weights, 1/fb", labelpad=1)
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)


def _levels(networks: pd.DataFrame) -> tuple[list[float], list[float]]:
    return sorted(networks["g"].unique()), sorted(networks["fb"].unique(), reverse=True)


def _cells(networks: pd.DataFrame):
    gains, feedbacks = _levels(networks)
    for (g, fb), rows in networks.groupby(["g", "fb"]):
        yield gains.index(g), feedbacks.index(fb), rows


def _draw_labels(ax: Axes, networks: pd.DataFrame, label: str) -> None:
    """A cell per (g, fb), cut into one strip per network."""
    rank = {name: i for i, name in enumerate(MECHANISMS)}
    for x, y, rows in _cells(networks):
        rows = rows.assign(rank=rows[label].map(rank)).sort_values(
            ["rank", "performs"], ascending=[True, False]
        )
        width = 0.9 / len(rows)
        for i, (name, performs) in enumerate(zip(rows[label], rows["performs"], strict=True)):
            colour = MECHANISM_COLOURS[name] if performs else tint(MECHANISM_COLOURS[name], WEAK)
            left = x - 0.45 + i * width
            ax.add_patch(Rectangle((left, y - 0.45), width, 0.9, facecolor=colour, lw=0))
            if len(rows) == 1:
                ax.text(
                    x,
                    y,
                    MARKS[name],
                    ha="center",
                    va="center",
                    size=SMALL,
                    color=on(colour),
                    weight="bold" if performs else "normal",
                )


def _draw_failures(ax: Axes, networks: pd.DataFrame, failed: str) -> None:
    """Mean failed fraction per cell as grey and number; framed where networks perform."""
    for x, y, rows in _cells(networks):
        value, share = rows[failed].mean(), rows["performs"].mean()
        grey = 1 - 0.45 * value
        ax.add_patch(Rectangle((x - 0.45, y - 0.45), 0.9, 0.9, facecolor=(grey,) * 3, lw=0))
        if share:
            ax.add_patch(
                Rectangle(
                    (x - 0.43, y - 0.43),
                    0.86,
                    0.86,
                    fill=False,
                    edgecolor=INK,
                    lw=1.2 if share == 1 else 0.6,
                )
            )
        ax.text(x, y, f"{100 * value:.0f}", ha="center", va="center", size=SMALL)


def _key(ax: Axes, networks: pd.DataFrame) -> None:
    """Mechanisms with colour and letter, in one line for all panels."""
    ax.set(xlim=(0, 7.3), ylim=(0, 0.3))
    ax.set_axis_off()
    x = 0.52
    for name in MECHANISMS:
        ax.add_patch(Rectangle((x, 0.06), 0.2, 0.18, facecolor=MECHANISM_COLOURS[name], lw=0))
        ax.text(
            x + 0.1,
            0.15,
            MARKS[name],
            ha="center",
            va="center",
            size=SMALL,
            color=on(MECHANISM_COLOURS[name]),
            weight="bold",
        )
        ax.text(x + 0.26, 0.15, MECHANISM_NAMES[name], va="center", size=TEXT)
        x += 0.42 + 0.054 * len(MECHANISM_NAMES[name])


def _draw_counts(ax: Axes, counts: pd.DataFrame, networks: pd.DataFrame) -> None:
    """Networks per mechanism for both labels: solid those that perform, pale the rest."""
    for i, name in enumerate(MECHANISMS):
        for j, label in enumerate(LABELS):
            row = counts[(counts["label"] == label) & (counts["mechanism"] == name)].iloc[0]
            y, colour = i + 0.2 * (2 * j - 1), MECHANISM_COLOURS[name]
            ax.barh(y, row["networks"], 0.34, color=tint(colour, WEAK))
            ax.barh(y, row["performing"], 0.34, color=colour)
            text = f"{row['performing']} / {row['networks']}"
            ax.annotate(
                text,
                (row["networks"], y),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                size=SMALL,
                annotation_clip=False,
            )
    ax.set(
        yticks=range(len(MECHANISMS)),
        yticklabels=[MECHANISM_NAMES[name] for name in MECHANISMS],
        ylim=(len(MECHANISMS) - 0.5, -0.5),
        xlim=(0, max(1, 1.3 * counts["networks"].max())),
        xlabel="networks (performing / all)\ntop: trial ends, below: memory",
    )
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.tick_params(axis="y", length=0)
    for tick, name in zip(ax.get_yticklabels(), MECHANISMS, strict=True):
        tick.set_color(deep(MECHANISM_COLOURS[name]))
    ax.set_title("networks per mechanism", loc="left")
    letter(ax, "d", left=100)


def _draw_authors(figure: Figure, authors: pd.DataFrame) -> None:
    """Counts of the authors' own labels for both of their tests."""
    tests = [(test, authors[authors["test"] == test]) for test in AUTHORS]
    n_bars = sum(len(rows) for _, rows in tests)
    bar = min(0.24, (2.05 - 0.3) / max(n_bars, 1))
    top = 3.6
    for test, rows in tests:
        ax = panel(figure, 4.3, top + 0.16, 0.72, bar * max(len(rows), 1))
        y = np.arange(len(rows))
        ax.barh(y, rows["networks"], 0.75, color=PALE)
        ax.barh(y, rows["performing"], 0.75, color=FAINT)
        for place, row in zip(y, rows.itertuples(), strict=True):
            ax.annotate(
                f"{row.performing} / {row.networks}",
                (row.networks, place),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                size=SMALL,
                annotation_clip=False,
            )
        ax.set(
            yticks=y,
            yticklabels=rows["label"],
            ylim=(len(rows) - 0.5, -0.5),
            xticks=[],
            xlim=(0, max(1, 1.1 * authors["networks"].max())),
        )
        ax.spines["bottom"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.annotate(
            AUTHORS[test],
            (0, 1),
            xytext=(-62, 2),
            xycoords="axes fraction",
            textcoords="offset points",
            size=SMALL,
            color=FAINT,
            annotation_clip=False,
        )
        if test == "authors_a":
            ax.set_title("the authors' labels", loc="left", pad=15, x=-62 / 72 / 0.72)
            letter(ax, "e", left=80, up=16)
        top += 0.3 + bar * max(len(rows), 1)


def _draw_phases(ax: Axes, networks: pd.DataFrame) -> pd.DataFrame:
    """Tonic against phasic: saturated units against the change of rates in the delay."""
    letter(ax, "f", left=34)
    columns = ["network", "mechanism", "performs", "saturation_delay", "change_in_delay"]
    able = networks.loc[networks["performs"], columns]
    ax.set_title("tonic or phasic delays", loc="left")
    if able.empty:
        say(ax, "No network performs\nthe task.")
        return able
    for name in present(able["mechanism"]):
        own = able[able["mechanism"] == name]
        ax.plot(
            100 * own["saturation_delay"],
            own["change_in_delay"],
            "o",
            ms=4.5,
            color=MECHANISM_COLOURS[name],
            mec="white",
            mew=0.5,
            alpha=0.9,
        )
    ax.set(
        xlabel="saturated units (%)\nphasic → tonic",
        ylabel="mean |Δr| over delay 1",
    )
    ax.set_xlim(left=min(-2, ax.get_xlim()[0]))
    ax.set_ylim(bottom=0)
    return able
