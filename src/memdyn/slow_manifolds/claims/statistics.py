"""Statistics over networks of a mechanism, seed by seed.

Networks of one seed share their random matrices up to scales and masks, whatever their g, fb, pg
and distribution. So the independent value here is the seed: statistics are taken within each seed,
and intervals over seeds. Only networks that perform the task count.

Two questions, never mixed: where memories end (``MEMORY``, from states at the start of delay 1) and
where trials end (``OUTCOME``). Sentences about memory are judged by the first.

Shares, means and differences as the paper has them are taken over the grid itself, the same in
every seed. What its key ``also`` adds counts where networks are compared at equal feedback, and in
checks that say so.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from memdyn.claims.intervals import Interval, of_mean
from memdyn.claims.judge import Evidence, NotRun, Statistic
from memdyn.slow_manifolds.claims.measures import Measure
from memdyn.slow_manifolds.tables import of_the_grid

#: The paper's four; ours has two more bins, for what fits none of them.
FOUR = ("direct", "slow_manifold", "limit_cycle", "mixed")
SLOW, DIRECT, OTHERS = "slow_manifold", "direct", "others"
NAMES = {**{name: name.replace("_", " ") for name in FOUR}, OTHERS: "all others"}
#: Labels of a network: columns of the table of networks, the three routes, the authors' test A.
MEMORY, OUTCOME, ROUTES, AUTHORS = "mechanism_memory", "mechanism", "vote", "authors"
SAID = {
    MEMORY: "by memory states",
    OUTCOME: "by trial ends",
    ROUTES: "by three routes",
    AUTHORS: "by the authors' test A",
}
#: What the authors' labels stand for; the number of ends is left off.
AUTHORS_NAMES = {
    "fixedPoint": "direct",
    "manifoldFps": "slow_manifold",
    "limitCycle": "limit_cycle",
    "both": "mixed",
}
#: What two networks share that are compared at equal feedback.
MATCHED = ("distribution", "pg", "fb", "seed")


def performing(evidence: Evidence, label: str = MEMORY) -> pd.DataFrame:
    """Networks that perform, with ``label`` (a vote is missing where a network was not asked).

    Raises:
        NotRun: no network performs, or none of those that do was voted on.
    """
    networks = evidence.rows("networks")
    able = networks[networks["performs"]]
    if able.empty:
        raise NotRun(f"none of {len(networks)} networks performs the task")
    if label == ROUTES:
        able = able.merge(evidence.rows("votes")[["network", "vote"]], on="network")
        if able.empty:
            raise NotRun("no performing network was voted on")
    if label == AUTHORS:
        family = able["authors_a"].map(lambda name: re.sub(r"\d+$", "", name))
        able = able.assign(authors=family.replace(AUTHORS_NAMES))
    return able


def over_seeds(values: pd.Series, n: str, detail: str = "", step: float = 0.0) -> Interval:
    """Mean of one value per seed, with its interval over seeds; ``step`` as for ``of_mean``."""
    seeds = "1 seed" if len(values) == 1 else f"{len(values)} seeds"
    return of_mean(values, step)._replace(n=n, detail="; ".join(filter(None, (seeds, detail))))


def _of_kind(able: pd.DataFrame, group: str, label: str) -> pd.DataFrame:
    own = able[able[label] != SLOW] if group == OTHERS else able[able[label] == group]
    if own.empty:
        raise NotRun(f"no performing network is of the kind “{NAMES[group]}”")
    return own


def level(
    text: str,
    measure: Measure,
    group: str,
    step: float = 0.0,
    label: str = MEMORY,
    further: bool = False,
) -> Statistic:
    """Mean of a measure over networks of one mechanism; ``further``: with those beyond the grid."""

    def compute(evidence: Evidence) -> Interval:
        able = performing(evidence, label)
        if further and len(of_the_grid(able)) == len(able):
            raise NotRun("all networks are of the grid itself")
        own = _of_kind(able if further else of_the_grid(able), group, label)
        own = own.assign(value=own["network"].map(measure(evidence))).dropna(subset="value")
        if own.empty:
            raise NotRun(f"networks of the kind “{NAMES[group]}” were not measured")
        return over_seeds(own.groupby("seed")["value"].mean(), str(len(own)), step=step)

    more = ", and further seeds" if further else ""
    return Statistic(f"{text}, mean over {NAMES[group]} networks {SAID[label]}{more}", compute)


def contrast(
    text: str,
    measure: Measure,
    other: str = DIRECT,
    step: float = 0.0,
    label: str = MEMORY,
    matched: bool = False,
) -> Statistic:
    """Mean of a measure over slow-manifold networks minus that over others of the same seed.

    ``matched``: differences are taken between networks that share all of ``MATCHED``, so at one
    strength of feedback, and averaged within a seed. Without, they may be those of feedback.
    """

    def compute(evidence: Evidence) -> Interval:
        able = performing(evidence, label)
        by = [name for name in MATCHED if name in able] if matched else ["seed"]
        if not matched:
            able = of_the_grid(able)
        values, means, sizes = measure(evidence), [], []
        for group in (SLOW, other):
            own = _of_kind(able, group, label)
            own = own.assign(value=own["network"].map(values)).dropna(subset="value")
            means.append(own.groupby(by)["value"].mean())
            sizes.append(own.groupby(by).size())
        difference = (means[0] - means[1]).dropna()
        if difference.empty:
            counts = " and ".join(str(size.sum()) for size in sizes)
            where = "seed, density and feedback" if matched else "seed"
            raise NotRun(f"no {where} has measured networks of both kinds ({counts})")
        n = " + ".join(str(size.reindex(difference.index).sum()) for size in sizes)
        if not matched:
            n = " + ".join(str(size.sum()) for size in sizes)
        at = ""
        if matched:
            strengths = sorted(set(difference.index.get_level_values("fb")))
            at = f"at fb {', '.join(f'{fb:g}' for fb in strengths)}"
        return over_seeds(difference.groupby("seed").mean(), n, at, step)

    how = ", same seed, density and feedback" if matched else ""
    return Statistic(f"{text}: slow manifold minus {NAMES[other]} {SAID[label]}{how}", compute)


def existence(label: str) -> Statistic:
    """In how many seeds the rarest of the four mechanisms occurs: at least so many.

    What was not found may still exist: this can hold or stay undecided, and never fails.
    """

    def compute(evidence: Evidence) -> Interval:
        able = performing(evidence, label)
        seeds = {name: able.loc[able[label] == name, "seed"].nunique() for name in FOUR}
        counts = able[label].value_counts()
        text = ", ".join(
            f"{name.replace('_', ' ')} {counts.get(name, 0)} (seeds: {n})"
            for name, n in seeds.items()
        )
        rarest = float(min(seeds.values()))
        return Interval(rarest, rarest, np.inf, able["seed"].nunique(), str(len(able)), text)

    return Statistic(f"seeds in which the rarest of the four occurs, {SAID[label]}", compute)


def prevalence(label: str) -> Statistic:
    """Share of slow-manifold networks minus that of the next most frequent mechanism."""

    def compute(evidence: Evidence) -> Interval:
        able = of_the_grid(performing(evidence, label))
        counts = able[label].value_counts()
        others = counts.drop(SLOW, errors="ignore")
        second = others.index[0] if len(others) else DIRECT
        lead = (able[label] == SLOW).astype(float) - (able[label] == second).astype(float)
        grid = of_the_grid(evidence.rows("networks"))
        size = " x ".join(
            f"{grid[name].nunique()} {name}" for name in ("g", "fb", "pg") if name in grid
        )
        detail = f"{counts.get(SLOW, 0)} against {counts.get(second, 0)} {second.replace('_', ' ')}"
        shares = lead.groupby(able["seed"])
        step = 1 / shares.size().min()
        return over_seeds(shares.mean(), str(len(able)), f"{detail}; of a grid of {size}", step)

    return Statistic(f"share of slow manifolds minus that of the runner-up, {SAID[label]}", compute)


def performing_share(evidence: Evidence) -> Interval:
    """Share of networks that perform the task; asks for the authors' size and training.

    Raises:
        NotRun: networks are smaller or were trained for less long than the authors'.
    """
    networks = of_the_grid(evidence.rows("networks"))
    n_trials, n_units = int(networks["n_trials"].max()), evidence.fact("n_units")
    if n_units != 1000 or n_trials < 3500:
        raise NotRun(f"theirs were 1000 units and 3500 trials, ours {n_units} and {n_trials}")
    share = networks.groupby("seed")["performs"].mean()
    return over_seeds(share, str(len(networks)), f"{networks['performs'].sum()} perform")


def saturation_by_feedback(evidence: Evidence) -> Interval:
    """Saturated units at the strongest feedback minus those at weaker, within seeds.

    Raises:
        NotRun: no seed has performing networks at the strongest and at weaker feedback.
    """
    able = of_the_grid(performing(evidence))
    strong = able["fb"] == able["fb"].min()
    if strong.all():
        raise NotRun("all performing networks have the same feedback")
    means = [able[rows].groupby("seed")["saturation_delay"].mean() for rows in (strong, ~strong)]
    difference = (means[0] - means[1]).dropna()
    if difference.empty:
        raise NotRun("no seed has performing networks at the strongest and at weaker feedback")
    return over_seeds(difference, f"{strong.sum()} + {(~strong).sum()}")
