"""One number per network: what the claims of study 1 compare between mechanisms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from memdyn.claims.judge import Evidence, NotRun, once

#: A measure: the evidence -> one number per network, indexed by its name.
Measure = Callable[[Evidence], pd.Series]
#: Failed fractions lie on this grid in one network: its delays are tested in 16 trials.
TRIALS = 1 / 16
#: Kinds of noise, as a sentence calls what it acts on.
NOISE = {
    "state": "the units",
    "gaussian": "zero mean",
    "uniform": "the authors' kind",
    "lesion": "units without input",
}
#: Outputs of one point agree to this between the point and its mirror image: both are solved for.
SAME = 1e-4


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
    """Failed fraction at the longest added delay minus that at the shortest.

    Raises:
        NotRun: a single delay was tested.
    """
    delays = evidence.rows("delays")
    first, last = delays["extra"].min(), delays["extra"].max()
    if first == last:
        raise NotRun(f"a single added delay ({first:g} tau) was tested")
    shortest = delays[delays["extra"] == first].set_index("network")["failed"]
    return (failed_at_longest(evidence) - shortest).dropna()


def failed_under_noise(kind: str, above_own: bool = False) -> Measure:
    """Failed fraction, mean over noise levels above 0; or its excess over level 0."""

    def measure(evidence: Evidence) -> pd.Series:
        noise = evidence.rows("noise", called=NOISE[kind], noise=kind)
        stressed = noise[noise["level"] > 0].groupby("network")["failed"].mean()
        if not above_own:
            return stressed.dropna()
        return (stressed - noise[noise["level"] == 0].set_index("network")["failed"]).dropna()

    return measure


@once
def points_per_item(evidence: Evidence) -> pd.Series:
    """Stable fixed points, up to sign, over the items that they serve (memories and outcomes).

    Networks without bias are odd: a point and its mirror image count once. Only networks whose
    points are complete as far as their degrees tell (the sum is 1) have a value.
    """
    points = evidence.rows("points")
    n_items = evidence.fact("n_items")
    outputs = ["z", *sorted(name for name in points if name.startswith("zd_"))]
    complete = points[points["degree_sum"] == 1]
    stable = complete[complete["stable"].astype(bool) & (complete["kind"] == "fixed")]
    found = pd.Series(0.0, index=complete["network"].unique())
    for network, own in stable.groupby("network"):
        found[network] = count_up_to_sign(own[outputs].to_numpy()) / n_items
    return found


def count_up_to_sign(points: np.ndarray) -> int:
    """Number of points (M, d) that differ, where a point and its mirror image are one."""
    if not len(points):
        return 0
    apart = np.abs(points[:, None] - points).max(axis=2)
    mirrored = np.abs(points[:, None] + points).max(axis=2)
    return int(connected_components(np.minimum(apart, mirrored) <= SAME, directed=False)[0])


def slow_modes(evidence: Evidence) -> pd.Series:
    """1 if the slowest mode of a network's memory states lasts longer than the delay, else 0.

    It is that of the median memory state. A mode that grows counts as no slow mode: it holds
    nothing.
    """
    memory = evidence.rows("memory")
    lasting = memory["slowest"].replace(np.inf, 0.0)
    return (lasting.groupby(memory["network"]).median() > evidence.fact("delay")).astype(float)


def of_memories(name: str) -> Measure:
    """A column of the table of memory states, median over those of a network."""
    return lambda evidence: evidence.rows("memory").groupby("network")[name].median().dropna()
