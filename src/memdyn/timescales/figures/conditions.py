"""Names and colours of the conditions of study 2: one each, here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from memdyn.timescales.tasks.binary import TASKS

#: Colour of each curriculum (Tol's vibrant scheme, safe for colour-blind readers).
CURRICULUM_COLOURS = {
    "single": "#CC3311",
    "multi": "#0077BB",
    "sliding": "#009988",
    "all_heads": "#33A6DD",
    "none": "#555555",
}


CURRICULUM_NAMES = {
    "single": "single-head",
    "multi": "multi-head",
    "sliding": "sliding window",
    "all_heads": "all heads at once",
    "none": "no curriculum",
}


#: The paper's tasks, which the figures compare.
TASK_NAMES = {name: TASKS[name].title for name in ("parity", "dms")}


#: The curricula that the main figures compare in them.
MAIN = tuple(f"{task}_{curriculum}" for task in TASK_NAMES for curriculum in ("single", "multi"))


_VARIANTS = {"inside": "non-linearity inside", "continuous": "continuous time"}


def curriculum_of(condition: str) -> str:
    """Which of ``CURRICULUM_COLOURS`` a condition's name stands for.

    Raises:
        ValueError: the name holds no curriculum.
    """
    for name in ("all_heads", "single", "multi", "sliding", "none"):
        if re.search(rf"(^|_){name}(_|$)", condition):
            return name
    raise ValueError(
        f"condition {condition!r} names no curriculum: use one of {', '.join(CURRICULUM_COLOURS)}"
    )


def colour_of(condition: str) -> str:
    """The colour of a condition: that of its curriculum."""
    return CURRICULUM_COLOURS[curriculum_of(condition)]


def name_of(condition: str, task: bool = True) -> str:
    """A condition's name for readers: "N-parity, single-head, τ = 2".

    Args:
        condition: as in the tables.
        task: with the task, or the gated cell, in front.
    """
    parts = []
    first, *rest = condition.split("_")
    if task:
        parts.append(TASKS[first].title if first in TASKS else first.upper())
    parts.append(CURRICULUM_NAMES[curriculum_of(condition)])
    for part in rest:
        if found := re.fullmatch(r"tau(\d+(?:\.\d+)?)", part):
            parts.append(f"τ = {found[1]}")
        elif found := re.fullmatch(r"repeat(\d+)", part):
            parts.append(f"each item {found[1]} times")
        elif part in _VARIANTS:
            parts.append(_VARIANTS[part])
    return ", ".join(parts)


def standing_in(table: pd.DataFrame) -> pd.DataFrame:
    """A table of a run, in which a condition that it lacks is that of another size.

    ``<condition>_<units>``, of the most units there are, is called ``<condition>`` then; all others
    of such names are left out.
    """
    if table.empty:
        return table
    names = list(dict.fromkeys(table["condition"]))
    sized = {name: found for name in names if (found := re.fullmatch(r"(.+)_(\d+)", name))}
    chosen: dict[str, str] = {}
    for name, found in sorted(sized.items(), key=lambda one: int(one[1][2])):
        if found[1] not in names:
            chosen[found[1]] = name
    kept = table[~table["condition"].isin(set(sized) - set(chosen.values()))]
    return kept.replace({"condition": {name: condition for condition, name in chosen.items()}})


def scale_note(
    scale: str,
    n_units: int,
    units: Mapping[str, int],
    *tables: pd.DataFrame,
    shown: Iterable[str] | None = None,
) -> str:
    """The start of the small print of every figure of this study.

    Args:
        scale, n_units: of the run.
        units: condition -> units, of all that the run trains.
        tables: what is drawn, as from ``standing_in``; conditions that none holds are not named.
        shown: those of their conditions that the figure has a place for; all if it is not given.
    """
    drawn = {name for table in tables if len(table) for name in table["condition"].unique()}
    drawn = drawn if shown is None else drawn & set(shown)
    others: dict[int, dict[str, None]] = {}
    for run, size in units.items():
        condition = run.removesuffix(f"_{size}")
        if size != n_units and condition in drawn and (run == condition or condition not in units):
            others.setdefault(size, {})[name_of(condition).replace(",", "")] = None
    said = [f"{size}: {', '.join(names)}" for size, names in sorted(others.items(), reverse=True)]
    return f"Scale “{scale}”: {'; '.join([f'{n_units} units', *said])}."


def rows_of(table: pd.DataFrame, condition: str) -> pd.DataFrame:
    """The rows of one condition; none if the table is empty or lacks its columns."""
    if table.empty or "condition" not in table:
        return table.iloc[:0]
    return table[table["condition"] == condition]


def missing(table: pd.DataFrame, conditions: Iterable[str]) -> list[str]:
    """Those of ``conditions`` of which the table holds no row."""
    return [name for name in conditions if rows_of(table, name).empty]
