"""Whole runs disturbed: Snakemake killed, two at once, code edited, disks full or read-only.

    python tests/faults/runs.py [--each 3] [--seed 0] [--docs]

Both studies' training and retraining at the scale of ``tiny.yaml``, in folders of their own. After
each fault the same command is given again, and what it makes is compared with the files of a run
that nobody disturbed. Prints fault, tried, survived, lost (a table is missing, the second run
fails, or hangs), wrong (a table differs), and the longest time from the second start to its end.
Disks of their own, which are filled and made read-only, are mounted as root only.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

import results
from kills import ROOT, TINY, values

TARGETS = [
    "results/tiny/slow_manifolds/networks/gauss_pg0.4_seed0_part0.safetensors",
    "results/tiny/timescales/networks/part0.safetensors",
    "results/tiny/timescales/retraining/part0.parquet",
]
SNAKEMAKE = Path(sys.executable).with_name("snakemake")
#: A run that takes longer hangs (s).
PATIENCE = 900.0
#: Bytes of a disk that is filled or made read-only.
DISK = 128 * 2**20


def begin(folder: Path, root: Path = ROOT, *more: str) -> subprocess.Popen:
    """Start a run, as its own process group, as a shell does."""
    command = [SNAKEMAKE, "-s", root / "Snakefile", "--configfile", TINY, "--cores", "2", *more]
    command += ["--workflow-profile", root / "profiles/default", "--", *TARGETS]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("PYTHONPATH", None)
    with _terminal(folder).open("a") as terminal:
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=environment,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )


def _terminal(folder: Path) -> Path:
    """What a run says; not in its folder, whose disk may be full."""
    return folder.with_suffix(".txt")


def said(folder: Path) -> str:
    return _terminal(folder).read_text()


def end(process: subprocess.Popen, folder: Path) -> int:
    """The status with which a run ends."""
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise RuntimeError(f"a run hangs: {said(folder)[-2000:]}") from None


def work(process: subprocess.Popen, folder: Path) -> None:
    """Wait until a run's first job has begun.

    Raises:
        RuntimeError: the run ended before: nothing would be disturbed.
    """
    while not any((folder / "logs").rglob("*.log")):
        if process.poll() is not None:
            raise RuntimeError(f"a run ended before its first job: {said(folder)[-2000:]}")
        time.sleep(0.1)


def again(folder: Path) -> float:
    """Give the command again, after ``--unlock``; the time that it took (s)."""
    began, root = time.monotonic(), ROOT
    if (folder / "repository").exists():
        root = folder / "repository"
    end(begin(folder, root, "--unlock"), folder)
    if end(begin(folder, root), folder):
        raise RuntimeError(said(folder)[-2000:])
    return time.monotonic() - began


class Missed(Exception):
    """A run ended before it was disturbed: nothing was tried."""


class Chance(random.Random):
    """Random moments of a run's work, which takes ``length`` (s) when nobody disturbs it."""

    length = 10.0

    def pause(self, process: subprocess.Popen) -> None:
        """Wait until a random moment of a run.

        Raises:
            Missed: it ended before; the next one is expected to take no longer.
        """
        began, until = time.monotonic(), self.uniform(0, self.length)
        while (gone := time.monotonic() - began) < until:
            if process.poll() is not None:
                self.length = gone
                raise Missed
            time.sleep(0.02)


def stopped(number: int, whole_group: bool, folder: Path, chance: Chance) -> None:
    """A signal to Snakemake, or to it and all its jobs, at a random moment."""
    process = begin(folder)
    work(process, folder)
    chance.pause(process)
    (os.killpg if whole_group else os.kill)(process.pid, number)
    end(process, folder)


def two_at_once(folder: Path, chance: Chance) -> None:
    """A second run beside the first, which Snakemake is told not to mind."""
    first = begin(folder)
    work(first, folder)
    chance.pause(first)
    end(begin(folder, ROOT, "--nolock"), folder)
    end(first, folder)


def damaged_memory(folder: Path, chance: Chance) -> None:
    """A run killed, and Snakemake's own folder removed or filled with nonsense."""
    stopped(signal.SIGKILL, True, folder, chance)
    if chance.random() < 0.5:
        shutil.rmtree(folder / ".snakemake", ignore_errors=True)
    for path in (folder / ".snakemake").rglob("*"):
        if path.is_file() and "log" not in path.parts:
            path.write_bytes(chance.randbytes(20))


def edited(folder: Path, chance: Chance) -> None:
    """A module of the last job edited while the run is under way: the job must refuse to start."""
    root = folder / "repository"
    for name in ("src", "workflow", "envs", "profiles", "Snakefile", "config.yaml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        root.mkdir(exist_ok=True)
        copy(ROOT / name, root / name)
    process = begin(folder, root)
    work(process, folder)
    with (root / "src/memdyn/timescales/robustness/retraining.py").open("a") as module:
        module.write("\n\nEXTRA = 1\n")
    if end(process, folder) == 0 or "was changed after this run was planned" not in said(folder):
        raise RuntimeError(f"a job ran under other code than was planned: {said(folder)[-3000:]}")


def full_disk(folder: Path, chance: Chance) -> None:
    """The disk fills up at a random moment, and has room again some seconds later."""
    process = begin(folder)
    work(process, folder)
    chance.pause(process)
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(2**16))
    time.sleep(chance.uniform(2, 10))
    filler.unlink()
    end(process, folder)


def read_only_disk(folder: Path, chance: Chance) -> None:
    """A run killed, and its disk read-only when it is started again: it must say so and end."""
    stopped(signal.SIGKILL, True, folder, chance)
    until = time.monotonic() + 60
    while True:  # the killed run's jobs, which end by themselves, may still hold files open
        try:
            _mount(folder, "remount,ro")
            break
        except subprocess.CalledProcessError:
            if time.monotonic() > until:
                raise RuntimeError("somebody still writes what a killed run made") from None
            time.sleep(0.5)
    before = len(said(folder))
    code = end(begin(folder), folder)
    _mount(folder, "remount,rw")
    if code == 0 or "Read-only file system" not in said(folder)[before:]:
        raise RuntimeError(f"nothing is said of a read-only disk: {said(folder)[before:][-2000:]}")


def _mount(folder: Path, options: str) -> None:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def disk(folder: Path) -> Iterator[None]:
    """A small disk of its own at ``folder``."""
    _mount(folder, f"size={DISK}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def can_mount(folder: Path) -> bool:
    """Whether this user may mount disks."""
    folder.mkdir()
    try:
        with disk(folder):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


FAULTS = {
    "Snakemake killed (kill -9)": partial(stopped, signal.SIGKILL, False),
    "Snakemake and its jobs killed": partial(stopped, signal.SIGKILL, True),
    "SIGTERM to Snakemake": partial(stopped, signal.SIGTERM, False),
    "Ctrl-C": partial(stopped, signal.SIGINT, True),
    "two runs at once": two_at_once,
    "`.snakemake` removed or damaged": damaged_memory,
    "code edited meanwhile": edited,
    "disk full for some seconds": full_disk,
    "disk read-only": read_only_disk,
}
ON_OWN_DISK = (full_disk, read_only_disk)


def try_once(fault: Callable, place: Path, chance: Chance, expected: list) -> tuple[str, float]:
    """Outcome of one fault in a new folder, and the time (s) that the second run took."""
    place.mkdir()
    with disk(place) if fault in ON_OWN_DISK else nullcontext():
        try:
            fault(place, chance)
            seconds = again(place)
            found = [values(place / target) for target in TARGETS]
        except Missed:
            return try_once(fault, place.with_name(f"{place.name}x"), chance, expected)
        except (RuntimeError, OSError) as problem:
            print(f"{problem}", file=sys.stderr)
            return "lost", 0.0
    return ("survived" if found == expected else "wrong"), seconds


def campaign(each: int, seed: int, folder: Path, only: list[str]) -> list[results.Row]:
    """Each fault, so many times."""
    whole = folder / "whole"
    whole.mkdir()
    process = begin(whole)
    work(process, whole)
    began = time.monotonic()
    if end(process, whole):
        raise RuntimeError(said(whole))
    chance, rows = Chance(seed), []
    chance.length = time.monotonic() - began
    expected = [values(whole / target) for target in TARGETS]
    mounts = can_mount(folder / "mounted")
    for number, (name, fault) in enumerate(FAULTS.items()):
        if only and not any(word in name for word in only):
            continue
        if fault in ON_OWN_DISK and not mounts:
            print(f"{name}: not tried, as only root may mount a disk", file=sys.stderr)
            continue
        ends = [try_once(fault, folder / f"{number}_{i}", chance, expected) for i in range(each)]
        kinds = [kind for kind, _ in ends]
        counts = (kinds.count(kind) for kind in ("survived", "lost", "wrong"))
        rows.append(results.Row(name, each, *counts, max(seconds for _, seconds in ends)))
        results.show(rows[-1:])
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=[], help="words of the faults that are tried")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/faults.md")
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT / "src"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        rows = campaign(args.each, args.seed, Path(folder), args.only)
    results.show(rows)
    if args.docs:
        results.write("runs", rows)
    return int(results.bad(rows))


if __name__ == "__main__":
    sys.exit(main())
