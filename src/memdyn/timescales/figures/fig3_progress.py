"""Figure 3 of study 2: training without a curriculum fails early; with one it goes far."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    SMALL,
    Drawn,
    house_style,
    letter,
    new_figure,
    panel,
    say,
    small_print,
    whole_numbers,
)
from memdyn.timescales.claims import bands
from memdyn.timescales.figures.conditions import (
    CURRICULUM_COLOURS,
    CURRICULUM_NAMES,
    TASK_NAMES,
    colour_of,
    curriculum_of,
    missing,
    name_of,
    rows_of,
)
from memdyn.timescales.figures.curves import (
    COLUMNS,
    ENDINGS,
    MIN_NETWORKS,
    draw_curve,
    draw_progress,
    interval,
    label_ends,
    n_line,
)
from memdyn.timescales.figures.marks import draw_dots, key, paper_box, paper_note

HEIGHT = 5.3
SCRATCH = "parity_none"
#: Conditions whose progress is drawn, per task.
CURRICULA = {
    "parity": ("parity_single", "parity_multi", "parity_sliding", "parity_all_heads"),
    "dms": ("dms_single", "dms_multi"),
}
COMPARED = ("parity_single", "parity_multi")  # epochs per N
SHOWN = (SCRATCH, *(name for names in CURRICULA.values() for name in names))
MAX_LABELS = 9  # of single N
MEANS = f"Means over networks; bands: 95 % (Student), from {MIN_NETWORKS} networks on."
CHANCE = 0.5


def draw(
    epochs: pd.DataFrame, networks: pd.DataFrame, threshold: float, n_units: int, note: str
) -> Drawn:
    """Draw the figure.

    Args:
        epochs: one row per network and epoch (table ``epochs``); may be empty.
        networks: one row per network (table ``networks``); may be empty.
        threshold: accuracy above which an N counts as solved.
        n_units: units of the networks.
        note: scale, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, HEIGHT)
        plotted = {
            "a": _draw_scratch(panel(figure, 0.62, 0.42, 2.75, 1.5), epochs, threshold),
            "b": _draw_last(panel(figure, 5.0, 0.42, 2.35, 1.5), epochs, threshold),
        }
        absent: list[str] = []
        for name, left, (task, conditions) in zip(
            "cd", (0.62, 3.05), CURRICULA.items(), strict=True
        ):
            ax = panel(figure, left, 3.05, 1.9, 1.45)
            plotted[name] = _draw_task(ax, epochs, networks, task, conditions, name)
            absent += missing(epochs, conditions)
        plotted["e"] = _draw_epochs(panel(figure, 5.45, 3.05, 1.9, 1.45), epochs, n_units)
        _keys(figure, epochs, networks, n_units)
        boxes = paper_note(n_units, figure) if bands.hold(n_units) else ""
        small_print(figure, note, MEANS, boxes, _not_run(absent))
        return Drawn(figure, plotted, _summary(epochs, networks, plotted))


def accuracy_in_time(epochs: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of networks that train on one N from the start.

    Args:
        epochs: table ``epochs``; only rows of ``SCRATCH`` count. Its N is ``n_max``.

    Returns:
        Rows of ``N``, ``epoch``, ``accuracy`` (mean over networks, one that has ended keeping its
        last), ``n`` networks.
    """
    rows = rows_of(epochs, SCRATCH)
    found = []
    for N, own in rows.groupby("n_max") if len(rows) else ():
        wide = own.pivot_table("accuracy_last", "epoch", "network", dropna=False).ffill()
        found.append(
            pd.DataFrame(
                {
                    "N": int(N),
                    "epoch": wide.index,
                    "accuracy": wide.mean(axis=1).to_numpy(),
                    "n": wide.shape[1],
                }
            )
        )
    columns = ["N", "epoch", "accuracy", "n"]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


def epochs_per_N(epochs: pd.DataFrame, conditions: Sequence[str]) -> pd.DataFrame:
    """Epochs that each network spent on each N that it solved.

    Args:
        epochs: table ``epochs``.
        conditions: those to count.

    Returns:
        Rows of ``condition``, ``network``, ``N``, ``epochs``.
    """
    found = []
    for condition in conditions:
        rows = rows_of(epochs, condition)
        if rows.empty:
            continue
        counts = rows.groupby(["condition", "network", "n_max"], as_index=False).agg(
            epochs=("epoch", "size"), solved=("advanced", "any")
        )
        found.append(counts[counts["solved"]].drop(columns="solved"))
    columns = ["condition", "network", "N", "epochs"]
    if not found:
        return pd.DataFrame(columns=columns)
    return pd.concat(found, ignore_index=True).rename(columns={"n_max": "N"})[columns]


def _draw_scratch(ax: Axes, epochs: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Accuracy against epoch, one colour per N."""
    ax.set_title("no curriculum: one N from the start (N-parity)", loc="left")
    letter(ax, "a", left=34)
    found = accuracy_in_time(epochs)
    if found.empty:
        say(ax, "Not run at this scale.")
        return found
    Ns = sorted(found["N"].unique())
    colours = dict(zip(Ns, colormaps["viridis"](np.linspace(0.0, 0.88, len(Ns))), strict=True))
    labelled = [
        Ns[i] for i in np.unique(np.linspace(0, len(Ns) - 1, MAX_LABELS).round().astype(int))
    ]
    ends = {}
    last = found["epoch"].max()
    for N, own in found.groupby("N"):
        ax.plot(own["epoch"], own["accuracy"], color=colours[N], lw=1.3, zorder=4, clip_on=False)
        x, y = own["epoch"].iloc[-1], own["accuracy"].iloc[-1]
        ax.plot([x, last], [y, y], color=colours[N], lw=0.7, ls=(0, (1, 1.2)), zorder=3)
        if N in labelled:
            ends[N] = (last, y, f"N = {N}", colours[N][:3])
    _levels(ax, threshold)
    ax.set(xlim=(min(1, last - 1), last), xlabel="epoch", ylabel="accuracy")
    ax.xaxis.set_major_locator(whole_numbers(5))
    label_ends(ax, ends, gap=0.115)
    return found


def _draw_last(ax: Axes, epochs: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Accuracy after the last epoch against N."""
    letter(ax, "b", left=34)
    rows = rows_of(epochs, SCRATCH)
    columns = ["condition", "network", "N", "accuracy"]
    ax.set_title("… and what each network ends with", loc="left")
    if rows.empty:
        say(ax, "Not run at this scale.")
        return pd.DataFrame(columns=columns)
    last = rows.sort_values("epoch").groupby("network", as_index=False).last()
    last = last.assign(N=last["n_max"], accuracy=last["accuracy_last"])[columns]
    colour = colour_of(SCRATCH)
    marks = dict(
        zip(last["network"], np.where(last["accuracy"] > threshold, "o", "o-"), strict=True)
    )
    for N, own in last.groupby("N"):
        values = own.set_index("network")["accuracy"]
        draw_dots(ax, values, N, colour, upright=True, marks=marks)
    _levels(ax, threshold)
    ax.set(xlabel="N trained from the start", ylabel="accuracy at the end")
    ax.set_xlim(last["N"].min() - 0.5, last["N"].max() + 0.5)
    ax.xaxis.set_major_locator(whole_numbers(6))
    counts = last.groupby("N")["network"].nunique()
    span = (
        f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    )
    bars = "bars: mean, 95 %" if counts.max() > 1 else "bar: mean"
    ax.text(
        0.03,
        0.16,
        f"one mark per network,\n{span} per N; filled: solved;\n{bars}",
        transform=ax.transAxes,
        size=SMALL,
        color=FAINT,
        va="bottom",
    )
    return last


def _levels(ax: Axes, threshold: float) -> None:
    """Limits of an accuracy, with lines at chance and at what counts as solved."""
    for level, text, at in (
        (threshold, f"above {threshold:.0%}: solved", 1.02),
        (CHANCE, "chance", 0.44),
    ):
        ax.axhline(level, color=FAINT, lw=0.6, ls=(0, (4, 2)), zorder=1)
        ax.annotate(
            text,
            (0, at),
            xytext=(3, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            size=SMALL,
            color=FAINT,
            va="bottom",
        )
    ax.set(ylim=(0.43, 1.09), yticks=[0.5, 0.6, 0.7, 0.8, 0.9, 1.0])


def _draw_task(
    ax: Axes,
    epochs: pd.DataFrame,
    networks: pd.DataFrame,
    task: str,
    conditions: Sequence[str],
    name: str,
) -> pd.DataFrame:
    """Largest N solved against the epoch, one colour per curriculum."""
    ax.set_title(TASK_NAMES[task], loc="left")
    letter(ax, name, left=34 if name == "c" else 24)
    found = draw_progress(ax, epochs, networks, conditions)
    if found.empty:
        say(ax, "Not run at this scale.")
        return found
    counts = found.groupby("condition", sort=False)["n"].max()
    n_line(ax, list(counts.items()))
    ax.set_xlim(0, found["x"].max())
    ax.set_ylim(0, 1.1 * max(1.0, found["mean"].max()))
    ax.set(xlabel="epoch", ylabel="largest N solved" if name == "c" else None)
    ax.xaxis.set_major_locator(whole_numbers(5))
    ax.yaxis.set_major_locator(whole_numbers(6))
    return found


def _draw_epochs(ax: Axes, epochs: pd.DataFrame, n_units: int) -> pd.DataFrame:
    """Epochs that each N took."""
    ax.set_title(f"effort per N ({TASK_NAMES['parity']})", loc="left")
    letter(ax, "e", left=24)
    counts = epochs_per_N(epochs, COMPARED)
    if counts.empty:
        say(ax, "Not run at this scale.")
        return pd.DataFrame(columns=COLUMNS)
    found = [
        draw_curve(ax, counts, name, "epochs", networks=False, marker="o") for name in COMPARED
    ]
    ax.set_yscale("log")
    top = max(10.0, 1.3 * counts["epochs"].max())
    ax.set(xlim=(counts["N"].min() - 0.5, counts["N"].max() + 0.5), ylim=(0.8, top))
    ax.set(xlabel="N", ylabel="epochs until solved")
    ticks = [t for t in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if t <= top]
    ax.set_yticks(ticks, [f"{t}" for t in ticks])
    ax.set_yticks([], minor=True)
    ax.xaxis.set_major_locator(whole_numbers(6))
    if bands.hold(n_units):
        for name in COMPARED:
            _paper_epochs(ax, name)
    return pd.concat(found, ignore_index=True)


def _paper_epochs(ax: Axes, condition: str) -> None:
    """One box per range of N in which the paper's network needed like numbers of epochs."""
    right = ax.get_xlim()[1]
    for first, last in bands.EPOCH_GROUPS[condition]:
        values = [bands.EPOCHS[condition, N].value for N in range(first, last + 1)]
        if first <= right:
            mean = sum(values) / len(values)
            band = bands.EPOCHS[condition, first]._replace(value=mean)
            paper_box(ax, first - 0.5, min(last + 0.5, right), band, colour_of(condition))


def _keys(figure, epochs: pd.DataFrame, networks: pd.DataFrame, n_units: int) -> None:
    """What colours and end marks of the lower row mean."""
    present = [c for names in CURRICULA.values() for c in names if len(rows_of(epochs, c))]
    seen = {curriculum_of(condition) for condition in present}
    entries = [
        ("line", CURRICULUM_COLOURS[n], CURRICULUM_NAMES[n])
        for n in CURRICULUM_COLOURS
        if n in seen
    ]
    if entries:
        key(figure, 2.42, [*entries, ("hair", INK, "one network")])
    chosen = (
        networks[networks["condition"].isin(present)] if present and len(networks) else networks
    )
    ends = set(chosen["status"]) if len(chosen) else set()
    marks = [
        (kind, FAINT, f"ends: {text}") for status, (kind, text) in ENDINGS.items() if status in ends
    ]
    if marks:
        key(figure, 2.59, marks)


def _not_run(absent: Sequence[str]) -> str:
    return f"Not run: {'; '.join(map(name_of, absent))}." if absent else ""


def _summary(epochs: pd.DataFrame, networks: pd.DataFrame, plotted: dict) -> dict:
    last = plotted["b"]
    found = {}
    for conditions in CURRICULA.values():
        for condition in conditions:
            rows = rows_of(networks, condition)
            if len(rows):
                low, high = interval(rows["max_N"])
                found[condition] = {
                    "networks": len(rows),
                    "max_N_mean": rows["max_N"].mean(),
                    "max_N_low": low,
                    "max_N_high": high,
                    "epochs_median": rows["n_epochs"].median(),
                    "status": rows["status"].value_counts().to_dict(),
                }
    return {
        "curricula": found,
        "no_curriculum": {int(N): own["accuracy"].mean() for N, own in last.groupby("N")}
        if len(last)
        else {},
        "epochs_per_N": {
            condition: {int(x): mean for x, mean in zip(own["x"], own["mean"], strict=True)}
            for condition, own in plotted["e"].groupby("condition")
        }
        if len(plotted["e"])
        else {},
    }
