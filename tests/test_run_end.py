"""The last words of a run."""

import os
import subprocess
import sys

import pytest

from memdyn.run_end import failure, success

SCRIPT = """from memdyn.jobs.logs import start_log
start_log({log!r})
raise ValueError("the file 'a' is missing: run b")
"""


def test_success_names_what_is_there_and_counts_the_verdicts_of_claims(tmp_path):
    assert success("quick", tmp_path) == ""
    figure = tmp_path / "figures/quick/claims.png"
    figure.parent.mkdir(parents=True)
    figure.touch()
    claims = tmp_path / "results/quick/claims.csv"
    claims.parent.mkdir(parents=True)
    claims.write_text("kind,verdict\nclaim,holds\nclaim,undecided\nclaim,holds\nband,fails\n")
    assert success("quick", tmp_path).splitlines() == [
        "memdyn: done.",
        "figures: figures/quick",
        "claims:  results/quick/claims.csv (2 holds, 1 undecided)",
        "next:    make report SCALE=quick",
    ]
    (tmp_path / "report.html").touch()
    assert success("quick", tmp_path).endswith("page:    report.html")


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "kind\nclaim\n"])
def test_a_table_of_claims_that_says_nothing_is_only_named(tmp_path, text):
    claims = tmp_path / "results/quick/claims.csv"
    claims.parent.mkdir(parents=True)
    claims.write_text(text)
    assert "claims:  results/quick/claims.csv" in success("quick", tmp_path)


def test_failure_says_the_sentence_of_the_job_that_failed_and_how_to_go_on(tmp_path):
    """A job that really fails, one that ended well, and one that failed in an earlier run."""
    folder = tmp_path / "logs/quick/study"
    folder.mkdir(parents=True)
    failed, fine, old = (folder / f"{name}.log" for name in ("failed", "fine", "old"))
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(log=str(failed))], check=False)
    assert done.returncode
    fine.write_text("12:00:00 used 3.0 CPU-s and at most 9 MB\n")
    old.write_text(failed.read_text())
    os.utime(old, (1000, 1000))
    assert failure("quick", "snakemake -c 1", 2000, tmp_path).splitlines() == [
        "memdyn: stopped.",
        "logs/quick/study/failed.log: ValueError: the file 'a' is missing: run b",
        "What is done stays. Mend this, then go on with: snakemake -c 1",
    ]
    failed.unlink()
    assert "no job has written why" in failure("quick", "snakemake", 2000, tmp_path)
