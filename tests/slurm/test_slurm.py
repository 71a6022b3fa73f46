"""The SLURM profile as shipped, on a real SLURM booted here: tables as on one machine, and faults.

Debian packages are installed for it, so it runs only where it is asked for (``.ci/run`` does):

    MEMDYN_SLURM=1 pytest tests/slurm
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memdyn.files import load_arrays, read_table, read_table_metadata

ROOT = Path(__file__).parents[2]
CLUSTER, SLOW = Path(__file__).with_name("cluster.sh"), Path(__file__).with_name("slow.yaml")
TINY = ROOT / "tests/faults/tiny.yaml"
SNAKEMAKE = Path(sys.executable).with_name("snakemake")
SETTINGS = {"NODES": "1", "GPUS": "2", "CPUS": "8", "MEM_MB": "32000", "ACCT": "1"}
#: The command of the README, but for how soon jobs are looked at.
PROFILE = ["--workflow-profile", str(ROOT / "workflow/profiles/slurm")]
OURS = ["--default-resources", "slurm_partition=gpu", "slurm_account=lab", "max_runtime=1440"]
SOON = ["--slurm-init-seconds-before-status-checks", "3"]
LOCAL = ["--workflow-profile", str(ROOT / "profiles/default"), "--cores", "2"]
TRAINED = "results/slow/slow_manifolds/networks/gauss_pg0.4_seed0_part0.safetensors"

pytestmark = pytest.mark.skipif(
    "MEMDYN_SLURM" not in os.environ, reason="boots a SLURM: asked for with MEMDYN_SLURM=1"
)


@pytest.fixture(scope="module")
def cluster():
    """The environment of a client of the cluster."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        pytest.skip("SLURM is installed with apt-get, as root: neither is so here")
    variables = {**os.environ, **SETTINGS}
    started = subprocess.run(
        ["bash", CLUSTER, "start"], env=variables, capture_output=True, text=True, timeout=300
    )
    if started.returncode:
        reason = (started.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"SLURM's packages cannot be had here: {reason}")
    told = subprocess.run(["bash", CLUSTER, "env"], env=variables, capture_output=True, text=True)
    conf = re.search(r"SLURM_CONF='(.*)'", told.stdout)[1]
    yield {"SLURM_CONF": conf}
    subprocess.run(["bash", CLUSTER, "clean"], env=variables, capture_output=True, timeout=120)


def command(configfile: Path, *more: str) -> list[str]:
    return [
        str(SNAKEMAKE),
        "-s",
        str(ROOT / "Snakefile"),
        "--configfile",
        str(configfile),
        *more,
    ]


def run(folder: Path, configfile: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Run Snakemake in a folder to its end: its status, and what it says."""
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", **variables}
    if variables:
        environment.pop("CUDA_VISIBLE_DEVICES")
    asked = command(configfile, *arguments)
    done = subprocess.run(asked, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def values(path: Path) -> dict:
    """All that a file holds, but for when and how it was made."""
    if path.suffix == ".parquet":
        return {"table": read_table(path, read_table_metadata(path)["schema"]).to_csv()}
    arrays, _ = load_arrays(path, "slow_manifolds.trained/2")
    return {name: array.tobytes() for name, array in arrays.items()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What the slow training ends with when nothing happens to it."""
    folder = tmp_path_factory.mktemp("local")
    code, text = run(folder, SLOW, *LOCAL, "--", TRAINED)
    assert code == 0, text
    return values(folder / TRAINED)


def test_both_studies_give_the_tables_of_one_machine(cluster, tmp_path):
    code, text = run(tmp_path / "slurm", TINY, *PROFILE, *OURS, *SOON, "--", "all", **cluster)
    assert code == 0, text[-4000:]
    assert text.count("submitted with SLURM jobid") < 20  # 46 jobs
    code, text = run(tmp_path / "local", TINY, *LOCAL, "--", "all")
    assert code == 0, text[-4000:]
    tables = sorted((tmp_path / "local/results").rglob("tables/*.parquet"))
    assert len(tables) > 20
    for path in tables:
        assert values(tmp_path / "slurm" / path.relative_to(tmp_path / "local")) == values(path), (
            path
        )
    for path in sorted((tmp_path / "local/figures").rglob("*.csv")):
        other = tmp_path / "slurm" / path.relative_to(tmp_path / "local")
        assert other.read_bytes() == path.read_bytes(), path


def test_training_stops_before_its_time_limit_and_goes_on(cluster, trained, tmp_path):
    limit = ["--set-resources", "train_networks:runtime=1"]
    code, text = run(tmp_path, SLOW, *PROFILE, *OURS, *SOON, *limit, "--", TRAINED, **cluster)
    assert code == 0, text[-4000:]
    assert "time limit of its SLURM job is near" in text
    assert values(tmp_path / TRAINED) == trained


def test_out_of_memory_is_said_with_what_to_do(cluster, tmp_path):
    little = [*OURS, "max_mem_mb=480", *SOON, "--retries", "0"]
    code, text = run(tmp_path, SLOW, *PROFILE, *little, "--", TRAINED, **cluster)
    assert code != 0
    assert re.search(r"(out of memory \(it asked for 480 MB\)|uses \d+ MB of the 480 MB)", text), (
        text
    )
    assert "--set-resources" in text


def begin(folder: Path, cluster: dict, *more: str) -> subprocess.Popen:
    asked = command(SLOW, *PROFILE, *OURS, *SOON, *more, "--", TRAINED)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(asked, cwd=folder, env={**os.environ, **cluster}, **quiet)


def wait_for(log: Path, word: str, seconds: float = 120) -> str:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if log.exists() and word in (text := log.read_text()):
            return text
        time.sleep(0.5)
    raise AssertionError(f"{word!r} is not in {log}")


def test_a_cancelled_job_and_a_killed_main(cluster, trained, tmp_path):
    """scancel: the next try goes on. Main killed: a second run names the job that still writes."""
    log = tmp_path / "logs/slow/slow_manifolds/train_networks/gauss_pg0.4_seed0_part0.log"
    main = begin(tmp_path, cluster)
    job = re.search(r"SLURM job (\d+)", wait_for(log, "trial "))[1]
    subprocess.run(["scancel", "--signal=TERM", job], env={**os.environ, **cluster}, check=True)
    wait_for(log, "resuming at trial")
    main.send_signal(signal.SIGKILL)
    main.wait()
    unlock = run(tmp_path, SLOW, *PROFILE, "--unlock", **cluster)
    assert unlock[0] == 0, unlock[1]
    code, text = run(tmp_path, SLOW, *PROFILE, *OURS, *SOON, "--", TRAINED, **cluster)
    job = re.search(r"SLURM job (\d+)", log.read_text())[1]
    if code:  # else it had just ended
        assert f"scancel {job}" in text and "still runs the job" in text, text[-3000:]
        subprocess.run(["scancel", job], env={**os.environ, **cluster}, check=True)
        code, text = run(tmp_path, SLOW, *PROFILE, *OURS, *SOON, "--", TRAINED, **cluster)
    assert code == 0, text[-4000:]
    assert values(tmp_path / TRAINED) == trained
