"""Time limits and memory that tries of jobs ask for."""

import json
from pathlib import Path

import pytest
import yaml

from memdyn.config import resolve
from memdyn.costs import runtimes, work
from memdyn.costs.shard_sizes import with_shard_sizes

ROOT = Path(__file__).parents[2]
#: CPU-s per operation as `calibrate` measured them, at two scales on a 2.5 GHz Xeon core.
MEASURED = json.loads(Path(__file__).with_name("calibrations.json").read_text())


def at(scale):
    config = {**yaml.safe_load((ROOT / "config.yaml").read_text()), "scale": scale}
    return with_shard_sizes(resolve(config, ROOT / "workflow/schemas/config.schema.yaml"))


def test_tries_ask_for_more_up_to_what_there_is():
    assert [runtimes.limit(500, attempt, 1440) for attempt in (1, 2, 3)] == [500, 1000, 1440]
    assert [runtimes.megabytes(1000, attempt) for attempt in (1, 2, 3)] == [1000, 1500, 2000]
    assert runtimes.megabytes(1000, 3, 1200) == 1200


@pytest.mark.parametrize("scale", ["quick", "standard"])
def test_rough_times_are_near_measured_ones(scale):
    """Not below a third, where an operation takes any time: a limit is three times the estimate."""
    config = at(scale)
    for job in work.jobs(config):
        for operation in job.work:
            measured = MEASURED[scale].get(operation)
            if measured is None or measured < 5e-5:
                continue
            rough = runtimes.seconds(operation, config)
            assert measured / 3 < rough < 30 * measured, (operation, measured, rough)


@pytest.mark.parametrize("scale", ["quick", "standard", "paper"])
def test_every_job_has_a_limit(scale):
    config = at(scale)
    limits = runtimes.minutes(config)
    assert set(limits) == {(job.rule, job.shard) for job in work.jobs(config)}
    assert min(limits.values()) > runtimes.START
