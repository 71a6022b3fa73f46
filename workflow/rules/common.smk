"""What all rules share: the checked configuration, folders, shards, code digests, GPUs."""

import os
import shlex
import shutil
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.jobs import Job
from snakemake.logging import logger
from snakemake_interface_executor_plugins.settings import ExecMode

# Where the repository lies, wherever Snakemake was started from and whoever includes this.
ROOT = Path(workflow.current_basedir).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))
# The logger plugin is the environment's, and has brought memdyn from where that is installed: what is planned
# has to be what jobs run, which is this folder's.
brought = getattr(sys.modules.get("memdyn"), "__file__", None)
if brought and not Path(brought).is_relative_to(ROOT / "src"):
    for name in [name for name in sys.modules if name.partition(".")[0] == "memdyn"]:
        del sys.modules[name]

from memdyn import run_end
from memdyn.config import ConfigError
from memdyn.config import laid_over
from memdyn.config import resolve
from memdyn.costs import fits, memory, runtimes, usual
from memdyn.costs.shard_sizes import with_shard_sizes
from memdyn.jobs import checks, cluster, plan, records, writers
from memdyn.jobs.digest import code_digest
from memdyn.jobs.gpu import jobs_per_gpu, visible_gpus
from memdyn.jobs.logs import was_killed
from memdyn.progress import lines as progress
from memdyn.progress.plan import of_dag
from memdyn.progress.time_left import time_left
from memdyn.timescales import grid as timescales
from memdyn.slow_manifolds import grid as slow_manifolds

RUN_BEGAN = time.time()
# Scripts find memdyn also in a conda environment, where it is not installed. No entry may be empty:
# it would stand for the work folder, whose signal.py would take the standard library's place.
own_path = [str(ROOT / "src"), *os.getenv("PYTHONPATH", "").split(os.pathsep)]
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, own_path)))
# The run's own Snakemake plans; a job's inherits the plan, and no script is run under other code.
if workflow.exec_mode == ExecMode.DEFAULT:
    plan.begin()
    if damaged := records.clear_damaged():
        logger.warning(
            f"memdyn: {damaged} of Snakemake's records (.snakemake) were damaged and are gone. Ask "
            "snakemake -- check_results whether results are of this code and configuration."
        )
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
# What the tables of study 1 do not say, and claims and figures ask for.
SM_FACTS = {
    "n_units": SLOW_MANIFOLDS["network"]["n_units"],
    "delay": SLOW_MANIFOLDS["task"]["delay"],
    # Memories and outcomes.
    "n_items": 3 * len(SLOW_MANIFOLDS["task"]["classes"]) - 1,
}
TIMESCALES = config["timescales"]
TS_SHARDS = timescales.shards(TIMESCALES)
TS_RESULTS = f"results/{SCALE}/timescales"
TS_FIGURES = f"figures/{SCALE}/timescales"
TS_LOGS = f"logs/{SCALE}/timescales"
if config["kept"] and not Path(config["kept"]).is_dir():
    raise WorkflowError(f"config key 'kept': {config['kept']} is no folder")
# Where figures and claims find tables and recordings: what this run makes, or what was kept of one.
SOURCE = config["kept"] or f"results/{SCALE}"
SM_SOURCE, TS_SOURCE = f"{SOURCE}/slow_manifolds", f"{SOURCE}/timescales"
# What jobs ask for, from the formulas of memdyn.costs.memory, and of a cluster what each try asks for.
MEMORY = {
    name: memory.request(peak, name) for name, peak in memory.megabytes(config).items()
}
# What the costs of a run depend on.
COSTED = {key: config[key] for key in ("slow_manifolds", "timescales", "bridge")}


def of_profile(name, otherwise):
    """A number that a profile gives us among its default-resources."""
    given = workflow.resource_settings.default_resources
    return given[name].value if given and name in given else otherwise


def on_cluster():
    """Whether jobs run elsewhere; known when they are made, not yet while rules are read."""
    return not workflow.local_exec or workflow.remote_exec


def gpus(wildcards):
    """GPUs of a job that can use one: 1 where there is one.

    The machine that sends jobs to a cluster need not have any: there each asks for one, unless the
    profile says otherwise. A job that finds none on its node runs on the CPU.
    """
    return of_profile("max_gpu", int(on_cluster() or bool(VISIBLE_GPUS)))


VISIBLE_GPUS = visible_gpus()
DT = SLOW_MANIFOLDS["network"]["dt"]


def code(script):
    """Digest of a script and of the memdyn modules it imports: Snakemake does not track imports.

    It is taken when a job asks for it: a job on a cluster needs that of its own script only.
    """
    return lambda wildcards: planned_code(script)


@cache
def planned_code(script):
    digest = code_digest(ROOT / "workflow/scripts" / f"{script}.py")
    plan.note_code(script, digest)
    return digest


def training_of(shard):
    """Settings of the training of a shard of study 1, with its own number of trials."""
    settings = SLOW_MANIFOLDS["training"]
    n_trials = SM_TRAINED[shard][0].trials or settings["n_trials"]
    kept = [trial for trial in settings["snapshots"] if trial < n_trials]
    asked = {key: value for key, value in settings.items() if key != "analysed"}
    return {**asked, "n_trials": n_trials, "snapshots": kept}


def training_decided_by(wildcards):
    """What of the configuration decides what training makes of a shard's networks."""
    sections = ("network", "training", "curriculum", "max_N", "side_by_side")
    own = {network.condition for network in TS_SHARDS[wildcards.shard]}
    conditions = {name: TIMESCALES["conditions"][name] for name in sorted(own)}
    return {key: TIMESCALES[key] for key in sections} | {"conditions": conditions}


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


def shard_memory(rule):
    """Memory (MB) to ask for one shard of study 2, by the rule's formula in memdyn.costs.memory."""

    def asked(wildcards):
        peak = getattr(memory, rule)(TIMESCALES, TS_SHARDS[wildcards.shard])
        return memory.request(peak / memory.MB, rule)

    return asked


def megabytes(first):
    """Memory (MB) that each try of a job asks for; ``first``: a number, or one for the wildcards."""

    def asked(wildcards, attempt):
        own = first(wildcards) if callable(first) else first
        own += runtimes.SNAKEMAKE if on_cluster() else 0
        return runtimes.megabytes(own, attempt, of_profile("max_mem_mb", float("inf")))

    return asked


def minutes(rule, otherwise=runtimes.START):
    """Time (min) that each try of a rule's job asks for, from the costs of its work."""

    def asked(wildcards, attempt):
        shard = wildcards.get("shard", "")
        if "trial" in wildcards.keys():
            shard += f"_trial{wildcards.trial}"
        first = time_limits().get((rule, shard), otherwise)
        # The analyses of a shard are one job on a cluster, which asks for the sum of their times.
        share = len(ANALYSES) if rule in ANALYSES else 1
        most = of_profile("max_runtime", 1440) // share
        return runtimes.limit(first, attempt, most)

    return asked


#: Rules of the group "analysis", which share one job on a cluster.
ANALYSES = (
    *("test_performance", "find_attractors", "classify_mechanisms", "find_cycles"),
    *("find_fixed_points", "find_exponents", "vote_mechanisms", "extend_delays"),
    *("add_noise", "measure_forgetting"),
)


@cache
def time_limits():
    return runtimes.minutes(config)


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
    """The page of the network asked for, of study 1 or from outside (network_page.smk)."""
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


def external_memory(wildcards):
    """What taking a network apart needs (MB), before it starts: see ``memory_need.memory_mb``."""
    from memdyn.landscape.memory_need import memory_mb

    return memory_mb(EXTERNAL[wildcards.name])


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


def tables_of_claims(study):
    """The tables that a study's claims ask; of an earlier run those that were kept of it."""
    paths = [f"{SOURCE}/{study}/tables/{name}.parquet" for name in CLAIMS_OF[study]]
    return [path for path in paths if not config["kept"] or Path(path).exists()]


def drawn_from_kept(wildcards):
    """The kept figures and pages all of whose tables were kept, too (kept.smk)."""
    if not config["kept"]:
        raise WorkflowError("name a folder of tables: snakemake --config kept=...")
    makers = {str(file): rule for rule in workflow.rules for file in rule.output}

    def there(file):
        if file.startswith(f"{SOURCE}/"):
            return Path(file).exists()
        return file in makers and all(there(str(one)) for one in makers[file].input)

    asked = [*map(str, rules.all.input), *map(str, rules.write_pages.output)]
    kept = [file for file in asked if Path(SOURCE, file.split("/", 2)[2]).exists()]
    if not (found := [file for file in kept if there(file)]):
        raise WorkflowError(
            f"config key 'kept': {SOURCE} holds the tables of no figure"
        )
    return found


def refuse_unfit():
    """End the run before its first job if what is going to run fits neither memory nor disk."""
    jobs = Counter(job.rule.name for job in workflow.dag.needrun_jobs())
    # A cluster's nodes may have more memory than the machine that sends jobs there.
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / memory.MB
    room = pages if workflow.local_exec else float("inf")
    free = shutil.disk_usage(os.getcwd()).free
    # On a cluster no cores are given, and workflow.cores would complain.
    cores = workflow.resource_settings.cores or len(jobs)
    try:
        fits.refuse_unfit(config, jobs, room, free, cores)
    except ConfigError as problem:
        raise WorkflowError(str(problem))


def trained_by(rule, shard):
    """How many networks a job trains."""
    trained = {"train_networks": SM_TRAINED, "train_curricula": TS_SHARDS}.get(rule, {})
    return len(trained.get(shard, ()))


def announce():
    """Say what the run is going to do and take; the logger plugin hears the plan itself."""
    limits = workflow.resource_settings
    at_once = limits.nodes if on_cluster() else limits.cores
    plan = of_dag(
        SCALE,
        workflow.dag,
        usual.expected(config, f"results/{SCALE}/calibration.json"),
        trained_by,
        ROOT / "workflow/rules",
        at_once or 1,
    )
    said = progress.announcement(plan, time_left(plan, {}, {}))
    logger.info(said, extra={"memdyn_plan": plan})


def asked_now():
    """What each table and array file of this scale would be made with now (check_results)."""
    found = []
    for path in sorted(Path(f"results/{SCALE}").rglob("*.*")):
        if path.suffix not in (".parquet", ".safetensors") or ".partial" in str(path):
            continue
        for each in workflow.rules:
            if each.script and each.is_producer(str(path)):
                job = Job(each, workflow.dag, each.get_wildcards(str(path)))
                found.append(
                    list(
                        checks.asked_of(str(path), each.name, dict(job.params.items()))
                    )
                )
                break
    return found


def hints_of_killed():
    """A sentence for each job whose log stops without a word, since it was killed from outside."""
    for job in workflow.dag.needrun_jobs():
        for path in map(str, job.log):
            if was_killed(path) and not all(
                Path(str(file)).exists() for file in job.output
            ):
                asks, rule = job.resources, job.rule.name
                yield (
                    f"{path} ends without a word, so its job was killed: out of memory (it asked for "
                    f"{asks.mem_mb} MB), out of time ({asks.runtime} min), or by hand. Start the run "
                    f"again; --set-resources {rule}:mem_mb={2 * asks.mem_mb} asks for more."
                )


def refuse_cluster():
    """End the run before its first job if SLURM would refuse its jobs, or let them wait for ever."""
    submitted = [
        job.resources for job in workflow.dag.needrun_jobs() if not job.is_local
    ]
    asked = {
        (str(one.get("slurm_partition", "")), str(one.get("slurm_account", "")))
        for one in submitted
    }
    most, gpu = of_profile("max_runtime", 1440), gpus({})
    told = {
        sentence: None
        for partition, account in sorted(asked)
        for sentence in cluster.problems(partition, account, most, gpu)
    }
    if told:
        raise WorkflowError("\n".join(told))


def refuse_second_writers():
    """End the run before its first job if an earlier run's jobs still write what it would make."""
    logs = [str(path) for job in workflow.dag.needrun_jobs() for path in job.log]
    if sentences := writers.living(logs, patience=20):
        raise WorkflowError("\n".join(sentences))


wildcard_constraints:
    shard="|".join([*SM_SHARDS, *TS_SHARDS]),


onstart:
    refuse_unfit()
    refuse_second_writers()
    if on_cluster():
        refuse_cluster()
        logger.info(f"memdyn: each job that can use a GPU asks for {gpus({})}.")
    elif VISIBLE_GPUS:
        jobs = jobs_per_gpu()
        shared = f"{jobs} jobs on each" if jobs > 1 else "one per job"
        logger.info(f"memdyn: {len(VISIBLE_GPUS)} GPU(s) found, {shared}.")
    else:
        logger.info("memdyn: no GPU found, everything runs on the CPU.")
    announce()


onsuccess:
    logger.info(run_end.success(SCALE))


# Snakemake keeps one of each of these: all that a failed run says is said here.
onerror:
    for hint in hints_of_killed():
        logger.error(f"memdyn: {hint}")
    command = shlex.join(["snakemake", *sys.argv[1:]])
    logger.info(run_end.failure(SCALE, command, RUN_BEGAN))
