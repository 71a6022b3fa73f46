"""What the workflow costs beside its work, and what a second core gains.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_pipeline.py [--only overhead | cores]

Overhead: the jobs behind one figure of this workflow, in a copy of the repository whose scripts
import what they import and then only touch their outputs. What is left is Snakemake, interpreters
and imports; a run that finds everything done is subtracted, and the rest divided by the jobs. Its
share in a run is given for the scale `standard`: so many jobs, over the CPU-seconds of the run, as
`snakemake --config scale=standard -- predict` has them or, without a prediction, as a guess.

Cores: two shards of study 1 trained by the workflow on one core, then on two, on the wall's clock,
Snakemake's own start included. Meant for a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import ast
import csv
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import Row, begin, parser, report

from memdyn.slow_manifolds.grid import shards

ROOT = Path(__file__).parents[2]
TOUCH = "\nfrom pathlib import Path\nfor f in snakemake.output: Path(f).touch()\n"
#: CPU-seconds of `standard`: by its prediction, or, where none was made, 3 hours on 8 cores.
PREDICTION, STANDARD = ROOT / "results/standard/prediction.csv", 3 * 8 * 3600
GRID = {
    **{"distribution": ["gauss"], "g": [0.9], "pg": [0.4], "fb": [10, 5]},
    **{"seed": [0, 1], "networks_per_shard": 2},
}


def copy_repository(folder: Path, imports_only: bool) -> None:
    """Copy what a run needs; scripts may be cut down to their imports."""
    for name in ("Snakefile", "config.yaml", "workflow", "envs", "src", "profiles"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / name)
    for script in (folder / "workflow/scripts").rglob("*.py") if imports_only else ():
        tree = ast.parse(script.read_text())
        imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        script.write_text("\n".join(map(ast.unparse, imports)) + TOUCH)


def snakemake(folder: Path, *arguments: str) -> tuple[float, float, str]:
    """Run Snakemake in a copy; CPU-seconds of it and its jobs, seconds on the wall, its words."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    variables = os.environ | {"PYTHONPATH": str(folder / "src"), "CUDA_VISIBLE_DEVICES": ""}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    text = done.stdout + done.stderr
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{text}")
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu, wall, text


def n_jobs(text: str) -> int:
    """Number of jobs in Snakemake's table of them, targets apart."""
    table = text.partition("Job stats:")[2].partition("total")[0]
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", table, re.M))
    targets = ("all", "slow_manifolds", "timescales", "claims")
    return sum(int(n) for name, n in jobs.items() if name not in (*targets, *FIGURES))


FIGURES = tuple(f"fig{i}" for i in range(1, 6))


def expected_work(predicted: Path = PREDICTION) -> tuple[float, str]:
    """CPU-seconds of a run at the scale `standard`, and where that number is from."""
    if not predicted.is_file():
        return STANDARD, "the run as expected"
    with predicted.open(encoding="utf-8") as file:
        *_, total = csv.DictReader(file)
    return float(total["cpu"]), "the run as predicted"


def overhead(target: str) -> Row:
    """What it takes to start all jobs of `standard`, against their work."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_repository(folder, imports_only=True)
        _, _, plan = snakemake(folder, "-n", "--forceall", "--config", "scale=standard")
        cpu, _, text = snakemake(folder, "--cores", "1", target)
        once, _, _ = snakemake(folder, "--cores", "1", target)
    here, all_jobs = n_jobs(text), n_jobs(plan)
    each = (cpu - once) / here
    work, source = expected_work()
    total = once + all_jobs * each
    return Row(
        work="overhead",
        what="starting the jobs of the scale standard",
        size=f"{all_jobs} jobs",
        ours=total,
        reference=work,
        against=source,
        target=20,
        note=f"{each:.2f} CPU-s for each job (mean of {here} behind {target}), {once:.1f} once: "
        f"{total / work:.1%} of the run (asked: 5 % at most)",
    )


def two_cores(units: int, trials: int, rounds: int) -> Row:
    """Two shards on one core and on two, in turns; the best of each counts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_repository(folder, imports_only=False)
        study = {"stimuli": {"source": "gaussian"}, "grid": GRID}
        study |= {"network": {"n_units": units}, "training": {"n_trials": trials}}
        config = {"scale": "bench", "scales": {"bench": {"slow_manifolds": study}}}
        (folder / "bench.yaml").write_text(json.dumps(config))  # JSON is YAML
        settings = ("--configfile", "bench.yaml", "--scheduler", "greedy")
        results = "results/bench/slow_manifolds"
        snakemake(folder, "--cores", "1", *settings, f"{results}/stimuli.safetensors")
        networks = [f"{results}/networks/{name}.safetensors" for name in shards(GRID)]
        walls = {"1": [], "2": []}
        for cores in ("1", "2") * rounds:
            (folder / results / "networks").exists() and shutil.rmtree(
                folder / results / "networks"
            )
            walls[cores].append(snakemake(folder, "--cores", cores, *settings, *networks)[1])
    return Row(
        work="two_cores",
        what="two training jobs on two cores",
        size=f"2 shards of 2 networks, {units} units, {trials} trials",
        ours=min(walls["2"]),
        reference=min(walls["1"]),
        against="on one core",
        target=1.8,
        unit="s",
        note="Snakemake's start included",
    )


def main(argv=None) -> None:
    made = parser(__doc__)
    made.add_argument("--only", choices=("overhead", "cores"))
    made.add_argument("--target", default="fig4_map", help="figure whose jobs are started")
    made.add_argument("--units", type=int, default=1000)
    made.add_argument("--trials", type=int, default=80)
    made.add_argument("--rounds", type=int, default=2)
    options: argparse.Namespace = begin(made, argv)
    if options.small:
        options.target, options.units, options.trials, options.rounds = "make_stimuli", 20, 1, 1
    if options.only != "cores":
        report(overhead(options.target), options)
    if options.only != "overhead":
        report(two_cores(options.units, options.trials, options.rounds), options)


if __name__ == "__main__":
    main()
