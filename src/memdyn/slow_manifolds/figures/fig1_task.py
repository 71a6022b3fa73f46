"""Figure 1 of study 1: the task, its stimuli, the network, and what a trained one puts out."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from memdyn.figures.recordings import part_of
from memdyn.figures.style import (
    EPOCH_COLOURS,
    FAINT,
    FULL,
    INK,
    MECHANISM_NAMES,
    PALE,
    SMALL,
    TEXT,
    Drawn,
    class_colours,
    deep,
    draw_arrow,
    house_style,
    letter,
    new_figure,
    on,
    outcome_colours,
    panel,
    say,
    shade_epochs,
    small_print,
    type_colours,
)
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching

HEIGHT = 7.42
MAX_POINTS = 1500  # latents of other classes drawn behind those shown
MAX_TYPES = 4  # trial types whose outputs are drawn
TRAINED, FIXED = "#B3261E", FAINT
#: Where images come from, for readers.
SOURCES = {
    "shipped": "MNIST digits",
    "digits": "scikit-learn digits",
    "mnist": "MNIST digits",
    "gaussian": "Gaussian surrogate",
}
#: What a stimulus is, for readers.
DRAWS = {
    "fresh": "a stimulus is a fresh draw\nat every Euler step",
    "frozen": "stimuli pick nearly the same\nimages in each trial",
}
CHANNELS = ("#3D3D3D", "#9A9A9A")


def draw(
    task: SequentialPatternMatching,
    classes: list[int],
    dt: float,
    stimuli: Mapping[str, np.ndarray],
    facts: Mapping,
    examples: Mapping[str, np.ndarray],
    example_facts: Mapping[str, Mapping],
    note: str,
) -> Drawn:
    """Draw the figure.

    Args:
        task: sequential pattern matching.
        classes: image classes shown, in the task's order.
        dt: Euler step (tau).
        stimuli, facts: arrays and metadata of the stimulus file.
        examples, example_facts: arrays of the examples file, and mechanism -> facts of its example.
        note: scale and size, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, HEIGHT)
        _draw_schematic(panel(figure, 0.72, 0.3, 5.05, 1.4), task, classes, dt, stimuli)
        _draw_rule(panel(figure, 5.9, 0.3, 1.5, 1.4), task, classes)
        plotted = {"b": _draw_latents(figure, classes, stimuli, facts)}
        _draw_model(panel(figure, 4.45, 2.15, 2.95, 1.95), task)

        name = min(example_facts, key=lambda key: example_facts[key]["rmse"], default=None)
        summary = {
            "stimuli": {key: facts[key] for key in ("source", "d_prime", "balanced_accuracy")},
            "example": None,
        }
        if name is None:
            ax = panel(figure, 0.6, 4.6, 6.5, 1.8)
            say(ax, "No network performs the task, so there are no example trials to show.")
            letter(ax, "d")
        else:
            fact = example_facts[name]
            arrays = part_of(examples, name)
            plotted["d"] = _draw_inputs(figure, task, classes, dt, arrays["inputs"])
            plotted["e"] = _draw_outputs(figure, task, classes, dt, arrays["outputs"], name, fact)
            summary["example"] = {
                "network": fact["network"],
                "mechanism": name,
                "rmse": fact["rmse"],
            }
        small_print(
            figure,
            f"{note} Times in units of the time constant τ. g: gain of the recurrent weights;"
            " 1/fb: SD of the feedback weights. S1, S2: stimuli; D1, D2: delays; R: response.",
        )
        return Drawn(figure, plotted, summary)


def _draw_schematic(
    ax: Axes,
    task: SequentialPatternMatching,
    classes: list[int],
    dt: float,
    stimuli: Mapping[str, np.ndarray],
) -> None:
    """Epochs on a time line; what is shown and asked for in an example trial."""
    total = task.n_steps * dt
    ax.set(xlim=(0, total), ylim=(0, 4.4))
    ax.set_axis_off()
    shown = (0, task.n_classes - 1)
    colours = class_colours(task.n_classes)
    for name, steps in task.epochs.items():
        start, stop = steps.start * dt, steps.stop * dt
        middle, kind = (start + stop) / 2, name.split()[0]
        ax.add_patch(
            Rectangle((start, 0), stop - start, 4.4, color=EPOCH_COLOURS[kind], lw=0, zorder=-5)
        )
        ax.text(middle, 4.0, name, ha="center", va="center", size=TEXT)
        ax.text(
            middle, 3.5, f"{stop - start:g} τ", ha="center", va="center", size=SMALL, color=FAINT
        )
        if kind == "response":
            target = task.output_code[sum(shown)]
            colour = outcome_colours(task.n_classes)[sum(shown)]
            _bar(ax, start, stop, 0.25, colour, f"{target:g}")
            continue
        index = shown[int(name[-1]) - 1]
        if kind == "stimulus":
            _bar(ax, start, stop, 2.25, colours[index], "")
            image = _image(classes[index], stimuli)
            left = middle - 3.0 if image is not None else middle
            ax.text(
                middle + (1.3 if image is not None else 0),
                2.65,
                f"draws of “{classes[index]}”",
                ha="center",
                va="center",
                size=SMALL,
                color=on(colours[index]),
            )
            if image is not None:
                height = 0.7
                width = height * (total / 4.4) * (1.4 / 5.05)
                ax.imshow(
                    image,
                    cmap="gray",
                    extent=(left - width / 2 - 0.6, left + width / 2 - 0.6, 2.3, 2.3 + height),
                    aspect="auto",
                    zorder=3,
                )
        else:
            _bar(ax, start, stop, 1.25, colours[index], f"mean of “{classes[index]}”")
    ax.set(xlim=(0, total), ylim=(0, 4.4))
    for y, text in ((2.65, "input $u$"), (1.65, "memory $z_d$"), (0.65, "output $z$")):
        ax.text(-0.4, y, text, ha="right", va="center", size=TEXT)
    ax.plot([0, total], [3.2, 3.2], color=INK, lw=0.6, clip_on=False)
    letter(ax, "a", left=46)


def _bar(ax: Axes, start: float, stop: float, low: float, colour, text: str) -> None:
    ax.add_patch(Rectangle((start, low), stop - start, 0.8, facecolor=colour, lw=0))
    middle = ((start + stop) / 2, low + 0.4)
    ax.text(*middle, text, ha="center", va="center", size=SMALL, color=on(colour))


def _image(label: int, stimuli: Mapping[str, np.ndarray]) -> np.ndarray | None:
    if "examples" not in stimuli:
        return None
    return stimuli["examples"][np.flatnonzero(stimuli["example_labels"] == label)[0]]


def _draw_rule(ax: Axes, task: SequentialPatternMatching, classes: list[int]) -> None:
    """Which output each outcome asks for."""
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set_axis_off()
    ax.text(0, 0.95, "digits shown", size=TEXT, va="center")
    ax.text(1, 0.95, "target $z$", size=TEXT, va="center", ha="right")
    pairs: dict[int, list[str]] = {}
    for first, one in enumerate(classes):
        for second, other in enumerate(classes):
            pairs.setdefault(first + second, []).append(f"{one} {other}")
    step = min(0.25, 0.85 / len(pairs))
    for outcome, names in sorted(pairs.items()):
        y = 0.95 - step * (outcome + 1)
        text = " or ".join(names[:2]) + (" …" if len(names) > 2 else "")
        colour = deep(outcome_colours(task.n_classes)[outcome])
        ax.text(0, y, text, size=TEXT, va="center", color=colour)
        ax.text(
            1,
            y,
            f"{task.output_code[outcome]:g}",
            size=TEXT,
            va="center",
            ha="right",
            color=colour,
            weight="bold",
        )


def _draw_latents(
    figure: Figure, classes: list[int], stimuli: Mapping[str, np.ndarray], facts: Mapping
) -> pd.DataFrame:
    """The plane of latents with the classes shown, and images with their reconstructions."""
    ax = panel(figure, 0.55, 2.15, 1.95, 1.9)
    points, labels = stimuli["all_latents"], stimuli["all_labels"]
    others = np.flatnonzero(~np.isin(labels, classes))[:MAX_POINTS]
    ax.scatter(*points[others].T, s=2, color=PALE, lw=0, rasterized=True)
    if len(others):
        ax.plot([], [], "o", ms=3, color=PALE, label="other digits")
        ax.legend(loc="best", borderaxespad=0, handletextpad=0.1)  # where the fewest draws lie
    rows = [pd.DataFrame({"class": labels[others], "x": points[others, 0], "y": points[others, 1]})]
    for label, mean, colour in zip(
        classes, stimuli["class_means"], class_colours(len(classes)), strict=True
    ):
        own = points[labels == label]
        ax.scatter(*own.T, s=3, color=colour, lw=0, alpha=0.6, rasterized=True)
        ax.plot(*mean, "o", ms=13, color="white", mec=colour, mew=1.2)
        ax.text(
            mean[0],
            mean[1],
            str(label),
            ha="center",
            va="center",
            size=TEXT,
            weight="bold",
            color=colour,
        )
        rows.append(pd.DataFrame({"class": label, "x": own[:, 0], "y": own[:, 1]}))
    ax.set(xlabel="latent 1", ylabel="latent 2")
    ax.set_title(
        f"class separation d′ = {facts['d_prime']:.2f}; balanced accuracy of one draw"
        f" {facts['balanced_accuracy']:.1%}",
        loc="left",
        size=SMALL,
    )
    letter(ax, "b", left=34)
    if "examples" in stimuli:
        _draw_images(figure, classes, stimuli)
    figure.text(
        2.7 / FULL,
        1 - 3.6 / HEIGHT,
        f"{SOURCES[facts['source']]};\n{DRAWS[facts.get('draws', 'fresh')]}",
        size=SMALL,
        va="top",
        color=FAINT,
        linespacing=1.3,
    )
    return pd.concat(rows, ignore_index=True)


def _draw_images(figure: Figure, classes: list[int], stimuli: Mapping[str, np.ndarray]) -> None:
    per_class = max(1, 4 // len(classes))
    rows = np.concatenate(
        [np.flatnonzero(stimuli["example_labels"] == label)[:per_class] for label in classes]
    )[:4]
    size, left, top = 0.36, 2.7, 2.4
    for row, (name, key) in enumerate((("images", "examples"), ("decoded", "reconstructions"))):
        for column, index in enumerate(rows):
            ax = panel(figure, left + column * (size + 0.04), top + row * 0.6, size, size)
            ax.imshow(stimuli[key][index], cmap="gray", vmin=0, vmax=1)
            ax.set_axis_off()
            if column == 0:
                ax.set_title(name, loc="left", size=SMALL, pad=2)


def _draw_model(ax: Axes, task: SequentialPatternMatching) -> None:
    """The network: random recurrence, input, and two trained readouts that are both fed back."""
    ax.set(xlim=(0, 6), ylim=(0, 3.97), aspect="equal")
    ax.set_axis_off()
    centre = np.array([2.65, 2.0])
    ax.add_patch(Circle((centre[0], centre[1]), 1.12, facecolor="#F5F5F5", edgecolor=INK, lw=0.8))
    random = np.random.default_rng(4)
    places = _spread(random, 13) * 0.88 + centre
    for one, other in random.choice(len(places), (40, 2)):
        if 0.3 < np.linalg.norm(places[one] - places[other]) < 1.0:
            draw_arrow(ax, places[one], places[other], PALE, curve=0.25, lw=0.6, head=3)
    for place in places:
        ax.add_patch(Circle(place, 0.1, facecolor="#8A8A8A", edgecolor="white", lw=0.5, zorder=4))
    ax.text(2.65, 3.23, "recurrent $g J$", ha="center", va="bottom", size=TEXT, color=FIXED)

    _node(ax, (0.35, 2.0), f"$u$\n{task.class_means.shape[1]}-D")
    _node(ax, (5.05, 2.9), "$z$\n1-D")
    _node(ax, (5.05, 1.1), f"$z_d$\n{task.class_means.shape[1]}-D")
    draw_arrow(ax, (0.72, 2.0), (1.5, 2.0), FIXED)
    ax.text(1.1, 2.12, "$W_i$", ha="center", size=TEXT, color=FIXED)
    for sign, y, out, back in ((1, 2.9, "$w_o$", "$w_f$"), (-1, 1.1, "$W_d$", "$W_{fd}$")):
        draw_arrow(ax, (3.66, 2 + 0.42 * sign), (4.68, y - 0.07 * sign), TRAINED, lw=1.4)
        ax.text(4.08, 2 + 0.86 * sign, out, ha="center", va="center", size=TEXT, color=TRAINED)
        draw_arrow(ax, (5.05, y + 0.38 * sign), (3.25, 2 + 0.98 * sign), FIXED, curve=0.55 * sign)
        ax.text(4.2, 2 + 1.84 * sign, back, ha="center", va="center", size=TEXT, color=FIXED)
    ax.text(0.0, 0.42, "trained", size=TEXT, color=TRAINED, va="center")
    ax.text(0.0, 0.1, "fixed, random", size=TEXT, color=FIXED, va="center")
    letter(ax, "c", left=6)


def _spread(random: np.random.Generator, n: int) -> np.ndarray:
    """Points in the unit disc that keep apart."""
    kept: list[np.ndarray] = []
    while len(kept) < n:
        place = random.uniform(-1, 1, 2)
        if np.linalg.norm(place) < 1 and all(np.linalg.norm(place - p) > 0.42 for p in kept):
            kept.append(place)
    return np.array(kept)


def _node(ax: Axes, place: tuple[float, float], text: str) -> None:
    x, y = place
    ax.add_patch(
        FancyBboxPatch(
            (x - 0.25, y - 0.25),
            0.5,
            0.5,
            boxstyle="round,pad=0.08",
            facecolor="white",
            edgecolor=INK,
            lw=0.8,
        )
    )
    ax.text(x, y, text, ha="center", va="center", size=TEXT, linespacing=1.0)


def _draw_inputs(
    figure: Figure,
    task: SequentialPatternMatching,
    classes: list[int],
    dt: float,
    inputs: np.ndarray,
) -> pd.DataFrame:
    """The two channels of u in one trial."""
    shown = task.n_classes - 1  # first class, then last class
    first, second = task.pair(shown)
    u = np.zeros((task.n_steps, inputs.shape[-1]))
    for i, epoch in enumerate(("stimulus 1", "stimulus 2")):
        u[task.epochs[epoch]] = inputs[shown, i]
    time = (np.arange(task.n_steps) + 0.5) * dt
    limits = np.abs(u).max() * 1.1
    rows = []
    for channel in range(u.shape[1]):
        ax = panel(figure, 0.55, 4.92 + channel * 1.0, 1.6, 0.85)
        shade_epochs(ax, task.epochs, dt, marks=channel == 0)
        ax.plot(time, u[:, channel], lw=0.6, color=CHANNELS[0])
        ax.set(xlim=(0, task.n_steps * dt), ylim=(-limits, limits), ylabel=f"$u_{channel + 1}$")
        if channel == 0:
            title = f"input, trial “{classes[first]}, {classes[second]}”"
            ax.set_title(title, size=TEXT, pad=24, loc="left")
            letter(ax, "d", left=34, up=24)
        if channel == u.shape[1] - 1:
            ax.set_xlabel("time (τ)")
        else:
            ax.set_xticklabels([])
        rows.append(pd.DataFrame({"channel": channel + 1, "time": time, "u": u[:, channel]}))
    return pd.concat(rows, ignore_index=True)


def _draw_outputs(
    figure: Figure,
    task: SequentialPatternMatching,
    classes: list[int],
    dt: float,
    outputs: np.ndarray,
    mechanism: str,
    fact: Mapping,
) -> pd.DataFrame:
    """z and z_d against their targets, one column per trial type."""
    types = np.unique(np.linspace(0, task.n_types - 1, min(MAX_TYPES, task.n_types)).round())
    types = types.astype(int)
    time = (np.arange(task.n_steps) + 1) * dt
    width, gap, left = 0.99, 0.12, 2.78
    rows = []
    top = outputs[types]
    ranges = [_range(top[..., :1], task.output_code), _range(top[..., 1:], task.class_means)]
    for column, trial_type in enumerate(types):
        first, second = task.pair(int(trial_type))
        colour = type_colours(task.n_classes)[trial_type]
        z_ax = panel(figure, left + column * (width + gap), 4.92, width, 0.85)
        d_ax = panel(figure, left + column * (width + gap), 5.92, width, 0.85)
        for ax, limits in zip((z_ax, d_ax), ranges, strict=True):
            shade_epochs(ax, task.epochs, dt, marks=ax is z_ax)
            ax.set(xlim=(0, task.n_steps * dt), ylim=limits)
            if column:
                ax.set_yticklabels([])
        z_ax.set_xticklabels([])
        z_ax.set_title(
            f"“{classes[first]}, {classes[second]}”", color=deep(colour), weight="bold", pad=11
        )
        d_ax.set_xlabel("time (τ)")
        run = outputs[trial_type]
        z_ax.plot(time, run[:, 0], color=colour, lw=1.2)
        _target(z_ax, task.epochs["response"], dt, float(task.target(int(trial_type))))
        for channel in range(1, run.shape[1]):
            d_ax.plot(time, run[:, channel], color=CHANNELS[(channel - 1) % 2], lw=1.0)
            for epoch, label in (("delay 1", first), ("delay 2", second)):
                _target(d_ax, task.epochs[epoch], dt, task.class_means[label][channel - 1])
        if column == len(types) - 1:
            _name_channels(d_ax, run[-1, 1:])
        rows += [
            pd.DataFrame(
                {
                    "trial_type": f"{classes[first]} {classes[second]}",
                    "output": "z" if channel == 0 else f"zd_{channel}",
                    "time": time,
                    "value": run[:, channel],
                }
            )
            for channel in range(run.shape[1])
        ]
        if column == 0:
            z_ax.set_ylabel("$z$")
            d_ax.set_ylabel("$z_d$")
            letter(z_ax, "e", left=34, up=24)
    figure.text(
        left / FULL,
        1 - (4.92 - 24 / 72) / HEIGHT,
        f"trained network ({MECHANISM_NAMES[mechanism]}, g = {fact['g']:g},"
        f" fb = {fact['fb']:g}); dashed: targets",
        size=TEXT,
        ha="left",
        va="baseline",
    )
    return pd.concat(rows, ignore_index=True)


def _name_channels(ax: Axes, ends: np.ndarray) -> None:
    """Name each memory output at its end, apart from the one below it."""
    low, high = ax.get_ylim()
    places = (ends - low) / (high - low)
    order = np.argsort(places)
    for below, above in pairwise(order):
        places[above] = max(places[above], places[below] + 0.16)
    for channel, place in enumerate(places):
        ax.annotate(
            f"$z_{{d{channel + 1}}}$",
            (1, place),
            xytext=(3, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            color=CHANNELS[channel % 2],
            annotation_clip=False,
        )


def _target(ax: Axes, steps: slice, dt: float, value: float) -> None:
    ax.plot([steps.start * dt, steps.stop * dt], [value] * 2, color=INK, lw=1.6, ls=(0, (1.5, 1)))


def _range(values: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """Limits that hold the targets with room, and the traces unless they run far away."""
    span = np.ptp(targets)
    low = max(np.nanmin(values), targets.min() - 1.5 * span)
    high = min(np.nanmax(values), targets.max() + 1.5 * span)
    low, high = min(low, targets.min()), max(high, targets.max())
    return low - 0.08 * (high - low), high + 0.08 * (high - low)
