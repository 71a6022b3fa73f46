"""The tables of a finished run of the workflow, as data frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from memdyn.files import FileProblem, read_table


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run: ``run.slow_manifolds["networks"]`` is a data frame.

    Attributes:
        scale: its name.
        slow_manifolds, timescales, bridge: name of a table -> data frame; empty if not run.
        claims: what both papers say and what holds; None if claims were not judged.
    """

    scale: str
    slow_manifolds: dict[str, pd.DataFrame]
    timescales: dict[str, pd.DataFrame]
    bridge: dict[str, pd.DataFrame]
    claims: pd.DataFrame | None

    def __repr__(self) -> str:
        lines = [f"Run {self.scale!r}"]
        for study in ("slow_manifolds", "timescales", "bridge"):
            rows = (f"{name} ({len(table)})" for name, table in getattr(self, study).items())
            lines.append(f"  {study}: {', '.join(rows) or 'not run'}")
        judged = "not judged" if self.claims is None else f"{len(self.claims)} rows"
        return "\n".join([*lines, f"  claims: {judged}"])


def load(scale: str = "quick", folder: Path | str = ".") -> Run:
    """The tables of a finished run.

    Args:
        scale: its name, as in the configuration.
        folder: where Snakemake was started.

    Raises:
        FileProblem: nothing of this scale has been run there, or a table is damaged.

    >>> load("quick", "/nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    memdyn.files.FileProblem: /nowhere/results/quick holds no finished run: start one with...
    """
    results = Path(folder) / "results" / scale
    found = {
        study: {
            path.stem: read_table(path, f"{study}.{path.stem}/1")
            for path in sorted((results / study / "tables").glob("*.parquet"))
        }
        for study in ("slow_manifolds", "timescales", "bridge")
    }
    claims = results / "claims.csv"
    if not any(found.values()) and not claims.exists():
        raise FileProblem(
            f"{results} holds no finished run: start one with "
            f"snakemake --cores 2 --config scale={scale}"
        )
    return Run(scale, **found, claims=pd.read_csv(claims) if claims.exists() else None)
