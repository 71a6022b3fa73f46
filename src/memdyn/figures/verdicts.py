"""Both papers on one screen: every sentence with its verdict, no number."""

from __future__ import annotations

import re
from textwrap import wrap

import pandas as pd
from matplotlib.axes import Axes

from memdyn.claims.judge import FRAGILE, VERDICTS, fragile
from memdyn.figures.claims import COLOURS, COUNTED, MARKS, STUDIES, draw_strip, groups_of
from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    SMALL,
    TEXT,
    TITLE,
    Drawn,
    house_style,
    new_figure,
    panel,
    small_print,
    symbols,
    width_of,
)

#: Studies of the papers, a column each.
COLUMNS = ("slow_manifolds", "timescales")
# Places across a column, the columns' left edges and their width (inch).
LEFTS, WIDTH, SENTENCE, INDENT, STRIP = (0.12, 3.84), 3.54, 0.21, 0.1, (3.04, 3.52)
# Heights (inch): title and key, a study with its bar, a heading, a line of text, room between rows.
TOP, STUDY, HEADING, LINE, ROOM, BOTTOM = 0.56, 0.5, 0.11, 0.125, 0.035, 0.42
FITS, HEADING_FITS = 56, 48  # characters of a sentence before the strip, and of a heading


def draw(claims: pd.DataFrame, note: str) -> Drawn:
    """Draw the figure.

    Args:
        claims: rows as of ``memdyn.claims.judge``; those of kind ``claim`` are shown.
        note: scale and size, for the small print.
    """
    own = claims[claims["kind"] == "claim"]
    own = own[own["study"].isin(COLUMNS)].assign(fragile=fragile)
    groups = {study: groups_of(study, own[own["study"] == study]) for study in COLUMNS}
    height = TOP + STUDY + max(map(_height, groups.values())) + BOTTOM
    with house_style():
        figure = new_figure(FULL, height)
        ax = panel(figure, 0, 0, FULL, height)
        ax.set(xlim=(0, FULL), ylim=(height, 0))
        ax.set_axis_off()
        _draw_key(ax, [name for name in VERDICTS if name in set(own["verdict"])])
        for left, (study, found) in zip(LEFTS, groups.items(), strict=True):
            _draw_bar(ax, left, STUDIES[study][0], own.loc[own["study"] == study, "verdict"])
            _draw_groups(ax, left, found)
        small_print(figure, note)
    return Drawn(figure, {"verdicts": own}, _summary(own))


def _wrapped(sentence: str) -> list[str]:
    """A sentence in lines that fit before the strip."""
    return wrap(re.sub(r"\btau\b", "τ", sentence), FITS)


def _height(groups: list[tuple[str, str, pd.DataFrame]]) -> float:
    headings = [len(wrap(text, HEADING_FITS)) * LINE + HEADING for _, text, _ in groups]
    rows = [len(_wrapped(text)) * LINE + ROOM for *_, own in groups for text in own["sentence"]]
    return sum(headings) + sum(rows)


def _draw_key(ax: Axes, verdicts: list[str]) -> None:
    """The title, and what each mark means."""
    ax.text(LEFTS[0], 0.2, "What two papers say, and what holds", size=TITLE, weight="bold")
    x = LEFTS[0]
    for name in verdicts:
        word = ax.text(
            x,
            0.42,
            f"{MARKS[name]} {COUNTED.get(name, name)}",
            size=SMALL,
            color=COLOURS[name],
            weight="bold",
        )
        x += width_of(ax.figure, word) + 0.18
    said = f"{FRAGILE} not without one of its seeds"
    ax.text(x, 0.42, said, size=SMALL, color=FAINT)


def _draw_bar(ax: Axes, left: float, title: str, verdicts: pd.Series) -> None:
    """A study's name, and a bar of its sentences cut by verdicts."""
    ax.plot([left, left + WIDTH], [TOP, TOP], color=INK, lw=0.8)
    said = f"{title}, {len(verdicts)} sentences"
    ax.text(left, TOP + 0.15, said, size=TITLE, weight="bold", va="center")
    counts = verdicts.value_counts().reindex(VERDICTS, fill_value=0)
    x, y = left, TOP + 0.36
    for name, n in counts[counts > 0].items():
        part = WIDTH * n / len(verdicts)
        ax.fill_between([x, x + part], y - 0.075, y + 0.075, color=COLOURS[name], lw=0)
        look = {"size": SMALL, "color": "white", "weight": "bold"}
        ax.text(x + part / 2, y, str(n), ha="center", va="center_baseline", **look)
        x += part


def _draw_groups(ax: Axes, left: float, groups: list[tuple[str, str, pd.DataFrame]]) -> None:
    y = TOP + STUDY
    for number, heading, rows in groups:
        look = {"size": TEXT, "weight": "bold", "va": "center_baseline"}
        y += 0.8 * HEADING
        ax.text(left, y + LINE / 2, number, **look)
        for text in wrap(heading, HEADING_FITS):
            ax.text(left + 0.15, y + LINE / 2, symbols(text), **look)
            y += LINE
        y += 0.2 * HEADING
        for row in rows.itertuples():
            lines = _wrapped(row.sentence)
            _draw_row(ax, left, y + ROOM, row, lines)
            y += len(lines) * LINE + ROOM


def _draw_row(ax: Axes, left: float, y: float, row, lines: list[str]) -> None:
    """Mark, sentence, and ours over the claimed range."""
    middle, ran = y + LINE / 2, row.verdict != "not run"
    look = {"size": SMALL, "va": "center_baseline"}
    mark = f"{MARKS[row.verdict]}{FRAGILE * row.fragile}"
    ax.text(left + 0.03, middle, mark, color=COLOURS[row.verdict], weight="bold", **look)
    x = left + SENTENCE + INDENT * lines[0].startswith("...")
    for i, text in enumerate(lines):
        colour = INK if ran else FAINT
        ax.text(x, middle + i * LINE, symbols(text), color=colour, **look)
    if ran:
        draw_strip(ax, (left + STRIP[0], left + STRIP[1]), middle, row)
    else:
        ax.text(left + STRIP[1], middle, "not run", color=FAINT, ha="right", **look)


def _summary(own: pd.DataFrame) -> dict:
    """How many sentences of each study have each verdict, and how many of them hang on a seed."""
    return {
        study: {
            **{name: int(n) for name, n in rows["verdict"].value_counts(sort=False).items()},
            "hang on a seed": int(rows["fragile"].sum()),
        }
        for study, rows in own.groupby("study", sort=False)
    }


def note(scale: str) -> str:
    """The small print."""
    return (
        f"Scale “{scale}”. Shaded: what the sentence claims; disc and bar: our estimate and its"
        " 95 % interval over networks, each on a scale of its own. Numbers, n and what is"
        " measured: the figure “claims”."
    )
