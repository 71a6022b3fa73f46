"""The authors' numbers beside ours: every band of the claims, as a page of Markdown."""

from __future__ import annotations

import pandas as pd

from memdyn.claims.intervals import numbers
from memdyn.claims.judge import FRAGILE, fragile


def bands_page(claims: pd.DataFrame) -> str:
    """A table per quantity, a row per number of theirs.

    Args:
        claims: rows as of ``memdyn.claims.judge``; those of kind ``band`` are taken.

    Returns:
        Markdown. Numbers that could not be asked of a run say why.
    """
    bands = claims[claims["kind"] == "band"]
    parts = []
    for name, own in bands.groupby(bands["sentence"].str.split(",").str[0], sort=False):
        rows = [_row(row) for row in own.assign(fragile=fragile(own)).itertuples()]
        head = "| network | theirs | how we know | ours [95 %] | networks | verdict |"
        parts.append("\n".join([f"### {name}", "", head, "|---|---|---|---|---|---|", *rows]))
    if not parts:
        return "No number of theirs was asked for.\n"
    scales = ", ".join(f"`{scale}`" for scale in dict.fromkeys(bands["scale"]))
    ran = int((bands["verdict"] != "not run").sum())
    first = (
        f"Scale {scales}: {ran} of {len(bands)} numbers asked. A star: another verdict without one "
        "of the seeds."
    )
    return "\n\n".join([first, *parts]) + "\n"


def _row(row) -> str:
    place = row.sentence.split(", ", 1)[1].rpartition(": ")[0]
    if row.verdict == "not run":
        ours, n = row.detail, ""
    else:
        ours, n = numbers(row.estimate, row.low, row.high), row.n
    said = f"{row.verdict}{FRAGILE * row.fragile}"
    return table_row(place, row.comparison, row.where, ours, n, said)


def table_row(*cells: object) -> str:
    """A row of a table in Markdown."""
    return "| " + " | ".join(str(cell).replace("|", r"\|") for cell in cells) + " |"
