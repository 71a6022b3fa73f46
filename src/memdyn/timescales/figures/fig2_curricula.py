"""Figure 2 of study 2: the two tasks, and the curricula as the configuration has them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from memdyn.figures.style import (
    FAINT,
    FULL,
    INK,
    SMALL,
    TEXT,
    Drawn,
    deep,
    house_style,
    letter,
    new_figure,
    on,
    panel,
    say,
    small_print,
    tint,
    whole_numbers,
)
from memdyn.timescales.figures.conditions import CURRICULUM_COLOURS, CURRICULUM_NAMES
from memdyn.timescales.tasks.binary import TASKS, labels
from memdyn.timescales.training.curriculum import Curriculum

HEIGHT = 5.1
KINDS = ("single", "multi", "sliding", "none")
ITEMS = (0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1)  # the example, the oldest first
SHOWN = (2, 3, 5)  # N whose answers are shown
MAX_STAGES, MAX_ROWS = 6, 24  # stages shown, and N of them all


def draw(settings: Mapping, note: str) -> Drawn:
    """Draw the figure.

    Args:
        settings: the configuration's ``timescales``: ``conditions``, ``run``, ``curriculum``,
            ``training`` (its ``leaky``), ``max_N``.
        note: scale, for the small print.
    """
    with house_style():
        figure = new_figure(FULL, HEIGHT)
        plotted, summary = {}, {}
        for name, left, task in (("a", 0.35, "parity"), ("b", 4.1, "dms")):
            plotted[name] = _draw_task(panel(figure, left, 0.35, 3.3, 1.35), task)
            letter(figure.axes[-1], name, left=16 if name == "b" else 18, up=2)
        for i, kind in enumerate(KINDS):
            ax = panel(figure, 0.62 + 1.78 * i, 2.42, 1.4, 1.55)
            name = "cdef"[i]
            letter(ax, name, left=34 if i == 0 else 24, up=16)
            stages, facts = find_stages(settings, kind)
            _draw_curriculum(ax, stages, kind, facts)
            if i == 0:
                ax.set_ylabel("N in training")
            plotted[name], summary[kind] = stages, facts
        _draw_rule(figure, settings)
        small_print(
            figure,
            f"{note} N: length of memory (items). DMS: delayed match-to-sample. Drawn from the"
            " configuration in force.",
        )
        return Drawn(figure, plotted, {"curricula": summary})


def find_stages(settings: Mapping, kind: str) -> tuple[pd.DataFrame, dict]:
    """Which N are trained on which head at the first stages of a curriculum.

    Args:
        settings: the configuration's ``timescales``.
        kind: of the curriculum.

    Returns:
        Rows of ``stage`` (1 ...), ``N``, ``head`` (1 ...), empty if no condition has this
        curriculum; and facts: ``condition`` (the first in force, else the first defined), ``run``
        (whether it is in force), ``heads``, ``step``. Without a curriculum a stage is a network.
    """
    conditions = settings["conditions"]
    run = [name for name in settings["run"] if name in conditions]
    own = [name for name in [*run, *conditions] if conditions[name]["curriculum"] == kind]
    if not own:
        return pd.DataFrame(columns=["stage", "N", "head"]), {"condition": None, "run": False}
    condition = conditions[own[0]]
    facts = {
        "condition": own[0],
        "run": own[0] in run,
        "heads": condition.get("heads", 1),
        "step": condition.get("step", 1),
    }
    if kind == "none":
        found = [(i + 1, N, 1) for i, N in enumerate(sorted(condition["N"]))]
        return pd.DataFrame(found, columns=["stage", "N", "head"]), facts
    max_N = condition.get("max_N", settings["max_N"])
    start = settings["curriculum"]["start_N"]
    curriculum = Curriculum(kind, start, max_N, facts["heads"], facts["step"])
    found, position = [], curriculum.first()
    for stage in range(1, MAX_STAGES + 1):
        low, high = position
        found += [(stage, N, (curriculum.head(position, N) or 0) + 1) for N in range(low, high + 1)]
        position = curriculum.advance(position)
        if position is None or position[1] - start >= MAX_ROWS:
            break
    return pd.DataFrame(found, columns=["stage", "N", "head"]), facts


def _draw_task(ax: Axes, task: str) -> pd.DataFrame:
    """A sequence, and what each N asks about its end."""
    n = len(ITEMS)
    ax.set(xlim=(-0.2, n + 3.4), ylim=(-3.75, 1.9))
    ax.set_axis_off()
    ax.text(0, 1.75, TASKS[task].title, size=TEXT, weight="bold", va="center")
    ax.text(2.4, 1.75, TASKS[task].question, size=SMALL, va="center", color=FAINT)
    for i, item in enumerate(ITEMS):
        face = INK if item else "white"
        ax.add_patch(Rectangle((i, 0), 1, 1, facecolor=face, edgecolor=INK, lw=0.7))
        ax.text(i + 0.5, 0.47, str(item), ha="center", va="center", size=TEXT, color=on(face))
    ax.text(n + 0.3, 0.47, "now", size=SMALL, va="center", color=FAINT)
    answers = labels(task, np.array([ITEMS]), SHOWN)[0]
    for row, (N, answer) in enumerate(zip(SHOWN, answers, strict=True)):
        y = -0.75 - 1.25 * row
        if task == "parity":
            ax.plot([n - N + 0.08, n - 0.08], [y, y], color=FAINT, lw=3.0, solid_capstyle="butt")
            ones = sum(ITEMS[n - N :])
            middle = f"{ones} one" + ("s" if ones != 1 else "")
        else:
            ax.plot([n - N + 0.5, n - 0.5], [y, y], color=FAINT, lw=0.8, zorder=0.5)
            for x in (n - N, n - 1):
                face = INK if ITEMS[x] else "white"
                ax.add_patch(
                    Rectangle(
                        (x + 0.22, y - 0.28), 0.56, 0.56, facecolor=face, edgecolor=INK, lw=0.7
                    )
                )
            middle = f"{ITEMS[n - N]} and {ITEMS[n - 1]}"
        ax.text(0, y, f"N = {N}", va="center", size=TEXT)
        ax.text(2.4, y, middle, va="center", size=SMALL, color=FAINT)
        ax.text(n + 0.3, y, f"→ {answer} ({TASKS[task].answers[answer]})", va="center", size=TEXT)
    return pd.DataFrame({"task": task, "N": SHOWN, "answer": answers})


def _draw_curriculum(ax: Axes, stages: pd.DataFrame, kind: str, facts: Mapping) -> None:
    """Stages along x, N along y; a cell for each head in training, numbered."""
    colour = CURRICULUM_COLOURS[kind]
    name = CURRICULUM_NAMES[kind]
    ax.set_title(name, loc="left", color=deep(colour), weight="bold", pad=15)
    if stages.empty:
        say(ax, "Not in the\nconfiguration.")
        return
    _subtitle(ax, kind, facts)
    low, high = stages["N"].min(), stages["N"].max()
    n_stages = stages["stage"].max()
    rows = max(high - low + 1, 4)
    per_row = ax.get_window_extent().height * 72 / ax.figure.dpi / (rows + 0.5)
    heads = stages["head"].max()
    height = 0.9
    if kind == "none":  # N far apart: cells high enough to be seen
        height, per_row = max(0.9, 0.1 * rows), np.inf
    inside = per_row > SMALL + 1.5
    for stage, own in stages.groupby("stage"):
        for one in own.itertuples():
            shade = tint(colour, 0.9 - 0.65 * (one.head - 1) / max(heads - 1, 3))
            ax.add_patch(
                Rectangle(
                    (stage - 0.42, one.N - height / 2),
                    0.84,
                    height,
                    facecolor=shade,
                    edgecolor="white",
                    lw=0.4,
                )
            )
            # In the cell; where cells are too low, only the first and the last, outside.
            first, last = one.head == own["head"].min(), one.head == own["head"].max()
            if inside or first or last:
                outside = -1 if first else 1
                ax.text(
                    stage,
                    one.N - 0.05 if inside else one.N + 0.55 * outside,
                    str(one.head),
                    ha="center",
                    va="center" if inside else "top" if first else "bottom",
                    size=SMALL,
                    color=on(shade) if inside else deep(colour),
                )
    if not inside:
        low, rows = low - 1.6, rows + 3.2
    ax.set(
        xlim=(0.4, max(n_stages, 4) + 0.6),
        ylim=(low - 0.25 - height / 2, low + rows - 0.7 + height / 2),
    )
    ax.set_xticks(range(1, n_stages + 1))
    ax.set_xlabel("network" if kind == "none" else "stage")
    if kind == "none":
        ax.set_yticks(sorted(stages["N"]))
    else:
        ax.yaxis.set_major_locator(whole_numbers(6))


def _subtitle(ax: Axes, kind: str, facts: Mapping) -> None:
    heads, step = facts["heads"], facts["step"]
    text = {
        "single": "one head, used again",
        "multi": f"keep all, add {step} head" + ("s" if step > 1 else ""),
        "sliding": f"{heads} heads, moved by {step}",
        "none": "one N from the start",
    }[kind]
    if not facts["run"]:
        text += "; not run"
    ax.annotate(
        text,
        (0, 1),
        xytext=(0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        size=SMALL,
        color=FAINT,
    )


def _draw_rule(figure: Figure, settings: Mapping) -> None:
    """What a stage needs to be solved, and what it is trained on."""
    curriculum, training = settings["curriculum"], settings["training"]["leaky"]
    shortest, longest = (
        (f"{factor} N" if factor != 1 else "N") + (f" + {more}" if more else "")
        for factor, more in (curriculum["shortest"], curriculum["longest"])
    )
    lines = (
        "Numbers: the head that answers N. Next stage: when accuracy, tested after each epoch, is"
        f" above {curriculum['accuracy']:.0%}",
        "on average over the heads in training and also for the largest N. Training ends after"
        f" {training['max_epochs']} epochs, or when N = {settings['max_N']} is solved.",
        f"An epoch is {training['updates_per_epoch']} updates with {training['batch_size']}"
        f" sequences of {shortest} to {longest} items, N being the largest in training.",
    )
    figure.text(
        0.35 / FULL,
        1 - 4.42 / HEIGHT,
        "\n".join(lines),
        size=SMALL,
        va="top",
        linespacing=1.35,
    )
