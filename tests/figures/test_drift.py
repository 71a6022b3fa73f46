"""Drift: a number that moved is named; on another machine only what its interval forbids."""

import json

import pandas as pd
import pytest
from PIL import Image

from memdyn.figures import drift

ROWS = [("sm.2.slow", 0.7, 0.5, 0.9, "holds"), ("ts.1.net", 0.1, -0.1, 0.3, "undecided")]


def folder(path, mean=5.0, rows=ROWS, colour="white"):
    (path / "wing").mkdir(parents=True)
    summary = {
        "max_N": {"single": {"mean": mean, "low": 4.0, "high": 6.0, "n": 3}},
        "labels": ["a"],
    }
    (path / "wing/fig4.json").write_text(json.dumps(summary))
    columns = ["id", "estimate", "low", "high", "verdict"]
    pd.DataFrame(rows, columns=columns).to_csv(path / "claims.csv", index=False)
    Image.new("RGB", (20, 10), colour).save(path / "wing/fig4.png")
    return path


def compare(tmp_path, capsys, same=True, **changes):
    kept = folder(tmp_path / "kept")
    drift.main([str(kept), "x", "--bless"])
    if not same:
        (kept / drift.MACHINE).write_text(json.dumps({**drift.machine(), "cpu": "another"}))
    with pytest.raises(SystemExit) as ended:
        drift.main([str(kept), str(folder(tmp_path / "new", **changes))])
    return bool(ended.value.code), capsys.readouterr().out


@pytest.mark.parametrize("same", [True, False])
def test_equal_numbers_and_pictures_have_not_drifted(tmp_path, capsys, same):
    drifted, text = compare(tmp_path, capsys, same)
    assert not drifted and "0 are not equal" in text


def test_a_number_that_moved_is_named(tmp_path, capsys):
    drifted, text = compare(tmp_path, capsys, mean=5.1)
    assert drifted
    assert "wing/fig4.json: max_N.single.mean was 5.0, is 5.1" in text.splitlines()


def test_a_colour_is_seen_in_the_picture_alone(tmp_path, capsys):
    drifted, text = compare(tmp_path, capsys, colour="red")
    assert drifted and "0 are not equal" in text
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["wing/fig4.png"]


def test_another_machine_may_move_within_intervals(tmp_path, capsys):
    rows = [("sm.2.slow", 0.8, 0.6, 1.0, "undecided"), ROWS[1]]
    drifted, text = compare(tmp_path, capsys, same=False, mean=5.9, rows=rows, colour="red")
    assert not drifted and "5 are not equal" in text and "another type" in text


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (("sm.2.slow", 0.95, 0.92, 0.99, "holds"), "sm.2.slow.estimate was 0.7, is 0.95"),
        (("sm.2.slow", 0.6, 0.5, 0.9, "fails"), "sm.2.slow.verdict was holds, is fails"),
    ],
)
def test_another_machine_may_not_contradict(tmp_path, capsys, row, word):
    drifted, text = compare(tmp_path, capsys, same=False, rows=[row, ROWS[1]])
    assert drifted and word in text


def test_what_is_gone_is_named(tmp_path, capsys):
    drifted, text = compare(tmp_path, capsys, same=False, rows=ROWS[:1])
    assert drifted and "claims.csv: ts.1.net.verdict is gone, it was undecided" in text


def test_without_a_machine_nothing_can_be_said(tmp_path):
    with pytest.raises(SystemExit, match="make keep"):
        drift.main([str(folder(tmp_path / "kept")), "x"])
