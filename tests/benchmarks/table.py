"""Write what the benchmarks measured into README.md, between its two markers.

python tests/benchmarks/table.py [results/benchmarks/*.csv]
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from memdyn.costs.speed_figure import read_rows
from memdyn.figures.recordings import quantity

ROOT = Path(__file__).parents[2]
README = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- table.py: begin -->", "<!-- table.py: end -->"
HEAD = ("work", "size", "ours", "reference", "ratio", "target", "limit", "reached of it")
#: Work of the issue that only a GPU can show: id of the row, what, size, target.
ON_GPU = (
    ("force", "FORCE on an H200", "paper grid: 672 networks x 3500 trials", "10 min, 50 % of it"),
    ("update", "one update of study 2 on an H200", "500 units, 4 networks at once", "20x"),
)


def table(rows: pd.DataFrame) -> str:
    """The rows of ``read_rows`` as a Markdown table, their notes, and where they were measured."""
    lines = [HEAD, ("---",) * len(HEAD), *map(_cells, rows[rows["ratio"].notna()].itertuples())]
    on_gpu = rows[rows["device"] != "cpu"]["work"].tolist()
    for work, what, size, target in ON_GPU:
        if not any(name.startswith(work) for name in on_gpu):
            lines.append((what, size, "not measured: no GPU", "", "", target, "", ""))
    notes = [f"- {row.what}: {row.note}." for row in rows.itertuples() if isinstance(row.note, str)]
    places = rows[["cpu", "cores", "torch", "commit"]].drop_duplicates()
    machines = [
        f"{row.cpu}, {row.cores} cores, torch {row.torch}, commit {str(row.commit)[:7]}"
        for row in places.itertuples()
    ]
    text = ["| " + " | ".join(cells) + " |" for cells in lines]
    measured = f"Measured from {rows['time'].min()} to {rows['time'].max()}: {'; '.join(machines)}."
    return "\n".join([*text, "", *notes, "", measured])


def _cells(row) -> tuple[str, ...]:
    limit = f"{quantity(row.limit, row.unit)} ({row.limit_kind})" if _known(row.limit) else "none"
    share = f"{row.share:.0%}" if _known(row.share) else ""
    return (
        row.what if row.device == "cpu" else f"{row.what} ({row.device})",
        row.size,
        quantity(row.ours, row.unit),
        f"{quantity(row.reference, row.unit)} ({row.against})",
        f"{row.ratio:.3g}",
        f"{row.target:g}" if _known(row.target) else "",
        limit,
        share + (f" (target {row.target_share:.0%})" if _known(row.target_share) else ""),
    )


def _known(value: float) -> bool:
    return math.isfinite(value)


def rewrite(readme: Path, text: str) -> None:
    """Replace what stands between the markers.

    Raises:
        SystemExit: a marker is missing.
    """
    before, begin, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(
            f"{readme} has no lines '{BEGIN}' and '{END}': put them where the table goes"
        )
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("csv", nargs="*", type=Path, help="default: results/benchmarks/*.csv")
    made.add_argument("--readme", type=Path, default=README)
    options = made.parse_args(argv)
    measured = sorted((ROOT / "results/benchmarks").glob("*.csv"))
    files = options.csv or [path for path in measured if path.stem != "growth"]
    if not files:
        made.error("results/benchmarks holds no CSV: run make bench first")
    rewrite(options.readme, table(read_rows(files)))


if __name__ == "__main__":
    main()
