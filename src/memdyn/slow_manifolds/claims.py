"""The claims of study 1 (Ghazizadeh & Ching 2021) and the statistic that each comes down to.

Networks of one seed share their random matrices up to scales and masks, whatever their g, fb, pg
and distribution. So the independent value here is the seed: statistics are taken within each seed,
and intervals over seeds. Only networks that perform the task count.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from memdyn.claims.intervals import Interval, above, below, of_mean, of_share, within
from memdyn.claims.judge import Claim, Evidence, NotRun, Statistic
from memdyn.landscape.run_ends import count_distinct

#: Tables that the claims read.
TABLES = ("networks", "delays", "noise", "ends", "votes", "memory")
#: The paper's four; ours has two more bins, for what fits none of them.
FOUR = ("direct", "slow_manifold", "limit_cycle", "mixed")
SLOW, DIRECT, OTHERS = "slow_manifold", "direct", "others"
#: Failed fractions lie on this grid in one network: its delays are tested in 16 trials.
TRIALS = 1 / 16
_NAMES = {SLOW: "slow manifold", DIRECT: "direct", OTHERS: "all others"}

#: A measure: the evidence -> one number per network, indexed by its name.
Measure = Callable[[Evidence], pd.Series]


def _performing(evidence: Evidence, label: str = "mechanism") -> pd.DataFrame:
    """Networks that perform, with ``label`` (a vote is missing where a network was not asked)."""
    networks = evidence.rows("networks")
    able = networks[networks["performs"]]
    if able.empty:
        raise NotRun(f"none of {len(networks)} networks performs the task")
    if label == "vote":
        able = able.merge(evidence.rows("votes")[["network", "vote"]], on="network")
        if able.empty:
            raise NotRun("no performing network was voted on")
    return able


def _over_seeds(values: pd.Series, n: str, detail: str = "", step: float = 0.0) -> Interval:
    """Mean of one value per seed, with its interval over seeds; ``step`` as for ``of_mean``."""
    seeds = "1 seed" if len(values) == 1 else f"{len(values)} seeds"
    return of_mean(values, step)._replace(n=n, detail="; ".join(filter(None, (seeds, detail))))


# Measures: one number per network.


def column(name: str) -> Measure:
    """A column of the table of networks."""
    return lambda evidence: evidence.rows("networks").set_index("network")[name].dropna()


def feedback(evidence: Evidence) -> pd.Series:
    """log10 of the SD of feedback weights, 1 / fb."""
    return -np.log10(evidence.rows("networks").set_index("network")["fb"])


def failed_at_longest(evidence: Evidence) -> pd.Series:
    """Failed fraction at the longest added delay."""
    delays = evidence.rows("delays")
    return delays[delays["extra"] == delays["extra"].max()].set_index("network")["failed"]


def growth_of_failures(evidence: Evidence) -> pd.Series:
    """Failed fraction at the longest added delay minus that at the shortest."""
    delays = evidence.rows("delays")
    first, last = delays["extra"].min(), delays["extra"].max()
    if first == last:
        raise NotRun(f"a single added delay ({first:g} tau) was tested")
    shortest = delays[delays["extra"] == first].set_index("network")["failed"]
    return (failed_at_longest(evidence) - shortest).dropna()


def failed_under_noise(kind: str, above_own: bool = False) -> Measure:
    """Failed fraction, mean over noise levels above 0; or its excess over level 0."""

    def measure(evidence: Evidence) -> pd.Series:
        noise = evidence.rows("noise", noise=kind)
        stressed = noise[noise["level"] > 0].groupby("network")["failed"].mean()
        if not above_own:
            return stressed.dropna()
        return (stressed - noise[noise["level"] == 0].set_index("network")["failed"]).dropna()

    return measure


def efficiency(evidence: Evidence) -> pd.Series:
    """Attractors that trials and memories use, over all that noisy starts find as well.

    Attractors are distinct resting outputs (to 2 decimals, as in test A), taken up to sign, since
    networks without bias are odd. Networks that rest nowhere have no value.
    """
    ends = evidence.rows("ends", kind="rest")
    outputs = ["z", *sorted(name for name in ends if name.startswith("zd_"))]
    found = {}
    for network, own in ends.groupby("network"):
        points = own[outputs].to_numpy()
        leading = points[np.arange(len(points)), np.abs(points).argmax(axis=1)]
        points = points * np.where(leading < 0, -1.0, 1.0)[:, None]
        used = points[(own["start"] != "noisy").to_numpy()]
        found[network] = count_distinct(used, 2) / count_distinct(points, 2)
    return pd.Series(found, dtype=float)


def speed_of_memories(evidence: Evidence) -> pd.Series:
    """Speed at the end of the delay relative to the task's, median over memory states."""
    return evidence.rows("memory").groupby("network")["relative_speed"].median().dropna()


# Statistics: over networks of a mechanism, seed by seed.


def _members(able: pd.DataFrame, group: str, label: str) -> pd.DataFrame:
    own = able[able[label] != SLOW] if group == OTHERS else able[able[label] == group]
    if own.empty:
        raise NotRun(f"no performing network is of the kind “{_NAMES[group]}”")
    return own


def level(
    text: str, measure: Measure, group: str, step: float = 0.0, label: str = "mechanism"
) -> Statistic:
    """Mean of a measure over networks of one mechanism."""

    def compute(evidence: Evidence) -> Interval:
        own = _members(_performing(evidence, label), group, label)
        own = own.assign(value=own["network"].map(measure(evidence))).dropna(subset="value")
        if own.empty:
            raise NotRun(f"networks of the kind “{_NAMES[group]}” were not measured")
        return _over_seeds(own.groupby("seed")["value"].mean(), str(len(own)), step=step)

    return Statistic(f"{text}, mean over {_NAMES[group]} networks", compute)


def contrast(
    text: str,
    measure: Measure,
    other: str = DIRECT,
    step: float = 0.0,
    label: str = "mechanism",
) -> Statistic:
    """Mean of a measure over slow-manifold networks minus that over others of the same seed."""

    def compute(evidence: Evidence) -> Interval:
        able = _performing(evidence, label)
        values, means, sizes = measure(evidence), [], []
        for group in (SLOW, other):
            own = _members(able, group, label)
            own = own.assign(value=own["network"].map(values)).dropna(subset="value")
            means.append(own.groupby("seed")["value"].mean())
            sizes.append(len(own))
        difference = (means[0] - means[1]).dropna()
        if difference.empty:
            raise NotRun(f"no seed has measured networks of both kinds ({sizes[0]} and {sizes[1]})")
        return _over_seeds(difference, f"{sizes[0]} + {sizes[1]}", step=step)

    return Statistic(f"{text}: slow manifold minus {_NAMES[other]}", compute)


def rarest_share(label: str) -> Statistic:
    """Share of the rarest of the four mechanisms: above 0 if each of them occurs."""

    def compute(evidence: Evidence) -> Interval:
        able = _performing(evidence, label)
        counts = able[label].value_counts().reindex(FOUR, fill_value=0)
        text = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in counts.items())
        return of_share(int(counts.min()), len(able))._replace(detail=text)

    return Statistic(f"share of the rarest of the four ({label}), exact over networks", compute)


def prevalence(label: str) -> Statistic:
    """Share of slow-manifold networks minus that of the next most frequent mechanism."""

    def compute(evidence: Evidence) -> Interval:
        able = _performing(evidence, label)
        counts = able[label].value_counts()
        others = counts.drop(SLOW, errors="ignore")
        second = others.index[0] if len(others) else DIRECT
        lead = (able[label] == SLOW).astype(float) - (able[label] == second).astype(float)
        detail = f"{counts.get(SLOW, 0)} against {counts.get(second, 0)} {second.replace('_', ' ')}"
        shares = lead.groupby(able["seed"])
        step = 1 / shares.size().min()
        return _over_seeds(shares.mean(), str(len(able)), detail, step)

    return Statistic(f"share of slow manifolds minus that of the runner-up ({label})", compute)


def _performing_share(evidence: Evidence) -> Interval:
    networks = evidence.rows("networks")
    n_trials = int(networks["n_trials"].max())
    if evidence.n_units != 1000 or n_trials < 3500:
        raise NotRun(
            f"theirs were 1000 units and 3500 trials, ours {evidence.n_units} and {n_trials}"
        )
    share = networks.groupby("seed")["performs"].mean()
    return _over_seeds(share, str(len(networks)), f"{networks['performs'].sum()} perform")


def _saturation_by_feedback(evidence: Evidence) -> Interval:
    able = _performing(evidence)
    strong = able["fb"] == able["fb"].min()
    if strong.all():
        raise NotRun("all performing networks have the same feedback")
    means = [able[rows].groupby("seed")["saturation_delay"].mean() for rows in (strong, ~strong)]
    difference = (means[0] - means[1]).dropna()
    if difference.empty:
        raise NotRun("no seed has performing networks at the strongest and at weaker feedback")
    return _over_seeds(difference, f"{strong.sum()} + {(~strong).sum()}")


_ABSTRACT = "abstract"
_RULE = "our label rule from trial ends; performing: at most 5 % of runs with e > 0.1"
_MAP, _STRESS, _LANDSCAPE = "study 1, figure 4", "study 1, figure 5", "study 1, figure 3"
_KEEPS = "“keeps”: no more failures than a performing network may have (5 %)"

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "sm.1.four",
        "1",
        "Four mechanisms emerge",
        _ABSTRACT,
        rarest_share("mechanism"),
        above(0),
        _MAP,
        _RULE,
    ),
    Claim(
        "sm.1.four_agreed",
        "1",
        "Four mechanisms emerge, by three routes",
        _ABSTRACT,
        rarest_share("vote"),
        above(0),
        _MAP,
        "three routes must agree on a label",
        "check",
    ),
    Claim(
        "sm.1.half",
        "1",
        "About half of the networks perform",
        "recalled of the article, no source at hand",
        Statistic("share of networks that perform the task", _performing_share),
        within(0.4, 0.6),
        _MAP,
        "the cut for “performs” is ours; “about half”: 0.4 to 0.6",
        "check",
    ),
    Claim(
        "sm.2.prevalent",
        "2",
        "Slow manifolds are the most frequent",
        _ABSTRACT,
        prevalence("mechanism"),
        above(0),
        _MAP,
        _RULE,
    ),
    Claim(
        "sm.2.prevalent_memory",
        "2",
        "Slow manifolds prevail, by memory states",
        _ABSTRACT,
        prevalence("mechanism_memory"),
        above(0),
        _MAP,
        "our label rule from memory states",
        "check",
    ),
    Claim(
        "sm.2.prevalent_agreed",
        "2",
        "Slow manifolds prevail, by three routes",
        _ABSTRACT,
        prevalence("vote"),
        above(0),
        _MAP,
        "three routes must agree on a label",
        "check",
    ),
    Claim(
        "sm.2.slow",
        "2",
        "Their memories move slowly",
        _ABSTRACT,
        level("speed at the end of the delay over that of the task", speed_of_memories, SLOW),
        below(0.1),
        _LANDSCAPE,
        "“slowly”: ten times slower than the task; " + _RULE,
    ),
    Claim(
        "sm.2.phasic",
        "2",
        "Few of their units stay saturated in the delay",
        _ABSTRACT,
        level("fraction of units with mean |r| > 0.8", column("saturation_delay"), SLOW),
        below(0.5),
        _MAP,
        "“phasic”: less than half of the units saturated; " + _RULE,
    ),
    Claim(
        "sm.2.phasic_than_direct",
        "2",
        "... fewer than in direct networks (tonic)",
        _ABSTRACT,
        contrast("fraction of units with mean |r| > 0.8", column("saturation_delay")),
        below(0),
        _MAP,
        _RULE,
    ),
    Claim(
        "sm.2.change",
        "2",
        "Their rates change more in the delay than in direct ones",
        _ABSTRACT,
        contrast("mean |change of rate| over delay 1", column("change_in_delay")),
        above(0),
        _MAP,
        "an index of ours; " + _RULE,
        "check",
    ),
    Claim(
        "sm.3.direct_keeps",
        "3",
        "Direct networks keep their memories",
        _ABSTRACT,
        level("failed fraction at the longest added delay", failed_at_longest, DIRECT, TRIALS),
        below(0.05),
        _STRESS,
        f"{_KEEPS}; {_RULE}",
    ),
    Claim(
        "sm.3.slow_forgets",
        "3",
        "Slow manifolds lose them",
        _ABSTRACT,
        level("failed fraction at the longest added delay", failed_at_longest, SLOW, TRIALS),
        above(0.05),
        _STRESS,
        f"{_KEEPS}; {_RULE}",
    ),
    Claim(
        "sm.3.over_time",
        "3",
        "... the more, the longer the delay",
        _ABSTRACT,
        level(
            "failed fraction, longest minus shortest added delay", growth_of_failures, SLOW, TRIALS
        ),
        above(0),
        _STRESS,
        _RULE,
    ),
    Claim(
        "sm.3.forgets_more",
        "3",
        "... more than direct networks do",
        _ABSTRACT,
        contrast("failed fraction at the longest added delay", failed_at_longest, step=TRIALS),
        above(0),
        _STRESS,
        _RULE,
    ),
    Claim(
        "sm.4.efficient",
        "4",
        "Slow manifolds use more of their attractors than direct",
        _ABSTRACT,
        contrast("used over all attractors found", efficiency),
        above(0),
        _MAP,
        "“efficient”: attractors in use over all, up to sign; " + _RULE,
    ),
    Claim(
        "sm.4.noise",
        "4",
        "Slow manifolds resist noise better than direct",
        _ABSTRACT,
        contrast("failed fraction, mean over noise levels", failed_under_noise("uniform")),
        below(0),
        _STRESS,
        _RULE,
    ),
    Claim(
        "sm.4.noise_others",
        "4",
        "... better than all others",
        _ABSTRACT,
        contrast("failed fraction, mean over noise levels", failed_under_noise("uniform"), OTHERS),
        below(0),
        _STRESS,
        _RULE,
    ),
    Claim(
        "sm.4.noise_own",
        "4",
        "... also beyond what fails without noise",
        _ABSTRACT,
        contrast(
            "failed fraction above that of level 0, mean over levels",
            failed_under_noise("uniform", above_own=True),
            OTHERS,
        ),
        below(0),
        _STRESS,
        "equal footing: each network's own failures without noise taken off; " + _RULE,
        "check",
    ),
    Claim(
        "sm.4.noise_zero_mean",
        "4",
        "... also if the noise has no mean",
        _ABSTRACT,
        contrast("failed fraction, mean over noise levels", failed_under_noise("gaussian"), OTHERS),
        below(0),
        _STRESS,
        "Gaussian noise is our control; " + _RULE,
        "check",
    ),
    Claim(
        "sm.5.tonic_feedback",
        "",
        "Strong feedback makes units tonic",
        "ours, not the paper's: a small run (500 units, pg 0.4, gaussian stimuli, one seed)",
        Statistic(
            "fraction of units with mean |r| > 0.8: strongest minus weaker feedback",
            _saturation_by_feedback,
        ),
        above(0),
        _MAP,
        "a hint of ours, no sentence of theirs",
        "check",
    ),
    Claim(
        "sm.5.weaker_feedback",
        "",
        "Slow manifolds lie at weaker feedback than direct",
        "ours, not the paper's: a small run (500 units, pg 0.4, gaussian stimuli, one seed)",
        contrast("log10 (1 / fb)", feedback),
        below(0),
        _MAP,
        "a hint of ours, no sentence of theirs",
        "check",
    ),
)
