"""What a run says last: where its results are and what they say, or why it stopped.

Read by Snakemake itself, so nothing here imports more than the standard library.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

#: What the log of a job that ended with an error holds after its one sentence.
TRACEBACK = "Traceback (most recent call last):"


def success(scale: str, folder: Path | str = ".") -> str:
    """Where figures, claims and report are, how many sentences hold, and the next command.

    Args:
        scale: of the run.
        folder: work folder of the run; what is not there is not named.
    """
    folder = Path(folder)
    lines = []
    if any((folder / "figures" / scale).rglob("*.png")):
        lines.append(f"figures: figures/{scale}")
    claims = folder / "results" / scale / "claims.csv"
    if claims.exists():
        lines.append(f"claims:  {claims.relative_to(folder)}{_verdicts(claims)}")
    for page in ("report.html", f"figures/{scale}/atlas.html"):
        if (folder / page).exists():
            lines.append(f"page:    {page}")
    if not lines:
        return ""
    if not (folder / "report.html").exists():
        lines.append(f"next:    make report SCALE={scale}")
    return "\n".join(["memdyn: done.", *lines])


def failure(scale: str, command: str, since: float, folder: Path | str = ".") -> str:
    """The sentence of each job that failed, and the command that goes on.

    Args:
        scale: of the run.
        command: what was run.
        since: when the run began (s since 1970); logs from before are not read.
        folder: work folder of the run.
    """
    found = []
    for log in sorted((Path(folder) / "logs" / scale).rglob("*.log")):
        if log.stat().st_mtime < since:
            continue
        if why := sentence(log.read_text(errors="replace")):
            found.append(f"{log.relative_to(folder)}: {why}")
    told = found or ["see the lines above: no job has written why"]
    return "\n".join(
        ["memdyn: stopped.", *told, f"What is done stays. Mend this, then go on with: {command}"]
    )


def sentence(log: str) -> str:
    """Why a job failed, from the text of its log; "" if that does not say."""
    before, traceback, _ = log.rpartition(f"\n{TRACEBACK}")
    lines = before.splitlines() if traceback else []
    return lines[-1].partition(" ")[2] if lines else ""  # without its time


def _verdicts(claims: Path) -> str:
    with claims.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row.get("kind") == "claim"]
    counts = Counter(row.get("verdict") for row in rows)
    told = ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
    return f" ({told})" if told else ""
