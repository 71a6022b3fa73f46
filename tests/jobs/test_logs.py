import os
import subprocess
import sys

from memdyn.jobs.logs import WATCHED
from memdyn.progress import logs

SCRIPT = """
import logging, sys, warnings
from memdyn.jobs.logs import start_log
start_log(sys.argv[1])
logging.getLogger("memdyn.some").info("trials %d of %d", 3, 7)
warnings.warn("careful")
{end}
"""


def run(path, end="", **environment):
    command = [sys.executable, "-c", SCRIPT.format(end=end), str(path)]
    known = {name: value for name, value in os.environ.items() if name != WATCHED} | environment
    return subprocess.run(command, capture_output=True, text=True, env=known)


def test_lines_go_to_the_file_and_warnings_to_the_terminal_too(tmp_path):
    path = tmp_path / "new" / "rule.log"
    for _ in range(2):  # the second run starts the file anew
        done = run(path)
        assert done.returncode == 0
        assert done.stdout == ""
        assert path.read_text().count("trials 3 of 7") == 1
        assert "trials 3 of 7" not in done.stderr
        for text in (done.stderr, path.read_text()):
            assert "warning: <string>:6: UserWarning: careful" in text


def test_where_snakemake_shows_warnings_the_terminal_is_left_alone(tmp_path):
    done = run(tmp_path / "rule.log", "raise ValueError('no')", **{WATCHED: "1"})
    assert done.returncode == 1 and done.stderr == ""
    assert logs.warnings((tmp_path / "rule.log").read_text()) == [
        "<string>:6: UserWarning: careful"
    ]


def test_an_uncaught_exception_is_one_line_and_a_traceback_in_the_file(tmp_path):
    path = tmp_path / "rule.log"
    done = run(path, "raise ValueError('delay is too long')")
    assert done.returncode == 1
    assert done.stderr.count("ValueError: delay is too long") == 1
    assert "Traceback" not in done.stderr
    assert "Traceback" in path.read_text()


def test_ctrl_c_is_left_alone(tmp_path):
    done = run(tmp_path / "rule.log", "raise KeyboardInterrupt")
    assert done.returncode != 0
    assert "KeyboardInterrupt" in done.stderr
