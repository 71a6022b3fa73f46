"""What would decide a claim, against intervals of as many values."""

from types import SimpleNamespace

import numpy as np
import pytest

from memdyn.claims.intervals import above, beyond, of_mean, verdict, within
from memdyn.claims.judge import Claim, Evidence, Statistic, judge
from memdyn.claims.open_page import needed, open_page


def values(n, mean, sd=1.0):
    """So many with this mean and standard deviation."""
    drawn = np.random.default_rng(n).normal(size=n)
    return mean + sd * (drawn - drawn.mean()) / drawn.std(ddof=1)


def asked(found, claimed, margin):
    """The row of a claim."""
    return SimpleNamespace(
        **found._asdict(),
        claimed_low=claimed.low,
        claimed_high=claimed.high,
        comparison=claimed.text,
        margin=margin,
    )


@pytest.mark.parametrize(
    ("mean", "claimed", "margin", "then"),
    [
        (0.7, above(0), 0.0, "holds"),
        (-0.7, above(0), 0.0, "fails"),
        (1.4, within(0, 2), 0.0, "holds"),
        (2.8, within(0, 2), 0.0, "fails"),
        (0.1, above(0), 0.9, "no difference"),
        (0.7, above(0), 0.75, "holds"),
        (0.3, beyond(-1, 1), 0.0, "fails"),
        (-1.7, beyond(-1, 1), 0.0, "holds"),
    ],
)
def test_so_many_decide_and_one_less_does_not(mean, claimed, margin, then):
    found = of_mean(values(4, mean))
    assert verdict(found, claimed, margin) == "undecided"
    row = asked(found, claimed, margin)
    n, said = needed(row)
    assert said == then
    assert verdict(of_mean(values(n, mean)), claimed, margin) == then
    assert verdict(of_mean(values(n - 1, mean)), claimed, margin) == "undecided"


@pytest.mark.parametrize(
    ("found", "said"),
    [(of_mean([0.3]), "no interval yet"), (of_mean(values(4, 1e-4)), "more than 1000")],
)
def test_what_cannot_be_told(found, said):
    assert needed(asked(found, above(0), 0.0)) == (None, said)


def claim(name, mean, sentence, **more):
    statistic = Statistic("a mean", lambda _: of_mean(values(4, mean)))
    return Claim(name, "1", sentence, "abstract", statistic, above(0), "study 1", **more)


def test_the_page_has_what_fails_and_what_is_undecided():
    claims = [
        claim("holds", 5, "Memories last"),
        claim("undecided", 0.7, "... longer than others", kind="check", by="by trial ends"),
        claim("fails", -5, "... and are many"),
        claim("fails.matched", 0.7, "... at equal feedback", by="at equal feedback"),
        claim("fails.speed", 0.7, "They move slowly", by="by speed"),
        claim("band", 0.7, "Mean tau, N = 5: > 0", kind="band"),
    ]
    table = judge("slow_manifolds", claims, Evidence({}), "mine", leave_out=True)
    rows = [line for line in open_page(table).splitlines() if line.startswith("| ")][1:]
    assert [row.split(" | ")[0] for row in rows] == [
        "| Memories last ... and are many",
        "| Memories last ... longer than others, by trial ends",
        "| Memories last ... and are many ... at equal feedback",
        "| They move slowly, by speed",
    ]
    assert "| 4 | fails |  |" in rows[0] and "| 4 | undecided | 11 (holds) |" in rows[1]
    assert open_page(table[:1]) == "Nothing that was asked fails or is undecided.\n"
