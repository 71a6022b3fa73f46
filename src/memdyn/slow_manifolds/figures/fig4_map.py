"""Figure 4 of study 1: which mechanism emerges where, and which networks perform the task."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from memdyn.claims.judge import Evidence, NotRun
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
    whole_numbers,
)
from memdyn.landscape.labels import MECHANISMS
from memdyn.slow_manifolds.claims import controls
from memdyn.slow_manifolds.claims.measures import of_memories, points_per_item
from memdyn.slow_manifolds.claims.statistics import AUTHORS_NAMES, NAMES
from memdyn.slow_manifolds.counts import LABELS, SUCCESS, count
from memdyn.slow_manifolds.emergence import PREDICTORS, model
from memdyn.slow_manifolds.tables import of_the_grid

#: Heights (inch): of the maps and counts, of a further row, and how far apart panels of one lie.
MAPS, ROW = 6.35, 2.3
BOTTOM = 0.42
#: Letter of each mechanism inside a cell.
MARKS = dict(zip(MECHANISMS, "DSCMAU", strict=True))
#: The question that all panels but b and e go by.
LABEL = "mechanism_memory"
AUTHORS = {"authors_a": "test A (trial ends)", "authors_b": "test B (noisy starts)"}
SLOWEST = 1e-7  # speeds below are the rounding of float32 (norm of tau dx/dt)
WEAK = 0.4  # strength of the colour of networks that do not perform
#: What a control compares, above its panel.
CONTROLS = {
    "pg": "density of J",
    "distribution": "initialisation",
    "trials": "length of training",
    "stimuli": "stimuli",
}


def draw(networks: pd.DataFrame, failed: str, note: str, evidence: Evidence) -> Drawn:
    """Draw the figure.

    Args:
        networks: one row per network, with ``g``, ``fb``, ``performs``, both labels, the authors'
            labels, ``saturation_delay``, ``change_in_delay`` and the column ``failed``. Panels a to
            c show all, the others those of the grid itself (``tables.of_the_grid``).
        failed: column with the fraction of test runs that failed.
        note: scale and size, for the small print.
        evidence: the tables ``points``, ``memory`` and ``ends``, and all networks as
            ``controls.EVERY``;
            panels of controls that the grid does not have are left out.
    """
    grid = of_the_grid(networks)
    compared, fitted = _controls(evidence), model(grid, LABEL)
    lengths = _lengths(evidence)
    n_rows = 2 + bool(compared) + bool(len(lengths))
    with house_style():
        figure = new_figure(FULL, MAPS + ROW * n_rows + BOTTOM)
        maps = [panel(figure, left, 0.42, 1.86, 1.86) for left in (0.62, 3.0, 5.38)]
        titles = (
            "mechanism: memory states",
            "mechanism: trial ends",
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

        counts = count_mechanisms(grid)
        _draw_counts(panel(figure, 1.5, 3.6, 1.75, 2.05), counts)
        authors = count_authors_labels(grid)
        _draw_authors(figure, authors)
        phases = _draw_phases(panel(figure, 5.98, 3.6, 1.38, 2.05), grid)
        measured = _draw_measures(figure, grid, evidence)
        depths = depth_of_ends(grid, evidence)
        _draw_depths(panel(figure, 0.62, MAPS + ROW + 0.3, 1.72, ROW - 0.85), depths)
        if len(fitted):
            _draw_model(panel(figure, 3.04, MAPS + ROW + 0.3, 4.14, ROW - 0.85), fitted)
        _draw_controls(figure, MAPS + ROW * 2, compared)
        _draw_lengths(figure, MAPS + ROW * (2 + bool(compared)), lengths)
        added = len(networks) - len(grid)
        said = [
            f"{len(grid)} networks, {int(grid['performs'].sum())} perform the task"
            " (pale in a, b, d, e: does not).",
            f"a to c have {added} more, of other seeds or feedback." if added else "",
            "f to j: performing networks by memory states; f to i: each a dot, with n and mean (h:"
            " geometric).",
        ]
        small_print(figure, note, *said)
        columns = ["network", "g", "fb", "performs", failed, *LABELS]
        plotted = {"abc": networks[columns], "d": counts, "e": authors, "f": phases, **measured}
        shares = {key: rows for key, (_, rows) in zip("lmno", compared.items(), strict=False)}
        plotted |= {"j": depths, "k": fitted, "pqr": lengths}
        return Drawn(figure, plotted | shares, _summary(grid, counts, authors, failed, measured))


def _controls(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """Shares of mechanisms in pairs of networks, per control that the grid has: ``value``,
    ``mechanism``, ``share``, ``pairs``."""
    found = {}
    for name in CONTROLS:
        try:
            both, compared = controls.pairs(evidence.rows(controls.EVERY), name)
        except NotRun:
            continue
        second, first = compared.split(" minus ")
        found[name] = pd.DataFrame(
            {
                "value": value,
                "mechanism": label,
                "share": float((both[side] == label).mean()),
                "pairs": len(both),
            }
            for value, side in ((first, "first"), (second, "second"))
            for label in MECHANISMS
        )
    return found


def depth_of_ends(networks: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """How fast performing networks still move, so many trial lengths after a trial's end.

    Returns:
        A row per network and time: ``network``, ``mechanism_memory``, ``lengths`` (trial lengths),
        ``speed`` (norm of tau dx/dt, median over trial ends).
    """
    able = networks.loc[networks["performs"], ["network", LABEL]]
    try:
        ends = evidence.rows("ends", start="trial end").merge(able, on="network")
    except NotRun:
        ends = able.iloc[:0]
    speeds = [name for name in ends if re.fullmatch(r"speed_\d+", name)]
    rows = ends.melt(["network", LABEL], speeds, "lengths", "speed")
    rows["lengths"] = rows["lengths"].str.removeprefix("speed_").astype(int)
    return rows.groupby(["network", LABEL, "lengths"], as_index=False, sort=True)["speed"].median()


def _draw_depths(ax: Axes, depths: pd.DataFrame) -> None:
    """A faint line per network, a bold one per mechanism (median)."""
    ax.set_title("depth of end states", loc="left")
    letter(ax, "j", left=38)
    if depths.empty:
        say(ax, "No network performs\nthe task.")
        return
    depths = depths.assign(speed=depths["speed"].clip(lower=SLOWEST))
    for name in present(depths[LABEL]):
        colour, own = MECHANISM_COLOURS[name], depths[depths[LABEL] == name]
        for _, line in own.groupby("network"):
            ax.plot(line["lengths"], line["speed"], color=colour, lw=0.5, alpha=0.35)
        middle = own.groupby("lengths")["speed"].median()
        ax.plot(middle.index, middle, color=colour, lw=1.8)
    ax.set(yscale="log", xlim=(0, depths["lengths"].max()))
    ax.set(xlabel="trial lengths after a trial", ylabel="speed |τ dx/dt|")


def _draw_model(ax: Axes, fitted: pd.DataFrame) -> None:
    """Coefficients of the multinomial model: a group per predictor, a disc per mechanism.

    The axis is cut where the widest intervals would hide all else; arrows mark what goes on.
    """
    predictors = list(dict.fromkeys(fitted["predictor"]))
    names = present(fitted["mechanism"])
    reach = 1.6 * max(1.0, float(fitted["estimate"].abs().max()))
    for row in fitted.itertuples():
        x = predictors.index(row.predictor) + 0.8 * (
            (names.index(row.mechanism) + 0.5) / len(names)
        )
        colour = MECHANISM_COLOURS[row.mechanism]
        ax.plot([x, x], np.clip([row.low, row.high], -reach, reach), color=colour, lw=1.4)
        for end, mark in ((row.low, "v"), (row.high, "^")):
            if abs(end) > reach:
                ax.plot(x, np.sign(end) * reach, mark, ms=5, color=colour, clip_on=False)
        face = colour if np.isfinite(row.low) else "white"
        ax.plot(x, row.estimate, "o", ms=4.5, mfc=face, mec=colour)
    ax.axhline(0, color=INK, lw=0.6, zorder=0)
    ax.set(ylim=(-reach, reach), xlim=(-0.1, len(predictors) - 0.1))
    ax.set(xticks=np.arange(len(predictors)) + 0.4, ylabel="log-odds per SD")
    ax.set_xticklabels([PREDICTORS[name] for name in predictors])
    ax.tick_params(axis="x", length=0)
    ax.set_title("what goes with a mechanism: softmax model", loc="left")
    notes = ["bars: 95 % over seeds"]
    if fitted["low"].isna().any():
        notes.append("open: one seed has it")
    if (fitted[["low", "high"]].abs() > reach).any(axis=None):
        notes.append("arrows: goes on")
    ax.set_xlabel("; ".join(notes), color=FAINT, size=SMALL)
    letter(ax, "k", left=38)


def _draw_controls(figure: Figure, top: float, compared: dict[str, pd.DataFrame]) -> None:
    """A panel per control: shares of mechanisms at its two values, networks in pairs."""
    width = 7.0 / max(len(compared), 3)
    for i, (name, rows) in enumerate(compared.items()):
        ax = panel(figure, 1.15 + i * width, top + 0.35, width - 1.0, ROW - 1.2)
        values = list(dict.fromkeys(rows["value"]))
        for y, value in enumerate(values):
            left = 0.0
            for row in rows[rows["value"] == value].itertuples():
                ax.barh(y, row.share, 0.6, left=left, color=MECHANISM_COLOURS[row.mechanism])
                left += row.share
        names = [value.removeprefix("stimuli ") for value in values]
        ax.set(
            yticks=range(2), yticklabels=names, ylim=(1.5, -0.5), xlim=(0, 1), xticks=[0, 0.5, 1]
        )
        ax.set_xlabel(f"share of {rows['pairs'].iloc[0]} pairs")
        ax.tick_params(axis="y", length=0)
        ax.set_title(CONTROLS[name], loc="left")
        letter(ax, "lmno"[i], left=20)


def _lengths(evidence: Evidence) -> pd.DataFrame:
    """Counts of the same networks after several lengths of training; no rows if there is one."""
    try:
        found = count(evidence.rows(controls.EVERY))
    except NotRun:
        return pd.DataFrame()
    return found if len(found["trials"].unique()) > 1 else found.iloc[:0]


def _draw_lengths(figure: Figure, top: float, lengths: pd.DataFrame) -> None:
    """Networks that perform, and mechanisms by each label, with 95 % over seeds."""
    if lengths.empty:
        return
    trials = sorted(lengths["trials"].unique())
    titles = {"": "networks that perform", **{q: f"by {q}" for q in LABELS.values()}}
    for i, (label, title) in enumerate(titles.items()):
        ax = panel(figure, 0.62 + 2.42 * i, top + 0.3, 1.72, ROW - 0.85)
        ax.set_title(title, loc="left")
        letter(ax, "pqr"[i], left=38)
        own = lengths[lengths["label"] == label]
        shown = [
            n for n in (SUCCESS, *MECHANISMS) if own.loc[own["mechanism"] == n, "networks"].any()
        ]
        for j, name in enumerate(shown):
            rows = own[own["mechanism"] == name].sort_values("trials")
            x = np.arange(len(trials)) + 0.08 * (j - (len(shown) - 1) / 2)
            colour = MECHANISM_COLOURS.get(name, INK)
            ax.plot(x, rows["share"], "-o", color=colour, lw=0.9, ms=3.6, mec="white", mew=0.4)
            ax.vlines(x, rows["low"], rows["high"], color=colour, lw=1.2)
        ax.set(xticks=range(len(trials)), xticklabels=trials, xlim=(-0.4, len(trials) - 0.6))
        ax.set(ylim=(0, 1), xlabel="trials of training", ylabel="share" if i == 0 else "")
        if not shown:
            say(ax, "No network performs\nthe task.")


#: What is measured of networks, by panel: title, label of the axis, whether it is logarithmic.
MEASURES = {
    "g": ("stable points per item", "points, up to sign / items", False),
    "h": ("slowest mode of memories", "time constant (τ)", True),
    "i": ("slow modes of memories", "modes slower than delay", False),
}


def _draw_measures(
    figure: Figure, networks: pd.DataFrame, evidence: Evidence
) -> dict[str, pd.DataFrame]:
    """Efficiency and spectra at memory states: a dot per network, a bar per mechanism."""
    measures = {"g": points_per_item, "h": _slowest, "i": of_memories("n_slow")}
    able = networks[networks["performs"]]
    found = {}
    for i, (key, measure) in enumerate(measures.items()):
        title, label, is_log = MEASURES[key]
        ax = panel(figure, 0.62 + 2.42 * i, MAPS + 0.3, 1.72, ROW - 0.85)
        ax.set_title(title, loc="left")
        letter(ax, key, left=38)
        try:
            values = able["network"].map(measure(evidence))
        except NotRun:
            values = pd.Series(np.nan, index=able.index)
        rows = able[["network", LABEL]].assign(value=values).dropna(subset="value")
        found[key] = rows
        if rows.empty:
            say(ax, "Not measured.")
            continue
        names = present(rows[LABEL])
        for x, name in enumerate(names):
            own = rows.loc[rows[LABEL] == name, "value"].to_numpy()
            spread = np.linspace(-0.25, 0.25, len(own)) if len(own) > 1 else [0.0]
            ax.plot(
                x + np.asarray(spread),
                np.sort(own),
                **{"ls": "", "marker": "o", "ms": 3.4, "mec": "white", "mew": 0.4},
                color=MECHANISM_COLOURS[name],
                clip_on=False,
            )
            middle = np.exp(np.log(own).mean()) if is_log else own.mean()
            ax.plot([x - 0.35, x + 0.35], [middle] * 2, color=INK, lw=1.2, zorder=4)
        counts = rows[LABEL].value_counts()
        marks = [f"{MARKS[name]}\n{counts[name]}" for name in names]
        ax.set(xticks=range(len(names)), xticklabels=marks)
        ax.set(xlim=(-0.6, len(names) - 0.4), ylabel=label)
        if is_log:
            ax.set_yscale("log")
            ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            ax.yaxis.set_minor_formatter(NullFormatter())
            delay = evidence.fact("delay")
            ax.axhline(delay, color=INK, lw=0.6, ls=(0, (1.5, 1.5)), zorder=0)
            ax.text(
                len(names) - 0.45, delay, "delay", va="bottom", ha="right", size=SMALL, color=FAINT
            )
        else:
            ax.set_ylim(bottom=0)
        for tick, name in zip(ax.get_xticklabels(), names, strict=True):
            tick.set(color=deep(MECHANISM_COLOURS[name]), weight="bold")
        ax.tick_params(axis="x", length=0)
    return found


def _slowest(evidence: Evidence) -> pd.Series:
    """Slowest mode of the median memory state; none where it grows."""
    slowest = of_memories("slowest")(evidence)
    return slowest[np.isfinite(slowest)]


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
    networks: pd.DataFrame,
    counts: pd.DataFrame,
    authors: pd.DataFrame,
    failed: str,
    measured: dict[str, pd.DataFrame],
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
            name: able.loc[able[LABEL] == name, "saturation_delay"].median()
            for name in present(able[LABEL])
        },
        **{
            name: {
                label: own["value"].mean() for label, own in measured[key].groupby(LABEL, sort=True)
            }
            for key, name in (("g", "points_per_item"), ("h", "slowest"), ("i", "slow_modes"))
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
        yticklabels=[f"1/{fb:g}" if fb > 1 else f"{1 / fb:g}" for fb in feedbacks],
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


def _draw_counts(ax: Axes, counts: pd.DataFrame) -> None:
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
        xlabel="networks (performing / all)\ntop: memory, below: trial ends",
    )
    ax.xaxis.set_major_locator(whole_numbers(5))
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
            yticklabels=rows["label"].replace(AUTHORS_NAMES).replace(NAMES),
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
    columns = ["network", LABEL, "performs", "saturation_delay", "change_in_delay"]
    able = networks.loc[networks["performs"], columns]
    ax.set_title("tonic or phasic delays", loc="left")
    if able.empty:
        say(ax, "No network performs\nthe task.")
        return able
    for name in present(able[LABEL]):
        own = able[able[LABEL] == name]
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
