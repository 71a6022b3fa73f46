"""Figure 3 of study 1: where the example networks can go, how slowly, and their spectra."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from memdyn.figures import part_of
from memdyn.figures.style import (
    EPOCH_COLOURS,
    FAINT,
    FULL,
    INK,
    MECHANISM_COLOURS,
    MECHANISM_NAMES,
    PALE,
    SMALL,
    TEXT,
    TITLE,
    Drawn,
    class_colours,
    column_title,
    deep,
    house_style,
    new_figure,
    nothing_to_draw,
    panel,
    small_print,
    tint,
)
from memdyn.tasks.spm import SequentialPatternMatching

ROW, TOP, BOTTOM = 1.98, 0.55, 0.62  # heights (inch): of one mechanism, above and below all
DRAWN_EVERY = 5  # steps between the points of trajectories in the table
SLOWEST_SHOWN = -0.7  # eigenvalues left of this (1 / tau) are the bulk, and not shown
#: What lies at a point -> marker and name.
TITLES = ("trials and where they can rest", "speed of memories", "leading eigenvalues")
MARKS = {"stable": "o", "unstable": "o", "slow": "D", "continuum": "s"}


def draw(
    task: SequentialPatternMatching,
    classes: list[int],
    dt: float,
    rate: float,
    landscapes: Mapping[str, np.ndarray],
    facts: Mapping[str, Mapping],
    note: str,
) -> Drawn:
    """Draw the figure, a row per mechanism found.

    Args:
        task: sequential pattern matching.
        classes: image classes shown, in the task's order.
        dt: Euler step (tau).
        rate: dt / tau.
        landscapes, facts: arrays of the landscapes file, and mechanism -> facts of its example.
        note: scale and size, for the small print.
    """
    names = list(facts)
    with house_style():
        if not names:
            return nothing_to_draw(
                "No network performs the task, so there is no landscape to show.", note
            )
        height = TOP + ROW * len(names) + BOTTOM
        figure = new_figure(FULL, height)
        plotted: dict[str, list[pd.DataFrame]] = {"a": [], "b": [], "c": []}
        summary = {}
        for row, name in enumerate(names):
            own = part_of(landscapes, name)
            top, last, fact = TOP + row * ROW, row == len(names) - 1, facts[name]
            kinds = point_kinds(own["stable"], fact["kinds"])
            _write_facts(figure, top, name, fact, kinds)
            axes = [
                panel(figure, left, top, width, ROW - 0.48)
                for left, width in ((1.68, 1.62), (3.83, 1.42), (5.87, 1.5))
            ]
            parts = (
                _draw_plane(axes[0], task, own, kinds, fact["stable_cycles"]),
                _draw_speed(axes[1], task, dt, own, last),
                _draw_spectra(axes[2], task, dt, rate, own, kinds, last),
            )
            for key, part in zip(plotted, parts, strict=True):
                plotted[key].append(part.assign(mechanism=name))
            if row == 0:
                for key, ax, title in zip(plotted, axes, TITLES, strict=True):
                    column_title(ax, key, title, up=18)
            summary[name] = {
                "network": fact["network"],
                "vote": fact["vote"],
                "points": {kind: kinds.count(kind) for kind in MARKS},
                "periods": fact["periods"],
                **{key: fact[key] for key in ("n_slow", "dimension", "drift", "slowest")},
            }
        _draw_keys(figure, classes, height)
        small_print(figure, f"{note} The networks of figure 2.")
        return Drawn(
            figure,
            {key: pd.concat(parts, ignore_index=True) for key, parts in plotted.items()},
            {"examples": summary},
        )


def point_kinds(stable: np.ndarray, kinds: list[str]) -> list[str]:
    """What each point is drawn as: ``stable``, ``unstable``, ``slow`` or ``continuum``."""
    return [
        kind if kind != "fixed" else ("stable" if is_stable else "unstable")
        for is_stable, kind in zip(stable, kinds, strict=True)
    ]


def _write_facts(figure: Figure, top: float, name: str, fact: Mapping, kinds: list[str]) -> None:
    ax = panel(figure, 0.12, top, 1.25, ROW - 0.48)
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    colour = MECHANISM_COLOURS[name]
    ax.plot([0, 0], [0, 1], color=colour, lw=3, clip_on=False, solid_capstyle="butt")
    ax.text(
        0.07, 1.0, MECHANISM_NAMES[name], color=deep(colour), weight="bold", size=TITLE, va="top"
    )
    vote = fact["vote"]
    vote = "not taken" if vote is None else MECHANISM_NAMES.get(vote, vote)
    counts = [f"{kinds.count(kind)} {kind} point{'s'[: kinds.count(kind) != 1]}" for kind in MARKS]
    lines = [f"g = {fact['g']:g},  fb = {fact['fb']:g}", f"vote: {vote}"]
    lines += [line for line in counts if not line.startswith("0 ")] or ["no point found"]
    if fact["periods"]:
        lines.append(f"period {', '.join(f'{period:.1f}' for period in fact['periods'][:2])} τ")
    lines.append(f"slow modes: {fact['n_slow']:g}")
    ax.text(0.07, 0.82, "\n".join(lines), size=SMALL, va="top", linespacing=1.4, color=INK)


def _memories(task: SequentialPatternMatching, n_cases: int) -> np.ndarray:
    """(n_cases,) the class that each case holds in delay 1."""
    return task.pair(np.arange(n_cases) % task.n_types)[0]


def _draw_plane(
    ax: Axes,
    task: SequentialPatternMatching,
    own: Mapping[str, np.ndarray],
    kinds: list[str],
    stable_cycles: list[bool],
) -> pd.DataFrame:
    """All cases in the plane of two components, memories left alone, points and cycles."""
    colours = class_colours(task.n_classes)
    delay, rows = task.epochs["delay 1"], []
    for case, memory in enumerate(_memories(task, len(own["trials"]))):
        trial, alone = own["trials"][case], own["alone"][case]
        ax.plot(*trial[:, :2].T, color=PALE, lw=0.5, zorder=1)
        ax.plot(*alone[:, :2].T, color=tint(colours[memory], 0.4), lw=0.7, zorder=2)
        ax.plot(*trial[delay, :2].T, color=colours[memory], lw=1.5, zorder=3)
        for part, path in (("trial", trial), ("alone", alone)):
            rows.append(_path(path[::DRAWN_EVERY], part, case=case, memory=memory))
    for i, (orbit, stable) in enumerate(zip(own["orbits"], stable_cycles, strict=True)):
        closed = np.concatenate([orbit, orbit[:1]])
        ax.plot(*closed[:, :2].T, color=INK, lw=1.2, ls="-" if stable else "--", zorder=5)
        rows.append(_path(orbit, "cycle", case=i))
    box = ax.axis()
    for kind, place in zip(kinds, own["points"], strict=True):
        filled = kind in ("stable", "continuum")
        ax.plot(
            *place[:2],
            MARKS[kind],
            ms=4 if kind == "slow" else 5,
            mfc=INK if filled else "white",
            mec="white" if filled else INK,
            mew=0.7 if filled else 1.1,
            zorder=8 if filled else 7,
        )
        rows.append(_path(place[None], kind))
    everything = np.array([box[::2], box[1::2], *own["points"][:, :2]])
    low, high = everything.min(axis=0), everything.max(axis=0)
    room = 0.06 * (high - low)
    ax.set(
        xlim=(low[0] - room[0], high[0] + room[0]),
        ylim=(low[1] - room[1], high[1] + room[1]),
        xticks=[],
        yticks=[],
    )
    share = own["explained"]
    ax.set_xlabel(f"PC 1 ({share[0]:.0%})", size=SMALL)
    ax.set_ylabel(f"PC 2 ({share[1]:.0%})", size=SMALL)
    return pd.concat(rows, ignore_index=True)


def _path(path: np.ndarray, part: str, **about) -> pd.DataFrame:
    rows = pd.DataFrame({"part": part, **about, "pc_1": path[:, 0], "pc_2": path[:, 1]})
    return rows.assign(point=np.arange(len(rows)))


def _draw_speed(
    ax: Axes,
    task: SequentialPatternMatching,
    dt: float,
    own: Mapping[str, np.ndarray],
    last: bool,
) -> pd.DataFrame:
    """How fast the state of each memory moves, from the start of delay 1, when left alone."""
    colours, speed = class_colours(task.n_classes), own["speed"]
    time = (np.arange(speed.shape[1]) + 1) * dt
    delay = task.n_delay * dt
    ax.axvspan(0, delay, color=EPOCH_COLOURS["delay"], lw=0, zorder=-10)
    ax.text(
        0,
        1.02,
        "delay 1",
        transform=ax.get_xaxis_transform(),
        ha="left",
        va="bottom",
        size=SMALL,
        color=FAINT,
    )
    memories = _memories(task, len(speed))
    for memory, trace in zip(memories, speed, strict=True):
        ax.plot(time, np.maximum(trace, 1e-7), color=colours[memory], lw=0.7, alpha=0.8)
    ax.axhline(0.1, color=INK, lw=0.6, ls=(0, (1.5, 1.5)), zorder=0)
    ax.text(0.98 * time[-1], 0.11, "10 × slower", size=SMALL, ha="right", va="bottom")
    ax.set(xlim=(0, time[-1]), yscale="log", ylabel="|dx/dt| / stimulus")
    low = max(1e-6, float(np.nanmin(speed)) / 2)
    ax.set_ylim(low, max(1.0, float(np.nanmax(speed)) * 1.5))
    if last:
        ax.set_xlabel("time alone (τ)")
    else:
        ax.set_xticklabels([])
    step = DRAWN_EVERY
    return pd.DataFrame(
        {
            "case": np.repeat(np.arange(len(speed)), len(time[::step])),
            "memory": np.repeat(memories, len(time[::step])),
            "time": np.tile(time[::step], len(speed)),
            "relative_speed": speed[:, ::step].ravel(),
        }
    )


def _draw_spectra(
    ax: Axes,
    task: SequentialPatternMatching,
    dt: float,
    rate: float,
    own: Mapping[str, np.ndarray],
    kinds: list[str],
    last: bool,
) -> pd.DataFrame:
    """Growth rates (l - 1) / rate of the step's eigenvalues l, at memories and at points."""
    delay = task.n_delay * dt
    ax.axvspan(-1 / delay, 0, color=EPOCH_COLOURS["delay"], lw=0, zorder=-10)
    rows = []
    for what, kind, colour, size, level in (
        ("memory", None, FAINT, 5, 2),
        ("point", "unstable", MECHANISM_COLOURS["slow_manifold"], 8, 3),
        ("point", "stable", INK, 8, 4),
    ):
        values = own[f"{what}_re"] + 1j * own[f"{what}_im"]
        if kind is not None:
            values = values[np.array([k == kind for k in kinds], dtype=bool)]
        values = (values - 1) / rate
        shown = values[values.real >= SLOWEST_SHOWN]
        marker = {None: "x", "unstable": "o", "stable": "o"}[kind]
        face = {"linewidths": 0.7, "c": [colour]}
        if kind == "unstable":
            face = {"linewidths": 0.8, "facecolors": "none", "edgecolors": [colour]}
        elif kind == "stable":
            face = {"linewidths": 0, "c": [colour]}
        ax.scatter(shown.real, shown.imag, s=size, marker=marker, zorder=level, **face)
        rows.append(pd.DataFrame({"at": kind or "memory", "re": shown.real, "im": shown.imag}))
    # A step is stable inside this circle; near the axis it is the line Re = 0.
    turn = np.exp(1j * np.linspace(-np.pi, np.pi, 721))
    border = (turn - 1) / rate
    y = max((np.abs(part["im"]).max() for part in rows if len(part)), default=1.0)
    y = max(1.0, 1.1 * float(y))
    x = max((part["re"].max() for part in rows if len(part)), default=0.0)
    near = np.abs(border.imag) <= y
    near &= border.real > -1 / rate
    ax.plot(border.real[near], border.imag[near], color=INK, lw=0.7, zorder=1)
    ax.set(xlim=(SLOWEST_SHOWN, max(0.3, 1.1 * float(x))), ylim=(-y, y), ylabel="Im (1/τ)")
    if last:
        ax.set_xlabel("Re (1/τ)")
    return pd.concat(rows, ignore_index=True)


def _draw_keys(figure: Figure, classes: list[int], height: float) -> None:
    """What the marks and colours mean, under the columns."""
    top = height - 0.42
    key = panel(figure, 0.12, top, FULL - 0.24, 0.22)
    key.set(xlim=(0, FULL - 0.24), ylim=(0, 1))
    key.set_axis_off()
    x = 0.05
    for mark, filled, text in (
        ("o", True, "stable"),
        ("o", False, "unstable"),
        ("D", False, "slow point"),
    ):
        face = {"mfc": INK, "mec": "white"} if filled else {"mfc": "white", "mec": INK}
        key.plot(x, 0.5, mark, ms=4.5, mew=1.0, **face)
        key.text(x + 0.09, 0.5, text, size=SMALL, va="center")
        x += 0.26 + 0.065 * len(text)
    key.plot([x, x + 0.2], [0.5, 0.5], color=INK, lw=1.2)
    key.text(x + 0.26, 0.5, "cycle", size=SMALL, va="center")
    x += 0.75
    if len(classes) <= 4:
        key.text(x, 0.5, "delay 1, holding", size=SMALL, va="center")
        x += 0.9
        for label, colour in zip(classes, class_colours(len(classes)), strict=True):
            key.text(
                x, 0.5, f"“{label}”", size=SMALL, va="center", color=deep(colour), weight="bold"
            )
            x += 0.25
    key.text(5.0, 0.5, "×", size=TEXT, va="center", color=FAINT)
    key.text(5.12, 0.5, "memory;  shaded: decays", size=SMALL, va="center")
    key.text(5.12, -0.15, "more slowly than the delay", size=SMALL, va="center")
