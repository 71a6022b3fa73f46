"""Whole runs disturbed: Snakemake killed, two at once, code edited, ``.snakemake`` damaged.

    python tests/faults/runs.py [--each 3] [--seed 0]

Both studies' training and retraining at the scale of ``tiny.yaml``, in folders of their own. After
each fault the same command is given again, and what it makes is compared with the files of a run
that nobody disturbed. Prints fault, tried, survived, lost (a table is missing or the second run
fails), wrong (a table differs), and the longest time from the second start to its end.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kills import ROOT, TINY, values

TARGETS = [
    "results/tiny/slow_manifolds/networks/gauss_pg0.4_seed0_part0.safetensors",
    "results/tiny/timescales/networks/part0.safetensors",
    "results/tiny/timescales/retraining/part0.parquet",
]
SNAKEMAKE = Path(sys.executable).with_name("snakemake")
#: Work of a run lies between these times after its start (s), roughly.
WORKING = (4.0, 14.0)


def begin(folder: Path, root: Path = ROOT, *more: str) -> subprocess.Popen:
    """Start a run, as its own process group, as a shell does."""
    command = [SNAKEMAKE, "-s", root / "Snakefile", "--configfile", TINY, "--cores", "2", *more]
    command += ["--workflow-profile", root / "profiles/default", "--", *TARGETS]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("PYTHONPATH", None)
    with (folder / "said.txt").open("a") as said:
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=environment,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def said(folder: Path) -> str:
    return (folder / "said.txt").read_text()


def again(folder: Path) -> float:
    """Give the command again, after ``--unlock``; the time that it took (s)."""
    began, root = time.monotonic(), ROOT
    if (folder / "repository").exists():
        root = folder / "repository"
    begin(folder, root, "--unlock").wait()
    code = begin(folder, root).wait()
    if code:
        raise RuntimeError(said(folder)[-2000:])
    return time.monotonic() - began


def stopped(number: int, whole_group: bool = False) -> Callable[[Path, random.Random], None]:
    """A fault: a signal to Snakemake, or to it and all its jobs, at a random moment."""

    def fault(folder: Path, chance: random.Random) -> None:
        process = begin(folder)
        time.sleep(chance.uniform(*WORKING))
        if process.poll() is None:
            (os.killpg if whole_group else os.kill)(process.pid, number)
        process.wait()

    return fault


def two_at_once(folder: Path, chance: random.Random) -> None:
    """A second run beside the first, which Snakemake is told not to mind."""
    first = begin(folder)
    time.sleep(chance.uniform(*WORKING))
    begin(folder, ROOT, "--nolock").wait()
    first.wait()


def damaged_memory(folder: Path, chance: random.Random) -> None:
    """A run killed, and Snakemake's own folder removed or filled with nonsense."""
    stopped(signal.SIGKILL, whole_group=True)(folder, chance)
    if chance.random() < 0.5:
        shutil.rmtree(folder / ".snakemake", ignore_errors=True)
    for path in (folder / ".snakemake").rglob("*"):
        if path.is_file() and "log" not in path.parts:
            path.write_bytes(chance.randbytes(20))


def edited(folder: Path, chance: random.Random) -> None:
    """A module of the last job edited while the run is under way: the job must refuse to start."""
    root = folder / "repository"
    for name in ("src", "workflow", "profiles", "Snakefile", "config.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        root.mkdir(exist_ok=True)
        copy(ROOT / name, root / name)
    process = begin(folder, root)
    time.sleep(WORKING[0])
    with (root / "src/memdyn/timescales/robustness/retraining.py").open("a") as module:
        module.write("\n\nEXTRA = 1\n")
    if process.wait() == 0 or "was changed after this run was planned" not in said(folder):
        raise RuntimeError("a job ran under other code than its run was planned with")


FAULTS = {
    "main killed (kill -9)": stopped(signal.SIGKILL),
    "main and jobs killed": stopped(signal.SIGKILL, whole_group=True),
    "SIGTERM to main": stopped(signal.SIGTERM),
    "Ctrl-C": stopped(signal.SIGINT, whole_group=True),
    "two runs at once": two_at_once,
    ".snakemake damaged": damaged_memory,
    "code edited meanwhile": edited,
}


def campaign(each: int, seed: int, folder: Path) -> list[tuple[str, str, float]]:
    """(fault, outcome, seconds of the second run) of each fault, so many times."""
    whole, results = folder / "whole", []
    whole.mkdir()
    again(whole)
    expected = [values(whole / target) for target in TARGETS]
    chance = random.Random(seed)
    for name, fault in FAULTS.items():
        for i in range(each):
            place = folder / f"{len(results)}"
            place.mkdir()
            try:
                fault(place, chance)
                seconds = again(place)
                found = [values(place / target) for target in TARGETS]
                outcome = "survived" if found == expected else "wrong"
            except (RuntimeError, FileNotFoundError) as problem:
                outcome, seconds = "lost", 0.0
                print(f"{name}, {i}: {problem}", file=sys.stderr)
            results.append((name, outcome, seconds))
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT / "src"))
    with tempfile.TemporaryDirectory() as folder:
        results = campaign(args.each, args.seed, Path(folder))
    print(f"{'fault':24}{'tried':>8}{'survived':>10}{'lost':>8}{'wrong':>8}{'back in':>10}")
    for name in FAULTS:
        own = [(outcome, seconds) for fault, outcome, seconds in results if fault == name]
        kinds = [outcome for outcome, _ in own]
        survived, lost, wrong = (kinds.count(kind) for kind in ("survived", "lost", "wrong"))
        longest = max(seconds for _, seconds in own)
        print(f"{name:24}{len(own):>8}{survived:>10}{lost:>8}{wrong:>8}{longest:>8.0f} s")
    return int(any(outcome != "survived" for _, outcome, _ in results))


if __name__ == "__main__":
    sys.exit(main())
