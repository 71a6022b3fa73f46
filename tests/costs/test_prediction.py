"""Counting work, scheduling it, and comparing a prediction with logs."""

import subprocess
import sys

import pandas as pd
import pytest
from probes import SCHEMA

from memdyn.config import resolve
from memdyn.costs import calibration
from memdyn.costs.prediction import (
    as_text,
    compare,
    errors_as_text,
    predict,
    predict_jobs,
    read_jobs,
)
from memdyn.costs.scheduling import schedule
from memdyn.costs.shard_sizes import with_shard_sizes
from memdyn.costs.work import Job, Span, exactly, jobs, waits_for
from memdyn.jobs import usage

SCALES = ("quick", "standard", "paper")


@pytest.fixture
def at_scale(config):
    return lambda scale: with_shard_sizes(resolve({**config, "scale": scale}, SCHEMA))


def work_of(planned, rule):
    """Expected amounts of all jobs of a rule together."""
    sums = {}
    for job in planned:
        if job.rule == rule:
            for name, amount in job.work.items():
                sums[name] = sums.get(name, 0) + amount.expected
    return sums


def test_work_that_the_configuration_fixes_is_counted_exactly(at_scale):
    paper = jobs(at_scale("paper"))
    assert sum(work_of(paper, "train_networks").values()) == 1344 * 3500 + 32
    assert work_of(paper, "make_stimuli")["epoch"] == 0  # the latents are shipped
    stimuli = at_scale("paper")["slow_manifolds"]["stimuli"]
    for source, passes in (("digits", 80), ("mnist", 80 * 70_000 / 1_797), ("gaussian", 0)):
        trained = at_scale("paper")
        trained["slow_manifolds"]["stimuli"] = {**stimuli, "source": source}
        assert work_of(jobs(trained), "make_stimuli")["epoch"] == pytest.approx(passes)
    # 20 test trials one by one, 16 cases once and ten times over: trials of 350 steps
    tests = work_of(paper, "test_performance")
    assert tests["step:1"] == 1344 * 20 * 350
    assert tests["step:16"] == tests["step:160"] == 1344 * 350
    quick = work_of(jobs(at_scale("quick")), "train_curricula")
    # one N without a curriculum, that no epoch solves: 6 epochs x 200 updates x mean length
    assert quick["item:parity_none"] == 1200 * sum(2.5 * N + 1.5 for N in (3, 5, 8))


def test_spans_hold_what_is_expected(at_scale):
    for scale in SCALES:
        seconds = dict.fromkeys((name for job in jobs(at_scale(scale)) for name in job.work), 1.0)
        table = predict(at_scale(scale), seconds, 8)
        assert (table["low"] <= table["cpu"]).all() and (table["cpu"] <= table["high"]).all()
        assert table["jobs"].iloc[-1] == table["jobs"].iloc[:-1].sum() == len(jobs(at_scale(scale)))
        assert table["wall"].iloc[-1] >= table["cpu"].iloc[-1] / 8
        assert table["wall"].iloc[-1] >= table["longest"].iloc[-1]


def test_more_epochs_are_never_expected_than_there_are(at_scale):
    config = at_scale("quick")
    config["timescales"]["training"]["leaky"]["max_epochs"] = 3
    items = work_of(jobs(config), "train_curricula")["item:parity_single"]
    assert items <= 3 * 3 * 200 * (2.5 * 4 + 1.5)  # 3 networks, 3 epochs, at most to N = 4


def test_a_schedule_by_hand():
    one, start = {"start": exactly(1)}, Job("make_stimuli", "", {"start": exactly(1)})
    training = [Job("train_networks", part, one) for part in "abc"]
    tests = [Job("test_performance", part, one) for part in "abc"]
    planned = [start, *training, *tests]
    waits = [waits_for(job, planned) for job in planned]
    # 1, then three of 4 on two cores, their tests of 2 in between: 1 + 4 + (4 | 2 + 2) + 2
    assert schedule([1, 4, 4, 4, 2, 2, 2], waits, 2) == (11, 7)
    assert schedule([1, 4, 4, 4, 2, 2, 2], waits, 99) == (7, 7)
    assert schedule([1, 4, 4, 4, 2, 2, 2], waits, 1) == (19, 7)


def test_an_operation_that_was_not_calibrated_is_named(at_scale):
    with pytest.raises(ValueError, match="does not know 'ablated:parity_multi'"):
        predict(at_scale("quick"), {"start": 1.0}, 2)


@pytest.fixture
def predicted():
    rows = [("train_networks", 2, 100.0, 90.0, 110.0, 500), ("find_cycles", 2, 50.0, 10.0, 90, 400)]
    table = pd.DataFrame(rows, columns=["rule", "jobs", "cpu", "low", "high", "memory_MB"])
    total = {"rule": "total", "jobs": 4, "cpu": 150.0, "low": 100.0, "high": 200.0}
    return pd.concat([table, pd.DataFrame([total | {"memory_MB": 500}])], ignore_index=True)


@pytest.fixture
def by_job():
    """Jobs of the prediction, of unequal size."""
    rows = [
        *(("train_networks", "a", 50.0, 60.0, 65.0), ("train_networks", "b", 40.0, 40.0, 45.0)),
        *(("find_cycles", "a", 8.0, 35.0, 60.0), ("find_cycles", "b", 2.0, 15.0, 30.0)),
    ]
    return pd.DataFrame(rows, columns=["rule", "shard", "low", "cpu", "high"])


def write_log(folder, name, cpu, peak, device="cpu"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    used = usage.line(usage.Usage(cpu, peak))
    path.write_text(f"10:00:00 on {device}, 1 thread(s)\n10:00:09 {used}\n")


def test_what_has_run_is_compared_and_the_rest_is_counted(predicted, by_job, tmp_path):
    write_log(tmp_path, "slow/train_networks/a.log", 60.0, 480)
    write_log(tmp_path, "slow/train_networks/b.log", 60.0, 450)
    write_log(tmp_path, "slow/find_cycles/a.log", 40.0, 410)
    (tmp_path / "slow/find_cycles/b.log").write_text("10:00:00 on cpu\n")  # killed
    table = compare(predicted, by_job, tmp_path).set_index("rule")
    assert table["measured"].tolist() == [2, 1, 3]
    assert table.loc["find_cycles", "cpu_predicted"] == 35  # of the job that has run
    assert table["ratio"].tolist() == pytest.approx([1.2, 40 / 35, 160 / 135])
    assert table["within"].tolist()[:2] == [False, True]
    assert (
        table.loc["find_cycles", "memory_ratio"] > 1 > table.loc["train_networks", "memory_ratio"]
    )
    assert "1 predicted job(s) have not run" in errors_as_text(table.reset_index())


@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_what_ran_on_a_gpu_is_counted_and_not_compared(predicted, by_job, tmp_path, device):
    write_log(tmp_path, "slow/train_networks/a.log", 2.0, 1480, device)
    write_log(tmp_path, "slow/train_networks/b.log", 44.0, 450)
    table = compare(predicted, by_job, tmp_path).set_index("rule")
    assert table.loc["train_networks", ["measured", "on_gpu", "cpu_predicted"]].tolist() == [
        1,
        1,
        40,
    ]
    assert table.loc["total", "ratio"] == 1.1
    told = errors_as_text(table.reset_index())
    assert "1 job(s) ran on a GPU, which is not predicted: train_networks." in told
    assert "2 predicted job(s) have not run" in told
    write_log(tmp_path, "slow/train_networks/b.log", 3.0, 450, device)
    told = errors_as_text(compare(predicted, by_job, tmp_path))
    assert "2 job(s) ran on a GPU" in told


def test_nothing_to_compare_is_said(predicted, by_job, tmp_path):
    with pytest.raises(ValueError, match=r"no log under .* says what its job used"):
        compare(predicted, by_job, tmp_path)


def test_jobs_add_up_to_their_rules(at_scale, tmp_path):
    config = at_scale("quick")
    seconds = dict.fromkeys((name for job in jobs(config) for name in job.work), 1.0)
    predict_jobs(config, seconds).to_csv(tmp_path / "jobs.csv", index=False)
    found = read_jobs(tmp_path / "jobs.csv")
    sums = found.groupby("rule")[["low", "cpu", "high"]].sum()
    table = predict(config, seconds, 2).set_index("rule").drop("total")
    pd.testing.assert_frame_equal(sums, table.loc[sums.index, ["low", "cpu", "high"]])


#: What a condition may set that makes its updates dearer or cheaper, and what does not.
OTHER_WORK = (
    *({"n_units": 32}, {"seed": [0]}, {"max_N": 7}, {"cell": "gru"}, {"curriculum": "single"}),
    *({"nonlinearity": "tanh"}, {"repeat": 2}, {"fixed_tau": 2.0}, {"heads": 3}),
)
SAME_WORK = ({"task": "dms"}, {"max_epochs": 3}, {"plateau": 9})


@pytest.mark.parametrize(
    ("changed", "same"), [(c, False) for c in OTHER_WORK] + [(c, True) for c in SAME_WORK]
)
def test_conditions_that_do_other_work_are_timed_by_themselves(config, monkeypatch, changed, same):
    """Two conditions that differ in one key; each operation of one costs what it was timed at."""
    entry = {"task": "parity", "curriculum": "multi"}
    run = {"seed": [0, 1], "side_by_side": 2, "networks_per_shard": 2, "max_N": 8}
    conditions = {"plain": entry, "changed": {**entry, **changed}}
    config["scales"]["mine"] = {
        "timescales": {**run, "run": [*conditions], "conditions": conditions}
    }
    mine = with_shard_sizes(resolve({**config, "scale": "mine"}, SCHEMA))
    timed = []
    kinds = dict.fromkeys(
        calibration._KINDS, lambda config, argument: timed.append(argument) or 1.0
    )
    monkeypatch.setattr(calibration, "_KINDS", kinds)
    seconds = calibration.calibrate(mine)
    assert {"item:plain", "item:changed"} <= set(seconds)
    assert ("plain" in timed) != ("changed" in timed) if same else {"plain", "changed"} <= {*timed}


def test_a_job_notes_what_it_used(tmp_path):
    path = tmp_path / "rule.log"
    code = (
        "import sys, time, numpy as np; from memdyn.jobs.logs import start_log\n"
        "start_log(sys.argv[1])\n"
        "held = np.ones(2**24)\n"  # 128 MB
        "while time.process_time() < 0.5: pass\n"
    )
    subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True)
    cpu, peak = usage.read(path)
    assert 0.5 <= cpu < 5
    assert 128 < peak < 300
    path.write_text("10:00:00 used 1.0 CPU-s and at most many MB\n")
    assert usage.read(path) is None


def test_calibration_and_prediction_of_a_small_study(config, monkeypatch):
    """Every operation of every rule is measured; the table prints."""
    small = {
        "slow_manifolds": {
            "network": {"n_units": 20},
            "grid": {"distribution": ["gauss"], "pg": [0.4], "seed": [0], "g": [0.9], "fb": [5]},
            "stimuli": {"source": "gaussian"},
        },
        "timescales": {
            "network": {"n_units": 16},
            "training": {"leaky": {"batch_size": 8}, "gated": {"batch_size": 8}},
            "run": ["parity_single", "parity_multi", "gru_multi", "parity_multi_continuous"],
            "max_N": 8,
            "retraining": {"N_from": 5, "to": [5, 6]},
            "seed": [0],
            "stimulation": {"steps": 500, "trials": 2},
            "accuracy": {"steps": 40, "repeats": 2},
            "ablation": {"n_ablated": 2},
        },
    }
    config["scales"]["mine"] = small
    mine = with_shard_sizes(resolve({**config, "scale": "mine"}, SCHEMA))
    monkeypatch.setattr(calibration, "ENOUGH", 0.0)  # every operation once
    for slow in ("start", "figure", "epoch"):  # interpreters and images
        monkeypatch.setitem(calibration._KINDS, slow, lambda config, argument: 2.0)
    seconds = calibration.calibrate(mine)
    assert all(value >= 0 for value in seconds.values())
    assert seconds["trial:1"] > 0 and seconds["item:gru_multi"] > 0
    table = predict(mine, seconds, 2)
    assert "on 2 core(s)" in as_text(table)
    # A job of nothing but its start costs its start; one that does more costs more.
    by_rule = table.set_index("rule")
    assert by_rule.loc["vote_mechanisms", "cpu"] == seconds["start"]
    assert by_rule.loc["train_networks", "cpu"] > 3500 * seconds["trial:1"]
    assert Span(1, 2, 3) * 2 == Span(2, 4, 6)
