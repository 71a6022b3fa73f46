"""The claims of both papers in one figure: what holds, what fails, what nobody can say yet."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from textwrap import shorten

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from memdyn.bridge import headings as bridge
from memdyn.claims.intervals import numbers
from memdyn.claims.judge import FRAGILE, VERDICTS, fragile
from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    PALE,
    SMALL,
    TEXT,
    TITLE,
    Drawn,
    house_style,
    new_figure,
    panel,
    small_print,
    symbols,
    tint,
)
from memdyn.slow_manifolds.claims import headings as slow_manifolds
from memdyn.timescales.claims import headings as timescales

#: Colour and mark of each verdict.
COLOURS = {
    "holds": "#117733",
    "differs": "#882255",
    "fails": "#CC3311",
    "no difference": "#33689B",
    "undecided": "#8A6D00",
    "not run": "#8C8C8C",
}
MARKS = {
    "holds": "✓",
    "differs": "≠",
    "fails": "✗",
    "no difference": "≈",
    "undecided": "?",
    "not run": "–",
}
#: Verdicts whose word is another after a number.
COUNTED = {"holds": "hold", "fails": "fail"}
#: Kinds of rows that have a line; all others are squares.
LINES = ("claim", "control")
#: Studies in order: what they are called, and the claim that each number stands for.
STUDIES = {
    "slow_manifolds": ("Study 1: slow manifolds", slow_manifolds.HEADINGS),
    "timescales": ("Study 2: timescales", timescales.HEADINGS),
    "bridge": ("The bridge: our own", bridge.HEADINGS),
}
CLAIMED = "#DDE6EF"  # behind the claimed range
DOTS = (0, (1, 1))  # the margin of a difference that counts as none

# Places across the page and heights of lines (inch).
LEFT, RIGHT, CLAIM, STRIP, OURS, N, SAID = 0.12, 7.4, 3.8, (3.9, 4.7), 4.76, 6.43, 6.49
TOP, LINE, HEADING, STUDY, GAP, BOTTOM = 0.34, 0.158, 0.24, 0.3, 0.12, 0.62
#: Height of a sentence with what its number is below it; characters of the latter, and of a reason
#: why nothing was asked, that fit.
ROW, WORDS, REASON = 0.265, 146, 50
# Side of a square and the step between two; where they begin in a block; blocks and their width.
SQUARE, STEP, NAMED, BLOCKS, BLOCK = 0.08, 0.1, 1.7, 2, 3.65


def draw(claims: pd.DataFrame, note: str) -> Drawn:
    """Draw the figure.

    Args:
        claims: rows as of ``memdyn.claims.judge``, of one or both studies.
        note: scale and size, for the small print.
    """
    parts = [(study, claims[claims["study"] == study]) for study in STUDIES]
    parts = [(study, rows) for study, rows in parts if len(rows)]
    height = TOP + sum(_height(study, rows) for study, rows in parts) + BOTTOM
    with house_style():
        figure = new_figure(FULL, height)
        ax = panel(figure, 0, 0, FULL, height)
        ax.set(xlim=(0, FULL), ylim=(height, 0))
        ax.set_axis_off()
        y = _draw_head(ax)
        for study, rows in parts:
            y = _draw_study(ax, y, study, rows)
        small_print(figure, note)
    drawn = claims[claims["kind"].isin(LINES)]
    return Drawn(figure, {"claims": drawn, "other": claims.drop(drawn.index)}, _summary(claims))


def groups_of(study: str, rows: pd.DataFrame) -> list[tuple[str, str, pd.DataFrame]]:
    """Number, heading and rows (those that have a line) of each claim of the paper."""
    own = rows[rows["kind"].isin(LINES)]
    headings = STUDIES[study][1]
    groups = [(number, text, own[own["claim"] == number]) for number, text in headings.items()]
    return [group for group in groups if len(group[2])]


def _squares(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """What is shown as squares only: checks, and bands by what they measure."""
    checks, theirs = rows[rows["kind"] == "check"], rows[rows["kind"] == "band"]
    blocks = [(by, own) for by, own in checks.groupby("by", sort=False) if by]
    if len(others := checks[checks["by"] == ""]):
        blocks.append(("further checks", others))
    for name, own in theirs.groupby(theirs["sentence"].str.split(",").str[0], sort=False):
        blocks.append((name[0].lower() + name[1:] if name[1].islower() else name, own))
    return blocks


def _height(study: str, rows: pd.DataFrame) -> float:
    lines = sum(HEADING + ROW * len(own) for _, _, own in groups_of(study, rows))
    blocks = -(-len(_squares(rows)) // BLOCKS)
    return STUDY + lines + (HEADING + LINE * blocks if blocks else 0) + GAP


def _draw_head(ax: Axes) -> float:
    small = {"size": SMALL, "color": FAINT, "va": "center"}
    y = TOP - 0.14
    ax.text(LEFT, y, "What the papers say", size=TITLE, weight="bold", va="center")
    ax.text(CLAIM, y, "claimed", ha="right", **small)
    middle = sum(STRIP) / 2
    ax.text(middle, y, "ours", ha="center", **small)
    ax.text(OURS, y, "estimate [95 %]", **small)
    ax.text(N, y, "n", ha="right", **small)
    ax.text(SAID, y, "verdict", **small)
    return TOP


def _draw_study(ax: Axes, y: float, study: str, rows: pd.DataFrame) -> float:
    name, _ = STUDIES[study]
    own = rows[rows["kind"] == "claim"]
    ax.plot([LEFT, RIGHT], [y, y], color=INK, lw=0.8)
    ax.text(LEFT, y + STUDY / 2, name, size=TITLE, weight="bold", va="center")
    _draw_tally(ax, y + STUDY / 2, own["verdict"])
    y += STUDY
    for number, text, group in groups_of(study, rows):
        text = f"{number}  {text}" if number.isdigit() else text
        ax.text(LEFT, y + 0.6 * HEADING, symbols(text), size=TEXT, va="center", weight="bold")
        y += HEADING
        for i, row in enumerate(group.assign(fragile=fragile(group)).itertuples()):
            if i:
                ax.plot([LEFT + 0.13, RIGHT], [y, y], color=PALE, lw=0.4, zorder=0)
            _draw_line(ax, y, row)
            y += ROW
    blocks = _squares(rows)
    if blocks:
        title = "Beside the claims: the same asked otherwise, one square per row"
        title += ", and one per number of theirs" if (rows["kind"] == "band").any() else ""
        ax.text(LEFT, y + 0.62 * HEADING, title, size=SMALL, color=FAINT, va="center")
        y += HEADING
        n_lines = -(-len(blocks) // BLOCKS)
        for i, (label, block) in enumerate(blocks):
            column, line = divmod(i, n_lines)
            x = LEFT + 0.13 + column * BLOCK
            _draw_squares(ax, x, y + line * LINE, label, block["verdict"])
        y += LINE * n_lines
    return y + GAP


def _draw_tally(ax: Axes, y: float, verdicts: pd.Series) -> None:
    """A bar cut by verdicts, and how many of each."""
    counts = verdicts.value_counts().reindex(VERDICTS, fill_value=0).drop("differs")
    x, width = 2.35, 1.2
    for name, n in counts.items():
        part = width * n / len(verdicts)
        ax.fill_between([x, x + part], y - 0.055, y + 0.055, color=COLOURS[name], lw=0)
        x += part
    for x, (name, n) in zip((3.62, 4.25, 4.8, 5.8, 6.7), counts.items(), strict=True):
        text = f"{MARKS[name]} {n} {COUNTED.get(name, name)}"
        ax.text(x, y, text, size=SMALL, color=COLOURS[name], weight="bold", va="center")


def _draw_line(ax: Axes, y: float, row) -> None:
    middle, colour = y + LINE / 2, COLOURS[row.verdict]
    small = {"size": SMALL, "va": "center_baseline"}
    ran = row.verdict != "not run"
    ax.text(LEFT + 0.13, middle, symbols(row.sentence), color=INK if ran else FAINT, **small)
    ax.text(CLAIM, middle, _spaced(row.comparison), color=FAINT, ha="right", **small)
    said = f"{MARKS[row.verdict]} {row.verdict}{FRAGILE * row.fragile}"
    ax.text(SAID, middle, said, color=colour, weight="bold", **small)
    size = re.search(r" \(\d+ units\)", row.detail) if ran else None
    size = size[0] if size else ""
    words = shorten(row.statistic, WORDS - len(size), placeholder=" …") + size
    ax.text(LEFT + 0.21, y + LINE + 0.05, symbols(words), color=FAINT, **small)
    if not ran:
        why = shorten(symbols(row.detail), REASON, placeholder=" …")
        ax.text(STRIP[0], middle, why, color=FAINT, **small)
        return
    draw_strip(ax, STRIP, middle, row)
    ax.text(OURS, middle, numbers(row.estimate, row.low, row.high), **small)
    ax.text(N, middle, row.n, color=FAINT, ha="right", **small)


def draw_strip(ax: Axes, ends: tuple[float, float], y: float, row) -> None:
    """The claimed range as a shade, our interval over it; each line has its own scale.

    Args:
        ax: axes in inches.
        ends: left and right end of the strip.
        y: its height.
        row: a row of claims as a named tuple.
    """
    low, high = row.claimed_low, row.claimed_high
    left, right = ends
    colour = COLOURS[row.verdict]
    values = np.array([v for v in (row.estimate, row.low, row.high) if math.isfinite(v)])
    two_sided = math.isfinite(low) and math.isfinite(high)
    apart = two_sided and low == high
    centre = (low + high) / 2 if two_sided else low if math.isfinite(low) else high
    far = float(np.abs(values - centre).max())
    half = (high - low) / 2 if two_sided else 0.0
    # A range with two edges takes the middle third, and shrinks if ours lies far off.
    scale = max(far / 0.44, half / 0.17, 1e-12)
    scale = min(scale, half / 0.04) if two_sided and not apart else scale

    def place(value: float) -> float:
        return left + (right - left) * min(max(0.5 + (value - centre) / scale, 0.0), 1.0)

    outside = apart or "or" in row.comparison
    sides = [(-math.inf, low), (high, math.inf)] if outside else [(low, high)]
    for start, stop in sides:
        x = [
            place(start) if math.isfinite(start) else left,
            place(stop) if math.isfinite(stop) else right,
        ]
        ax.fill_between(x, y - 0.058, y + 0.058, color=CLAIMED, lw=0, zorder=1)
    for edge in (low, high):
        if math.isfinite(edge):
            ax.plot([place(edge)] * 2, [y - 0.058, y + 0.058], color=FAINT, lw=0.7, zorder=2)
    for edge in (-row.margin, row.margin) if row.margin else ():
        if abs(edge - centre) < scale / 2:
            ax.plot([place(edge)] * 2, [y - 0.058, y + 0.058], color=INK, lw=0.7, ls=DOTS, zorder=2)
    interval = math.isfinite(row.low)
    if interval:
        end = place(row.high) if math.isfinite(row.high) else right
        ax.plot([place(row.low), end], [y, y], color=colour, lw=1.6, zorder=3)
    ax.plot(
        place(row.estimate),
        y,
        _marker(row.estimate, centre, scale),
        ms=4,
        mfc=colour if interval else "white",
        mec=colour,
        mew=0.9,
        zorder=4,
    )


def _marker(value: float, centre: float, scale: float) -> str:
    """A disc, or an arrow if the value lies beyond the strip."""
    offset = (value - centre) / scale
    return "<" if offset < -0.5 else ">" if offset > 0.5 else "o"


def _draw_squares(ax: Axes, x: float, y: float, label: str, verdicts: pd.Series) -> None:
    middle = y + LINE / 2
    ax.text(x, middle, symbols(label), size=SMALL, color=FAINT, va="center_baseline")
    order = sorted(verdicts, key=VERDICTS.index)
    for name in dict.fromkeys(order):
        places = [(x + NAMED + i * STEP, SQUARE) for i, said in enumerate(order) if said == name]
        colour = tint(COLOURS[name], 0.35) if name == "not run" else COLOURS[name]
        ax.broken_barh(places, (middle - SQUARE / 2, SQUARE), color=colour, lw=0)


def _spaced(comparison: str) -> str:
    return comparison.replace("-", "−")


def _summary(claims: pd.DataFrame) -> dict:
    """Rows by study, kind and verdict, the verdict of each claim, and those that are fragile."""
    counts: dict = {}
    for (study, kind), own in claims.groupby(["study", "kind"], sort=False):
        found = own["verdict"].value_counts().reindex(VERDICTS, fill_value=0)
        counts.setdefault(study, {})[kind] = {name: int(n) for name, n in found.items()}
    own = claims[claims["kind"] == "claim"]
    said = dict(zip(own["id"], own["verdict"], strict=True))
    return {"counts": counts, "verdicts": said, "fragile": list(own.loc[fragile(own), "id"])}


def note(scale: str, n_units: Mapping[str, int]) -> str:
    """The small print: scale, sizes, and how a verdict comes about."""
    sizes = " and ".join(str(n_units[study]) for study in STUDIES if study in n_units)
    lines = (
        f"Scale “{scale}” ({sizes} units). Under each sentence: what its number is. Intervals:",
        "95 % over networks, never over trials. Each line has its own scale. Holds: the whole",
        "interval lies in the claimed range (shaded). Fails: none of it does. No difference: all",
        "of it lies between the dotted edges. Undecided: everything else. *: hangs on one seed,",
        "and would be another verdict without it. Nothing is corrected for asking many",
        "sentences at once: of 40 that were false, about one would be said to hold.",
    )
    return " ".join(lines)
