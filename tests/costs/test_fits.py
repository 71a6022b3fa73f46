"""Runs that fit neither memory nor disk are refused with the estimate."""

import pytest
from probes import SCHEMA

from memdyn.config import ConfigError, resolve
from memdyn.costs import fits, memory
from memdyn.costs.prediction import read_jobs, read_prediction
from memdyn.costs.shard_sizes import with_shard_sizes
from memdyn.dynamics import return_map
from memdyn.files import FileProblem, read_facts


@pytest.fixture
def quick(config):
    return with_shard_sizes(resolve({**config, "scale": "quick"}, SCHEMA))


def test_copied_constants_are_those_of_the_code():
    assert fits.ORBIT == return_map.SAMPLES


def test_a_job_too_large_for_any_machine_is_named_with_its_keys(config):
    config["scales"]["quick"]["slow_manifolds"]["network"]["n_units"] = 10**6
    with pytest.raises(ConfigError, match=r"one job of train_networks needs about .* MB.*n_units"):
        with_shard_sizes(resolve({**config, "scale": "quick"}, SCHEMA))


def test_jobs_too_large_for_this_machine_are_refused(quick):
    fits.refuse_unfit(quick, {"train_networks": 1}, 8000, 1e12, 2)
    with pytest.raises(ConfigError, match=r"train_networks needs about .* this machine has"):
        fits.refuse_unfit(quick, {"train_networks": 1}, 300, 1e12, 2)
    fits.refuse_unfit(quick, {"train_networks": 1}, float("inf"), 1e12, 2)
    fits.refuse_unfit(quick, {}, 300, 1e12, 2)  # nothing of it is going to run


def test_a_run_too_large_for_the_disk_is_refused_with_the_estimate(quick):
    jobs = {"train_curricula": 5, "train_networks": 2}
    fits.refuse_unfit(quick, jobs, 8000, 10**10, 2)
    with pytest.raises(ConfigError, match=r"writes about \d+\.\d GB, but 0\.0 GB are free"):
        fits.refuse_unfit(quick, jobs, 8000, 10**7, 2)


def test_all_scales_fit_somewhere(config):
    for scale in ("quick", "standard", "paper"):
        resolved = with_shard_sizes(resolve({**config, "scale": scale}, SCHEMA))
        assert max(memory.megabytes(resolved).values()) < fits.MOST_MB
        kept, passing = fits.disk(resolved)
        assert min(kept.values()) > 0 and max(passing.values()) < 10**11


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"{", b"[]", b"rule,jobs\na,1\n", b"rule,jobs,cpu,memory_MB\na,b,c,d"],
)
def test_damaged_calibrations_and_predictions_end_in_a_sentence(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(FileProblem, match=r"file is not a complete JSON .* run its rule again"):
        read_facts(path, "seconds")
    with pytest.raises(FileProblem, match=r"file is no prediction .* run predict again"):
        read_prediction(path)
    with pytest.raises(FileProblem, match=r"file is no prediction of jobs .* run predict again"):
        read_jobs(path)
