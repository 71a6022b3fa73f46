import subprocess
import sys

SCRIPT = """
import logging, sys, warnings
from memdyn.jobs.logs import start_log
start_log(sys.argv[1])
logging.getLogger("memdyn.some").info("trials %d of %d", 3, 7)
warnings.warn("careful")
{end}
"""


def run(path, end=""):
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(end=end), str(path)], capture_output=True, text=True
    )


def test_lines_go_to_file_and_terminal(tmp_path):
    path = tmp_path / "new" / "rule.log"
    for _ in range(2):  # the second run starts the file anew
        done = run(path)
        assert done.returncode == 0
        assert done.stdout == ""
        for text in (done.stderr, path.read_text()):
            assert text.count("trials 3 of 7") == 1
            assert "careful" in text


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
