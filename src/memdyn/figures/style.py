"""The house style of all figures, and how a figure is saved.

Each mechanism, trial type and epoch has one colour, here and nowhere else. Sizes are those of a
PLoS page; no text is smaller than ``SMALL`` points.
"""

from __future__ import annotations

import json
import logging
import math
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from memdyn.figures import wordless
from memdyn.files import write_atomically
from memdyn.landscape.labels import MECHANISMS

#: Width of a full page of PLoS (inch).
FULL = 7.5
#: Font sizes (points): axes and labels, small print and ticks, titles, panel letters.
TEXT, SMALL, TITLE, LETTER = 8.0, 7.0, 8.5, 11.0
#: Characters of small print that fit across a full page.
LINE = 138

INK, FAINT, PALE = "#222222", "#6B6B6B", "#D9D9D9"

#: Colour of each mechanism (Okabe and Ito's palette, safe for colour-blind readers).
MECHANISM_COLOURS = {
    "direct": "#0072B2",
    "slow_manifold": "#D55E00",
    "limit_cycle": "#009E73",
    "mixed": "#CC79A7",
    "aperiodic": "#E6B000",
    "unresolved": "#4A4A4A",
}
#: Name of each mechanism for readers.
MECHANISM_NAMES = {
    "direct": "direct fixed points",
    "slow_manifold": "slow manifold",
    "limit_cycle": "limit cycle",
    "mixed": "mixed",
    "aperiodic": "aperiodic",
    "unresolved": "unresolved",
}
#: Background of each epoch and its short name.
EPOCH_COLOURS = {"stimulus": "#E4E4E4", "delay": "#FFF3CF", "response": "#DCECF4"}
EPOCH_MARKS = {
    "stimulus 1": "S1",
    "delay 1": "D1",
    "stimulus 2": "S2",
    "delay 2": "D2",
    "response": "R",
}
# Two classes, four trial types (Tol's medium-contrast scheme): equal outcomes share a hue.
_CLASSES = ("#004488", "#994455")
_TYPES = ("#004488", "#5E4A00", "#D9A926", "#994455")

RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelsize": TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelpad": 2.5,
    "axes.titlepad": 4.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "lines.linewidth": 1.2,
    "hatch.linewidth": 0.7,
    "legend.frameon": False,
    "legend.handlelength": 1.2,
    "legend.handletextpad": 0.5,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "pdf.fonttype": 42,  # text stays text
    "svg.hashsalt": "memdyn",
}


class Drawn(NamedTuple):
    """A figure with what it shows.

    Attributes:
        figure: the figure.
        plotted: panel -> tidy table of the numbers drawn in it.
        summary: counts, medians, n: what a later run is compared with.
    """

    figure: Figure
    plotted: dict[str, pd.DataFrame]
    summary: dict


class Outputs(Protocol):
    """The four files of a figure, as a Snakemake rule names them."""

    pdf: str
    png: str
    csv: str
    json: str


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save in this style, whatever the reader's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure (inch) that no global state knows of."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def panel(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place measured in inches from the upper left corner of the figure."""
    full_width, full_height = figure.get_size_inches()
    return figure.add_axes(
        (
            left / full_width,
            1 - (top + height) / full_height,
            width / full_width,
            height / full_height,
        )
    )


def class_colours(n_classes: int) -> list:
    """A colour for each class."""
    return list(_CLASSES) if n_classes == 2 else _sample("viridis", n_classes)


def type_colours(n_classes: int) -> list:
    """A colour for each trial type, pairs of classes row by row."""
    return list(_TYPES) if n_classes == 2 else _sample("viridis", n_classes**2)


def outcome_colours(n_classes: int) -> list:
    """A colour for each outcome (sum of two classes)."""
    if n_classes == 2:
        return [_CLASSES[0], "#997700", _CLASSES[1]]
    return _sample("viridis", 2 * n_classes - 1)


def tint(colour, strength: float = 0.35):
    """A paler colour: ``strength`` of it on white, opaque."""
    return tuple(1 - strength * (1 - np.asarray(to_rgb(colour))))


def deep(colour) -> tuple:
    """The same hue, dark enough to read as text on white (contrast about 4.5)."""
    rgb = np.asarray(to_rgb(colour))
    while _luminance(rgb) > 0.18:
        rgb = rgb * 0.95
    return tuple(rgb)


def on(colour) -> str:
    """Ink or white, whichever is easier to read on a colour."""
    return "white" if _luminance(np.asarray(to_rgb(colour))) < 0.4 else INK


def _luminance(rgb: np.ndarray) -> float:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def present(labels: Sequence[str]) -> list[str]:
    """The mechanisms among ``labels``, in the order in which they are shown everywhere.

    Raises:
        ValueError: a label that is no mechanism.
    """
    found = set(labels)
    if unknown := found - set(MECHANISMS):
        raise ValueError(f"no mechanism is called {', '.join(sorted(map(str, unknown)))}")
    return [name for name in MECHANISMS if name in found]


def shade_epochs(
    ax: Axes, epochs: Mapping[str, slice], dt: float, marks: bool = True, size: float = SMALL
) -> None:
    """Colour the epochs behind a time axis (tau); mark them above it."""
    for name, steps in epochs.items():
        start, stop = steps.start * dt, steps.stop * dt
        ax.axvspan(start, stop, color=EPOCH_COLOURS[name.split()[0]], lw=0, zorder=-10)
        if marks:
            ax.text(
                (start + stop) / 2,
                1.01,
                EPOCH_MARKS[name],
                transform=ax.get_xaxis_transform(),
                ha="center",
                va="bottom",
                size=size,
                color=FAINT,
            )


def letter(ax: Axes, name: str, left: float = 24, up: float = 6) -> None:
    """Put a panel's letter at so many points left of and above the upper left corner."""
    ax.annotate(
        name,
        (0, 1),
        xytext=(-left, up),
        xycoords="axes fraction",
        textcoords="offset points",
        size=LETTER,
        weight="bold",
        ha="left",
        va="baseline",
        annotation_clip=False,
    )


def column_title(ax: Axes, name: str, title: str, up: float) -> None:
    """Put a panel's letter and its title so many points above a column of panels."""
    letter(ax, name, left=20, up=up)
    ax.annotate(
        title,
        (0, 1),
        xytext=(-8, up),
        xycoords="axes fraction",
        textcoords="offset points",
        size=TEXT,
        annotation_clip=False,
    )


def draw_arrow(
    ax: Axes, start, stop, colour, curve: float = 0.0, lw: float = 1.0, head: float = 7
) -> None:
    """An arrow from one place of the data to another; ``curve`` bends it (0: straight)."""
    ax.add_patch(
        FancyArrowPatch(
            start,
            stop,
            arrowstyle="-|>",
            mutation_scale=head,
            color=colour,
            lw=lw,
            connectionstyle=f"arc3,rad={curve}",
            shrinkA=0,
            shrinkB=0,
        )
    )


def end_label(
    ax: Axes, end: tuple[float, float], at: tuple[float, float], text: str, colour
) -> None:
    """Name a curve beside its end, with a thin line from there; places in fractions of the axes."""
    ax.annotate(
        text,
        end,
        xytext=at,
        xycoords="axes fraction",
        textcoords="axes fraction",
        size=SMALL,
        color=deep(colour),
        va="center",
        linespacing=1.0,
        annotation_clip=False,
        arrowprops={
            "arrowstyle": "-",
            "color": colour,
            "lw": 0.5,
            "shrinkA": 1,
            "shrinkB": 2,
            "relpos": (0, 0.5),
        },
    )


def whole_numbers(n: int) -> MaxNLocator:
    """At most ``n`` ticks, at whole numbers only, however short the axis is."""
    return MaxNLocator(n, integer=True, min_n_ticks=1)


#: The timescale of a unit in its network, from its autocorrelation.
TAU_NET = r"$τ_{\mathrm{net}}$"


def symbols(text: str) -> str:
    """A text of a table as a figure writes it: tau and tau_net as symbols."""
    return re.sub(r"\btau(_net)?\b", lambda found: TAU_NET if found[1] else "τ", text)


def width_of(figure: Figure | SubFigure, text: Text) -> float:
    """Width of a text that stands on a figure (inch)."""
    return text.get_window_extent().width / figure.dpi


def log_ticks(axis: Axis, candidates: Sequence[int], low: float, high: float) -> None:
    """Plain numbers along a logarithmic axis: the candidates from ``low`` to ``high``."""
    ticks = [tick for tick in candidates if low <= tick <= high]
    axis.set_ticks(ticks, [str(tick) for tick in ticks])
    axis.minorticks_off()


def small_print(figure: Figure, *sentences: str) -> None:
    """State scale, n and conventions along the lower edge of a page, in lines that fit.

    Line breaks stay where they are; empty sentences are left out.
    """
    width, height = figure.get_size_inches()
    given = " ".join(filter(None, sentences)).splitlines()
    text = "\n".join(line for part in given for line in textwrap.wrap(part, LINE))
    figure.text(0.1 / width, 0.06 / height, text, size=SMALL, color=FAINT, va="bottom")


def scale_note(scale: str, n_units: int, n_trials: int) -> str:
    """The start of the small print of every figure."""
    return f"Scale “{scale}”: {n_units} units, {n_trials} training trials."


def nothing_to_draw(sentence: str, note: str) -> Drawn:
    """A figure that says why it shows nothing."""
    figure = new_figure(FULL, 2.0)
    say(panel(figure, 0.5, 0.3, 6.5, 1.2), sentence)
    small_print(figure, note)
    return Drawn(figure, {}, {"examples": {}})


def say(ax: Axes, sentence: str) -> None:
    """Fill a panel that has nothing to show with the reason."""
    ax.set_axis_off()
    ax.text(
        0.5,
        0.5,
        sentence,
        transform=ax.transAxes,
        ha="center",
        va="center",
        size=TEXT,
        color=FAINT,
        wrap=True,
    )


def save(
    figure: Figure, plotted: Mapping[str, pd.DataFrame], summary: Mapping, outputs: Outputs
) -> None:
    """Write a figure, the numbers that it shows and their summary; the same bytes every time.

    Args:
        figure: the figure.
        plotted: panel -> tidy table; the panel becomes the first column of one CSV.
        summary: nested mappings and lists of text and numbers; not-a-number becomes null.
        outputs: where to write pdf, png, csv and json.
    """
    logging.getLogger("fontTools").setLevel("WARNING")  # else it reports every glyph
    with house_style():
        with write_atomically(outputs.pdf) as path:
            figure.savefig(path, format="pdf", metadata={"CreationDate": None})
        with write_atomically(outputs.png) as path:
            metadata = {"Software": None, wordless.KEY: wordless.rendering(figure)}
            figure.savefig(path, format="png", metadata=metadata)
    table = pd.concat(
        [rows.assign(panel=panel) for panel, rows in plotted.items()] or [pd.DataFrame()],
        ignore_index=True,
    )
    if "panel" in table:
        table.insert(0, "panel", table.pop("panel"))
    with write_atomically(outputs.csv) as path:
        table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")
    text = json.dumps(_plain(summary), indent=2, allow_nan=False, ensure_ascii=False)
    with write_atomically(outputs.json) as path:
        path.write_text(text + "\n", encoding="utf-8")


def _plain(value):
    """The same in types that JSON has."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def _sample(name: str, n: int) -> list:
    return [tuple(colour) for colour in mpl.colormaps[name](np.linspace(0.05, 0.9, n))]
