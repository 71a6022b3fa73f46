"""The papers' sentences on one screen: each once, with its verdict, none over another."""

import json
from math import nan

import pytest
from matplotlib.text import Text
from synthetic import every_claim, refuse_overlaps, with_verdicts

from memdyn.claims.judge import VERDICTS, fragile
from memdyn.figures import style
from memdyn.figures import verdicts as figure
from memdyn.figures.claims import COLOURS, MARKS

CASES = {
    "none was run": lambda t: t,
    "all verdicts": with_verdicts,
    "no intervals": lambda t: with_verdicts(t, half=nan),
    "large numbers": lambda t: with_verdicts(t, -345.678, 12.3),
    "one study": lambda t: with_verdicts(t[t["study"] == "timescales"]),
}


def texts(drawn) -> list[str]:
    return [text.get_text() for text in drawn.figure.findobj(Text) if text.get_text()]


@pytest.mark.parametrize("case", CASES)
def test_no_text_runs_into_another_or_into_a_strip(case):
    drawn = figure.draw(CASES[case](every_claim()), figure.note("test"))
    refuse_overlaps(drawn.figure)
    with style.house_style():
        renderer = drawn.figure.canvas.get_renderer()
        for left in figure.LEFTS:
            strip = (left + figure.STRIP[0]) * drawn.figure.dpi
            rows = [text for text in drawn.figure.axes[0].texts if text.get_text() != "not run"]
            rows = [text for text in rows if text.get_position()[1] > figure.TOP + figure.STUDY]
            own = [text for text in rows if left <= text.get_position()[0] < left + figure.WIDTH]
            headings = [text for text in own if text.get_fontsize() == style.TEXT]
            edge = (left + figure.WIDTH) * drawn.figure.dpi
            for text in own:
                end = text.get_window_extent(renderer).x1
                assert end <= (edge if text in headings else strip), text.get_text()
    json.dumps(style._plain(drawn.summary), allow_nan=False)


def test_every_sentence_of_the_papers_stands_there_with_its_mark():
    claims = with_verdicts(every_claim())
    drawn = figure.draw(claims, figure.note("test"))
    own = claims[(claims["kind"] == "claim") & (claims["study"] != "bridge")]
    said = texts(drawn)
    every = "".join(said).replace(" ", "")
    for sentence in own["sentence"].map(style.symbols):
        assert sentence.replace(" ", "") in every
    for verdict in VERDICTS:
        for star, rows in (("", own[~fragile(own)]), ("*", own[fragile(own)])):
            told = said.count(f"{MARKS[verdict]}{star}")
            assert told == (rows["verdict"] == verdict).sum()
    assert drawn.plotted["verdicts"]["id"].tolist() == own["id"].tolist()
    for study, rows in own.groupby("study"):
        counted = dict(drawn.summary[study])
        assert counted.pop("hang on a seed") == fragile(rows).sum() > 0
        assert counted == rows["verdict"].value_counts().to_dict()


def test_a_bar_is_cut_by_how_many_sentences_have_each_verdict():
    claims = with_verdicts(every_claim())
    ax = figure.draw(claims, figure.note("test")).figure.axes[0]
    for left, study in zip(figure.LEFTS, figure.COLUMNS, strict=True):
        own = claims[(claims["kind"] == "claim") & (claims["study"] == study)]
        for verdict, n in own["verdict"].value_counts().items():
            colour = pytest.approx(style.to_rgb(COLOURS[verdict]))
            boxes = [
                part.get_paths()[0].get_extents()
                for part in ax.collections
                if tuple(part.get_facecolor()[0][:3]) == colour
            ]
            (width,) = [box.width for box in boxes if left - 0.01 <= box.x0 < left + figure.WIDTH]
            assert width == pytest.approx(figure.WIDTH * n / len(own), abs=1e-3)
