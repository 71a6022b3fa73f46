"""Figure X2 of the bridge: do slow units foretell how long a memory lasts?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from memdyn.bridge.together import MIN_RANKED, rank_correlation
from memdyn.claims.intervals import of_mean
from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    MECHANISM_COLOURS,
    MECHANISM_NAMES,
    PALE,
    SMALL,
    TAU_NET,
    Drawn,
    deep,
    house_style,
    letter,
    log_ticks,
    new_figure,
    nothing_to_draw,
    panel,
    present,
    say,
    small_print,
    width_of,
)

VALUE = "tau_net_corrected_mean"
#: Whose networks are ranked: words, mechanism.
GROUPS = (("all networks", None), ("slow\nmanifold", "slow_manifold"))
COLUMNS = ["network", "seed", "mechanism_memory", VALUE, "half_delay", "forgets"]


def draw(table: pd.DataFrame, note: str) -> Drawn:
    """Draw the figure.

    Args:
        table: ``forgetting``, one row per network that performs; may be empty, without columns.
        note: scale and size, for the small print.
    """
    with house_style():
        if table.empty:
            sentence = "No network performs the task and was tested, so none is shown."
            return nothing_to_draw(sentence, note)
        figure = new_figure(FULL, 3.2)
        axes = [
            panel(figure, left, 0.42, width, 1.75)
            for left, width in ((0.75, 2.3), (3.75, 1.4), (5.75, 1.55))
        ]
        for ax, name in zip(axes, "abc", strict=True):
            letter(ax, name, left=42 if name == "a" else 26)
        plotted = {
            "a": _draw_networks(axes[0], table),
            "b": _draw_correlations(axes[1], table),
            "c": _draw_mechanisms(axes[2], table),
        }
        _key(figure, table)
        small_print(
            figure,
            f"{note} Only networks that perform ({len(table)}), labelled by what becomes of their"
            f" memories. {TAU_NET}: of units driven by the network's trials, mean, corrected for"
            f" the bias of the fit. Rank correlation: circles are seeds of {MIN_RANKED} networks"
            " or more; line and band: their mean and its 95 % interval.",
        )
        return Drawn(figure, plotted, _summary(plotted))


def _draw_networks(ax: Axes, table: pd.DataFrame) -> pd.DataFrame:
    """Each network: its tau_net, and the delay at which half of its trials fail."""
    ax.set_title("the slower its units, the longer a memory?", loc="left")
    longest = table.loc[~table["forgets"], "half_delay"].max()
    for name in present(table["mechanism_memory"]):
        own = table[table["mechanism_memory"] == name]
        colour = MECHANISM_COLOURS[name]
        for forgets, rows in own.groupby("forgets"):
            ax.plot(
                rows[VALUE],
                rows["half_delay"],
                "o" if forgets else "^",
                ms=4.5,
                mec=colour,
                mfc=colour if forgets else "white",
                mew=0.9,
                ls="",
                clip_on=False,
                zorder=4,
            )
    ax.set(yscale="log", xlabel=f"{TAU_NET} of the units (τ)")
    _in_tau(ax, table[VALUE])
    ax.set_ylabel("added delay at which\nhalf of the trials fail (τ)")
    low = min(table["half_delay"].min(), 1.0)
    ax.set_ylim(0.8 * low, 1.8 * table["half_delay"].max())
    candidates = (1, 2, 5, 10, 20, 50, 100, 200)
    log_ticks(ax.yaxis, candidates, 0.8 * low, table["half_delay"].max())
    if np.isfinite(longest):
        ax.axhline(longest, color=FAINT, lw=0.7, ls=(0, (2, 2)), zorder=1)
        ax.annotate(
            "△ not within the longest delay tested",
            (0.02, longest),
            (0, 7),
            ("axes fraction", "data"),
            "offset points",
            size=SMALL,
            color=FAINT,
        )
    return table[COLUMNS]


def _draw_correlations(ax: Axes, table: pd.DataFrame) -> pd.DataFrame:
    """Rank correlation within each seed, its mean and interval over seeds."""
    ax.set_title("rank correlation\nwithin a seed", loc="left")
    rows = []
    for at, (_, mechanism) in enumerate(GROUPS):
        found = rank_correlation(table, VALUE, mechanism)
        colour = INK if mechanism is None else MECHANISM_COLOURS[mechanism]
        rows += [{"group": mechanism or "all", "seed": s, "rho": r} for s, r in found.items()]
        if found.empty:
            ax.text(at, 0.06, "too few", size=SMALL, color=FAINT, ha="center")
            continue
        places = at + np.linspace(-0.16, 0.16, len(found)) if len(found) > 1 else [at]
        ax.plot(places, found, "o", ms=3.5, mfc="white", mec=colour, mew=0.8, zorder=4)
        mean = of_mean(found)
        ax.plot([at - 0.25, at + 0.25], [mean.estimate] * 2, color=colour, lw=1.6, zorder=3)
        if np.isfinite(mean.low):
            limits = np.clip([mean.low, mean.high], -1, 1)
            ax.fill_between([at - 0.25, at + 0.25], *limits, color=colour, alpha=0.16, lw=0)
    ax.axhline(0, color=FAINT, lw=0.7, ls=(0, (2, 2)), zorder=1)
    ax.set(xlim=(-0.5, len(GROUPS) - 0.5), ylim=(-1.12, 1.12), yticks=[-1, 0, 1])
    ax.set_xticks(range(len(GROUPS)), [text for text, _ in GROUPS])
    return pd.DataFrame(rows, columns=["group", "seed", "rho"])


def _draw_mechanisms(ax: Axes, table: pd.DataFrame) -> pd.DataFrame:
    """tau_net of the networks of each mechanism."""
    ax.set_title(f"{TAU_NET} by mechanism", loc="left")
    names = present(table["mechanism_memory"])
    for at, name in enumerate(names):
        values = np.sort(table.loc[table["mechanism_memory"] == name, VALUE].dropna())
        colour = MECHANISM_COLOURS[name]
        if not len(values):
            continue
        spread = np.linspace(-0.22, 0.22, len(values)) if len(values) > 1 else np.zeros(1)
        ax.plot(values, at + spread, "o", ms=2.6, color=colour, mew=0, zorder=3)
        ax.plot([np.median(values)] * 2, [at - 0.33, at + 0.33], color=colour, lw=1.6, zorder=4)
        ax.annotate(
            f"{MECHANISM_NAMES[name]}, n = {len(values)}",
            (0, at - 0.33),
            (2, 0),
            ("axes fraction", "data"),
            "offset points",
            size=SMALL,
            va="bottom",
            color=deep(colour),
        )
    ax.set(ylim=(len(names) - 0.5, -0.75), yticks=[], xlabel=f"{TAU_NET} (τ); line: median")
    _in_tau(ax, table[VALUE], room=0.4)  # for the words
    ax.spines["left"].set_color(PALE)
    if not names:
        say(ax, "No network was labelled.")
    return table[["mechanism_memory", VALUE]]


def _in_tau(ax: Axes, values: pd.Series, room: float = 0.85) -> None:
    """A logarithmic axis: one network's τ_net may be several times that of all others."""
    low, high = room * values.min(), 1.15 * values.max()
    if not np.isfinite(low):
        return
    ax.set(xscale="log", xlim=(low, high))
    log_ticks(ax.xaxis, (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100), low, high)


def _key(figure, table: pd.DataFrame) -> None:
    """Colours of mechanisms, below panel a."""
    ax = panel(figure, 0.3, 2.56, 7.0, 0.16)
    ax.set(xlim=(0, 7.0), ylim=(0, 1))
    ax.set_axis_off()
    x = 0.0
    for name in present(table["mechanism_memory"]):
        ax.plot(x, 0.5, "o", ms=4, color=MECHANISM_COLOURS[name], mew=0, clip_on=False)
        word = ax.text(
            x + 0.07,
            0.5,
            MECHANISM_NAMES[name],
            size=SMALL,
            va="center",
            color=deep(MECHANISM_COLOURS[name]),
        )
        x += 0.22 + width_of(figure, word)


def _summary(plotted: dict[str, pd.DataFrame]) -> dict:
    networks, seeds = plotted["a"], plotted["b"]
    labels = networks.groupby("mechanism_memory", sort=True)
    return {
        "networks": len(networks),
        "never_forget": int((~networks["forgets"]).sum()),
        "tau_net_median": {name: float(own[VALUE].median()) for name, own in labels},
        "half_delay_median": {name: float(own["half_delay"].median()) for name, own in labels},
        "rank_correlation": {
            name: {f"{row.seed:g}": row.rho for row in own.itertuples()}
            for name, own in seeds.groupby("group", sort=False)
        },
    }
