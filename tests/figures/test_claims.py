"""The figure of claims: on its page, readable, and complete whatever the verdicts."""

import io
import json
import re
from math import inf, nan

import pandas as pd
import pytest
from synthetic import every_claim, refuse_overlaps, with_verdicts

from memdyn.claims.judge import VERDICTS, fragile
from memdyn.figures import claims as figure
from memdyn.figures import style

NOTE = figure.note("test", {"slow_manifolds": 1000, "timescales": 500})


@pytest.fixture
def claims() -> pd.DataFrame:
    return every_claim()


def texts(drawn) -> list[str]:
    return [text.get_text() for text in drawn.figure.findobj(lambda o: hasattr(o, "get_text"))]


CASES = {
    "none was run": lambda t: t,
    "numbers near 1": lambda t: with_verdicts(t, -0.1234, 0.05),
    "no intervals": lambda t: with_verdicts(t, half=nan),
    "large numbers": lambda t: with_verdicts(t, -345.678, 12.3),
    "estimates of 0": lambda t: with_verdicts(t, 0.0, 0.0),
    "one study, claims only": lambda t: t[(t["study"] == "timescales") & (t["kind"] == "claim")],
}


@pytest.mark.parametrize("case", CASES)
def test_it_lies_on_its_page_and_no_text_runs_into_the_next(claims, case):
    drawn = figure.draw(CASES[case](claims), NOTE)
    refuse_overlaps(drawn.figure)
    json.dumps(style._plain(drawn.summary), allow_nan=False)


def test_symbols_and_the_size_of_what_stands_in_are_written_out(claims):
    small = "N = 15, single-head parity (250 units)"
    said = texts(figure.draw(with_verdicts(claims).assign(detail=small), NOTE))
    assert not [text for text in said if re.search(r"\btau(_net)?\b", text)]
    assert any(text.startswith(f"slope of mean {style.TAU_NET}") for text in said)
    ran = with_verdicts(claims).query("kind == 'claim' and verdict != 'not run'")
    assert sum(text.endswith(" (250 units)") for text in said) >= len(ran) > 10


def test_every_claim_has_its_line_and_every_other_row_its_square(claims):
    drawn = figure.draw(with_verdicts(claims), NOTE)
    said = texts(drawn)
    own = claims[claims["kind"].isin(figure.LINES)]
    for sentence in own["sentence"].map(style.symbols):
        assert sentence in said
    # Every line says what its number is.
    for number in own["statistic"].map(style.symbols):
        assert any(number.startswith(text.removesuffix(" …")) for text in said if len(text) > 15)
    small = " ".join(" ".join(said).split())
    assert "of 40 that were false, about one would be said to hold" in small
    assert len(drawn.plotted["claims"]) == len(own)
    assert len(drawn.plotted["other"]) == len(claims) - len(own)
    counts = drawn.summary["counts"]
    assert sum(sum(kind.values()) for study in counts.values() for kind in study.values()) == len(
        claims
    )
    ran = with_verdicts(claims)
    lines = ran[ran["kind"].isin(figure.LINES)]
    assert fragile(lines).any()
    for verdict in VERDICTS:
        for star, rows in (("", lines[~fragile(lines)]), ("*", lines[fragile(lines)])):
            told = said.count(f"{figure.MARKS[verdict]} {verdict}{star}")
            assert told == (rows["verdict"] == verdict).sum()
    assert "*: hangs on one seed" in small
    hanging = ran[fragile(ran) & (ran["kind"] == "claim")]
    assert drawn.summary["fragile"] == hanging["id"].tolist()
    assert set(figure.COLOURS) == set(VERDICTS)


def test_a_claim_that_was_not_run_says_why(claims):
    assert "networks not measured in this run" in texts(figure.draw(claims, NOTE))


def test_the_same_table_gives_the_same_bytes(claims):
    claims = claims[claims["study"] == "slow_manifolds"]

    def png() -> bytes:
        buffer = io.BytesIO()
        with style.house_style():
            figure.draw(claims, NOTE).figure.savefig(buffer, format="png")
        return buffer.getvalue()

    assert png() == png()


@pytest.mark.parametrize(
    ("low", "high", "comparison", "estimate", "inside"),
    [
        (0.0, inf, "> 0", 0.4, True),
        (0.0, inf, "> 0", -0.4, False),
        (-inf, 0.0, "< 0", -0.4, True),
        (1.0, 2.0, "1 to 2", 1.5, True),
        (1.0, 2.0, "1 to 2", 90.0, False),
        (-1.0, 1.0, "< -1 or > 1", 3.0, True),
        (-1.0, 1.0, "< -1 or > 1", 0.0, False),
    ],
)
def test_a_disc_lies_on_the_shade_if_the_number_is_as_claimed(
    claims, low, high, comparison, estimate, inside
):
    row = claims[claims["kind"] == "claim"].iloc[[0]]
    row = row.assign(claimed_low=low, claimed_high=high, comparison=comparison, verdict="undecided")
    drawn = figure.draw(row.assign(estimate=estimate, low=nan, high=nan, n="1"), NOTE)
    ax = drawn.figure.axes[0]
    (disc,) = [line for line in ax.lines if line.get_marker() in ("o", "<", ">")]
    x = disc.get_xdata()[0]
    shades = [
        c.get_paths()[0].get_extents()
        for c in ax.collections
        if tuple(c.get_facecolor()[0][:3]) == pytest.approx(style.to_rgb(figure.CLAIMED))
    ]
    assert shades
    assert any(shade.x0 <= x <= shade.x1 for shade in shades) == inside


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((0.1667, 0.0474, 0.3738), "0.17 [0.05, 0.37]"),
        ((-0.0401, -0.0409, -0.0393), "−0.040 [−0.041, −0.039]"),
        ((10.75, 9.95, 11.55), "10.8 [9.9, 11.6]"),
        ((65.0, 40.0, 90.0), "65 [40, 90]"),
        ((0.772, nan, nan), "0.77  (no interval)"),
        ((0.0, -0.001, 0.001), "0.000 [−0.001, 0.001]"),
        ((2.0, 2.0, inf), "2 or more"),
    ],
)
def test_numbers_keep_the_digits_that_their_interval_leaves(numbers, text):
    assert figure.numbers(*numbers) == text
