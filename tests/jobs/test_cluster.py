"""What SLURM would let wait for ever, told by stand-ins for its commands."""

import re

import pytest

from memdyn.jobs import cluster

SINFO = """cpu*|1-00:00:00|(null)
gpu|12:00:00|gpu:a100:4
gpu|12:00:00|(null)
free|infinite|(null)
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """sinfo and sacctmgr first in the path; the test says what the latter prints."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name, text in (("sinfo", SINFO), ("sacctmgr", "lab\nother\nlab\n")):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\ncat <<'END'\n{text}END\n")
        path.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("gppu", "lab", 60, 1), "no partition 'gppu', but cpu, gpu, free.*slurm_partition="),
        (("gpu", "lab", 1440, 1), "max_runtime=1440.*720 minutes.*gpu.*max_runtime=720"),
        (("gpu", "lap", 60, 1), "account 'lap'.*lab, other.*slurm_account="),
        (("cpu", "lab", 60, 1), "partition cpu has no GPU.*max_gpu=0"),
        (("", "", 1441, 0), "partition cpu gives"),
        (("cpu,free", "", 99999, 1), "partition cpu,free has no GPU"),
    ],
)
def test_each_trap_has_its_sentence(slurm, asked, words):
    (sentence,) = cluster.problems(*asked)
    assert re.search(words, sentence)


@pytest.mark.parametrize(
    "asked",
    [("gpu", "lab", 720, 1), ("cpu", "", 1440, 0), ("free", "other", 1e6, 0), ("", "", 60, 0)],
)
def test_what_can_run_is_let_run(slurm, asked):
    assert not cluster.problems(*asked)


def test_where_slurm_is_silent_nothing_is_refused(slurm):
    (slurm / "sacctmgr").write_text("#!/bin/sh\nexit 1\n")
    assert not cluster.problems("gpu", "anything", 60, 0)
    (slurm / "sinfo").write_text("#!/bin/sh\nexit 1\n")
    assert not cluster.problems("nowhere", "lab", 1e9, 1)
