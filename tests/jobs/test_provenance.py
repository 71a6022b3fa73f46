import json
import subprocess
import sys
from datetime import datetime
from importlib.metadata import version

import pytest

from memdyn.jobs.provenance import git_commit, provenance


def git(folder, *arguments):
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init")
    (tmp_path / "code.py").write_text("x = 1\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "-m", "first")
    return tmp_path


def test_facts_are_strings_and_json():
    facts = provenance(device="cpu", wall_seconds=1.5)
    assert json.loads(json.dumps(facts)) == facts
    assert all(isinstance(value, str) and value for value in facts.values())
    assert facts["device"] == "cpu"
    assert facts["wall_seconds"] == "1.5"
    assert facts["numpy"] == version("numpy")
    assert datetime.fromisoformat(facts["time"]).utcoffset().total_seconds() == 0


def test_no_torch_import():
    code = "import sys; from memdyn.jobs.provenance import provenance; provenance()"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'torch' not in sys.modules"], check=True)


def test_commit_and_changes(repository):
    clean = git_commit(repository)
    assert len(clean) == 40
    (repository / "notes.txt").write_text("untracked files do not count\n")
    assert git_commit(repository) == clean
    (repository / "code.py").write_text("x = 2\n")
    assert git_commit(repository) == clean + "+changes"


def test_outside_git(tmp_path, monkeypatch):
    assert git_commit(tmp_path) == "unknown"
    monkeypatch.setenv("PATH", str(tmp_path))  # no git at all
    assert git_commit(tmp_path) == "unknown"
