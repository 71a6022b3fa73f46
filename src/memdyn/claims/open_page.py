"""What fails or is undecided, and how many more networks would decide it: a page of Markdown."""

from __future__ import annotations

from math import isfinite, sqrt

import pandas as pd
from scipy import stats

from memdyn.claims.bands_page import table_row
from memdyn.claims.intervals import LEVEL, numbers
from memdyn.claims.judge import FRAGILE, fragile

#: More independent values than anyone will train are not counted.
MOST = 1000


def open_page(claims: pd.DataFrame) -> str:
    """A row per claim or check that fails or is undecided.

    Args:
        claims: rows as of ``memdyn.claims.judge``.

    Returns:
        Markdown. Bands and controls are left out, and so is what was not run.
    """
    asked = claims["kind"].isin(("claim", "check"))
    rows = claims.assign(sentence=_whole(claims))
    rows = rows[asked & claims["verdict"].isin(("fails", "undecided"))]
    if rows.empty:
        return "Nothing that was asked fails or is undecided.\n"
    rows = rows.assign(fragile=fragile(rows)).sort_values("verdict", kind="stable")
    head = "| sentence | claimed | ours [95 %] | rests on | verdict | decided by about |"
    first = (
        "Each number rests on so many independent values: seeds, pairs or networks. In the last "
        "column, how many it would take if our number and its spread stayed what they are, and "
        "what the verdict would be then; since the number will move, that is an even chance."
    )
    lines = [_row(row) for row in rows.itertuples()]
    return "\n".join([first, "", head, "|---|---|---|---|---|---|", *lines]) + "\n"


def _whole(claims: pd.DataFrame) -> list[str]:
    """Sentences that go on ("...") behind the one that they go on from: that of the id without its
    last part, or the last whole one above."""
    above, whole = "", {}
    for name, sentence in zip(claims["id"], claims["sentence"], strict=True):
        if not sentence.startswith("..."):
            above = whole[name] = sentence
            continue
        stem = whole.get(name.rpartition(".")[0], above)
        whole[name] = stem if stem.endswith(sentence) else f"{stem} {sentence}"
    return list(whole.values())


def _row(row) -> str:
    n, then = (None, "") if row.verdict == "fails" else needed(row)
    by = then if n is None else f"{n} ({then})"
    sentence = row.sentence if row.sentence.endswith(row.by) else f"{row.sentence}, {row.by}"
    return table_row(
        sentence,
        row.comparison,
        numbers(row.estimate, row.low, row.high),
        f"{row.units:g}",
        f"{row.verdict}{FRAGILE * row.fragile}",
        by,
    )


def needed(row) -> tuple[int | None, str]:
    """How many independent values would decide an undecided claim, and which way.

    That many make Student's interval, of the spread that the present one shows, end before the
    nearest edge that matters.

    Args:
        row: estimate, low, high, units, comparison, claimed_low, claimed_high and margin, as in
            ``COLUMNS``.

    Returns:
        Their number (None where none can be told) and the verdict, or why there is none.
    """
    if row.units < 2 or not isfinite(row.low) or not isfinite(row.high):
        return None, "no interval yet"
    level, units = (1 + LEVEL) / 2, int(row.units)
    sd = (row.high - row.low) / 2 * sqrt(units) / stats.t.ppf(level, units - 1)
    inside = row.claimed_low <= row.estimate <= row.claimed_high
    inside ^= " or " in row.comparison  # all but that range is claimed
    gap = min(abs(row.estimate - edge) for edge in (row.claimed_low, row.claimed_high))
    room = {"holds" if inside else "fails": gap}
    if row.margin:
        room["no difference"] = row.margin - abs(row.estimate)
    widest, then = max((gap, name) for name, gap in room.items())
    for n in range(units + 1, MOST + 1):
        if stats.t.ppf(level, n - 1) * sd / sqrt(n) < widest:
            return n, then
    return None, f"more than {MOST}"
