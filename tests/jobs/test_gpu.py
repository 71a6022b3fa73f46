"""The GPU slot picker, on slots that exist only in CUDA_VISIBLE_DEVICES."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from memdyn.jobs.gpu import claim_gpu, visible_gpus

# Claims a GPU, marks it busy in a way that fails if it already is, and stays until `go` exists.
WORKER = """
import os, sys, time
from pathlib import Path
from memdyn.jobs.gpu import claim_gpu
assert "torch" not in sys.modules
folder = Path(sys.argv[1])
device = claim_gpu(1)
gpu = os.environ["CUDA_VISIBLE_DEVICES"]
busy = folder / f"busy-{gpu}"
busy.touch(exist_ok=False)
with open(folder / "claims", "a") as claims:
    claims.write(f"{device} {gpu}\\n")
print(gpu, flush=True)
until = time.monotonic() + 60
while not (folder / "go").exists() and time.monotonic() < until:
    time.sleep(0.01)
busy.unlink()
"""


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """A clean environment with its own lock folder, for this process and its children."""
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return monkeypatch


def start_worker(folder: Path, code: str = WORKER) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def in_fresh_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


CLAIM_AND_TELL = """
import os
from memdyn.jobs.gpu import claim_gpu
print(claim_gpu(1), os.environ.get("CUDA_VISIBLE_DEVICES"))
"""


def test_twelve_jobs_share_two_gpus_without_meeting(environment, tmp_path):
    environment.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    jobs = [start_worker(tmp_path) for _ in range(12)]
    # Nobody leaves before both GPUs are taken.
    first_two = set()
    while len(first_two) < 2 and any(job.poll() is None for job in jobs):
        first_two = {path.name for path in tmp_path.glob("busy-*")}
    (tmp_path / "go").touch()
    errors = [job.communicate(timeout=120)[1] for job in jobs]
    assert [job.returncode for job in jobs] == [0] * 12, errors
    assert first_two == {"busy-3", "busy-5"}
    claims = (tmp_path / "claims").read_text().split("\n")[:-1]
    assert len(claims) == 12
    assert set(claims) == {"cuda 3", "cuda 5"}


def test_places_on_a_gpu_are_taken_when_every_gpu_has_a_job(environment, tmp_path):
    environment.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    environment.setenv("MEMDYN_JOBS_PER_GPU", "2")
    jobs, taken = [], []
    for _ in range(4):
        jobs.append(start_worker(tmp_path, WORKER.replace("exist_ok=False", "exist_ok=True")))
        taken.append(jobs[-1].stdout.readline().strip())
    assert set(taken[:2]) == set(taken[2:]) == {"3", "5"}
    fifth = start_worker(
        tmp_path, "import logging; logging.basicConfig(level=20)\n" + CLAIM_AND_TELL
    )
    assert "are taken" in fifth.stderr.readline()
    for job in [*jobs, fifth]:
        job.kill()
        job.communicate()


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", ""])
def test_a_number_of_jobs_that_is_none(environment, value):
    environment.setenv("CUDA_VISIBLE_DEVICES", "0")
    environment.setenv("MEMDYN_JOBS_PER_GPU", value)
    with pytest.raises(ValueError, match=r"MEMDYN_JOBS_PER_GPU is '.*': give a whole number"):
        claim_gpu(1)


def test_a_killed_job_frees_its_gpu_even_if_its_children_live(environment, tmp_path):
    environment.setenv("CUDA_VISIBLE_DEVICES", "GPU-abc/1")
    code = """
import multiprocessing, subprocess, sys, time
from memdyn.jobs.gpu import claim_gpu
claim_gpu(1)
forked = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
forked.start()
started = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(60)"], stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL, close_fds=False
)
print(forked.pid, started.pid, flush=True)
time.sleep(60)
"""
    holder = start_worker(tmp_path, code)
    children = [int(pid) for pid in holder.stdout.readline().split()]
    try:
        waiter = start_worker(tmp_path, CLAIM_AND_TELL)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        for pid in children:
            os.kill(pid, 0)  # still there
        told, _ = waiter.communicate(timeout=60)
        assert told.strip() == "cuda GPU-abc/1"
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        holder.communicate()


def test_a_second_claim_in_one_process_keeps_the_gpu(environment):
    environment.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    code = CLAIM_AND_TELL + "\nprint(claim_gpu(1), os.environ['CUDA_VISIBLE_DEVICES'])"
    first, second = in_fresh_process(code).splitlines()
    assert first == second


def test_a_waiting_job_says_so_once(environment, tmp_path):
    environment.setenv("CUDA_VISIBLE_DEVICES", "7")
    holder = start_worker(tmp_path)
    assert holder.stdout.readline().strip() == "7"
    code = "import logging; logging.basicConfig(level='INFO')\n" + CLAIM_AND_TELL
    waiter = start_worker(tmp_path, code)
    line = waiter.stderr.readline()
    assert "all GPUs (7) are taken" in line
    (tmp_path / "go").touch()
    told, said = waiter.communicate(timeout=60)
    assert told.strip() == "cuda 7"
    assert "taken" not in said
    assert "waited" in said
    holder.communicate()


def test_zero_hides_the_gpus(environment):
    environment.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert claim_gpu(0) == "cpu"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""


def test_slurm_has_pinned_already(environment):
    environment.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    environment.setenv("SLURM_JOB_ID", "17")
    assert claim_gpu(1) == "cuda"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2,3"


@pytest.mark.parametrize("value", ["", "-1", "NoDevFiles"])
def test_no_visible_gpu_means_cpu(environment, value):
    environment.setenv("CUDA_VISIBLE_DEVICES", value)
    environment.setenv("SLURM_JOB_ID", "17")
    assert claim_gpu(1) == "cpu"


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("0", ["0"]),
        ("4, 2", ["4", "2"]),
        ("GPU-1a-2b,MIG-GPU-1a/3/0", ["GPU-1a-2b", "MIG-GPU-1a/3/0"]),
        ("1,-1,2", ["1"]),
    ],
)
def test_ids_come_from_the_variable(environment, value, ids):
    environment.setenv("CUDA_VISIBLE_DEVICES", value)
    assert visible_gpus() == ids


def test_gpus_are_counted_from_the_driver(environment, tmp_path):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(
        "#!/bin/sh\n"
        "echo 'GPU 0: NVIDIA H200 (UUID: GPU-aa)'\n"
        "echo '  MIG 1g.18gb Device  0: (UUID: MIG-bb)'\n"
        "echo 'GPU 1: NVIDIA H200 (UUID: GPU-cc)'\n"
    )
    tool.chmod(0o755)
    environment.setenv("PATH", str(tmp_path), prepend=":")
    assert visible_gpus() == ["0", "1"]


@pytest.mark.parametrize("wanted", [-1, 2])
def test_more_than_one_gpu_is_refused(wanted):
    with pytest.raises(ValueError, match="one GPU or none"):
        claim_gpu(wanted)


def test_a_foreign_lock_folder_is_refused(environment, tmp_path):
    environment.setattr("tempfile.tempdir", None)  # forget the folder found earlier
    environment.setenv("CUDA_VISIBLE_DEVICES", "0")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / f"memdyn-gpu-locks-{os.getuid()}").symlink_to(elsewhere)
    with pytest.raises(PermissionError, match="belongs to another user"):
        claim_gpu(1)
