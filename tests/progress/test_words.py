"""What is said of a job, out of its log, and of a run."""

import re
from pathlib import Path

import pytest

from memdyn import run_end
from memdyn.costs.work import Span
from memdyn.progress import lines, logs
from memdyn.progress.plan import RunPlan, Task, shard_of
from memdyn.progress.time_left import Left

ROOT = Path(__file__).parents[2]
#: Lines of logs of a quick run, and what is told of them.
TOLD = {
    "make_stimuli": (
        "source shipped: single draws separate the classes with d' = 5.01, balanced accuracy 0.985",
        "classes d' = 5.01 apart",
    ),
    "train_networks": (
        "gauss_part0: trial 149/400, 7 of 14 networks below RMSE 0.05, 0 converged, 17 s left\n"
        "05:45:03 gauss_part0: trial 400/400, 10 of 14 networks below RMSE 0.05, 0 s left",
        "10 of 14 below RMSE 0.05",
    ),
    "test_performance": (
        "a: RMSE 0.032, performs: True\n05:45:07 b: RMSE 0.352, performs: False",
        "1 of 2 perform",
    ),
    "find_attractors": (
        "a: 40 rest (5600 steps, 1.0 s)\n05:45:39 b: 34 rest, 6 periodic (10500 steps, 1.6 s)",
        "1 of 2 always come to rest",
    ),
    "classify_mechanisms": (
        "a: slow_manifold (authors: manifoldFps2)\n05:45:49 b: direct (authors: fixedPoint3)",
        "1 slow manifold, 1 direct",
    ),
    "find_cycles": (
        "a: 19 limit_cycle; 1 cycles\n05:45:16 b: 20 fixed_point; 2 cycles",
        "3 cycles",
    ),
    "find_fixed_points": (
        "a: 7 fixed points, degree sum 1\n05:45:22 b: 5 fixed, 1 slow points, degree sum -1",
        "12 fixed points",
    ),
    "find_exponents": (
        "a: largest exponent -0.0149\n05:45:33 b: largest exponent 0.00694\n"
        "05:45:34 c: largest exponent -1e-05",
        "largest exponent 0.0069",
    ),
    "vote_mechanisms": (
        "a: vote direct, vote_runs direct, vote_solver direct, vote_exponents fixed",
        "1 direct",
    ),
    "train_curricula": (
        "a: epoch 4, N = 2 to 8: accuracy 1.000 (largest N 1.000), mean tau nan; finished\n"
        "05:45:34 b: epoch 1, N = 2 to 2: accuracy 1.000 (largest N 1.000), mean tau 1.441",
        "up to N = 8",
    ),
    "measure_timescales": (
        "a, N = 2: mean tau_net 2.59\n05:45:34 b, N = 4: mean tau_net nan\n"
        "05:45:34 c: not asked for, or nothing solved: left out",
        "mean τ_net 2.6",
    ),
    "measure_slowness": ("a, N = 6: exponent -0.478, 7.72 units", "largest exponent -0.48"),
    "measure_forgetting": ("a: mean tau_net 8.47 tau", "mean τ_net 8.5 τ"),
    "trace_landscapes": ("a: limit_cycle, 5 points, 1 cycles", "5 points"),
    "judge_claims": (
        "undecided: The longer it holds (a = 0.1)\n05:47:27 holds: It fails: so (b)",
        "1 undecided, 1 holds",
    ),
}


@pytest.mark.parametrize("rule", TOLD)
def test_one_number_of_each_job(rule):
    said, told = TOLD[rule]
    used = "05:45:50 used 1.9 CPU-s and at most 34 MB"
    text = f"written by process 1 on vm\n05:44:00 {said}\n{used}\n"
    assert logs.science(rule, text) == told


def test_every_rule_with_a_number_is_a_rule():
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").rglob("*.smk"))
    assert set(TOLD) == set(logs._SCIENCE)
    assert set(TOLD) <= set(re.findall(r"^rule (\w+):", rules, re.M))
    # An empty log, or one of a job that left all out, tells nothing.
    assert not any(logs.science(rule, "05:44:00 left out\n") for rule in TOLD)
    assert logs.science("fig4_map", "05:44:00 7 points") == ""


def test_a_log_tells_its_warnings_and_why_it_failed(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("05:44:00 warning: odd\n05:44:01 fine\n05:44:02 warning: odd\n")
    assert logs.warnings(log.read_text()) == ["odd"] and run_end.sentence(log.read_text()) == ""
    with log.open("a") as file:
        file.write(
            "05:44:03 ValueError: no\nTraceback (most recent call last):\n  x\nValueError: no\n"
        )
    assert run_end.sentence(log.read_text()) == "ValueError: no"
    assert logs.text_of(tmp_path / "none") == logs.last_line(tmp_path / "none") == ""
    log.write_text("x" * 9000 + "\n05:44:03 a: trial 3/9, 17 s left\n  half a li")
    assert logs.last_line(log) == "a: trial 3/9, 17 s left"
    assert 15 < logs.seconds_left(log) <= 17


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (89, "89 s"), (90, "1.5 min"), (5400, "1.5 h"), (129_600, "1.5 d")],
)
def test_times(seconds, told):
    assert lines.duration(seconds) == told


def test_the_view_fits_the_terminal():
    cpu, left = Span(1, 2, 3), Left(Span(60, 120, 240), Span(1, 2, 3))
    tasks = {i: Task("find_cycles", f"part{i}", f"s/stage{i % 9}", cpu) for i in range(40)}
    tasks[40] = Task("train_networks", "a", "s/training", cpu, networks=14)
    plan = RunPlan("quick", tasks, 4)
    running = {i: (75.0, "words " * 99) for i in range(12)}
    for size in ((200, 50), (80, 24), (40, 10), (20, 3)):
        shown = lines.view(plan, [39, 40], running, 3700, left, size)
        assert len(shown) <= size[1] - 2 and all(len(line) < size[0] for line in shown)
        head = "memdyn quick: 2 of 41 jobs, 14 of 14 networks trained, 1:01:40"
        assert shown[0] == head[: size[0] - 1]
    wide = "\n".join(lines.view(plan, [39, 40], running, 3700, left, (200, 50)))
    assert "left: 2.0 min (60 s to 4.0 min); CPU 2 s (1 s to 3 s)" in wide
    assert wide.count("> find_cycles part") == 8 and "  and 4 more" in wide
    assert re.search(r"s: training +█{20} 1/1", wide)
    assert re.search(r"s: stage3 +█{4}░{16} 1/5", wide)


def test_names_of_shards():
    assert shard_of({}) == "" and shard_of({"shard": "part0"}) == "part0"
    assert shard_of({"shard": "a", "trial": "100"}) == "a_trial100"
    assert shard_of({"variant": "", "name": "mine"}) == "mine"
