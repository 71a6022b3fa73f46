"""What the bridge asks of both studies, as rows beside the papers' claims.

No paper says these sentences; they are ours, and judged like theirs. Study 2's networks count one
by one and in pairs of a seed; study 1's within seeds, since networks of a seed share their weights.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from memdyn.bridge.together import MIN_RANKED, rank_correlation
from memdyn.claims.intervals import Interval, above, below, of_mean
from memdyn.claims.judge import Claim, Evidence, NotRun, Statistic
from memdyn.timescales.claims.claims import at_largest, column, paired, slope

#: Tables that the claims read.
TABLES = ("slowness", "points", "forgetting")
SINGLE, MULTI = "parity_single", "parity_multi"
#: End of an id, beginning of a sentence, condition.
HEADS = (("single", "Single-head", SINGLE), ("multi", "Multi-head", MULTI))
OURS = "ours: no paper asks it"
#: A mode of one unit has a participation of 1; this much is still "one".
ONE_UNIT = 2.0


def log_participation(evidence: Evidence, condition: str) -> pd.DataFrame:
    """log10 of the number of units that carry the slowest mode."""
    return np.log10(column("slowness", "participation")(evidence, condition))


def _one_stable_point(evidence: Evidence) -> Interval:
    """Share of cases (N, item) with one stable point and no other, mean over networks."""
    rows = evidence.rows("points")
    alone = ((rows["n_points"] == 1) & (rows["n_stable"] == 1)).groupby(rows["network"])
    found = of_mean(alone.mean(), step=1 / alone.size().min())
    return found._replace(detail=f"{alone.sum().sum()} of {len(rows)} cases")


def tau_net_follows(condition: str) -> Statistic:
    """Rank correlation of tau_net with the forgetting time over the N of each network."""

    def compute(evidence: Evidence) -> Interval:
        found = []
        for _, own in evidence.rows("slowness", condition=condition).groupby("network"):
            own = own.dropna(subset=["tau_net_corrected"])
            if len(own) >= MIN_RANKED and np.ptp(own["tau_net_corrected"]) > 0:
                found.append(spearmanr(own["tau_net_corrected"], own["exponent_1"]).statistic)
        if not found:
            raise NotRun(f"no network of {condition} has {MIN_RANKED} N with a tau_net")
        return of_mean(found)

    text = "rank correlation of mean tau_net (corrected) with the exponent over N, in each network"
    return Statistic(f"{text} ({condition})", compute)


def predicts(value: str, text: str, mechanism: str | None = None) -> Statistic:
    """Rank correlation of a number with the delay of half-forgetting, within seeds."""

    def compute(evidence: Evidence) -> Interval:
        table = evidence.rows("forgetting")
        found = rank_correlation(table, value, mechanism)
        if found.empty:
            raise NotRun(f"no seed has {MIN_RANKED} such networks that differ in both")
        own = table[table["seed"].isin(found.index)]
        own = own if mechanism is None else own[own["mechanism_memory"] == mechanism]
        never = int((~own["forgets"]).sum())
        detail = f"seeds: {len(found)}; never forget half: {never}"
        return of_mean(found)._replace(n=str(len(own)), detail=detail)

    return Statistic(f"rank correlation of {text} with the delay of half-forgetting", compute)


_SLOW, _NET = "bridge, figure X1", "bridge, figure X2"
_exponent = column("slowness", "exponent_1")
_UNITS = "units in the slowest mode (participation ratio)"
_ONE = f"“one neuron”: a participation ratio below {ONE_UNIT:g}"
_NEVER = "who never forgets half has the longest delay"

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "br.1.transient",
        "1",
        "Held at one input, a network has a single place to rest",
        OURS,
        Statistic("share of N and items with one fixed point, which is stable", _one_stable_point),
        above(0.9),
        _SLOW,
        "“single”: in nine cases of ten; what the solver finds",
    ),
    *(
        Claim(
            f"br.1.slower_{name}",
            "1",
            f"{sentence}: what is seen fades slower for larger N",
            OURS,
            slope("leading driven exponent", _exponent, condition),
            above(0),
            _SLOW,
        )
        for name, sentence, condition in HEADS
    ),
    Claim(
        "br.1.one_neuron",
        "1",
        "Single-head: the slowest mode is one neuron",
        OURS,
        at_largest(_UNITS, column("slowness", "participation"), SINGLE),
        below(ONE_UNIT),
        _SLOW,
        _ONE,
    ),
    Claim(
        "br.1.collective",
        "1",
        "Multi-head: more neurons carry the slowest mode",
        OURS,
        paired(f"log10 of {_UNITS}", log_participation, MULTI, SINGLE),
        above(0),
        _SLOW,
    ),
    *(
        Claim(
            f"br.1.fades_{name}",
            "1",
            f"{sentence}: differences fade in the end",
            OURS,
            at_largest("leading driven exponent", _exponent, condition),
            below(0),
            _SLOW,
            kind="check",
        )
        for name, sentence, condition in HEADS
    ),
    *(
        Claim(
            f"br.1.tau_net_{name}",
            "1",
            f"{sentence}: tau_net follows the exponent",
            OURS,
            tau_net_follows(condition),
            above(0),
            _SLOW,
            kind="check",
        )
        for name, sentence, condition in HEADS
    ),
    Claim(
        "br.2.predicts",
        "2",
        "The longer a network's tau_net, the later it forgets",
        OURS,
        predicts("tau_net_corrected_mean", "mean tau_net (corrected)"),
        above(0),
        _NET,
        _NEVER,
    ),
    Claim(
        "br.2.predicts_slow",
        "2",
        "... also among slow manifolds",
        OURS,
        predicts("tau_net_corrected_mean", "mean tau_net (corrected)", "slow_manifold"),
        above(0),
        _NET,
        f"label by memories; {_NEVER}",
    ),
    Claim(
        "br.2.predicts_paper",
        "2",
        "... by the paper's own estimate of tau_net",
        OURS,
        predicts("tau_net_mean", "mean tau_net (as in the paper)"),
        above(0),
        _NET,
        _NEVER,
        "check",
    ),
)
