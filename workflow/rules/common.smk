"""What all rules share: the checked configuration, folders, shards, code digests, GPUs."""

import os
import shutil
import sys
from collections import Counter
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

# Where the repository lies, wherever Snakemake was started from and whoever includes this.
ROOT = Path(workflow.current_basedir).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from memdyn.config import ConfigError
from memdyn.config import laid_over
from memdyn.config import resolve
from memdyn.costs import fits, memory
from memdyn.costs.shard_sizes import with_shard_sizes
from memdyn.jobs.digest import code_digest
from memdyn.jobs.gpu import visible_gpus
from memdyn.timescales import grid as timescales
from memdyn.slow_manifolds import grid as slow_manifolds

# Scripts find memdyn also in a conda environment, where it is not installed. No entry may be empty:
# it would stand for the work folder, whose signal.py would take the standard library's place.
own_path = [str(ROOT / "src"), *os.getenv("PYTHONPATH", "").split(os.pathsep)]
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, own_path)))
# What is asked for (--config, --configfile, the config of an importing module) over our values.
try:
    config = with_shard_sizes(
        resolve(
            laid_over(ROOT / "config.yaml", config),
            ROOT / "workflow/schemas/config.schema.yaml",
        )
    )
except ConfigError as problem:
    raise WorkflowError(str(problem))

SCALE = config["scale"]
SLOW_MANIFOLDS = config["slow_manifolds"]
# Shards that are trained, and with them those of snapshots that are analysed like networks of their own.
SM_TRAINED = slow_manifolds.shards(SLOW_MANIFOLDS["grid"])
SM_SHARDS = SM_TRAINED | slow_manifolds.snapshot_shards(
    SM_TRAINED, SLOW_MANIFOLDS["training"]["analysed"]
)
SM_RESULTS = f"results/{SCALE}/slow_manifolds"
SM_FIGURES = f"figures/{SCALE}/slow_manifolds"
SM_LOGS = f"logs/{SCALE}/slow_manifolds"
TIMESCALES = config["timescales"]
TS_SHARDS = timescales.shards(TIMESCALES)
TS_RESULTS = f"results/{SCALE}/timescales"
TS_FIGURES = f"figures/{SCALE}/timescales"
TS_LOGS = f"logs/{SCALE}/timescales"
# What jobs ask for, from the formulas of memdyn.costs.memory.
MEMORY = {
    name: memory.request(peak, name) for name, peak in memory.megabytes(config).items()
}
# What the costs of a run depend on.
COSTED = {key: config[key] for key in ("slow_manifolds", "timescales")}
# Rules that can use a GPU ask for one where there is one; the SLURM profile asks by itself.
GPU = 1 if visible_gpus() else 0
DT = SLOW_MANIFOLDS["network"]["dt"]


def code(script):
    """Digest of a script and of the memdyn modules it imports: Snakemake does not track imports."""
    return code_digest(ROOT / "workflow/scripts" / f"{script}.py")


def training_of(shard):
    """Settings of the training of a shard of study 1, with its own number of trials."""
    settings = SLOW_MANIFOLDS["training"]
    n_trials = SM_TRAINED[shard][0].trials or settings["n_trials"]
    kept = [trial for trial in settings["snapshots"] if trial < n_trials]
    asked = {key: value for key, value in settings.items() if key != "analysed"}
    return {**asked, "n_trials": n_trials, "snapshots": kept}


def stimuli_settings(variant):
    """Settings of the stimuli: those that the configuration gives to all, or a variant of them."""
    settings = dict(SLOW_MANIFOLDS["stimuli"])
    variants = settings.pop("variants")
    return {**settings, **(variants[variant] if variant else {})}


def stimuli_seen_by(shard):
    """File of the stimuli that a shard of study 1 is trained on and tested with."""
    variant = SM_SHARDS[shard][0].stimuli if shard else ""
    return f"{SM_RESULTS}/stimuli{'_' if variant else ''}{variant}.safetensors"


def stimuli_of(wildcards):
    """The same, for a rule whose wildcard is the shard."""
    return stimuli_seen_by(wildcards.shard)


def turn(shards, bonus=0):
    """Priority of a shard's jobs: shards that the configuration names earlier come earlier.

    A snapshot's come with those of its shard. ``bonus`` (below 10) puts the longest chain of a shard
    first: then cores end their work together.
    """
    order = {shard: 10 * (len(shards) - place) for place, shard in enumerate(shards)}

    def priority(wildcards):
        shard = wildcards.shard
        return bonus + order.get(shard, order.get(shard.rpartition("_trial")[0], 0))

    return priority


def shard_memory(rule, wildcards):
    """Memory (MB) to ask for one shard of study 2, by the rule's formula in memdyn.costs.memory."""
    peak = getattr(memory, rule)(TIMESCALES, TS_SHARDS[wildcards.shard])
    return memory.request(peak / memory.MB, rule)


def all_logs(wildcards):
    """Logs under this scale, with their times, so that compare runs again after each run."""
    if not Path(PREDICTION).exists():
        raise WorkflowError(
            f"{PREDICTION} does not exist: predict before the run, with "
            f"snakemake --cores N --config scale={SCALE} -- predict"
        )
    return {
        str(log): log.stat().st_mtime
        for log in sorted(Path(f"logs/{SCALE}").rglob("*.log"))
    }


def landscape_figure(wildcards):
    """The page of the network asked for, of study 1 or from outside (landscape.smk)."""
    if not NETWORK:
        some = next(iter(SM_SHARDS.values()))[0].name
        raise WorkflowError(
            f"name a network: snakemake --config network={some} -- landscape"
        )
    folder = SM_FIGURES if NETWORK_SHARD else f"figures/{SCALE}"
    return f"{folder}/{'landscapes' if NETWORK_SHARD else 'external'}/{NETWORK}.png"


def external_results(wildcards):
    """Tables of all networks from outside, and a figure of each (external.smk)."""
    if not EXTERNAL:
        raise WorkflowError(
            "the list 'external' in the configuration is empty: add a network to it"
        )
    return rules.collect_external.output + expand(
        f"figures/{SCALE}/external/{{name}}.png", name=EXTERNAL
    )


def benchmark_rows(wildcards):
    """What `make bench` has measured, the growth of costs apart (benchmarks.smk)."""
    found = [
        path
        for path in sorted(Path("results/benchmarks").glob("*.csv"))
        if path.stem != "growth"
    ]
    if not found:
        raise WorkflowError(
            "results/benchmarks holds no measured benchmark: run make bench first"
        )
    return found


def growth_points(wildcards):
    """What the benchmark of growth has measured (costs.smk)."""
    if not (found := Path("results/benchmarks/growth/points.csv")).exists():
        raise WorkflowError(
            f"{found} does not exist: run make bench, or tests/benchmarks/bench_growth.py"
        )
    return str(found)


def report_front():
    """What the report opens with: the page of a finished run, else a few sentences (report.smk)."""
    page = Path(REPORT_FRONT).resolve()
    return str(page if page.exists() else ROOT / "workflow/report/workflow.rst")


def refuse_unfit():
    """End the run before its first job if what is going to run fits neither memory nor disk."""
    jobs = Counter(job.rule.name for job in workflow.dag.needrun_jobs())
    # A cluster's nodes may have more memory than the machine that sends jobs there.
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / memory.MB
    room = pages if workflow.local_exec else float("inf")
    free = shutil.disk_usage(os.getcwd()).free
    try:
        fits.refuse_unfit(config, jobs, room, free, workflow.cores or len(jobs))
    except ConfigError as problem:
        raise WorkflowError(str(problem))


wildcard_constraints:
    shard="|".join([*SM_SHARDS, *TS_SHARDS]),


onstart:
    refuse_unfit()
    if GPU:
        logger.info(f"memdyn: {len(visible_gpus())} GPU(s) found, one per job.")
    else:
        logger.info("memdyn: no GPU found, everything runs on the CPU.")
