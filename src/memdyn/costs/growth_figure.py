"""How time and memory grow with the sizes of the work, and the exponents that were fitted."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from memdyn.costs.growth import LEAST, exponents
from memdyn.figures.style import (
    FAINT,
    FULL,
    SMALL,
    TEXT,
    Drawn,
    column_title,
    house_style,
    new_figure,
    panel,
    small_print,
)

#: What grows, in the order of the columns, as the axis names it.
GROWS = {
    "n_units": "units",
    "n_networks": "networks per shard",
    "n_trials": "trials",
    "N": "N (4 N + 1 items)",
    "n_seeds": "starting states",
}
COLOURS = {
    "FORCE": "#004488",
    "update": "#BB5566",
    "fixed points": "#117733",
    "spectrum": "#997700",
}
NAMES = {
    "FORCE": "FORCE training (study 1)",
    "update": "one update (study 2)",
    "fixed points": "search for fixed points",
    "spectrum": "one spectrum",
}
KINDS = {"cpu": "time (CPU-s)", "memory": "memory (MB)"}
# Places in inches.
LEFT, TOP, WIDE, NARROW, GAP, HIGH, HEIGHT = 0.62, 0.95, 2.0, 0.95, 0.22, 1.75, 6.25


def draw(points: pd.DataFrame) -> Drawn:
    """Draw the figure from the points of ``costs.growth.read_points``."""
    fitted = exponents(points)
    columns = [grows for grows in GROWS if grows in set(points["grows"])]
    with house_style():
        figure = new_figure(FULL, HEIGHT)
        for i, kind in enumerate(KINDS):
            left, axes = LEFT, []
            for grows in columns:
                width = WIDE if grows == "n_units" else NARROW
                ax = panel(figure, left, TOP + i * (HIGH + 0.74), width, HIGH)
                _draw_panel(ax, points, fitted, grows, kind)
                axes.append(ax)
                left += width + GAP
            _one_scale(axes, points, kind)
            axes[0].set_ylabel(KINDS[kind])
            column_title(axes[0], "ab"[i], {"cpu": "Time", "memory": "Memory"}[kind], 12)
        _legend(figure, [name for name in COLOURS if name in set(points["work"])])
        small_print(figure, _note(points))
    shown = points[["work", "grows", "rest", "size", "cpu", "memory"]]
    return Drawn(figure, {"points": shown, "exponents": fitted}, _summary(fitted))


def _draw_panel(
    ax: Axes, points: pd.DataFrame, fitted: pd.DataFrame, grows: str, kind: str
) -> None:
    """Points and fitted lines of all works, with their exponents in words below the axis' top."""
    ax.set(xscale="log", yscale="log", xlabel=GROWS[grows])
    here = fitted[fitted["grows"] == grows]
    for line, row in enumerate(here.itertuples()):
        own = points[(points["work"] == row.work) & (points["grows"] == grows)]
        size, value = own["size"].to_numpy(), own[kind].to_numpy()
        seen = value >= LEAST[kind]
        colour, power = COLOURS[row.work], getattr(row, kind)
        ax.plot(size[seen], value[seen], "o", ms=3.5, color=colour, zorder=3)
        expected = getattr(row, f"expected_{kind}")
        if math.isfinite(power):
            middle = np.exp(np.log(value[seen]).mean() - power * np.log(size[seen]).mean())
            ax.plot(size[seen], middle * size[seen] ** power, "-", lw=1.2, color=colour)
            if expected:  # through the largest point, which small costs bias least
                dashed = value[seen][-1] * (size[seen] / size[seen][-1]) ** expected
                ax.plot(size[seen], dashed, ":", lw=1.0, color=colour)
        last = getattr(row, f"last_{kind}")
        text = f"{power:.2f}, {last:.2f} ({expected:g})"
        text = text if math.isfinite(power) else f"too little ({expected:g})"
        ax.annotate(
            text,
            (0, 1),
            (4, -3 - 9.5 * line),
            xycoords="axes fraction",
            textcoords="offset points",
            size=SMALL,
            color=colour,
            va="top",
        )
    sizes = sorted(points.loc[points["grows"] == grows, "size"].unique())
    ax.set_xlim(sizes[0] / 1.35, sizes[-1] * 1.35)
    ax.xaxis.set_major_locator(FixedLocator(sizes))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))


def _one_scale(axes: list[Axes], points: pd.DataFrame, kind: str) -> None:
    """The same vertical axis for a row, with room above for the exponents."""
    seen = points.loc[points[kind] >= LEAST[kind], kind]
    low, high = (seen.min(), seen.max()) if len(seen) else (1.0, 10.0)
    for ax in axes:
        ax.set_ylim(low / 2, high * (high / low) ** 0.45 * 2)
        ax.yaxis.set_major_locator(LogLocator(10))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
        if ax is not axes[0]:
            ax.tick_params(labelleft=False)


def _legend(figure, names: list[str]) -> None:
    for i, name in enumerate(names):
        x = (LEFT + i * 1.75) / FULL
        figure.text(x, 1 - 0.2 / HEIGHT, NAMES[name], color=COLOURS[name], size=TEXT, va="center")
    sentence = (
        "Numbers: exponent fitted to all sizes, exponent between the two largest (expected for "
        "large sizes). Solid: the fit. Dotted: as expected."
    )
    figure.text(LEFT / FULL, 1 - 0.42 / HEIGHT, sentence, size=SMALL, color=FAINT, va="center")


def _note(points: pd.DataFrame) -> str:
    last = points.iloc[-1]
    rest = "; ".join(
        f"{row.work} against {GROWS[row.grows].split(' (')[0]}: {_spelt(row.rest)}"
        for row in points.drop_duplicates(["work", "grows"]).itertuples()
        if isinstance(row.rest, str) and row.rest
    )
    words = f"Memory above that of a tiny size; below {LEAST['memory']:g} MB nothing is shown."
    machine = f"{last['cpu_name']}, one thread, torch {last['torch']}"
    return f"{words} {rest}. {machine}, commit {str(last['commit'])[:7]}."


def _spelt(rest: str) -> str:
    """What does not grow, for readers: "4 networks, 2 trials" of "n_networks 4, n_trials 2"."""
    words = {"n_networks": "networks", "n_trials": "trials", "n_units": "units"}
    words["n_seeds"] = "starting states"
    parts = (part.split() for part in rest.split(", "))
    return ", ".join(
        f"{value} {words[key]}" if key in words else f"{key} = {value}" for key, value in parts
    )


def _summary(fitted: pd.DataFrame) -> dict:
    return {
        f"{row.work}, {row.grows}": {
            kind: {
                "fitted": getattr(row, kind),
                "last": getattr(row, f"last_{kind}"),
                "expected": getattr(row, f"expected_{kind}"),
            }
            for kind in KINDS
        }
        for row in fitted.itertuples()
    }
