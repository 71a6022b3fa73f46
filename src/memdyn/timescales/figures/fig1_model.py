"""Figure 1 of study 2: the network, and the two timescales of one of its neurons."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    PALE,
    SMALL,
    TEXT,
    Drawn,
    deep,
    draw_arrow,
    house_style,
    letter,
    new_figure,
    on,
    panel,
    say,
    small_print,
)
from memdyn.timescales.figures.conditions import colour_of, name_of

HEIGHT = 3.3
TRAINED = "#B3261E"
ITEMS = (1, 0, 0, 1, 1, 0, 1)  # of the sketched input, the oldest first
#: Shades of units, from the fastest to the slowest.
FAST, SLOW = 0.82, 0.25
#: Where an example is looked for first.
PREFERRED = ("parity_multi", "parity_single", "dms_multi", "dms_single")
FLOOR = 0.01  # of the logarithmic axis
#: An example's slow exponential: so many times the neuron's tau or more, and its share of the fit.
CLEAR, SHARE = 1.5, (0.1, 0.9)
TINY = 1e-6  # a fit below this is too small to read its tail off


def draw(curves: pd.DataFrame, n_units: int, start_N: int, inside: bool, note: str) -> Drawn:
    """Draw the figure.

    Args:
        curves: autocorrelations of example neurons (table ``curves``); may be empty.
        n_units: units of the networks.
        start_N: N of the first head.
        inside: whether the non-linearity is inside the leak (the "mod" cell).
        note: scale, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, HEIGHT)
        _draw_sketch(panel(figure, 0.1, 0.2, 4.5, 2.7), n_units, start_N, inside)
        ax = panel(figure, 5.2, 0.45, 2.15, 2.05)
        letter(ax, "b", left=38)
        example = choose_example(curves)
        if example.empty:
            say(ax, "No autocorrelation\nwas fitted at this scale.")
            summary = {"example": None}
        else:
            _draw_autocorrelation(ax, example)
            one = example.iloc[0]
            names = ["network", "condition", "N", "neuron", "tau", "tau_net", "model"]
            summary = {"example": one[names].to_dict()}
        small_print(
            figure, f"{note} N: how many items back a head looks. Time in steps, one per item."
        )
        return Drawn(figure, {"b": example}, summary)


def choose_example(curves: pd.DataFrame) -> pd.DataFrame:
    """The autocorrelation of one neuron that shows both timescales.

    Args:
        curves: table ``curves``.

    Returns:
        Its rows, by lag. Of the first of ``PREFERRED`` that is there, at any N: the neuron that its
        fit describes best (least squares on lags above zero, relative to the variance there) among
        those with two exponentials, the slower of which is ``CLEAR`` times longer than the neuron's
        own tau and carries a share within ``SHARE``. If there is none: among those with two
        exponentials, then among all. Empty if no neuron has a tau_net.
    """
    if curves.empty:
        return curves
    known = curves[(curves["neuron"] >= 0) & np.isfinite(curves["tau_net"].astype(float))]
    found = list(dict.fromkeys(known["condition"]))
    for condition in [*(c for c in PREFERRED if c in found), *found]:
        own = known[known["condition"] == condition].sort_values("lag")
        each = {key: rows for key, rows in own.groupby(["network", "N", "neuron"])}
        facts = pd.DataFrame([_facts(rows) for rows in each.values()], index=list(each))
        double = facts["double"]
        clear = double & facts["slower"].ge(CLEAR) & facts["share"].between(*SHARE)
        for chosen in (clear, double, facts["double"].notna()):
            if chosen.any():
                return each[facts.loc[chosen, "misfit"].idxmin()].reset_index(drop=True)
    return known


def _facts(rows: pd.DataFrame) -> dict:
    """What decides whether a neuron is a good example; ``rows`` by lag."""
    one = rows.iloc[0]
    fitted = rows[np.isfinite(rows["fit"].astype(float)) & (rows["lag"] > 0)]
    error = float(((fitted["autocorrelation"] - fitted["fit"]) ** 2).mean())
    return {
        "double": one["model"] == "double",
        "slower": one["tau_net"] / max(one["tau"], 1.0),
        "share": slow_part(rows)[0],
        "misfit": error / max(float(fitted["autocorrelation"].var(ddof=0)), 1e-12),
    }


def slow_part(rows: pd.DataFrame) -> np.ndarray:
    """The slower exponential of a fit at each lag, read off the fit's far end.

    Args:
        rows: of one neuron, by lag.
    """
    lag, fit = rows["lag"].to_numpy(float), rows["fit"].to_numpy(float)
    far = np.flatnonzero(np.nan_to_num(fit) > TINY)
    if not len(far):
        return np.zeros(len(lag))
    end = far[-1]
    return fit[end] * np.exp((lag[end] - lag) / max(float(rows["tau_net"].iloc[0]), 0.05))


def _draw_sketch(ax: Axes, n_units: int, start_N: int, inside: bool) -> None:
    """Items in, leaky units with a time constant each, one head per N out."""
    ax.set(xlim=(0, 9), ylim=(0, 5.4), aspect="equal")
    ax.set_axis_off()
    centre = np.array([4.5, 3.15])
    for i, item in enumerate(ITEMS):
        x = 0.12 + 0.3 * i
        face = INK if item else "white"
        ax.add_patch(Rectangle((x, 3.0), 0.3, 0.36, facecolor=face, edgecolor=INK, lw=0.7))
        ax.text(x + 0.15, 3.17, str(item), ha="center", va="center", size=SMALL, color=on(face))
    ax.text(1.17, 3.5, "binary input $x_t$", ha="center", va="bottom", size=TEXT)
    ax.text(1.17, 2.86, "time →", ha="center", va="top", size=SMALL, color=FAINT)
    draw_arrow(ax, (2.28, 3.17), (3.05, 3.17), TRAINED, lw=1.2)
    ax.text(2.63, 3.29, "$W_{in}$", ha="center", va="bottom", size=TEXT, color=TRAINED)

    ax.add_patch(Circle((centre[0], centre[1]), 1.42, facecolor="#F7F7F7", edgecolor=INK, lw=0.8))
    random = np.random.default_rng(1)
    places = _spread(random, 12) * 1.16 + centre
    for one, other in random.choice(len(places), (48, 2)):
        if 0.4 < np.linalg.norm(places[one] - places[other]) < 1.3:
            draw_arrow(ax, places[one], places[other], PALE, curve=0.25, lw=0.6, head=3)
    for place, shade in zip(places, np.linspace(FAST, SLOW, len(places)), strict=True):
        ax.add_patch(Circle(place, 0.15, facecolor=(shade,) * 3, edgecolor=INK, lw=0.4, zorder=4))
    ax.text(4.5, 4.68, f"{n_units} leaky units", ha="center", va="bottom", size=TEXT)
    ax.text(6.0, 4.62, "$W$", ha="left", va="center", size=TEXT, color=TRAINED)
    draw_arrow(ax, (5.02, 4.47), (5.72, 3.87), TRAINED, curve=-1.6, lw=1.2)
    _shades(ax)

    heads = [f"N = {start_N + i}" for i in range(3)]
    for i, text in enumerate(heads):
        y = 4.25 - 0.85 * i
        draw_arrow(ax, (5.93, 3.15 + 0.3 * (1 - i)), (6.92, y), TRAINED, lw=0.9)
        ax.add_patch(
            FancyBboxPatch(
                (7.0, y - 0.24),
                0.92,
                0.48,
                boxstyle="round,pad=0.04",
                facecolor="white",
                edgecolor=INK,
                lw=0.8,
            )
        )
        ax.text(7.46, y, text, ha="center", va="center", size=TEXT)
        ax.text(8.1, y, "0 or 1", ha="left", va="center", size=SMALL, color=FAINT)
    ax.text(7.46, 1.9, "⋮", ha="center", va="center", size=TEXT)
    ax.text(7.46, 4.68, "heads", ha="center", va="bottom", size=TEXT)
    leak, drive = r"(1-\frac{1}{\tau})\,h_{t-1}", r"W h_{t-1}+W_{in}x_t+b"
    equation = (
        rf"$h_t={leak}+\frac{{1}}{{\tau}}\,f({drive})$"
        if inside
        else rf"$h_t=f\left({leak}+\frac{{1}}{{\tau}}({drive})\right)$"
    )
    ax.text(0.12, 0.66, equation, size=TEXT + 1.5, va="center")
    ax.text(0.12, 0.12, "trained", size=TEXT, color=TRAINED, va="center")
    ax.text(
        1.16,
        0.12,
        "and so are b and, unless it is fixed, the τ of each unit",
        size=SMALL,
        color=FAINT,
        va="center",
    )
    letter(ax, "a", left=0, up=-4)


def _shades(ax: Axes) -> None:
    """What the shades of units mean."""
    for i, shade in enumerate(np.linspace(FAST, SLOW, 5)):
        ax.add_patch(
            Circle((4.02 + 0.24 * i, 1.46), 0.1, facecolor=(shade,) * 3, edgecolor=INK, lw=0.4)
        )
    ax.text(3.82, 1.45, "τ short", ha="right", va="center", size=SMALL)
    ax.text(5.18, 1.45, "τ long", ha="left", va="center", size=SMALL)


def _spread(random: np.random.Generator, n: int) -> np.ndarray:
    """Points in the unit disc that keep apart."""
    kept: list[np.ndarray] = []
    while len(kept) < n:
        place = random.uniform(-1, 1, 2)
        if np.linalg.norm(place) < 1 and all(np.linalg.norm(place - p) > 0.42 for p in kept):
            kept.append(place)
    return np.array(kept)


def _draw_autocorrelation(ax: Axes, example: pd.DataFrame) -> None:
    """Autocorrelation on a logarithmic axis, its fit, its tail, and the leak alone."""
    one = example.iloc[0]
    colour = colour_of(one["condition"])
    tau, tau_net = float(one["tau"]), float(one["tau_net"])
    example = example[np.isfinite(example["fit"].astype(float))]
    lag, fit, known = (example[k].to_numpy(float) for k in ("lag", "fit", "autocorrelation"))
    ax.plot(lag, np.where(known > 0, known, np.nan), "o", ms=2.6, color=INK, zorder=4)
    ax.plot(lag, fit, color=colour, lw=1.4, zorder=3)
    ax.plot(lag, slow_part(example), color=colour, lw=0.9, ls=(0, (4, 1.5)), zorder=2)
    leak = np.maximum(1 - 1 / max(tau, 1.0), 1e-9) ** lag
    ax.plot(lag, leak, color=FAINT, lw=1.0, ls=(0, (1, 1.2)), zorder=2)
    ax.set(yscale="log", ylim=(FLOOR, 1.3), xlim=(0, lag[-1]))
    ax.set(xlabel="lag (steps)", ylabel="autocorrelation")
    ticks = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01]
    ax.set_yticks(ticks, [f"{t:g}" for t in ticks])
    ax.set_yticks([], minor=True)
    ax.set_title(
        f"one neuron ({name_of(one['condition'])}, N = {one['N']})", loc="right", size=SMALL
    )
    entries = (
        ("o", INK, "measured"),
        ("-", colour, "fitted"),
        ((0, (4, 1.5)), colour, rf"its slow part: $\tau_{{net}}$ = {tau_net:.3g}"),
        ((0, (1, 1.2)), FAINT, rf"leak alone: $\tau$ = {tau:.3g}"),
    )
    for i, (kind, shade, text) in enumerate(entries):
        y = 0.94 - 0.085 * i
        line = {"marker": "o", "ms": 2.6, "lw": 0} if kind == "o" else {"ls": kind, "lw": 1.2}
        xs = [0.36] if kind == "o" else [0.31, 0.41]
        ax.plot(xs, [y] * len(xs), color=shade, transform=ax.transAxes, clip_on=False, **line)
        ax.text(0.45, y, text, transform=ax.transAxes, size=SMALL, va="center", color=deep(shade))
