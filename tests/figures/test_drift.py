"""Drift: a number that moved is named; on another machine only what chance does not explain."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from memdyn.figures import drift, wordless
from memdyn.figures.style import new_figure, panel, save
from memdyn.files import read_table, write_table
from memdyn.timescales.figures.conditions import CURRICULUM_COLOURS

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "workflow/scripts/timescales/fig4_limits.py"
GALLERY = ROOT / "figures/gallery/quick"
FIGURE = "timescales/fig4_limits"
ROWS = [("sm.2.slow", 0.7, 0.5, 0.9, "holds"), ("ts.1.net", 0.1, -0.1, 0.3, "undecided")]


def folder(path, mean=5.0, rows=ROWS, colour="white", title="a title", plotted=2.5, labels=("a",)):
    """A figure with its numbers, and a table of claims."""
    (path / "wing").mkdir(parents=True)
    figure = new_figure(3, 2)
    ax = panel(figure, 0.5, 0.5, 2, 1)
    ax.set_title(title)
    ax.set_facecolor(colour)
    summary = {
        "single": {"max_N_mean": mean, "max_N_low": 4.0, "max_N_high": 6.0, "n": 3},
        "labels": {name: 1 for name in labels},
    }
    table = pd.DataFrame({"x": [1, 2], "y": [1.5, plotted]})
    outputs = {kind: str(path / f"wing/fig4.{kind}") for kind in ("pdf", "png", "csv", "json")}
    save(figure, {"a": table}, summary, SimpleNamespace(**outputs))
    columns = ["id", "estimate", "low", "high", "verdict"]
    pd.DataFrame(rows, columns=columns).to_csv(path / "claims.csv", index=False)
    return path


def compared(kept, new, capsys, *options, here=True):
    """Whether drift is found between two folders, and what is said."""
    drift.main([str(kept), "x", "--bless"])
    if not here:
        (kept / drift.MACHINE).write_text(json.dumps({**drift.machine(), "cpu": "another"}))
    with pytest.raises(SystemExit) as ended:
        drift.main([str(kept), str(new), *options])
    return bool(ended.value.code), capsys.readouterr().out


@pytest.fixture
def compare(tmp_path, capsys):
    def compare(*options, here=True, **changes):
        kept, new = folder(tmp_path / "kept"), folder(tmp_path / "new", **changes)
        return compared(kept, new, capsys, *options, here=here)

    return compare


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize("options", [(), ("--tables",)])
def test_equal_numbers_and_pictures_have_not_drifted(compare, here, options):
    drifted, text = compare(*options, here=here)
    assert not drifted and "0 are not equal" in text and "nothing has drifted" in text


@pytest.mark.parametrize(("options", "here"), [((), True), (("--tables",), False)])
def test_a_number_that_moved_is_named(compare, options, here):
    drifted, text = compare(*options, here=here, mean=5.1, plotted=2.6)
    assert drifted
    said = text.splitlines()
    assert "wing/fig4.json: single.max_N_mean was 5.0, is 5.1" in said
    assert "wing/fig4.csv, row 2: y was 2.5, is 2.6" in said


def test_words_are_not_compared_and_a_colour_is_seen_in_the_picture_alone(tmp_path, capsys):
    kept = folder(tmp_path / "kept")
    same = folder(tmp_path / "words", title="another title, much longer")
    assert (kept / "wing/fig4.png").read_bytes() != (same / "wing/fig4.png").read_bytes()
    assert not compared(kept, same, capsys)[0]
    drifted, text = compared(kept, folder(tmp_path / "colour", colour="#FFE0E0"), capsys)
    assert drifted and "0 are not equal" in text
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["wing/fig4.png"]


def test_a_rendering_shows_everything_but_words(tmp_path):
    path = folder(tmp_path / "kept") / "wing/fig4.png"
    pixels = wordless.read(path)
    assert pixels.shape == (2 * wordless.DPI, 3 * wordless.DPI, 3)
    assert (pixels[: wordless.DPI // 2 - 2] == 255).all(), "the title is above the axes"
    assert (pixels[:, wordless.DPI // 2] < 200).any(), "and their left spine is there"
    assert wordless.read(GALLERY.parent / "your_network.png") is None


def test_another_machine_may_move_within_intervals(compare):
    rows = [("sm.2.slow", 0.8, 0.6, 1.0, "undecided"), ("ts.1.net", 0.5, 0.35, 0.65, "holds")]
    drifted, text = compare(here=False, mean=6.9, rows=rows, colour="red", plotted=9, labels=("b",))
    assert not drifted and "cpu another there" in text
    assert "wing/fig4.json: 1 of 4 numbers moved" in text
    assert "claims.csv: sm.2.slow.verdict was holds, is undecided (estimates 0.7 and 0.8)" in text


NARROW = ("sm.2.slow", 0.7, 0.7, 0.7, "holds")


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (ROWS[0], ("sm.2.slow", 2.0, 1.8, 2.2, "holds"), "estimate was 0.7, is 2.0, too far"),
        (ROWS[0], ("sm.2.slow", 0.2, 0.0, 0.35, "fails"), "verdict was holds, is fails"),
        (ROWS[0], ("sm.2.slow", 0.2, 0.0, 0.35, "no difference"), "was holds, is no difference"),
        # Intervals that meet contradict nothing; an end at infinity or no width says nothing.
        (ROWS[0], ("sm.2.slow", 0.5, 0.3, 0.6, "no difference"), ""),
        (ROWS[0], ("sm.2.slow", 9.0, 8.0, float("inf"), "undecided"), ""),
        (ROWS[0], ("sm.2.slow", 9.0, float("nan"), float("nan"), "undecided"), ""),
        (NARROW, ("sm.2.slow", 0.2, 0.1, 0.3, "fails"), ""),
    ],
)
@pytest.mark.parametrize("back", [False, True])
def test_another_machine_may_not_contradict(tmp_path, capsys, before, after, word, back):
    both = folder(tmp_path / "a", rows=[before]), folder(tmp_path / "b", rows=[after])
    drifted, text = compared(*(both[::-1] if back else both), capsys, here=False)
    assert drifted == bool(word) and (back or word in text)


def test_two_samples_of_the_same_networks_hardly_ever_contradict():
    """The rate that the module states, by drawing 3 networks twice for 40 000 numbers."""
    values = np.random.default_rng(0).normal(size=(2, 40_000, 3))
    half = 4.3027 * values.std(axis=-1, ddof=1) / np.sqrt(3)
    runs = [
        {
            f"{drift.CLAIMS}: {i}.{key}": value
            for i, (m, h) in enumerate(zip(mean, width, strict=True))
            for key, value in (("estimate", m), ("low", m - h), ("high", m + h))
        }
        for mean, width in zip(values.mean(axis=-1).tolist(), half.tolist(), strict=True)
    ]
    assert 1 <= len(drift.contradicted(*runs)) <= 30  # expected: 14


def test_two_real_runs_do_not_contradict_and_shifted_ones_do():
    """The quick scale with torch's kernels for AVX-512 and without, on an AMD EPYC (Zen 4)."""
    table = pd.read_csv(ROOT / "tests/figures/two_kernels.csv").set_index(["kernels", "id"])

    def as_numbers(rows):
        return {
            f"{drift.CLAIMS}: {row.Index}.{key}": getattr(row, key)
            for row in rows.itertuples()
            for key in rows
        }

    one, other = table.loc["AVX512"], table.loc["DEFAULT"]
    both = one.index.intersection(other.index)
    one, other = one.loc[both], other.loc[both]
    assert (one != other).to_numpy().sum() > 200
    assert not drift.contradicted(as_numbers(one), as_numbers(other))
    ends = [one["low"], one["high"], other["low"], other["high"]]
    told = np.isfinite(ends).all(0) & (ends[0] < ends[1]) & (ends[2] < ends[3])
    assert told.sum() > 70
    width = np.maximum(ends[1] - ends[0], ends[3] - ends[2])
    values = ["estimate", "low", "high"]
    moved = other.assign(**other[values].add(4 * width, axis=0))
    named = drift.contradicted(as_numbers(one), as_numbers(moved))
    assert {line.split(".estimate was ")[0] for line in named if ".estimate was " in line} == {
        f"{drift.CLAIMS}: {name}" for name in both[told]
    }


def test_a_number_that_no_figure_shows_is_named_from_the_tables(tmp_path, capsys):
    """On the machine of the kept run, cell by cell; what is not a number twice is equal."""
    kept, new = folder(tmp_path / "kept"), folder(tmp_path / "new")
    table = pd.DataFrame({"name": ["a", "b"], "rmse": [0.1, np.nan], "label": [None, "x"]})
    for place, rows in ((kept, table), (tmp_path / "results", table.assign(rmse=[0.1, 0.2]))):
        (place / "wing/tables").mkdir(parents=True)
        rows.to_parquet(place / "wing/tables/networks.parquet")
    said = "wing/tables/networks.parquet, row 2: rmse was nan, is 0.2"
    drifted, text = compared(kept, new, capsys, str(tmp_path / "results"))
    assert drifted and text.splitlines()[1:] == [said]
    assert not compared(kept, new, capsys, str(tmp_path / "results"), here=False)[0]
    table.to_parquet(tmp_path / "results/wing/tables/networks.parquet")
    assert not compared(kept, new, capsys, str(tmp_path / "results"))[0]


@pytest.mark.parametrize("here", [True, False])
def test_a_claim_that_is_gone_is_named(compare, here):
    drifted, text = compare(here=here, rows=ROWS[:1])
    assert drifted and "claims.csv: ts.1.net.verdict is gone, it was undecided" in text


def test_a_figure_that_is_gone_is_named(tmp_path, capsys):
    kept, new = folder(tmp_path / "kept"), folder(tmp_path / "new")
    (new / "wing/fig4.json").unlink()
    drifted, text = compared(kept, new, capsys, here=False)
    assert drifted and "wing/fig4.json is gone" in text
    # Of kept tables a part may do, which is said; nothing at all is a mistake.
    drifted, text = compared(kept, new, capsys, "--tables")
    assert not drifted and "their tables are not kept: wing/fig4.json" in text
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="holds no figure that is kept in"):
        drift.main([str(kept), str(tmp_path / "empty"), "--tables"])


def test_rounding_between_processors_is_no_drift_of_what_tables_say(compare):
    drifted, text = compare("--tables", here=False, mean=5.00001, plotted=2.50001)
    assert not drifted and "1 are not equal" in text


def test_a_picture_without_its_rendering_is_named(tmp_path, capsys):
    kept, new = folder(tmp_path / "kept"), folder(tmp_path / "new")
    shutil.copy(GALLERY.parent / "your_network.png", kept / "wing/fig4.png")
    drifted, text = compared(kept, new, capsys)
    assert drifted and f"{kept / 'wing/fig4.png'} holds no rendering without words" in text


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        *((name, b"") for name in ("claims.csv", "wing/fig4.csv")),
        *(("wing/fig4.json", part) for part in (b"", b'{"single": {"n"')),
        *(("wing/fig4.png", part) for part in (b"", b"\x89PNG\r\n\x1a\n")),
        ("wing/fig4.csv", b"panel,x\na,1\na,1,2\n"),
    ],
)
def test_a_file_that_is_empty_or_damaged_is_named(tmp_path, name, holds):
    kept, new = folder(tmp_path / "kept"), folder(tmp_path / "new")
    damaged = kept / name
    damaged.write_bytes(holds)
    drift.main([str(kept), "x", "--bless"])
    with pytest.raises(SystemExit, match=r"cannot be read \(.+\): draw it again") as ended:
        drift.main([str(kept), str(new)])
    assert str(damaged) in str(ended.value.code)


def test_a_table_that_is_cut_off_is_named(tmp_path):
    kept, new = folder(tmp_path / "kept"), folder(tmp_path / "new")
    for place in (kept, tmp_path / "results"):
        (place / "wing/tables").mkdir(parents=True)
        pd.DataFrame({"rmse": [0.1]}).to_parquet(place / "wing/tables/networks.parquet")
    damaged = tmp_path / "results/wing/tables/networks.parquet"
    damaged.write_bytes(damaged.read_bytes()[:100])
    drift.main([str(kept), "x", "--bless"])
    with pytest.raises(SystemExit, match=r"networks\.parquet cannot be read"):
        drift.main([str(kept), str(new), str(tmp_path / "results")])


def test_without_a_machine_nothing_can_be_said(tmp_path):
    with pytest.raises(SystemExit, match="make keep"):
        drift.main([str(folder(tmp_path / "kept")), "x"])


# A figure of the gallery, drawn again by its script from the tables that are kept beside it.


def redraw(tables, target):
    (target / "timescales").mkdir(parents=True)
    outputs = {kind: f"{target / FIGURE}.{kind}" for kind in ("pdf", "png", "csv", "json")}
    job = SimpleNamespace(
        input={name: str(tables / f"{name}.parquet") for name in ("networks", "timescales")},
        output=SimpleNamespace(**outputs),
        params=SimpleNamespace(scale="quick", n_units=64, units={}),
    )
    runpy.run_path(str(SCRIPT), init_globals={"snakemake": job})
    return target


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A gallery of one figure."""
    monkeypatch.setattr("memdyn.jobs.start.start_job", lambda job: None)
    for ending in ("png", "csv", "json"):
        place = tmp_path / f"gallery/{FIGURE}.{ending}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(GALLERY / f"{FIGURE}.{ending}", place)
    shutil.copytree(GALLERY / "timescales/tables", tmp_path / "tables")
    return tmp_path / "gallery"


def test_the_gallery_is_what_its_tables_say(kept, tmp_path, capsys):
    drifted, text = compared(
        kept, redraw(tmp_path / "tables", tmp_path / "new"), capsys, "--tables"
    )
    assert not drifted, text


def test_one_number_of_a_committed_table_is_named(kept, tmp_path, capsys):
    path = tmp_path / "tables/networks.parquet"
    table = read_table(path, "timescales.networks/1")
    row = table.index[table["condition"] == "parity_single"][0]
    table.loc[row, "max_N"] += 1
    write_table(path, table, {"schema": "timescales.networks/1"})
    drifted, text = compared(
        kept, redraw(tmp_path / "tables", tmp_path / "new"), capsys, "--tables"
    )
    assert drifted and f"{FIGURE}.png" not in text
    assert f"{FIGURE}.json: " in text and f"{FIGURE}.csv, row " in text


def test_one_colour_is_seen_by_the_pictures_alone(kept, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(CURRICULUM_COLOURS, "single", "#CC8811")
    drifted, text = compared(
        kept, redraw(tmp_path / "tables", tmp_path / "new"), capsys, "--tables"
    )
    assert drifted and [line.split()[0] for line in text.splitlines()[1:]] == [f"{FIGURE}.png"]


def test_other_kernels_draw_the_same_from_the_same_tables(kept, tmp_path):
    """As an older processor, in processes of their own: numbers, plots and picture are the same."""
    drift.main([str(kept), "x", "--bless"])
    older = {
        **os.environ,
        "ATEN_CPU_CAPABILITY": "default",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    places = f"Path({str(tmp_path / 'tables')!r}), Path({str(tmp_path / 'new')!r})"
    drawing = "import memdyn.jobs.start as start, test_drift; from pathlib import Path; "
    drawing += f"start.start_job = lambda job: None; test_drift.redraw({places})"
    comparing = [str(kept), str(tmp_path / "new")]
    for asked in (
        ("-c", drawing),
        ("-m", "memdyn.figures.drift", *comparing, "--tables"),
        ("-m", "memdyn.figures.drift", *comparing),
    ):
        done = subprocess.run([sys.executable, *asked], env=older, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    if drift.machine()["kernels"] != "DEFAULT":
        assert "there, DEFAULT here" in done.stdout
