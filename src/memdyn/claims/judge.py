"""From claims and tables to verdicts: the table that the report and the README show first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from memdyn.claims.intervals import Interval, Range, verdict
from memdyn.files import FileProblem, write_atomically

#: Stands behind a verdict that hangs on one seed.
FRAGILE = "*"
VERDICTS = ("holds", "differs", "fails", "no difference", "undecided", "not run")
#: Columns of claims.csv and what they hold.
COLUMNS = {
    "id": "name of the row",
    "study": "slow_manifolds, timescales or bridge",
    "claim": "number of the paper's claim that the sentence is a part of",
    "kind": "claim: a part of it; check: the same by another measure; control: what shifts it; "
    "band: a number of theirs",
    "by": "what a check measures it by instead",
    "sentence": "the sentence, in our words",
    "where": "where it stands, and how we know",
    "statistic": "what is computed",
    "comparison": "what the sentence says of it",
    "claimed_low": "lower edge of the claimed range",
    "claimed_high": "upper edge",
    "margin": "differences within it, to either side of 0, are none; 0: not asked",
    "estimate": "the statistic on our networks",
    "low": "lower end of its 95 % interval over networks",
    "high": "upper end; infinite where more may exist than was found",
    "n": "networks; per group if there are two",
    "units": "independent values that the interval rests on: networks, pairs, or seeds",
    "scale": "scale of the run",
    "assumption": "what no source settles, if the verdict rests on it",
    "verdict": "holds, fails, no difference, undecided or not run; of a control: differs, ...",
    "one_left_out": "how many verdicts agree when each seed that it rests on is left out in turn; "
    "then those that do not, and what they say",
    "detail": "N, counts; why undecided for want of an interval, or why not run",
    "figure": "which figure shows it",
}
_NUMBERS = ("claimed_low", "claimed_high", "margin", "estimate", "low", "high", "units")
#: Tables that hold every network that was trained.
TRAINED = ("networks", "epochs")


class NotRun(Exception):
    """A claim cannot be asked of these tables; the message says why."""


class Evidence:
    """The tables of one study, by name; a missing or empty one holds nothing.

    Attributes:
        tables: name -> rows.
        facts: numbers of the configuration that the tables do not hold.
        known: measure -> what it found in these tables; see ``once``.
    """

    def __init__(
        self, tables: Mapping[str, pd.DataFrame], facts: Mapping[str, float] | None = None
    ) -> None:
        self.tables, self.facts = dict(tables), dict(facts or {})
        self.known: dict[Callable[[Evidence], pd.Series], pd.Series] = {}

    def fact(self, name: str) -> float:
        """A number of the configuration.

        Raises:
            NotRun: it was not given.
        """
        if name not in self.facts:
            raise NotRun(f"this run does not say its {name}")
        return self.facts[name]

    def rows(self, table: str, called: str = "", **equal) -> pd.DataFrame:
        """Rows of a table whose columns equal what is named.

        Args:
            table: its name.
            called: what a sentence says is missing, instead of these values.
            **equal: column -> value.

        Raises:
            NotRun: there are none.
        """
        found = self.tables.get(table)
        if found is None or found.empty:
            raise NotRun(f"{table} not measured in this run")
        for column, value in equal.items():
            found = found[found[column] == value]
        if found.empty:
            asked = called or ", ".join(map(str, equal.values()))
            what = "" if table in TRAINED else f"{table} of "
            raise NotRun(f"this run has no {what}{asked}")
        return found

    def seeds(self) -> list[int]:
        """Seeds of the networks in any table."""
        found = [t["seed"].unique() for t in self.tables.values() if "seed" in t]
        return sorted({int(seed) for own in found for seed in own})

    def without(self, seed: int) -> Evidence:
        """The same but for the networks of one seed; tables that know no seeds stay whole."""
        left = {
            name: table[table["seed"] != seed] if "seed" in table else table
            for name, table in self.tables.items()
        }
        return Evidence(left, self.facts)


def once(measure: Callable[[Evidence], pd.Series]) -> Callable[[Evidence], pd.Series]:
    """A measure that is taken once of the same evidence, however many claims ask for it."""

    @wraps(measure)
    def remembered(evidence: Evidence) -> pd.Series:
        if measure not in evidence.known:
            evidence.known[measure] = measure(evidence)
        return evidence.known[measure]

    return remembered


class Statistic(NamedTuple):
    """What is computed, in words and as a function of the evidence (may raise ``NotRun``)."""

    text: str
    compute: Callable[[Evidence], Interval]


class Claim(NamedTuple):
    """One sentence that can be true or false; see ``COLUMNS``."""

    id: str
    claim: str
    sentence: str
    where: str
    statistic: Statistic
    claimed: Range
    figure: str
    assumption: str = ""
    kind: str = "claim"
    margin: float = 0.0
    by: str = ""


def judge(
    study: str,
    claims: Sequence[Claim],
    evidence: Evidence,
    scale: str,
    leave_out: bool = False,
    names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """A row per claim, with the columns of ``COLUMNS``.

    ``leave_out``: each is judged again without each seed, which takes as many times as long;
    otherwise the column ``one_left_out`` stays empty. ``names``: what readers call the conditions
    that ``statistic`` and ``detail`` speak of.

    Raises:
        ValueError: two claims have the same id.
    """
    ids = [claim.id for claim in claims]
    if twice := {name for name in ids if ids.count(name) > 1}:
        raise ValueError(f"more than one claim is called {', '.join(sorted(twice))}")
    rest = {seed: evidence.without(seed) for seed in evidence.seeds()} if leave_out else {}
    rows = []
    for claim in claims:
        found, said = _ask(claim, evidence)
        detail = found.detail
        if said != "not run" and found.units < 2:
            detail = "; ".join(filter(None, (detail, "no interval from a single value")))
        rows.append(
            {
                **{name: getattr(claim, name) for name in ("id", "claim", "kind", "sentence")},
                **{name: getattr(claim, name) for name in ("by", "where", "assumption", "figure")},
                "margin": claim.margin,
                **{name: getattr(found, name) for name in ("estimate", "low", "high", "n")},
                "study": study,
                "statistic": spelt(claim.statistic.text, names or {}),
                "comparison": claim.claimed.text,
                "claimed_low": claim.claimed.low,
                "claimed_high": claim.claimed.high,
                "units": found.units,
                "scale": scale,
                "verdict": said,
                "one_left_out": _one_left_out(claim, found, said, rest) if leave_out else "",
                "detail": spelt(detail, names or {}),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def spelt(text: str, names: Mapping[str, str]) -> str:
    """A text with the names of conditions as readers know them; ``<condition>_<units>`` too."""
    if not names:
        return text
    known = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.sub(
        rf"\b({known})(?:_(\d+))?\b",
        lambda found: names[found[1]] + (f" ({found[2]} units)" if found[2] else ""),
        text,
    )


def _ask(claim: Claim, evidence: Evidence) -> tuple[Interval, str]:
    """What is found, and the verdict; ``detail`` says why where it was not run."""
    try:
        found = claim.statistic.compute(evidence)
    except NotRun as reason:
        return Interval(np.nan, np.nan, np.nan, 0, detail=str(reason)), "not run"
    said = verdict(found, claim.claimed, claim.margin)
    return found, "differs" if claim.kind == "control" and said == "holds" else said


def _one_left_out(claim: Claim, found: Interval, said: str, rest: Mapping[int, Evidence]) -> str:
    """How many verdicts agree without one seed, as “3 of 4; without seed 2 undecided”.

    A verdict rests on the seeds without which its number, its interval or its units are others. A
    sentence that cannot be asked without a seed is undecided there.
    """
    if said == "not run":
        return ""
    told = {}
    for seed, evidence in rest.items():
        other, says = _ask(claim, evidence)
        if not np.array_equal(_number(other), _number(found), equal_nan=True):
            told[seed] = "undecided" if says == "not run" else says
    differ = {seed: says for seed, says in told.items() if says != said}
    text = f"{len(told) - len(differ)} of {len(told)}"
    for says in dict.fromkeys(differ.values()):
        seeds = [str(seed) for seed in differ if differ[seed] == says]
        text += f"; without seed {' or '.join(seeds)} {says}"
    return text


def _number(found: Interval) -> tuple[float, float, float, int]:
    return found.estimate, found.low, found.high, found.units


def fragile(claims: pd.DataFrame) -> pd.Series:
    """Whether the verdict of each row hangs on one seed: without it, it would be another."""
    return claims["one_left_out"].str.contains(";", regex=False)


def write(path: Path | str, table: pd.DataFrame) -> None:
    """Write claims as CSV, for people as well as for ``read``."""
    with write_atomically(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")


def read(path: Path | str) -> pd.DataFrame:
    """Read what ``write`` wrote.

    Raises:
        FileProblem: missing, or not a table of claims.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as problem:
        reason = str(problem).splitlines()[0]
        raise FileProblem(f"{path} is no table of claims ({reason}): run judge_claims") from None
    if list(table) != list(COLUMNS) or not set(table["verdict"]) <= set(VERDICTS):
        raise FileProblem(f"{path} is no table of claims of this version: run judge_claims again")
    try:
        numbers = {name: pd.to_numeric(table[name]) for name in _NUMBERS}
    except ValueError as problem:
        raise FileProblem(f"{path} is damaged ({problem}): run judge_claims again") from None
    return table.assign(**numbers)
