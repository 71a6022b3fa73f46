"""Training killed at random moments: it must end with the same bits, and lose nothing.

    python tests/faults/kills.py --kills 20 [--seed 0] [--only force curricula retraining] [--docs]

The jobs of ``tiny.yaml`` run in forked processes (``run_job.py``), are killed with SIGKILL
again and again (one in five with SIGTERM, which lets them save), and what they end with is compared
with the end of a job that nobody killed. Prints what was tried, how often a killed job went on, how
often it began anew since nothing had been saved, what differed, and how long it took to go on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from multiprocessing import get_context
from multiprocessing.process import BaseProcess as Process
from pathlib import Path
from typing import NamedTuple

import results

ROOT = Path(__file__).parents[2]
TINY = Path(__file__).with_name("tiny.yaml")
#: What is killed: name -> rule and the rules whose output it needs, all with a shard of their own.
JOBS = {
    "force": ("train_networks", ["make_stimuli"]),
    "curricula": ("train_curricula", []),
    "retraining": ("retrain_networks", ["train_curricula"]),
}
WILDCARDS = {
    "make_stimuli": {"variant": ""},
    "train_networks": {"shard": "gauss_pg0.4_seed0_part0"},
}


class Result(NamedTuple):
    """Outcome of the kills of one kind of job.

    Attributes:
        kills: tried.
        resumed, anew: restarts that went on, or began anew since nothing had been saved.
        ends: jobs that came to their end after kills.
        wrong: ends that differ from that of a job that was not killed; or other than 0 as status.
        recovery: longest time from a start to going on (s).
    """

    kills: int
    resumed: int
    anew: int
    ends: int
    wrong: list[str]
    recovery: float


def job(rule: str, folder: Path) -> Path:
    """Write down one job of the tiny scale, to run in ``folder``."""
    from memdyn.jobs.mock import mock_snakemake

    wildcards = WILDCARDS.get(rule, {"shard": "part0"})
    asked = mock_snakemake(rule, configfiles=[TINY], **wildcards)
    named = {name: dict(getattr(asked, name).items()) for name in ("input", "output", "params")}
    for name in ("input", "output"):
        files = getattr(asked, name)
        named[name] = named[name] or {f"file{i}": file for i, file in enumerate(files)}
    study = Path(asked.output[0]).parts[2]
    content = {
        **named,
        "wildcards": dict(asked.wildcards.items()),
        "log": asked.log[0],
        "script": str(ROOT / "workflow/scripts" / study.replace("stimuli", "") / f"{rule}.py"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{rule}.json"
    path.write_text(json.dumps(content))
    return path


def start(rule: str, folder: Path) -> Process:
    """Begin a job in a folder, with a fresh log."""
    import run_job

    log_of(rule, folder).unlink(missing_ok=True)
    asked = json.loads((folder / f"{rule}.json").read_text())
    process = get_context("fork").Process(target=run_job.run, args=(asked, folder))
    process.start()
    return process


def wait(process: Process) -> int | None:
    """The status with which a process ends."""
    process.join()
    return process.exitcode


def output(rule: str, folder: Path) -> Path:
    return folder / next(iter(json.loads((folder / f"{rule}.json").read_text())["output"].values()))


def log_of(rule: str, folder: Path) -> Path:
    return folder / json.loads((folder / f"{rule}.json").read_text())["log"]


def said(rule: str, folder: Path) -> str:
    path = log_of(rule, folder)
    return path.read_text() if path.exists() else ""


def values(path: Path) -> dict:
    """All that a finished file holds, but for what says when and how it was made."""
    from memdyn.files import load_arrays, read_table, read_table_metadata

    if path.suffix == ".parquet":
        return {"table": read_table(path, read_table_metadata(path)["schema"]).to_csv()}
    for schema in ("slow_manifolds.trained/2", "timescales.snapshots/1"):
        try:
            arrays, facts = load_arrays(path, schema)
        except Exception:
            continue
        facts.pop("provenance")
        return {name: array.tobytes() for name, array in arrays.items()} | {"facts": str(facts)}
    raise ValueError(f"{path} is no finished file")


def campaign(name: str, kills: int, chance: random.Random, folder: Path) -> Result:
    """Kill jobs of one kind so many times."""
    rule, needs = JOBS[name]
    whole = folder / "whole"
    for each in (*needs, rule):
        job(each, whole)
        if (code := wait(start(each, whole))) != 0:
            raise RuntimeError(f"{each} ended with {code}: {said(each, whole)[-500:]}")
    expected = values(output(rule, whole))
    tried, resumed, anew, ends, wrong, recovery, length = 0, 0, 0, 0, [], 0.0, 1.0
    while tried < kills:
        ends += 1
        place = folder / f"round{ends}"
        for each in (*needs, rule):
            job(each, place)
        for each in needs:
            before = output(each, whole).relative_to(whole)
            (place / before).parent.mkdir(parents=True, exist_ok=True)
            os.link(whole / before, place / before)
        again = False
        while True:
            began, process = time.monotonic(), start(rule, place)
            while " on cpu" not in said(rule, place) and process.exitcode is None:
                time.sleep(0.02)
            working = time.monotonic()
            if tried < kills:
                pause = chance.uniform(0, length)
                while process.exitcode is None and time.monotonic() < working + pause:
                    time.sleep(0.005)
            else:
                wait(process)
            text = said(rule, place)
            if again and process.exitcode in (None, 0):
                went_on = "resuming" in text or "it is kept" in text
                resumed, anew = resumed + went_on, anew + (not went_on)
                recovery = max(recovery, working - began) if went_on else recovery
            if process.exitcode is not None:
                length = max(length, 0.5 * (time.monotonic() - working))
                break
            os.kill(process.pid, signal.SIGTERM if tried % 5 == 4 else signal.SIGKILL)
            wait(process)
            tried, again = tried + 1, True
        if process.exitcode != 0:
            wrong.append(f"status {process.exitcode}: {said(rule, place)[-400:]}")
        elif values(output(rule, place)) != expected:
            wrong.append(f"{place} differs from {whole}")
    return Result(tried, resumed, anew, ends, wrong, recovery)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=list(JOBS), choices=JOBS)
    parser.add_argument("--docs", action="store_true", help="write the table into docs/faults.md")
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT / "src"))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in args.only:
            found = campaign(name, args.kills, random.Random(args.seed), Path(folder) / name)
            wrong, of = len(found.wrong), f"{name}: {found.resumed} went on, {found.anew} anew"
            kept = found.kills - wrong
            rows.append(results.Row(of, found.kills, kept, 0, wrong, found.recovery))
            results.show(rows[-1:])
            print(*found.wrong, sep="\n", file=sys.stderr)
    results.show(rows)
    if args.docs:
        results.write("kills", rows)
    return int(results.bad(rows))


if __name__ == "__main__":
    sys.exit(main())
