"""How much longer a run takes."""

import csv
from pathlib import Path

import pytest
import yaml

from memdyn.config import resolve
from memdyn.costs import usual, work
from memdyn.costs.shard_sizes import with_shard_sizes
from memdyn.costs.work import Span
from memdyn.progress.plan import RunPlan, Task
from memdyn.progress.time_left import BESIDES, OVERDUE, Spent, time_left

ROOT = Path(__file__).parents[2]


def at(scale):
    config = {**yaml.safe_load((ROOT / "config.yaml").read_text()), "scale": scale}
    return with_shard_sizes(resolve(config, ROOT / "workflow/schemas/config.schema.yaml"))


def chain(seconds, rule="find_cycles", at_once=1, after=lambda i: ()):
    """Equal jobs."""
    cpu = Span(seconds / 2, seconds, 2 * seconds)
    return RunPlan(
        "quick", {i: Task(rule, str(i), "a/b", cpu, after(i)) for i in range(10)}, at_once
    )


@pytest.mark.parametrize(("at_once", "rounds"), [(1, 10), (2, 5), (4, 3), (100, 1)])
def test_jobs_share_the_places(at_once, rounds):
    left = time_left(chain(9.1, at_once=at_once), {}, {})
    assert left.wall.expected == pytest.approx(rounds * (9.1 + BESIDES))
    assert left.cpu.expected == pytest.approx(91)
    assert left.wall.low < left.wall.expected < left.wall.high


def test_jobs_that_wait_for_each_other_share_nothing():
    plan = chain(9.1, at_once=100, after=lambda i: (i - 1,) if i else ())
    assert time_left(plan, {}, {}).wall.expected == pytest.approx(10 * (9.1 + BESIDES))


@pytest.mark.parametrize("slower", [0.5, 1, 3])
def test_what_has_ended_corrects_the_rest(slower):
    """A machine that is slower than expected is so for the rest; from and to come nearer."""
    plan, spent = chain(60), Spent(slower * (60 + BESIDES), slower * 60)
    before = time_left(plan, {}, {})
    after = time_left(plan, dict.fromkeys(range(5), spent), {})
    assert after.wall.expected == pytest.approx(5 * spent.wall, rel=0.05)
    assert after.cpu.expected == pytest.approx(5 * spent.cpu, rel=0.05)

    def width(span):
        return (span.high - span.low) / span.expected

    assert width(after.wall) < width(before.wall) / 2


def test_a_rule_corrects_itself_and_others_a_little_less():
    tasks = dict(chain(60).tasks)
    tasks |= {i + 10: task._replace(rule="add_noise") for i, task in tasks.items()}
    plan = RunPlan("quick", tasks, 1)
    done = {0: Spent(4 * 60, 4 * 60), 10: Spent(60, 60)}
    rest = {i: Spent(60, 60) for i in range(11, 20)}
    of_slow = time_left(plan, done | rest, {}).wall.expected
    assert 0.75 * 9 * 240 < of_slow < 1.05 * 9 * 240


def test_a_running_job_counts_what_is_left_of_it():
    plan = RunPlan("quick", {0: Task("a", "", "s", Span(100, 100, 100))}, 2)
    whole = 100 + BESIDES
    assert time_left(plan, {}, {0: 40}).wall.expected == pytest.approx(whole - 40)
    assert time_left(plan, {}, {0: 1000}).wall.expected == pytest.approx(OVERDUE * 1000)
    assert time_left(plan, {}, {0: 40}, said={0: 7}).wall.expected == 7


def test_jobs_that_run_beyond_their_time_tell_of_a_slow_machine():
    """Before any job has ended."""
    plan = chain(60, at_once=2)
    left = time_left(plan, {}, {0: 600, 1: 600}).wall.expected
    assert left == pytest.approx(4 * 1.15 * 600, rel=0.2)


def test_what_waits_for_a_failed_job_is_left_out():
    plan = chain(9.1, after=lambda i: (0,) if 0 < i < 5 else ())
    assert time_left(plan, {}, {}, failed={0}).wall.expected == pytest.approx(5 * (9.1 + BESIDES))


def test_nothing_left():
    plan = chain(5)
    assert time_left(plan, {i: Spent(5, 5) for i in plan.tasks}, {}).wall == Span(0, 0, 0)


@pytest.fixture(scope="module")
def recorded():
    """A quick run on two cores at rest (AMD EPYC, Zen 4): when each job began and ended."""
    rows = list(csv.DictReader(Path(__file__).with_name("quick_run.csv").open()))
    assert len(rows) == 78
    planned = work.jobs(at("quick"))
    expected = usual.expected(at("quick"))
    ids = {(job.rule, job.shard): i for i, job in enumerate(planned)}
    tasks = {
        i: Task(job.rule, job.shard, "", expected[job.rule, job.shard], tuple(others))
        for i, job in enumerate(planned)
        if (others := work.waits_for(job, planned)) is not None
    }
    times = {
        ids[row["rule"], row["shard"]]: (float(row["begin"]), float(row["end"]), float(row["cpu"]))
        for row in rows
    }
    return RunPlan("quick", {i: tasks[i] for i in times}, 2), times


@pytest.mark.parametrize("slower", [1, 3])
@pytest.mark.parametrize("part", [0.0, 0.25, 0.5, 0.75])
def test_time_left_of_a_quick_run(recorded, part, slower):
    """Within 30 % of the truth at 25, 50 and 75 % of the time, without calibration.

    Also on a machine that is three times as slow, which nobody can know before a job has ended.
    """
    plan, times = recorded
    whole = max(end for _, end, _ in times.values())
    now = part * whole
    done = {
        i: Spent(slower * (end - begin), slower * cpu)
        for i, (begin, end, cpu) in times.items()
        if end <= now
    }
    running = {
        i: slower * (now - begin) for i, (begin, end, _) in times.items() if begin <= now < end
    }
    left, truth = time_left(plan, done, running), slower * (whole - now)
    print(f"{part:.0%}: {left.wall} of {truth:.0f} s, CPU {left.cpu}")
    if part or slower == 1:
        assert left.wall.expected == pytest.approx(truth, rel=0.3)
        assert left.wall.low < 1.1 * truth and left.wall.high > 0.9 * truth


@pytest.mark.parametrize("scale", ["quick", "standard", "paper"])
def test_each_job_is_expected_to_take_something(scale):
    config = at(scale)
    expected = usual.expected(config)
    assert set(expected) == {(job.rule, job.shard) for job in work.jobs(config)}
    assert all(0 < low <= middle <= high for low, middle, high in expected.values())


def test_a_calibration_is_taken_if_it_fits(tmp_path):
    config, file = at("quick"), tmp_path / "calibration.json"
    usually = usual.expected(config)
    assert usual.expected(config, file) == usually
    for text in ("{", "[]", '{"seconds": {"other": 1}}', '{"seconds": {"table": "?"}}'):
        file.write_text(text)
        assert usual.expected(config, file) == usually
    file.write_text('{"seconds": {"table": 7.0}}')
    assert usual.expected(config, file)["collect_ends", ""] == Span(7, 7, 7)


def test_a_calibration_is_expected_to_take_a_minute():
    assert usual.of_other_rules("calibrate").expected == 60
    assert usual.of_other_rules("write_front").high <= 10
