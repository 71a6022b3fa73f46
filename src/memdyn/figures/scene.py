"""Figure 3 of study 1: where the example networks can go, how slowly, and their spectra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.interpolate import CubicSpline

from memdyn.figures.style import (
    EPOCH_COLOURS,
    FAINT,
    FULL,
    INK,
    PALE,
    SMALL,
    deep,
    panel,
    tint,
)

DRAWN_EVERY = 5  # steps between the points of trajectories in the table
SLOWEST_SHOWN = -0.7  # eigenvalues left of this (1 / tau) are the bulk, and not shown
DOTS = (0, (1.5, 1.5))
#: Eigenvalues: of which arrays, at which kind of point, marker, size and level.
SPECTRA = (
    ("point", "unstable", "o", 7, 2),
    ("point", "stable", "o", 8, 3),
    ("memory", None, "x", 9, 4),
)
CROSS = "end of delay 1;  shaded: decays more slowly than the delay"
NAMED = 8  # most colours that have a name in the key
#: What lies at a point -> marker.
MARKS = {"stable": "o", "unstable": "o", "slow": "D", "continuum": "s"}


class Scene(NamedTuple):
    """What the panels show of one network.

    Attributes:
        own: arrays ``alone`` (cases, steps, 3), ``speed`` (cases, steps), ``points`` (points, 3),
            ``orbits`` (cycles, 64, 3), ``explained``, ``point_re`` and so on; ``trials``
            (cases, steps, 3) where there are trials.
        kinds: (points,) of ``point_kinds``.
        stable_cycles: (cycles,).
        group: (cases,) what each case is coloured by, into ``colours``.
        dt: of a step, in ``unit``.
        leak: dt / tau of a rate network, None for any other map.
        delay: how long memories are held, in ``unit``; None if not known.
        held: steps of the trials in which they are held, None without trials.
        unit: of time. pace: what speeds are relative to.
    """

    own: Mapping[str, np.ndarray]
    kinds: list[str]
    stable_cycles: list[bool]
    group: np.ndarray
    colours: list
    dt: float
    leak: float | None
    delay: float | None
    held: slice | None
    unit: str
    pace: str

    @property
    def speed_name(self) -> str:
        """Of the axis of speeds: of a rate network a speed, of other maps the length of a step."""
        return f"{'|dx/dt|' if self.leak else 'length of a step'} / {self.pace}"


def point_kinds(stable: np.ndarray, kinds: list[str]) -> list[str]:
    """What each point is drawn as: ``stable``, ``unstable``, ``slow`` or ``continuum``."""
    return [
        kind if kind != "fixed" else ("stable" if is_stable else "unstable")
        for is_stable, kind in zip(stable, kinds, strict=True)
    ]


def draw_plane(ax: Axes, scene: Scene) -> pd.DataFrame:
    """All trials in the plane of two components, states left alone, points and cycles."""
    own, rows = scene.own, []
    trials: Any = own.get("trials", [None] * len(own["alone"]))
    for case, (group, trial, alone) in enumerate(
        zip(scene.group, trials, own["alone"], strict=True)
    ):
        colour = scene.colours[group]
        if trial is not None:
            ax.plot(*trial[:, :2].T, color=PALE, lw=0.5, zorder=1)
            ax.plot(*trial[scene.held, :2].T, color=colour, lw=1.5, zorder=3)
            rows.append(_path(trial[::DRAWN_EVERY], "trial", case=case, memory=group))
        ax.plot(*alone[:, :2].T, color=tint(colour, 0.4), lw=0.7, zorder=2)
        if trial is None:
            ax.plot(*alone[0, :2], ".", ms=3, color=colour, zorder=3)
        rows.append(_path(alone[::DRAWN_EVERY], "alone", case=case, memory=group))
    rows += draw_marks(ax, scene)
    return pd.concat(rows, ignore_index=True)


def draw_marks(ax: Axes, scene: Scene) -> list[pd.DataFrame]:
    """Points and cycles in the plane of two components, and its frame."""
    own, rows = scene.own, []
    for i, (orbit, stable) in enumerate(zip(own["orbits"], scene.stable_cycles, strict=True)):
        style: dict[str, Any] = {"lw": 1.2, "ls": "-" if stable else "--"}
        if jumps(orbit):
            style = {"ls": "", "marker": "s", "ms": 3.5, "mfc": INK if stable else "white"}
        ax.plot(*smooth(orbit)[:, :2].T, color=INK, zorder=5, **style)
        rows.append(_path(orbit, "cycle", case=i))
    box = ax.axis()
    for kind, place in zip(scene.kinds, own["points"], strict=True):
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
    shares = [f"{share:.0%}" if share >= 0.005 else "< 1%" for share in own["explained"]]
    ax.set_xlabel(f"PC 1 ({shares[0]})", size=SMALL)
    ax.set_ylabel(f"PC 2 ({shares[1]})", size=SMALL)
    return rows


def jumps(orbit: np.ndarray) -> bool:
    """Whether a cycle (n, d) goes to and fro between a few states, as that of a map may."""
    return len(np.unique(orbit, axis=0)) < len(orbit)


def smooth(orbit: np.ndarray, finer: int = 10) -> np.ndarray:
    """A closed orbit with more points between those that are known, evenly spaced in time.

    Args:
        orbit: (n, d); the first point comes after the last.
        finer: points for each of them.

    Returns:
        (finer n + 1, d), the first point also last; through all known points. An orbit that jumps
        between a few points, as that of a map may, stays as it is.
    """
    closed = np.concatenate([orbit, orbit[:1]]).astype(np.float64)
    if jumps(orbit):
        return closed
    curve = CubicSpline(np.arange(len(closed)), closed, bc_type="periodic")
    return curve(np.linspace(0, len(orbit), finer * len(orbit) + 1))


def _path(path: np.ndarray, part: str, **about) -> pd.DataFrame:
    rows = pd.DataFrame({"part": part, **about, "pc_1": path[:, 0], "pc_2": path[:, 1]})
    return rows.assign(point=np.arange(len(rows)))


def draw_speed(ax: Axes, scene: Scene, last: bool = True) -> pd.DataFrame:
    """How fast each state moves when left alone; for memories from the start of delay 1."""
    speed, step = scene.own["speed"], DRAWN_EVERY
    time = (np.arange(speed.shape[1]) + 1) * scene.dt
    if scene.delay is not None:
        _shade_delay(ax, 0, scene.delay)
        ax.text(
            0,
            1.02,
            "delay 1" if scene.held else "delay",
            transform=ax.get_xaxis_transform(),
            ha="left",
            va="bottom",
            size=SMALL,
            color=FAINT,
        )
    for group, trace in zip(scene.group, speed, strict=True):
        ax.plot(time, np.maximum(trace, 1e-7), color=scene.colours[group], lw=0.7, alpha=0.8)
    ax.axhline(0.1, color=INK, lw=0.6, ls=DOTS, zorder=0)
    ax.set(xlim=(0, time[-1]), yscale="log", ylabel=scene.speed_name)
    known = speed[np.isfinite(speed)]
    low = max(1e-6, float(known.min(initial=1.0)) / 2)
    ax.set_ylim(low, max(1.0, float(known.max(initial=0.0)) * 1.5))
    if last:
        ax.set_xlabel(f"time alone ({scene.unit})")
    else:
        ax.set_xticklabels([])
    return pd.DataFrame(
        {
            "case": np.repeat(np.arange(len(speed)), len(time[::step])),
            "memory": np.repeat(scene.group, len(time[::step])),
            "time": np.tile(time[::step], len(speed)),
            "relative_speed": speed[:, ::step].ravel(),
        }
    )


def _shade_delay(ax: Axes, start: float, stop: float) -> None:
    ax.axvspan(start, stop, color=EPOCH_COLOURS["delay"], lw=0, zorder=-10)


def draw_spectra(ax: Axes, scene: Scene, last: bool = True) -> pd.DataFrame:
    """Eigenvalues at memories and at points.

    Of a rate network as growth rates (l - 1) / leak of the step's eigenvalues l; of any other map
    as they are, in the unit circle.
    """
    leak, rows = scene.leak, []
    turn = np.exp(1j * np.linspace(-np.pi, np.pi, 721))
    for what, kind, marker, size, level in SPECTRA:
        values = scene.own[f"{what}_re"] + 1j * scene.own[f"{what}_im"]
        if kind is not None:
            values = values[np.array([k == kind for k in scene.kinds], dtype=bool)]
        if leak is not None:
            values = (values - 1) / leak
            values = values[values.real >= SLOWEST_SHOWN]
        values = values.ravel()
        face = {"linewidths": 0.7, "c": [INK]}
        if kind == "unstable":  # of many points: behind all else, and pale
            face = {"linewidths": 0.4, "facecolors": "none", "edgecolors": [FAINT], "alpha": 0.6}
        elif kind == "stable":
            face = {"linewidths": 0, "c": [INK]}
        ax.scatter(values.real, values.imag, s=size, marker=marker, zorder=level, **face)
        rows.append(pd.DataFrame({"at": kind or "memory", "re": values.real, "im": values.imag}))
    found = pd.concat(rows, ignore_index=True)
    unit = "" if leak is None else f" (1/{scene.unit})"
    if leak is None:
        if scene.delay is not None:
            inner = np.exp(-scene.dt / scene.delay)
            ring = np.concatenate([turn, inner * turn[::-1]])
            ax.fill(np.real(ring), np.imag(ring), color=EPOCH_COLOURS["delay"], lw=0, zorder=-10)
        ax.plot(np.real(turn), np.imag(turn), color=INK, lw=0.7, zorder=1)
        reach = 1.1 * max(1.0, float(found[["re", "im"]].abs().max().max()) if len(found) else 1.0)
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
        ax.set_aspect("equal", anchor="W")
    else:
        _shade_delay(ax, -1 / scene.delay if scene.delay else 0, 0)
        # A step is stable inside this circle; near the axis it is the line Re = 0.
        border = (turn - 1) / leak
        y = max(1.0, 1.1 * float(found["im"].abs().max()) if len(found) else 1.0)
        x = max(0.3, 1.1 * float(found["re"].max()) if len(found) else 0.3)
        near = (np.abs(border.imag) <= y) & (border.real > -1 / leak)
        ax.plot(border.real[near], border.imag[near], color=INK, lw=0.7, zorder=1)
        ax.set(xlim=(SLOWEST_SHOWN, x), ylim=(-y, y))
    ax.set_ylabel(f"Im{unit}")
    if last:
        ax.set_xlabel(f"Re{unit}")
    return found


def draw_keys(
    figure: Figure,
    top: float,
    scenes: Sequence[Scene],
    heading: str,
    groups: Sequence[tuple[str, object]],
    cross: str,
) -> None:
    """What marks and colours mean, in two lines; marks that no scene has are left out.

    Args:
        figure: the figure.
        top: of the first line (inch).
        scenes: what is drawn.
        heading: what the colours stand for.
        groups: label and colour; none are named if there are more than ``NAMED``.
        cross: what the crosses among the eigenvalues are.
    """
    key = panel(figure, 0.12, top, FULL - 0.24, 0.36)
    key.set(xlim=(0, FULL - 0.24), ylim=(0, 1))
    key.set_axis_off()
    x, kinds = 0.05, {kind for scene in scenes for kind in scene.kinds}
    for kind, filled, text in (
        ("stable", True, "stable"),
        ("unstable", False, "unstable"),
        ("slow", False, "slow point"),
        ("continuum", True, "of a continuum"),
    ):
        if kind not in kinds:
            continue
        face: dict[str, Any] = {"mfc": INK if filled else "white"}
        face["mec"] = "white" if filled else INK
        key.plot(x, 0.75, MARKS[kind], ms=4.5, mew=1.0, **face)
        key.text(x + 0.09, 0.75, text, size=SMALL, va="center")
        x += 0.26 + 0.056 * len(text)
    cycles = {
        (stable, jumps(orbit))
        for scene in scenes
        for orbit, stable in zip(scene.own["orbits"], scene.stable_cycles, strict=True)
    }
    square: dict[str, Any] = {"ls": "", "marker": "s", "ms": 3.5}
    for is_drawn, style, text in (
        ((True, False) in cycles, dict[str, Any](lw=1.2), "stable cycle"),
        ((False, False) in cycles, {"lw": 1.2, "ls": "--"}, "unstable cycle"),
        ((True, True) in cycles, square, "stable cycle of whole steps"),
        ((False, True) in cycles, {**square, "mfc": "white"}, "unstable cycle of whole steps"),
        (True, {"lw": 0.6, "ls": DOTS}, "10 × slower"),
    ):
        if not is_drawn:
            continue
        ends = [x + 0.11] if "marker" in style else [x, x + 0.22]
        key.plot(ends, [0.75] * len(ends), color=INK, **style)
        key.text(x + 0.27, 0.75, text, size=SMALL, va="center")
        x += 0.44 + 0.055 * len(text)
    key.plot(0.05, 0.2, "x", color=INK, ms=4, mew=0.7)
    key.text(0.14, 0.2, cross, size=SMALL, va="center")
    if len(groups) <= NAMED:
        x = 0.35 + 0.056 * len(cross)
        key.text(x, 0.2, heading, size=SMALL, va="center")
        x += 0.15 + 0.056 * len(heading)
        for label, colour in groups:
            key.text(x, 0.2, label, size=SMALL, va="center", color=deep(colour), weight="bold")
            x += 0.12 + 0.065 * len(label)
