"""One writer per job: the lock dies with its process; who still writes is named."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from memdyn.jobs import watch, writers
from memdyn.jobs.logs import was_killed

HOLDER = """
import sys, time
from memdyn.jobs import writers
from memdyn.jobs.logs import start_log
writers.hold(sys.argv[1], patience=0)
start_log(sys.argv[1], writers.header())
print("holding", flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def holder(tmp_path):
    """A process that writes a job's log."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path / "job.log", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout.readline() == "holding\n"
    yield process, tmp_path / "job.log"
    process.kill()
    process.communicate()


def hold_in_child(path, patience=0.0):
    code = f"from memdyn.jobs import writers; writers.hold({str(path)!r}, patience={patience})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return done.returncode, done.stderr


def test_a_second_writer_is_refused_and_told_who_writes(holder):
    process, path = holder
    code, said = hold_in_child(path)
    assert code != 0
    sentence = said.strip().splitlines()[-1]
    assert (
        f"process {process.pid} on {socket.gethostname()} still runs the job of {path}" in sentence
    )
    assert f"kill {process.pid}" in sentence
    assert path.read_text().startswith("written by process"), "the first one's log is left alone"


def test_the_lock_ends_with_its_process(holder):
    process, path = holder
    assert len(writers.living([path])) == 1
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert writers.living([path, path.with_name("none.log")]) == []
    assert hold_in_child(path)[0] == 0
    assert was_killed(path)


def test_a_job_that_is_about_to_end_is_waited_for(tmp_path):
    path = tmp_path / "job.log"
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path, "2"], stdout=subprocess.PIPE, text=True
    )
    first.stdout.readline()
    assert hold_in_child(path, patience=30)[0] == 0
    assert first.wait() == 0
    assert not was_killed(path), "it ended by itself"


@pytest.mark.parametrize(
    ("header", "age", "beats", "lives"),
    [
        ("written by process 7 on elsewhere, SLURM job 12", 5, True, True),
        ("written by process 7 on elsewhere, SLURM job 12", 5, False, False),
        ("written by process 7 on elsewhere", 10_000, True, False),
        (f"written by process 7 on {socket.gethostname()}", 5, True, False),
        ("anything else", 5, True, False),
    ],
)
def test_a_writer_on_another_node_shows_by_its_heartbeat(
    tmp_path, monkeypatch, header, age, beats, lives
):
    path = tmp_path / "job.log"
    path.write_text(f"{header}\nat work\n")
    os.utime(path, (time.time() - age,) * 2)
    monkeypatch.setattr(writers, "BEAT", 0)
    monkeypatch.setattr(time, "sleep", lambda _: os.utime(path) if beats else None)
    found = writers.living([path])
    assert bool(found) == lives
    if lives:
        assert "SLURM job 12" in found[0] and "scancel 12" in found[0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0:40", 40),
        ("12:00", 720),
        ("1:00:05", 3605),
        ("2-03:00:00", 183_600),
        ("UNLIMITED", None),
        ("INVALID", None),
    ],
)
def test_slurms_times(text, seconds):
    assert watch.seconds(text) == seconds


ORPHAN = """
import sys, time
from memdyn.jobs import stopping, watch
{}
watch.EVERY = 0.05
watch.start(int(sys.argv[1]))
while not stopping.asked():
    time.sleep(0.05)
print(stopping.asked())
"""


@pytest.mark.parametrize("saves", [False, True])
def test_a_job_ends_when_its_snakemake_is_gone(saves):
    main = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    code = ORPHAN.format("stopping.can_stop()" if saves else "")
    job = subprocess.Popen(
        [sys.executable, "-c", code, str(main.pid)], stdout=subprocess.PIPE, text=True
    )
    time.sleep(0.5)
    assert job.poll() is None
    main.kill()
    said, _ = job.communicate(timeout=30)  # main is not buried yet, but gone
    assert job.returncode == (0 if saves else 1)
    assert (f"Snakemake (process {main.pid}) is gone" in said) == saves
    main.wait()
