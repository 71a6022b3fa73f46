"""Figure 2 of study 1: how an example network of each mechanism remembers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from memdyn.figures.recordings import part_of
from memdyn.figures.style import (
    EPOCH_MARKS,
    FAINT,
    FULL,
    INK,
    MECHANISM_COLOURS,
    MECHANISM_NAMES,
    SMALL,
    TITLE,
    Drawn,
    column_title,
    deep,
    house_style,
    new_figure,
    nothing_to_draw,
    panel,
    small_print,
    tint,
    type_colours,
)
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching

ROW, TOP, BOTTOM = 1.62, 0.55, 0.82  # heights (inch): of one mechanism, above and below all
DRAWN_EVERY = 5  # steps between the columns of the maps of activity and the points of long traces
TITLES = ("unit activity in one trial", "trials, then left alone", "output when left alone")
RATES = LinearSegmentedColormap.from_list("rates", ["#2B5C8A", "#F7F7F7", "#A23B3B"])


def draw(
    task: SequentialPatternMatching,
    classes: list[int],
    dt: float,
    examples: Mapping[str, np.ndarray],
    example_facts: Mapping[str, Mapping],
    note: str,
) -> Drawn:
    """Draw the figure, a row per mechanism found.

    Args:
        task: sequential pattern matching.
        classes: image classes shown, in the task's order.
        dt: Euler step (tau).
        examples, example_facts: arrays of the examples file, and mechanism -> facts of its example.
        note: scale and size, for the small print.
    """
    names = list(example_facts)
    with house_style():
        if not names:
            return nothing_to_draw(
                "No network performs the task with a mechanism on which label and vote agree.", note
            )
        height = TOP + ROW * len(names) + BOTTOM
        figure = new_figure(FULL, height)
        plotted: dict[str, list[pd.DataFrame]] = {"a": [], "b": [], "c": []}
        summary = {}
        for row, name in enumerate(names):
            arrays = part_of(examples, name)
            top, last = TOP + row * ROW, row == len(names) - 1
            fact = example_facts[name]
            _write_facts(figure, top, name, fact)
            axes = [
                panel(figure, left, top, width, ROW - 0.42)
                for left, width in ((1.62, 1.75), (3.85, 1.28), (5.75, 1.62))
            ]
            parts = (
                _draw_activity(axes[0], task, classes, dt, arrays, last),
                _draw_plane(axes[1], task, arrays, fact["kinds"]),
                _draw_continuation(axes[2], task, arrays, fact["run_length"], last),
            )
            for key, part in zip(plotted, parts, strict=True):
                plotted[key].append(part.assign(mechanism=name))
            if row == 0:
                for key, ax, title in zip(plotted, axes, TITLES, strict=True):
                    column_title(ax, key, title, up=22)
            summary[name] = {
                key: fact[key]
                for key in (
                    "network",
                    "rmse",
                    "saturation_delay",
                    "change_in_delay",
                    "trial_ends",
                    "kinds",
                )
            }
        kinds = {kind for fact in example_facts.values() for kind in fact["kinds"]}
        _draw_keys(figure, task, classes, height, kinds)
        small_print(
            figure,
            f"{note} One network per mechanism, by where memories end: the one with the smallest"
            " RMSE of those that perform the task and on which label and vote agree. S1, S2:"
            " stimuli; D1, D2: delays; R: response. g: gain of the recurrent weights; 1/fb: SD of"
            " the feedback weights; RMSE: of the output in the response.",
        )
        return Drawn(
            figure,
            {key: pd.concat(parts, ignore_index=True) for key, parts in plotted.items()},
            {"examples": summary},
        )


def _write_facts(figure: Figure, top: float, name: str, fact: Mapping) -> None:
    ax = panel(figure, 0.12, top, 1.2, ROW - 0.42)
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    colour = MECHANISM_COLOURS[name]
    ax.plot([0, 0], [0, 1], color=colour, lw=3, clip_on=False, solid_capstyle="butt")
    ax.text(
        0.07, 1.0, MECHANISM_NAMES[name], color=deep(colour), weight="bold", size=TITLE, va="top"
    )
    lines = (
        f"g = {fact['g']:g},  fb = {fact['fb']:g}",
        f"RMSE {fact['rmse']:.3f}",
        f"saturated in D1 {fact['saturation_delay']:.0%}",
        f"mean |Δr| in D1 {fact['change_in_delay']:.2f}",
        *wrap(f"trials end: {MECHANISM_NAMES[fact['trial_ends']]}", 24),
    )
    ax.text(0.07, 0.78, "\n".join(lines), size=SMALL, va="top", linespacing=1.45, color=INK)


def _draw_activity(
    ax: Axes,
    task: SequentialPatternMatching,
    classes: list[int],
    dt: float,
    arrays: Mapping[str, np.ndarray],
    last: bool,
) -> pd.DataFrame:
    """Rates of some units, sorted by the time at which each is farthest from zero."""
    trial_type = task.n_classes - 1
    rates = arrays["rates"][trial_type, DRAWN_EVERY - 1 :: DRAWN_EVERY]
    peak = np.abs(rates).argmax(axis=0)
    order = np.lexsort((rates.mean(axis=0), peak))
    total = task.n_steps * dt
    ax.imshow(
        rates[:, order].T,
        aspect="auto",
        interpolation="nearest",
        cmap=RATES,
        vmin=-1,
        vmax=1,
        extent=(0, total, rates.shape[1], 0),
        rasterized=True,
    )
    for name, steps in task.epochs.items():
        start, stop = steps.start * dt, steps.stop * dt
        if start:
            ax.axvline(start, color=INK, lw=0.5)
        delay = name.startswith("delay")
        ax.text(
            (start + stop) / 2,
            1.02,
            EPOCH_MARKS[name],
            transform=ax.get_xaxis_transform(),
            ha="center",
            va="bottom",
            size=SMALL,
            color=INK if delay else FAINT,
            weight="bold" if delay else "normal",
        )
        if delay:
            ax.plot(
                [start, stop],
                [1.0, 1.0],
                transform=ax.get_xaxis_transform(),
                color=INK,
                lw=2.5,
                clip_on=False,
                solid_capstyle="butt",
            )
    ax.set(yticks=[], ylabel=f"{rates.shape[1]} units, sorted", xticks=np.arange(0, total + 1, 10))
    for side in ("top", "right"):
        ax.spines[side].set_visible(True)
    if last:
        ax.set_xlabel("time (τ)")
    else:
        ax.set_xticklabels([])
    time = (np.arange(len(rates)) + 1) * DRAWN_EVERY * dt
    first, second = task.pair(trial_type)
    return pd.DataFrame(
        {
            "trial_type": f"{classes[first]} {classes[second]}",
            "unit": np.repeat(arrays["units"][order], len(time)),
            "time": np.tile(time, len(order)),
            "r": rates[:, order].T.ravel(),
        }
    )


def _draw_plane(
    ax: Axes, task: SequentialPatternMatching, arrays: Mapping[str, np.ndarray], kinds: list[str]
) -> pd.DataFrame:
    """Trials in the plane of the first two components, their continuation, and where it ends."""
    colours = type_colours(task.n_classes)
    rows = []
    for trial_type, (trial, later, end) in enumerate(
        zip(arrays["components"], arrays["continued"], arrays["end"], strict=True)
    ):
        colour = colours[trial_type]
        later = np.concatenate([trial[-1:], later])
        ax.plot(*later[:, :2].T, color=tint(colour, 0.45), lw=0.7, zorder=2)
        ax.plot(*trial[:, :2].T, color=colour, lw=0.9, zorder=3)
        for part, points in (("trial", trial), ("alone", later), ("end", end)):
            step = 1 if part == "trial" else DRAWN_EVERY
            rows.append(
                pd.DataFrame(
                    {
                        "trial_type": trial_type,
                        "part": part,
                        "point": np.arange(0, len(points), step),
                        "pc_1": points[::step, 0],
                        "pc_2": points[::step, 1],
                    }
                )
            )
    _mark_ends(ax, arrays["end"], kinds, colours, np.ptp(arrays["components"][..., :2]))
    ax.set(xticks=[], yticks=[])
    ax.margins(0.08)
    share = arrays["explained"]
    ax.set_xlabel(f"PC 1 ({share[0]:.0%})", size=SMALL)
    ax.set_ylabel(f"PC 2 ({share[1]:.0%})", size=SMALL)
    return pd.concat(rows, ignore_index=True)


def _mark_ends(ax: Axes, ends: np.ndarray, kinds: list[str], colours: list, scale: float) -> None:
    """A dot where a run rests, a ring and the orbit where it cycles, else nothing.

    Runs that rest at one place share it as concentric discs.
    """
    rests: list[np.ndarray] = []
    for end, kind, colour in zip(ends, kinds, colours, strict=True):
        place = end[-1, :2]
        if kind == "rest":
            below = sum(np.linalg.norm(place - other) < 0.02 * scale for other in rests)
            rests.append(place)
            ax.plot(
                *place,
                "o",
                ms=5 + 2.6 * below,
                color=colour,
                mec="white",
                mew=0.6,
                zorder=9 - below,
            )
        elif kind == "periodic":
            ax.plot(*end[:, :2].T, color=INK, lw=1.1, zorder=4)
            ax.plot(*place, "o", ms=5.5, mfc="white", mec=colour, mew=1.4, zorder=10)


def _draw_continuation(
    ax: Axes,
    task: SequentialPatternMatching,
    arrays: Mapping[str, np.ndarray],
    run_length: int,
    last: bool,
) -> pd.DataFrame:
    """z from the end of each trial on, and, after a gap, at the end of the whole run."""
    codes, n_steps = task.output_code, task.n_steps
    start, end = (
        arrays[name][:, DRAWN_EVERY - 1 :: DRAWN_EVERY, 0]
        for name in ("continued_outputs", "end_outputs")
    )
    lengths = [part.shape[1] * DRAWN_EVERY / n_steps for part in (start, end)]
    gap = 0.08 * lengths[0]
    rows = []
    for part, z, time, left in (
        ("start", start, 0.0, 0.0),
        ("end", end, run_length - lengths[1], lengths[0] + gap),
    ):
        steps = (np.arange(z.shape[1]) + 1) * DRAWN_EVERY / n_steps
        for target in codes:
            ax.plot(
                [left, left + steps[-1]],
                [target] * 2,
                color=INK,
                lw=0.6,
                ls=(0, (1.5, 1.5)),
                zorder=1,
            )
        for trial_type, trace in enumerate(z):
            ax.plot(
                left + steps,
                trace,
                color=type_colours(task.n_classes)[trial_type],
                lw=1.0,
                zorder=3,
            )
            rows.append(
                pd.DataFrame(
                    {"trial_type": trial_type, "part": part, "lengths": time + steps, "z": trace}
                )
            )
    z = np.concatenate([start, end], axis=1)
    span = np.ptp(codes)
    low = max(np.nanmin(z), codes.min() - 2 * span)
    high = min(np.nanmax(z), codes.max() + 2 * span)
    low, high = min(low, codes.min()), max(high, codes.max())
    room = 0.08 * (high - low)
    ax.set(xlim=(0, sum(lengths) + gap), ylim=(low - room, high + room), ylabel="output $z$")
    ax.axvspan(lengths[0], lengths[0] + gap, color="white", lw=0, zorder=5)
    ax.plot(
        [lengths[0], lengths[0] + gap],
        [0, 0],
        transform=ax.get_xaxis_transform(),
        color="white",
        lw=2,
        zorder=6,
        clip_on=False,
    )
    ax.locator_params(axis="y", nbins=4)
    ax.set_xticks(
        [0, lengths[0] / 2, lengths[0], sum(lengths) + gap],
        ["0", f"{lengths[0] / 2:g}", f"{lengths[0]:g}", f"{run_length:g}"] if last else [""] * 4,
    )
    if last:
        ax.set_xlabel("time after trial (trial lengths)")
    return pd.concat(rows, ignore_index=True)


def _draw_keys(
    figure: Figure,
    task: SequentialPatternMatching,
    classes: list[int],
    height: float,
    kinds: Collection[str],
) -> None:
    """What the colours and marks mean, under the columns; marks of those ``kinds`` of ends only."""
    top = height - 0.62
    scale = panel(figure, 2.05, top, 0.9, 0.07)
    scale.imshow(np.linspace(-1, 1, 101)[None], cmap=RATES, aspect="auto", extent=(-1, 1, 0, 1))
    scale.set(xticks=[], yticks=[])
    for x, text in ((-1, "−1 "), (1, " 1  rate r")):
        scale.text(x, 0.4, text, size=SMALL, ha="right" if x < 0 else "left", va="center")
    key = panel(figure, 3.75, top - 0.06, 3.65, 0.19)
    key.set(xlim=(0, 3.65), ylim=(0, 1))
    key.set_axis_off()
    if "rest" in kinds:
        key.plot(0.06, 0.5, "o", ms=5.5, color=FAINT, mec="white", mew=0.7)
        key.text(0.15, 0.5, "rests", size=SMALL, va="center")
    if "periodic" in kinds:
        key.plot([0.5, 0.74], [0.5, 0.5], color=INK, lw=1.1)
        key.plot(0.62, 0.5, "o", ms=5.5, mfc="white", mec=FAINT, mew=1.4)
        key.text(0.79, 0.5, "cycles", size=SMALL, va="center")
    colours = type_colours(task.n_classes)
    if task.n_types <= 4:
        key.text(1.28, 0.5, "trial", size=SMALL, va="center")
        for trial_type, colour in enumerate(colours):
            first, second = task.pair(trial_type)
            key.text(
                1.6 + 0.36 * trial_type,
                0.5,
                f"“{classes[first]}{classes[second]}”",
                size=SMALL,
                va="center",
                color=deep(colour),
                weight="bold",
            )
        key.plot([3.06, 3.24], [0.5, 0.5], color=INK, lw=0.6, ls=(0, (1.5, 1.5)))
        key.text(3.28, 0.5, "codes", size=SMALL, va="center")
