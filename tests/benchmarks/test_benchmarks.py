"""Every benchmark runs, and its reference computes what ours does; how fast is not tested."""

import csv
import math
from argparse import Namespace
from pathlib import Path

import bench_attractors
import bench_fixed_points
import bench_pipeline
import bench_points
import bench_updates
import measure
import numpy as np
import pytest
import table
import torch
from trained import gaussian_task, paper_settings, trained_networks

from memdyn.costs import speed_figure as figure
from memdyn.files import FileProblem
from memdyn.landscape.points import find_points
from memdyn.landscape.starts import task_speed
from memdyn.slow_manifolds.networks.frozen import run
from memdyn.slow_manifolds.networks.system import step_of

SMALL = (bench_updates, bench_fixed_points, bench_attractors, bench_points)


@pytest.fixture
def reported(tmp_path):
    """A function that reports rows on a machine of its own, and the CSV that it writes to."""
    options = Namespace(csv=tmp_path / "rows.csv", device="cpu")
    return lambda *rows: [measure.report(row, options) for row in rows], options.csv


def row(**changes) -> measure.Row:
    about = {"work": "sums", "what": "one sum", "size": "5 terms", "ours": 0.002}
    return measure.Row(**about | changes)


@pytest.mark.parametrize("bench", SMALL, ids=lambda bench: bench.__name__)
def test_a_benchmark_prints_a_line_and_writes_a_row_for_each_work(bench, tmp_path, capsys):
    path = tmp_path / "rows.csv"
    bench.main(["--small", "--csv", str(path)])
    lines = capsys.readouterr().out.splitlines()
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert len(lines) == len(rows) > 0
    for line, found in zip(lines, rows, strict=True):
        assert line.startswith(f"{found['work']}: {found['what']}")
        ours, reference = float(found["ours"]), float(found["reference"])
        assert ours > 0 and reference > 0
        assert float(found["ratio"]) == pytest.approx(reference / ours, rel=1e-4)


def test_a_line_says_what_is_known():
    line = row(reference=0.05, target=20, limit=0.001, limit_kind="copy", against="a loop").line()
    assert line == (
        "sums: one sum, 5 terms; ours 2 CPU-ms; a loop 50 CPU-ms; ratio 25 (target 20); "
        "limit 1 CPU-ms (copy), 50% of it reached"
    )
    assert row().line() == "sums: one sum, 5 terms; ours 2 CPU-ms"


def test_works_take_turns_and_the_best_counts():
    called, ticks = [], iter([0, 5, 5, 8, 8, 10, 10, 14])
    found = measure.seconds(
        *(lambda name=name: called.append(name) for name in "ab"),
        repeats=2,
        clock=lambda: next(ticks),
    )
    assert called == list("ab" * 3) and found == [2, 3]


def test_rates_count_what_is_done(monkeypatch):
    monkeypatch.setattr(measure, "seconds", lambda *works, **_: [work() or 2.0 for work in works])
    monkeypatch.setattr(measure, "COPIED", 2**12)
    assert measure.copy_rate(2**10) == 2 * 2**12 / 2.0  # four copies, read and written
    assert measure.matmul_rate((10, 20, 30)) == 1000 * 2 * 10 * 20 * 30 / 2.0


@pytest.mark.parametrize("n", [10, 30])
def test_simpson_gives_the_mean_over_all_lengths(n):
    lengths = np.arange(n + 2, 4 * n + 2)
    cost = lambda L: 3.0 + 2.0 * L + 0.5 * L**2  # noqa: E731
    some = np.array([n + 2, (5 * n + 3) / 2, 4 * n + 1])
    assert bench_updates.SIMPSON @ cost(some) == pytest.approx(cost(lengths).mean(), rel=0.02)


def test_the_loop_over_starts_is_the_run_of_all_at_once():
    settings = paper_settings()
    task = gaussian_task(settings)
    (ready,) = trained_networks([(1.1, 5.0)], 30, 2, settings, task)
    x = ready.delay_states[:3]
    after, outputs = run(ready.frozen, x, 40)
    for i, start in enumerate(x.double().numpy()):
        end, own = bench_attractors.plain_run(ready.frozen, start, 40)
        np.testing.assert_allclose(after[i].numpy(), end, atol=2e-5)
        np.testing.assert_allclose(outputs[:, i].numpy(), own, atol=2e-5)


@pytest.mark.parametrize("method", ["newton", "levenberg"])
def test_the_textbook_finds_points_that_ours_finds(method):
    settings = paper_settings()
    task = gaussian_task(settings)
    (ready,) = trained_networks([(1.1, 5.0)], 12, 2, settings, task)
    system, textbook = step_of(ready.frozen, 1.0), bench_points.Textbook(ready.frozen)
    seeds = torch.cat([ready.trial_ends, torch.zeros(1, 12)]).double()
    speed = task_speed(system, ready.delay_states)
    ours = find_points(system, seeds, speed=speed, settings=settings["dynamics"] | {"rounds": 0})
    arrived = [x for x, at_root in map(getattr(textbook, method), seeds) if at_root]
    assert arrived, "the reference must have found something"
    for x in arrived:
        gaps = np.linalg.norm(ours.states - x.numpy(), axis=1)
        assert gaps.min() < 1e-8
        values = ours.eigenvalues[gaps.argmin()]
        by_modulus = np.sort(np.abs(textbook.spectrum(x).numpy()))[::-1]
        np.testing.assert_allclose(np.abs(values), by_modulus, atol=1e-8)


def test_what_is_timed_of_a_job_are_its_imports(tmp_path):
    bench_pipeline.copy_repository(tmp_path, imports_only=True)
    cut = (tmp_path / "workflow/scripts/slow_manifolds/train_networks.py").read_text()
    assert "memdyn.slow_manifolds.training import checkpoints, force" in cut and "touch()" in cut
    assert "force.train" not in cut
    plan = "Job stats:\njob  count\n-----\nall  1\nfig4  1\nmake_stimuli  1\ndraw_map  2\ntotal 5"
    assert bench_pipeline.n_jobs(plan) == 3


def test_the_start_of_jobs_is_what_is_left_of_a_run(monkeypatch):
    plan = "Job stats:\ntrain_networks   16\nfig4   1\nall  1\ntotal 18"
    run = "Job stats:\nmake_stimuli   1\ndraw_map   3\nfig4   1\ntotal 5"
    said = iter([(2.0, 2.0, plan), (11.0, 12.0, run), (3.0, 3.0, "Nothing to be done")])
    monkeypatch.setattr(bench_pipeline, "snakemake", lambda *_: next(said))
    monkeypatch.setattr(bench_pipeline, "expected_work", lambda: (700.0, "a guess"))
    found = bench_pipeline.overhead("fig4_map")
    assert found.ours == 3.0 + 16 * (11.0 - 3.0) / 4 and found.ratio == 700 / found.ours
    assert "2.00 CPU-s for each job (mean of 4 behind fig4_map), 3.0 once: 5.0% of" in found.note


def test_the_run_is_as_long_as_predicted(tmp_path):
    file = tmp_path / "prediction.csv"
    assert bench_pipeline.expected_work(file) == (24 * 3600, "the run as expected")
    file.write_text("rule,jobs,cpu\ntrain_networks,2,50\ntotal,3,70\n")
    assert bench_pipeline.expected_work(file) == (70.0, "the run as predicted")


def test_two_cores_are_timed_from_scratch_and_the_best_counts(monkeypatch):
    walls = {"1": iter([8.5, 8.0]), "2": iter([4.5, 6.0])}

    def pretend(folder, *arguments):
        *_, last = arguments
        if "networks" in last:
            networks = (folder / last).parent
            networks.mkdir(parents=True)  # fails if the first run's were left
            return 9.0, next(walls[arguments[1]]), ""
        return 1.0, 1.0, ""

    monkeypatch.setattr(bench_pipeline, "snakemake", pretend)
    found = bench_pipeline.two_cores(20, 1, rounds=2)
    assert (found.ours, found.reference, found.unit) == (4.5, 8.0, "s")


def test_the_figure_and_the_table_show_the_last_measurement_of_each_work(reported, tmp_path):
    report, path = reported
    report(
        row(reference=0.01, target=20.0),
        row(reference=0.05, target=20.0, limit=0.001, limit_kind="copy", target_share=0.8),
        row(work="one", what="another", reference=0.001, unit="s", note="beware"),
        row(work="bare", what="no reference"),
    )
    rows = figure.read_rows([path])
    assert rows["work"].tolist() == ["sums", "one", "bare"]
    drawn = figure.draw(rows)
    assert drawn.plotted["speed"]["ratio"].tolist() == [25.0, 0.5]
    assert (drawn.summary["targets"], drawn.summary["reached"]) == (1, 1)
    shown = " ".join(text.get_text() for ax in drawn.figure.axes for text in ax.texts)
    assert "25×" in shown and "0.5×" in shown and "50% (copy)" in shown
    written = table.table(rows)
    assert "| 25 | 20 | 1 CPU-ms (copy) | 50% (target 80%) |" in written
    assert "- another: beware." in written and "no reference" not in written
    assert written.count("not measured: no GPU") == 2

    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    for _ in range(2):
        table.main([str(path), "--readme", str(readme)])
    assert readme.read_text() == f"before\n{table.BEGIN}\n{written}\n{table.END}\nafter\n"
    readme.write_text("no markers")
    with pytest.raises(SystemExit, match="has no lines"):
        table.main([str(path), "--readme", str(readme)])


def test_a_target_is_reached_or_missed_or_not_set():
    assert figure.reached(20.0, 20.0) is True
    assert figure.reached(19.96, 20.0) is False
    assert figure.reached(20.0, math.nan) is None


def test_files_that_are_no_benchmark_are_refused(reported, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(FileProblem, match=r"other.csv is no CSV of a benchmark \(no column 'work'"):
        figure.read_rows([other])
    other.write_text("")
    with pytest.raises(FileProblem, match=r"other.csv cannot be read as CSV"):
        figure.read_rows([other])
    report, path = reported
    report(row())
    with pytest.raises(FileProblem, match="no benchmark with a reference"):
        figure.draw(figure.read_rows([path]))


def test_the_readme_has_the_place_for_the_table():
    text = (Path(table.__file__).parent / "README.md").read_text()
    assert text.count(table.BEGIN) == text.count(table.END) == 1


@pytest.mark.parametrize(
    ("bench", "option", "sentence"),
    [
        (bench_fixed_points, "--fpf", "is no checkout of FixedPointFinder"),
        (bench_updates, "--authors", "is no checkout of rnn_timescale_public"),
    ],
)
def test_a_folder_without_the_reference_is_refused(bench, option, sentence, tmp_path, capsys):
    with pytest.raises(SystemExit):
        bench.main([option, str(tmp_path)])
    assert sentence in capsys.readouterr().err
