"""Both figures: on their page, readable, from whatever rows there are."""

import json
from itertools import combinations
from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib.text import Text

import bridge_tables as made
from memdyn.bridge.figures import figX1_slowness, figX2_forgetting
from memdyn.figures import style

NONE = pd.DataFrame()


def slowness(**which):
    tables = made.slowness(**which), made.points(**which), made.modes(**which)
    return figX1_slowness.draw(*tables, note="Test.")


def single_head():
    tables = (made.slowness(), made.points(), made.modes())
    alone = [table[table["condition"] == "parity_single"] for table in tables]
    return figX1_slowness.draw(*alone, note="Test.")


CASES = {
    "X1": slowness,
    "X1, many units": lambda: slowness(Ns=(2, 10, 30), seeds=range(4), multi=180.0),
    "X1, one network and N": lambda: slowness(Ns=(2,), seeds=[0]),
    "X1, one condition": single_head,
    "X1, nothing fades": lambda: slowness(rise=0.3),
    "X1, not run": lambda: figX1_slowness.draw(NONE, NONE, NONE, note="Test."),
    "X2": lambda: figX2_forgetting.draw(made.forgetting(), note="Test."),
    "X2, few": lambda: figX2_forgetting.draw(made.forgetting(seeds=[0], n=3), note="Test."),
    "X2, not run": lambda: figX2_forgetting.draw(NONE, note="Test."),
}


@pytest.mark.parametrize("case", CASES)
def test_it_lies_on_its_page_and_no_words_lie_on_words(case, tmp_path):
    drawn = CASES[case]()
    renderer = drawn.figure.canvas.get_renderer()
    with style.house_style():
        box = drawn.figure.get_tightbbox(renderer)
        numbers = {
            label
            for ax in drawn.figure.axes
            for axis in (ax.xaxis, ax.yaxis)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
            for label in (tick.label1, tick.label2)
        }  # some are beyond the limits, and are not drawn
        words = [
            (text.get_text(), text.get_window_extent(renderer).padded(-1))
            for text in drawn.figure.findobj(Text)
            if text.get_text().strip() and text not in numbers
        ]
    width, height = drawn.figure.get_size_inches()
    assert min(box.x0, box.y0) >= -0.01 and box.x1 <= width + 0.01 and box.y1 <= height + 0.01
    over = [(a, b) for (a, p), (b, q) in combinations(words, 2) if p.overlaps(q)]
    assert not over, over
    files = SimpleNamespace(**{end: tmp_path / f"f.{end}" for end in ("pdf", "png", "csv", "json")})
    style.save(*drawn, files)
    assert json.loads(files.json.read_text()) and all(f.exists() for f in vars(files).values())


def test_numbers_are_those_drawn():
    summary = slowness().summary
    assert summary["participation"]["parity_single"]["mean"]["8"] == pytest.approx(1.52)
    assert summary["rests"]["parity_multi, one stable point, no other"] == 24
    found = figX2_forgetting.draw(made.forgetting(), note="Test.").summary
    assert found["rank_correlation"]["all"] == pytest.approx({"0": 1, "1": 1, "2": 1})
    assert (found["networks"], found["never_forget"]) == (36, 3)


def test_means_of_those_that_got_so_far_are_dotted_in_every_panel():
    """A single-head network did not solve N = 8: no curve has a mark or a bold line there."""
    table = made.slowness()
    table = table[(table["network"] != "parity_single_s0") | (table["N"] < 8)]
    drawn = figX1_slowness.draw(table, made.points(), made.modes(), note="Test.")
    axes = {ax.get_title(loc="left"): ax for ax in drawn.figure.axes}
    shown = {"how long, single-head": ([8.0], 3), "how long, multi-head": ([], 0)}
    for title, (missing, dotted) in shown.items():
        lines = [line for line in axes[title].lines if line.get_marker() != "None"]
        assert len(lines) == 3
        for line in lines:
            assert sorted({2.0, 4.0, 6.0, 8.0} - set(line.get_xdata())) == missing
        faint = [line for line in axes[title].lines if line.get_linewidth() == 0.7]
        assert sum(pd.notna(line.get_ydata()).any() for line in faint) == dotted
    assert "dotted: only some networks got so far" in drawn.figure.texts[-1].get_text().replace(
        "\n", " "
    )


def test_several_points_and_none_are_told_apart():
    points = made.points(Ns=(2,), seeds=[0])
    points.loc[0, ["n_points", "n_stable"]] = [3, 2]
    points.loc[1, ["n_points", "n_stable"]] = [1, 0]
    counts = figX1_slowness.rests(points).groupby("kind")["cases"].sum()
    assert counts.to_dict() == {
        "one stable point, no other": 2,
        "several points": 1,
        "no stable point": 1,
    }


def test_a_condition_alone_has_its_marks_explained():
    """Words beside the curves of one panel would be gone where that panel has none."""
    words = {text.get_text() for text in single_head().figure.findobj(Text)}
    assert {"forgetting time −1/λ₁", "longest τ of a neuron", "single-head"} <= words
    assert "multi-head" not in words
