"""Real, small runs of Snakemake through the logger plugin, in a pipe and on a terminal."""

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "profiles/default"
SNAKEFILE = """
from memdyn.costs.work import Span
from memdyn.progress.lines import announcement
from memdyn.progress.plan import of_dag
from memdyn.progress.time_left import time_left
from snakemake.logging import logger

rule all:
    input: expand("tested/{shard}.txt", shard=["a", "b"])

rule train_networks:
    output: "trained/{shard}.txt"
    log: "logs/quick/train_networks/{shard}.log"
    script: "job.py"

rule test_performance:
    input: "trained/{shard}.txt"
    output: "tested/{shard}.txt"
    log: "logs/quick/test_performance/{shard}.log"
    script: "job.py"

onstart:
    expected = {("train_networks", s): Span(1, 2, 3) for s in "ab"}
    trained = lambda rule, shard: 7 * (rule == "train_networks")
    plan = of_dag("quick", workflow.dag, expected, trained, workflow.basedir, workflow.cores)
    if not config.get("silent"):
        logger.info(announcement(plan, time_left(plan, {}, {})), extra={"memdyn_plan": plan})

onsuccess:
    logger.info("memdyn: done.")

onerror:
    logger.info("memdyn: stopped.")
"""
JOB = """
import logging, time, warnings
from pathlib import Path
from memdyn.jobs.logs import start_log
start_log(snakemake.log[0])
logging.info("gauss: trial 150/400, 3 of 14 networks below RMSE 0.05, 0 converged, 17 s left")
logging.info("gauss: trial 400/400, 10 of 14 networks below RMSE 0.05, 0 converged, 0 s left")
for performs in (True, False, True):
    logging.info("gauss: RMSE 0.032, performs: %s", performs)
warnings.warn("careful")
logging.warning("the state on disk is odd")
time.sleep(snakemake.config.get("wait", 0))
if snakemake.wildcards.shard == snakemake.config.get("fails"):
    raise ValueError("the delay is too long")
Path(snakemake.output[0]).touch()
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "job.py").write_text(JOB)
    shutil.copytree(PROFILE, tmp_path / "profiles/default")
    return tmp_path


def command(*arguments):
    return [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]


def variables():
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MEMDYN")}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm"}


def piped(folder, *arguments, code=None):
    """Status and words of a run whose output is no terminal."""
    ask = code or command(*arguments)
    done = subprocess.run(ask, cwd=folder, env=variables(), capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def on_terminal(folder, *arguments):
    """All that a run writes to a terminal of 40 rows and 110 columns."""
    main, other = pty.openpty()
    size = {**variables(), "COLUMNS": "110", "LINES": "40"}
    run = subprocess.Popen(command(*arguments), cwd=folder, env=size, stdout=other, stderr=other)
    os.close(other)
    parts = []
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # Linux: the other end was closed
            break
        if not part:
            break
        parts.append(part)
    os.close(main)
    return run.wait(), b"".join(parts).decode(errors="replace").replace("\r\n", "\n")


def screen(text):
    """What stands on a terminal at last: its cursor goes up, and what is below is erased."""
    shown = [""]
    for piece in re.split(r"(\x1b\[\d+F|\x1b\[J|\n)", text):
        if up := re.fullmatch(r"\x1b\[(\d+)F", piece):
            at = len(shown) - 1 - int(up[1])
            assert at >= 0, "the view is erased from above where it stood"
            shown = [*shown[:at], ""]
        elif piece == "\n":
            shown.append("")
        elif piece != "\x1b[J":
            shown[-1] += re.sub(r"\x1b\[[0-9;]*m", "", piece)
    return shown


def test_a_line_for_each_job(folder):
    code, text = piped(folder)
    assert code == 0, text
    assert "memdyn: 5 jobs of scale quick, 14 networks to train. Expected: " in text
    line = r"^ +{}/5  {} +{} +\d+\.\d s +\d+ MB  {} +.* left$"
    for n, rule, found in (
        (r"\d", "train_networks", "10 of 14 below RMSE 0.05"),
        (r"\d", "test_performance", "2 of 3 perform"),
    ):
        for shard in "ab":
            assert re.search(line.format(n, rule, shard, found), text, re.M), text
    assert [*re.findall(r"^ +(\d)/5 ", text, re.M)] == ["1", "2", "3", "4"]
    assert "test_performance a: warning: the state on disk is odd" in text
    assert "UserWarning: careful" in text
    assert text.rstrip().splitlines()[-3].startswith("memdyn: done.")
    # Jobs' lines and Snakemake's scaffolding are in their logs.
    for other in ("trial 400/400", "jobid", "wildcards", "Select jobs", "Job stats", "resources:"):
        assert other not in text
    assert len(text.splitlines()) < 24, text
    assert "trial 400/400" in (folder / "logs/quick/train_networks/a.log").read_text()
    (whole,) = (folder / ".snakemake/log").glob("*.log")
    assert "Finished jobid" in whole.read_text() and "wildcards: shard=a" in whole.read_text()


def test_a_failed_job_says_why(folder):
    code, text = piped(folder, "--config", "fails=a")
    assert code == 1
    assert re.search(r"^failed after .* s: train_networks a: ValueError: the delay is", text, re.M)
    assert "its log: logs/quick/train_networks/a.log" in text
    assert "    Traceback (most recent call last):" in text, "the end of its log"
    assert re.search(r"test_performance +b ", text), "what does not wait for it goes on"
    assert "memdyn: stopped." in text
    assert text.count("the state on disk is odd") <= 4


def test_quiet_runs_are_quiet(folder):
    for how in ("progress", "all"):
        code, text = piped(folder, "--quiet", how, "--forceall")
        assert code == 0 and "performs" not in text and "test_performance   " not in text, text
        assert ("memdyn: done." in text) == (how == "progress")


def test_a_dry_run_is_snakemakes_own(folder):
    with_plugin = piped(folder, "-n")
    without = piped(folder, "-n", "--workflow-profile", "none", "--keep-going")
    assert with_plugin[0] == without[0] == 0

    def words(text):
        return [line for line in text.splitlines()[1:] if not re.match(r"\[|  |Using|$", line)]

    assert words(with_plugin[1]) == words(without[1])
    assert "rule train_networks:" in with_plugin[1] and "Job stats:" in with_plugin[1]


def test_without_a_plan_lines_come_without_times(folder):
    """As where this workflow is a module of another."""
    code, text = piped(folder, "--config", "silent=1")
    assert code == 0 and "2 of 3 perform" in text and " left" not in text, text
    assert re.search(r"^ +4/5  test_performance", text, re.M)


def test_who_has_no_plugin_gets_snakemakes_log(folder):
    """The profile asks for it only where it can be found; so it is with a packaged memdyn too."""
    hide = (
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.startswith('snakemake_logger_plugin_memdyn'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "import importlib.util as util, pkgutil\n"
        "found, listed = util.find_spec, pkgutil.iter_modules\n"
        "name = 'snakemake_logger_plugin_memdyn'\n"
        "util.find_spec = lambda n, *a: None if n == name else found(n, *a)\n"
        "pkgutil.iter_modules = lambda *a: (m for m in listed(*a) if m.name != name)\n"
        "from snakemake.cli import main\n"
        "main(['--cores', '1'])\n"
    )
    code, text = piped(folder, code=[sys.executable, "-c", hide])
    assert code == 0, text
    assert "Finished jobid" in text and "memdyn: done." in text
    assert "trial 400/400" not in text, "jobs' own lines are in their logs"
    assert "careful" in text, "their warnings are shown"


def test_a_terminal_has_a_live_view(folder):
    code, text = on_terminal(folder, "--config", "wait=2")
    assert code == 0, text
    assert "memdyn quick: 0 of 5 jobs, 0 of 14 networks trained, " in text
    assert "14 of 14 networks trained" in text
    assert re.search(r"^left: .*; CPU ", text, re.M)
    assert re.search(r"^> train_networks [ab]  \d+:\d\d  .*the state on disk is odd", text, re.M), (
        text[-3000:]
    )
    assert "> all" not in text, "a target does nothing"
    at_last = screen(text)
    assert not any("networks trained, " in line or line.startswith(">") for line in at_last)
    assert sum("2 of 3 perform" in line for line in at_last) == 2, at_last
    assert any(line.startswith("memdyn: done.") for line in at_last)
    assert any("careful" in line for line in at_last), "no warning is drawn over"
