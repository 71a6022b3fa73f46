"""Figure 5 of study 1: forgetting and noise, per mechanism."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from memdyn.claims.intervals import of_mean
from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    MECHANISM_COLOURS,
    MECHANISM_NAMES,
    SMALL,
    Drawn,
    deep,
    end_label,
    house_style,
    letter,
    new_figure,
    panel,
    present,
    say,
    small_print,
    tint,
)
from memdyn.slow_manifolds.claims.measures import TRIALS

ROW, TOP, BOTTOM = 2.35, 0.42, 0.3  # heights (inch): of one test, above and below all
#: Curves are grouped by where memories end.
LABEL = "mechanism_memory"
#: All forgotten: half of the trials come out right whatever is remembered.
CHANCE = 0.5
LETTERS = "abcdefghij"
PARTS = ("failed", "asymptotic", "fixed_time")
NOISE_NAMES = {
    "uniform": "offset + noise U(0.5, 0.5 + s)",
    "gaussian": "noise of zero mean N(0, s²/12)",
    "state": "noise in all units, SD s √dt",
    "lesion": "units without input in stimulus 1",
}
#: What the small print says of each that is shown.
SAID = {
    "uniform": "Offset and noise act on both channels of stimulus 1; the authors' offset,"
    " 0.5 + s / 2, is 8 to 15 times the SD of their noise that reaches the units (s > 1).",
    "state": "Noise in all units acts throughout the trial.",
}
COLUMNS = ["mechanism", "level", "quantity", "mean", "low", "high", "n", "seeds"]


def draw(
    networks: pd.DataFrame, delays: pd.DataFrame, noise: pd.DataFrame, nominal: float, note: str
) -> Drawn:
    """Draw the figure.

    Args:
        networks: one row per network, with ``performs``, ``seed`` and ``LABEL``.
        delays, noise: failed fractions per network and condition; may be empty, without columns.
        nominal: duration of the unextended delay (tau).
        note: scale and size, for the small print.
    """
    kinds = list(dict.fromkeys(noise["noise"])) if len(noise) else []
    tests = {"delay": curves(delays, networks, "extra")}
    for kind in kinds:
        tests[kind] = curves(noise[noise["noise"] == kind], networks, "level")
    if not kinds:
        tests["noise"] = curves(noise, networks, "level")
    with house_style():
        able = networks[networks["performs"]]
        if able.empty:
            figure = new_figure(FULL, 1.6)
            say(
                panel(figure, 0.5, 0.2, 6.5, 1.0),
                "No network performs the task, so none was tested.",
            )
        else:
            figure = new_figure(FULL, TOP + ROW * len(tests) + BOTTOM)
        for row, (test, found) in enumerate(tests.items()):
            if len(able):
                _draw_test(figure, TOP + row * ROW, test, found, LETTERS[2 * row :], nominal)
        said = [
            f"{note} Only networks that perform the task ({len(able)} of {len(networks)}), by",
            "where memories end. Lines: means over seeds; bands: their 95 % intervals, as for",
            "claims. Dashed: chance.",
            *(sentence for kind, sentence in SAID.items() if kind in kinds),
        ]
        small_print(figure, *said)
        plotted = {
            LETTERS[2 * row : 2 * row + 2]: found.assign(test=test)
            for row, (test, found) in enumerate(tests.items())
        }
        return Drawn(figure, plotted, _summary(able, tests))


def curves(table: pd.DataFrame, networks: pd.DataFrame, level: str) -> pd.DataFrame:
    """Mean failed fraction per mechanism and level, with its interval over seeds.

    Args:
        table: one row per network and level, with the columns of ``PARTS``; may be empty.
        networks: one row per network; only those that perform count, by ``LABEL``.
        level: column that holds the level.

    Returns:
        Rows of ``mechanism``, ``level``, ``quantity`` (one of ``PARTS``), ``mean`` (over seeds, of
        the mean over networks of each), ``low``, ``high`` (as for claims; not a number for a single
        seed), ``n`` (networks) and ``seeds``.
    """
    able = networks.loc[networks["performs"], ["network", "seed", LABEL]]
    if table.empty or able.empty:
        return pd.DataFrame(columns=COLUMNS)
    joined = table[["network", level, *PARTS]].merge(able, on="network", validate="many_to_one")
    rows = []
    for name in present(joined[LABEL]):
        own = joined[joined[LABEL] == name]
        for part in PARTS:
            known = own.dropna(subset=part)
            means = known.groupby([level, "seed"])[part].mean()
            counts = known.groupby(level)["network"].nunique()
            for place, values in means.groupby(level):
                found = of_mean(values, TRIALS if level == "extra" else 0.0)
                rows.append(
                    (name, place, part, *found[:3], int(counts[place]), found.units),
                )
    return pd.DataFrame(rows, columns=COLUMNS)


def _summary(able: pd.DataFrame, tests: Mapping[str, pd.DataFrame]) -> dict:
    summary = {
        "performing": len(able),
        "networks": {name: int((able[LABEL] == name).sum()) for name in present(able[LABEL])},
        "seeds": able["seed"].nunique(),
    }
    for test, found in tests.items():
        failed = found[found["quantity"] == "failed"]
        summary[test] = {
            name: {
                f"{level:g}": mean for level, mean in zip(rows["level"], rows["mean"], strict=True)
            }
            for name, rows in failed.groupby("mechanism", sort=False)
        }
    return summary


def _draw_test(
    figure: Figure, top: float, test: str, found: pd.DataFrame, letters: str, nominal: float
) -> None:
    """One row: all mechanisms together, then each with its failures split."""
    delay = test == "delay"
    title = "delay 1 made longer" if delay else NOISE_NAMES.get(test, "noise on stimulus 1")
    ax = panel(figure, 0.62, top, 2.15, ROW - 0.8)
    letter(ax, letters[0], left=34)
    ax.set_title(title, loc="left")
    if found.empty:
        say(ax, "No network was tested.")
        return
    axis = _delay_axis if delay or test == "lesion" else _noise_axis
    failed = found[found["quantity"] == "failed"]
    ends = {}
    for name in present(failed["mechanism"]):
        own, colour = failed[failed["mechanism"] == name], MECHANISM_COLOURS[name]
        ax.fill_between(own["level"], own["low"], own["high"], color=colour, alpha=0.16, lw=0)
        ax.plot(
            own["level"],
            own["mean"],
            color=colour,
            marker="" if delay else "o",
            ms=2.8,
            lw=1.4,
            clip_on=False,
            zorder=4,
        )
        ends[name] = (own["mean"].iloc[-1], int(own["n"].iloc[0]), int(own["seeds"].iloc[0]))
    axis(ax, found["level"])
    _draw_chance(ax)
    ax.set(ylim=(0, 1), ylabel="failed fraction of trials")
    if delay:
        ax.set_xlabel(f"added to the delay of {nominal:g} τ (τ); ○: nothing")
        ax.plot(0, 0, "o", ms=4, mfc="white", mec=INK, mew=0.8, clip_on=False, zorder=6)
    else:
        ax.set_xlabel("fraction of units" if test == "lesion" else "noise level s (0: none)")
    _label_ends(ax, ends)

    names = list(ends)
    n_columns = 2 if len(names) == 4 else min(3, len(names))
    n_rows = -(-len(names) // n_columns)
    width, height = 3.25 / n_columns, (ROW - 0.8) / n_rows
    for i, name in enumerate(names):
        row, column = divmod(i, n_columns)
        small = panel(
            figure,
            4.17 + column * width,
            top + row * height + (0.13 if n_rows > 1 else 0),
            width - 0.12,
            height - (0.26 if n_rows > 1 else 0),
        )
        _draw_split(small, found[found["mechanism"] == name], name, axis)
        if column:
            small.set_yticklabels([])
        else:
            small.set_ylabel("failed", size=SMALL, labelpad=2)
        if row + 1 < n_rows and i + n_columns < len(names):
            small.set_xticklabels([])
        elif column == (n_columns - 1) // 2:
            across = "added to the delay (τ)" if delay else ax.get_xlabel().split(" (")[0]
            centre = (
                (n_columns / 2 - column) * width / (width - 0.12) if n_columns % 2 == 0 else 0.5
            )
            small.set_xlabel(across, size=SMALL, labelpad=2, x=centre)
        if i == 0:
            letter(small, letters[1], left=20, up=6 if n_rows == 1 else 12)
    _key_to_split(figure, top)


def _draw_chance(ax: Axes) -> None:
    ax.axhline(CHANCE, color=INK, lw=0.6, ls=(0, (4, 2)), zorder=5)


def _delay_axis(ax: Axes, levels: pd.Series) -> None:
    ax.set_xlim(0, levels.max())
    ax.xaxis.set_major_locator(
        MaxNLocator(4) if ax.bbox.width > 180 else MaxNLocator(3, prune="upper")
    )


def _noise_axis(ax: Axes, levels: pd.Series) -> None:
    """Linear from zero to the smallest level, then logarithmic."""
    positive = levels[levels > 0]
    first, last = (positive.min(), positive.max()) if len(positive) else (1.0, 1.0)
    ax.set_xscale("symlog", linthresh=first, linscale=0.5)
    ax.set_xlim(0, last)
    decades = [x for x in (0.01, 0.1, 1, 10, 100) if first <= x <= last]
    ax.set_xticks([0, *decades], ["0", *(f"{x:g}" for x in decades)])
    ax.set_xticks([], minor=True)


def _label_ends(ax: Axes, ends: Mapping[str, tuple[float, int, int]]) -> None:
    """Name each curve at its end, apart from the others."""
    gap = 0.15
    order = sorted(ends, key=lambda name: ends[name][0])
    places = [max(ends[name][0], 0.05) for name in order]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + gap)
    over = max(0.0, places[-1] - 0.98)
    for i in reversed(range(len(places))):
        places[i] -= over
        if i and places[i] - places[i - 1] >= gap:
            over = min(over, max(0.0, places[i - 1] - (places[i] - gap)))
    for name, place in zip(order, places, strict=True):
        value, n, n_seeds = ends[name]
        few = ", no interval" if n_seeds == 1 else f", {n_seeds} seeds"
        text = f"{MECHANISM_NAMES[name]}\nn = {n}{few}"
        end_label(ax, (1, value), (1.07, place), text, MECHANISM_COLOURS[name])


def _draw_split(ax: Axes, own: pd.DataFrame, name: str, axis) -> None:
    """Failures of one mechanism: gone to another state, or only late."""
    colour = MECHANISM_COLOURS[name]
    parts = {part: rows for part, rows in own.groupby("quantity")}
    level, gone = parts["asymptotic"]["level"], parts["asymptotic"]["mean"].to_numpy()
    total = gone + parts["fixed_time"]["mean"].to_numpy()
    ax.fill_between(level, 0, gone, color=colour, lw=0)
    ax.fill_between(level, gone, total, color=tint(colour, 0.35), lw=0)
    ax.plot(level, total, color=colour, lw=0.9)
    axis(ax, own["level"])
    _draw_chance(ax)
    ax.set(ylim=(0, 1), yticks=[0, 0.5, 1])
    ax.set_yticklabels(["0", "", "1"])
    ax.set_title(MECHANISM_NAMES[name], color=deep(colour), size=SMALL, loc="left", pad=2)


def _key_to_split(figure: Figure, top: float) -> None:
    ax = panel(figure, 4.17, top + ROW - 0.47, 3.25, 0.2)
    ax.set(xlim=(0, 3.25), ylim=(0, 1))
    ax.set_axis_off()
    for x, colour, text in (
        (0.0, INK, "asymptotic: still off a trial later"),
        (2.0, tint(INK, 0.35), "fixed-time: late"),
    ):
        ax.fill_between([x, x + 0.16], 0.2, 0.8, color=colour, lw=0)
        ax.text(x + 0.22, 0.5, text, size=SMALL, va="center", color=FAINT if x else INK)
