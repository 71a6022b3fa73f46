"""What a campaign found: one form for all of them, printed, and written into the docs' page.

A row is a fault: how often it was tried, survived (the same values in the end, or a refusal in one
sentence), lost (work or a clear message), gave wrong values, and the longest time to go on.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "docs/faults.md"
COLUMNS = ("fault", "tried", "survived", "lost", "wrong", "back in")


class Row(NamedTuple):
    """One line of the table; ``seconds`` is None where nothing has to go on."""

    fault: str
    tried: int
    survived: int
    lost: int
    wrong: int
    seconds: float | None = None


def cells(rows: list[Row]) -> list[list[str]]:
    """Lines of the table, its head first; without its last column where nothing has to go on."""
    timed = any(row.seconds is not None for row in rows)
    lines = [
        [*map(str, row[:-1]), "" if row.seconds is None else f"{row.seconds:.1f} s"] for row in rows
    ]
    return [line if timed else line[:-1] for line in ([*COLUMNS], *lines)]


def bad(rows: list[Row]) -> bool:
    """Whether anything was lost or wrong."""
    return any(row.lost or row.wrong for row in rows)


def show(rows: list[Row]) -> None:
    """Print the table."""
    for line in cells(rows):
        print(f"{line[0]:44}" + "".join(f"{cell:>10}" for cell in line[1:]), flush=True)


def write(campaign: str, rows: list[Row], note: str = "", page: Path = PAGE) -> None:
    """Put a campaign's table between its marks in the page, in the place of an earlier one.

    Args:
        campaign: kills, runs, configs or files.
        rows: of the table.
        note: a sentence below it.
        page: Markdown with ``<!-- table: campaign -->`` and ``<!-- end: campaign -->``.

    Raises:
        ValueError: the page has no such marks.
    """
    head, *lines = cells(rows)
    table = "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines))
    table += f"\n\n{note}" if note else ""
    text = page.read_text()
    marked = re.compile(rf"(<!-- table: {campaign} -->\n).*?(<!-- end: {campaign} -->)", re.S)
    if not marked.search(text):
        raise ValueError(f"{page} has no place for the table {campaign!r}")
    page.write_text(marked.sub(lambda found: f"{found[1]}\n{table}\n\n{found[2]}", text))
