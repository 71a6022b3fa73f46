"""The README's lines for SLURM on a real one booted here: tables as on one machine, and faults.

Debian packages are installed for it, so it runs only where it is asked for (``.ci/run`` does):

    MEMDYN_SLURM=1 pytest tests/slurm
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from memdyn.files import load_arrays, read_table, read_table_metadata

ROOT = Path(__file__).parents[2]
CLUSTER, SLOW = Path(__file__).with_name("cluster.sh"), Path(__file__).with_name("slow.yaml")
TINY = ROOT / "tests/faults/tiny.yaml"
SNAKEMAKE = Path(sys.executable).with_name("snakemake")
#: A GPU on each of three nodes, so that a job whose node is lost finds another.
SETTINGS = {
    "NODES": "3",
    "GPUS": "1",
    "CPUS": "8",
    "MEM_MB": "16000",
    "ACCT": "1",
    "DEAD_AFTER": "10",
}
#: The README's command; and how soon jobs are looked at, which is its only change.
PROFILE = ["--workflow-profile", str(ROOT / "workflow/profiles/slurm")]
OURS = ["--default-resources", "slurm_partition=gpu", "slurm_account=lab", "max_runtime=1440"]
SOON = ["--slurm-init-seconds-before-status-checks", "1"]
ASKED = [*PROFILE, *OURS, *SOON]
LOCAL = ["--workflow-profile", str(ROOT / "profiles/default"), "--cores", "2"]
TRAINED = "results/slow/slow_manifolds/networks/gauss_pg0.4_seed0_part0.safetensors"
LOG = "logs/slow/slow_manifolds/train_networks/gauss_pg0.4_seed0_part0.log"
#: Such a short time limit (min) that training stops itself some seconds after it began.
SHORT = ["--set-resources", "train_networks:runtime=1", "--retries", "20"]

pytestmark = pytest.mark.skipif(
    "MEMDYN_SLURM" not in os.environ, reason="boots a SLURM: asked for with MEMDYN_SLURM=1"
)


@pytest.fixture(scope="module")
def cluster(alone):
    """The environment of a client of the cluster."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        pytest.skip("SLURM is installed with apt-get, as root: neither is so here")
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))  # short: it holds sockets
    variables = {**os.environ, **SETTINGS, "LAB": str(folder)}
    script = ["bash", str(CLUSTER)]
    started = subprocess.run(
        [*script, "start"], env=variables, capture_output=True, text=True, timeout=400
    )
    if started.returncode:
        reason = (started.stderr.strip().splitlines() or ["no reason given"])[-1]
        subprocess.run([*script, "clean"], env=variables, capture_output=True, timeout=120)
        # Packages that cannot be had are no fault of ours; a cluster that does not come up is one.
        ours = not re.search("apt-get|a real SLURM", reason)
        (pytest.fail if ours else pytest.skip)(f"no SLURM here: {reason}")
    yield {**variables, "SLURM_CONF": f"{folder}/etc/slurm.conf"}
    subprocess.run([*script, "clean"], env=variables, capture_output=True, timeout=120)


def command(configfile: Path, *more: str) -> list[str]:
    return [str(SNAKEMAKE), "-s", str(ROOT / "Snakefile"), "--configfile", str(configfile), *more]


def begin(
    folder: Path, configfile: Path, *arguments: str, **variables: str
) -> subprocess.Popen[bytes]:
    """Start Snakemake in a folder; what it says goes to ``said.txt`` there."""
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", **variables}
    if variables:  # on the cluster it is SLURM that says which
        environment.pop("CUDA_VISIBLE_DEVICES")
    with (folder / "said.txt").open("w") as said:
        asked = command(configfile, *arguments)
        return subprocess.Popen(asked, cwd=folder, env=environment, stdout=said, stderr=said)


def run(folder: Path, configfile: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Run Snakemake in a folder to its end: its status, and what it says."""
    code = begin(folder, configfile, *arguments, **variables).wait()
    return code, (folder / "said.txt").read_text()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The slow training on one machine, begun before the cluster is: its folder and process."""
    folder = tmp_path_factory.mktemp("alone")
    return folder, begin(folder, SLOW, *LOCAL, "--", TRAINED)


def values(path: Path) -> dict:
    """All that a file holds to the bit, but for when and how it was made."""
    if path.suffix == ".parquet":
        table = read_table(path, read_table_metadata(path)["schema"])
        return {"columns": table.dtypes.to_dict(), "table": table.to_csv()}
    arrays, _ = load_arrays(path, "slow_manifolds.trained/2")
    return {name: array.tobytes() for name, array in arrays.items()}


@pytest.fixture(scope="module")
def trained(alone):
    """What the slow training ends with when nothing happens to it."""
    folder, main = alone
    assert main.wait() == 0, (folder / "said.txt").read_text()
    return values(folder / TRAINED)


@pytest.fixture(scope="module")
def starved(cluster, tmp_path_factory):
    """The slow training with too little memory, begun: its folder and process."""
    folder = tmp_path_factory.mktemp("starved")
    little = [*PROFILE, *OURS, "max_mem_mb=480", *SOON, "--retries", "0"]
    return folder, begin(folder, SLOW, *little, "--", TRAINED, **cluster)


@pytest.fixture(scope="module")
def limited(cluster, tmp_path_factory):
    """The slow training with too little time, begun: its folder and process."""
    folder = tmp_path_factory.mktemp("limited")
    return folder, begin(folder, SLOW, *ASKED, *SHORT, "--", TRAINED, **cluster)


def readme_lines() -> str:
    """What the README says to type on a cluster."""
    section = (ROOT / "README.md").read_text().partition("## GPUs and clusters")[2]
    (block,) = re.findall(r"```\n(\. \.venv/bin/activate\nsnakemake .*?)```", section, re.S)
    return block.strip()


def copy_of_the_repository(folder: Path) -> Path:
    """The workflow as it is, but for its largest scale, which is a tiny one here."""
    folder.mkdir()
    for name in ("src", "workflow", "envs", "profiles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", folder)
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config["scales"]["paper"] = yaml.safe_load(TINY.read_text())["scales"]["tiny"]
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


# What only takes time is begun before the first test.
@pytest.mark.usefixtures("starved", "limited")
def test_the_lines_of_the_readme_give_the_tables_of_one_machine(cluster, tmp_path):
    lines = readme_lines()
    assert len(lines.splitlines()) == 3
    there, here = (copy_of_the_repository(tmp_path / name) for name in ("there", "here"))
    variables = {name: value for name, value in cluster.items() if name != "CUDA_VISIBLE_DEVICES"}
    place = {"cwd": here, "env": {**variables, "CUDA_VISIBLE_DEVICES": ""}, "text": True}
    asked = [str(SNAKEMAKE), *LOCAL, "--config", "scale=paper"]
    plan = subprocess.run([*asked, "-n"], capture_output=True, check=True, **place).stdout
    names = sorted(set(re.findall(r"results/paper/\S+/tables/\w+\.parquet", plan)))
    assert len(names) > 20
    with (tmp_path / "said.txt").open("w+") as said:
        local = subprocess.Popen([*asked, "--", *names], stdout=said, stderr=said, **place)
        submitted = ["bash", "-ec", f"{lines} {' '.join(SOON)}"]
        done = subprocess.run(submitted, cwd=there, env=variables, capture_output=True, text=True)
        text = done.stdout + done.stderr
        assert done.returncode == 0, text[-4000:]
        assert text.count("submitted with SLURM jobid") < 16  # 51 jobs
        assert len([*(there / "figures").rglob("fig*.png")]) > 15
        assert local.wait() == 0, (tmp_path / "said.txt").read_text()[-4000:]
    made = (there / "results").rglob("tables/*.parquet")
    assert sorted(str(path.relative_to(there)) for path in made) == names
    for name in names:
        assert values(there / name) == values(here / name), name


def wait_for(folder: Path, word: str, job: str | None = None, seconds: float = 400) -> str:
    """The SLURM job that writes the log of training, once a word stands there.

    Args:
        job: one whose log is not meant.
    """
    until, log = time.monotonic() + seconds, folder / LOG
    while time.monotonic() < until:
        text = log.read_text() if log.exists() else ""
        written = re.search(r"SLURM job (\d+)", text)
        if word in text and written and written[1] != job:
            return written[1]
        time.sleep(0.3)
    raise AssertionError(f"{word!r} is not in {log}: {(folder / 'said.txt').read_text()[-3000:]}")


def lose(node: str, job: str, cluster: dict) -> None:
    """End a node as if its power were cut: its daemon, and all of a job that runs there."""
    daemon = Path(cluster["LAB"]) / f"run/slurmd.{node}.pid"
    os.kill(int(daemon.read_text()), signal.SIGKILL)
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            belongs = f"SLURM_JOB_ID={job}\0".encode() in (process / "environ").read_bytes()
            steps = f"slurmstepd: [{job}.".encode() in (process / "cmdline").read_bytes()
            if process.name.isdigit() and (belongs or steps):
                os.kill(int(process.name), signal.SIGKILL)


def told(cluster: dict, *asked: str) -> str:
    done = subprocess.run(asked, env=cluster, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_training_survives_all_that_happens_to_jobs(cluster, trained, tmp_path):
    """scancel, a lost node, Snakemake killed: what it ends with are the same bits."""
    chain = tmp_path / "chain"
    main = begin(chain, SLOW, *ASKED, "--", TRAINED, **cluster)
    job = wait_for(chain, "trial ")
    told(cluster, "scancel", job)
    job = wait_for(chain, "resuming at trial", job=job)

    node = told(cluster, "squeue", "--noheader", "--jobs", job, "--format", "%N")
    lose(node, job, cluster)
    (chain / LOG).unlink()  # the requeued job has the number of the lost one
    until = time.monotonic() + 120
    while told(cluster, "squeue", "--noheader", "--jobs", job, "--format", "%N%T") == (
        f"{node}RUNNING"
    ):
        assert time.monotonic() < until, "SLURM has not noticed that a node is gone"
        time.sleep(0.5)
    subprocess.run(["bash", str(CLUSTER), "start"], env=cluster, check=True, timeout=60)
    job = wait_for(chain, "resuming at trial")

    main.kill()
    main.wait()
    assert run(chain, SLOW, *PROFILE, "--unlock", **cluster)[0] == 0
    code, text = run(chain, SLOW, *ASKED, "--", TRAINED, **cluster)
    assert code != 0 and f"scancel {job}" in text and "still runs the job" in text, text[-3000:]
    told(cluster, "scancel", job)
    code, text = run(chain, SLOW, *ASKED, "--", TRAINED, **cluster)
    assert code == 0, text[-4000:]
    assert "resuming at trial" in (chain / LOG).read_text()
    assert values(chain / TRAINED) == trained


def test_training_survives_time_limits(limited, trained):
    folder, main = limited
    code, text = main.wait(), (folder / "said.txt").read_text()
    assert code == 0, text[-4000:]
    assert "time limit of its SLURM job is near" in text
    assert values(folder / TRAINED) == trained


def test_out_of_memory_is_said_with_what_to_do(starved):
    folder, main = starved
    assert main.wait() != 0
    text = (folder / "said.txt").read_text()
    assert re.search(r"(out of memory \(it asked for 480 MB\)|uses \d+ MB of the 480 MB)", text)
    assert "--set-resources" in text


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["slurm_partition=gppu", "slurm_account=lab"], "no partition 'gppu', but cpu, gpu"),
        (["slurm_partition=gpu", "slurm_account=nobody"], "'nobody' is none of yours"),
        (["slurm_partition=gpu", "max_runtime=4320"], "give max_runtime=1440"),
    ],
)
def test_what_would_wait_for_ever_is_refused(cluster, tmp_path, asked, words):
    code, text = run(
        tmp_path, SLOW, *PROFILE, "--default-resources", *asked, "--", TRAINED, **cluster
    )
    assert code != 0 and words in text, text[-3000:]
    assert "submitted" not in text
