"""The workflow as a user meets it: plans, refusals, and what an edit makes run again.

The repository is copied and its scripts only touch their outputs, so that a whole run takes
seconds; their imports stay, since those decide what an edit makes run again.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from memdyn.bridge.tables import KINDS as BR_KINDS
from memdyn.config import resolve
from memdyn.costs import work
from memdyn.costs.shard_sizes import with_shard_sizes
from memdyn.slow_manifolds.tables import KINDS as SM_KINDS
from memdyn.timescales.tables import KINDS as TS_KINDS

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
STUB = "from pathlib import Path\nfor f in snakemake.output: Path(f).touch()\nraise SystemExit\n"
DYNAMICS = {"find_cycles", "find_fixed_points", "find_exponents"}
NETWORKS = {
    *("train_networks", "test_performance", "find_attractors", "extend_delays", "add_noise"),
    *DYNAMICS,
}
TIMESCALES = {
    *("train_curricula", "measure_timescales", "test_memory", "ablate_neurons"),
    *("perturb_networks", "retrain_networks", "change_steps"),
}


def snakemake(folder, *arguments, **environment):
    """Run Snakemake in a copy of the repository, with the copy's own package."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    variables = {
        **os.environ,
        "PYTHONPATH": str(folder / "src"),
        "CUDA_VISIBLE_DEVICES": "",
        **environment,
    }
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def planned(folder, *arguments, **environment):
    """Rules that a dry run would run, with their number of jobs."""
    code, text = snakemake(folder, "--dry-run", "--quiet", "rules", *arguments, **environment)
    assert code == 0, text
    table = text.partition("Job stats:")[2].partition("total")[0]
    jobs = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.M)}
    targets = ("all", "slow_manifolds", "timescales", "bridge", "claims")
    return {name: count for name, count in jobs.items() if name not in targets}


def copy_repository(folder):
    for name in ("Snakefile", "config.yaml", "workflow", "envs", "src", "profiles"):
        source = ROOT / name
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignore)
        else:
            shutil.copy(source, folder / name)
    for script in (folder / "workflow/scripts").rglob("*.py"):
        script.write_text(STUB + script.read_text())
    config = folder / "config.yaml"  # one shard of each study: as few jobs as there are rules
    text = config.read_text()
    for old, new in (
        ("seed: [0, 1, 2], networks_per_shard: 14", "seed: [0], networks_per_shard: 14"),
        ("networks_per_shard: 15", "networks_per_shard: 42"),
    ):
        assert old in text
        text = text.replace(old, new)
    config.write_text(text)
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A copy in which everything has been run at the quick scale."""
    folder = copy_repository(tmp_path_factory.mktemp("finished"))
    code, text = snakemake(folder)
    assert code == 0, text
    return folder


def test_figures_are_drawn_from_kept_tables_alone(tmp_path):
    """A folder of them is all that figures and claims need."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "x").mkdir()
    folder, kept = copy_repository(tmp_path / "x"), ("--config", f"kept={tmp_path / 'kept'}")
    code, text = snakemake(folder, "-n", *kept)
    assert code and str(tmp_path / "kept/") in text, "what is missing is named"
    kinds = {"slow_manifolds": SM_KINDS, "timescales": TS_KINDS, "bridge": BR_KINDS}
    for study, tables in kinds.items():
        (tmp_path / "kept" / study / "tables").mkdir(parents=True)
        for table in tables:
            (tmp_path / "kept" / study / f"tables/{table}.parquet").touch()
    for recorded in ("stimuli", "examples", "landscapes"):
        (tmp_path / f"kept/slow_manifolds/{recorded}.safetensors").touch()
    jobs = planned(folder, *kept)
    assert {"fig4_map", "figS2_memory", "judge_claims", "draw_claims"} <= set(jobs)
    tables_alone = ("fig", "judge", "draw", "write_pages", "all")
    assert not [rule for rule in jobs if not rule.startswith(tables_alone)]
    code, text = snakemake(folder, "-n", "--config", "kept=nowhere")
    assert code and "config key 'kept': nowhere is no folder" in text


@pytest.mark.parametrize("scale", ["quick", "standard"])
def test_kept_figures_are_drawn_from_the_tables_of_the_gallery(scale, tmp_path):
    """Each that is kept and whose tables are kept; all of them at the quick scale."""
    gallery = ROOT / "figures/gallery" / scale
    figures = {path.stem for path in gallery.rglob("*.json")} - {"machine", "claims", "verdicts"}
    claims = {"judge_claims", "draw_claims", "write_pages"}
    settings = gallery / "config.yaml"
    given = ("--configfile", str(settings)) if settings.exists() else ()
    asked = (*given, "--config", f"scale={scale}", f"kept={gallery}", "--directory", str(tmp_path))
    jobs = planned(ROOT, *asked, "--", "from_tables")
    assert set(jobs) - {"from_tables"} == figures | claims
    code, text = snakemake(ROOT, "-n", "--directory", str(tmp_path), "--", "from_tables")
    assert code and "snakemake --config kept=..." in text
    code, text = snakemake(ROOT, "-n", "--config", f"kept={ROOT / 'docs'}", "--", "from_tables")
    assert code and "holds the tables of no figure" in text


def test_a_killed_job_is_told_with_the_command_that_goes_on(tmp_path):
    folder = copy_repository(tmp_path)
    killed = folder / "workflow/scripts/timescales/fig2_curricula.py"
    killed.write_text(
        "import os\nfrom pathlib import Path\nPath(snakemake.log[0]).write_text('begun\\n')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    code, text = snakemake(folder, "--", "fig2_curricula")
    assert code
    assert "fig2_curricula.log ends without a word, so its job was killed" in text
    assert "--set-resources fig2_curricula:mem_mb=" in text
    assert "memdyn: stopped." in text and "then go on with: snakemake" in text


def test_analyses_of_a_shard_share_the_time_of_their_job():
    """Each rule of the group is counted where the longest time is shared out."""
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").rglob("*.smk"))
    group = re.findall(r'^rule (\w+):(?:(?!^rule ).)*?^    group:\s+"analysis"', rules, re.M | re.S)
    listed = re.search(r"^ANALYSES = \((.*?)^\)", rules, re.M | re.S)[1]
    assert sorted(re.findall(r'"(\w+)"', listed)) == sorted(group)


@pytest.fixture
def edit(finished):
    """Change files of the finished copy; they are put back afterwards."""
    changed = {}

    def change(name, old, new):
        path = finished / name  # absolute names stay
        text = path.read_text()
        assert old in text, f"{name} has changed: {old!r} is not in it"
        changed.setdefault(path, (text, path.stat().st_mtime))
        path.write_text(text.replace(old, new, 1))

    yield change
    for path, (text, time) in changed.items():
        path.write_text(text)
        os.utime(path, (time, time))


def test_all_scales_plan_few_jobs(config):
    """Each costs seconds to start; those of standard take five minutes and a half on average."""
    for scale in ("quick", "standard", "paper"):
        jobs = planned(ROOT, "--forceall", "--config", f"scale={scale}")
        assert sum(jobs.values()) < {"quick": 80, "standard": 900, "paper": 500}[scale]
        mine = with_shard_sizes(resolve({**config, "scale": scale}, SCHEMA))
        assert jobs == Counter(job.rule for job in work.jobs(mine)), "what `predict` counts"
        assert jobs.keys() >= NETWORKS


def test_the_catalogues_main_file_is_the_same_workflow():
    theirs = planned(ROOT, "--forceall", "-s", "workflow/Snakefile")
    assert theirs.pop("everything") == 1 and theirs == planned(ROOT, "--forceall")


def test_nothing_imports_torch_while_snakemake_parses(tmp_path):
    (tmp_path / "torch.py").write_text("raise SystemExit('torch was imported')\n")
    path = f"{tmp_path}:{ROOT / 'src'}"
    assert planned(ROOT, "--forceall", PYTHONPATH=path)


def test_the_slurm_profile_plans_with_gpus():
    profile = ROOT / "workflow/profiles/slurm"
    code, text = snakemake(ROOT, "--dry-run", "--forceall", "--workflow-profile", str(profile))
    assert code == 0, text
    jobs = re.split(r"^ *rule ", text, flags=re.M)[1:]
    asks = {re.match(r"\w+", job)[0] for job in jobs if re.search(r"resources: .*\bgpu=1\b", job)}
    assert asks >= NETWORKS | TIMESCALES
    assert not asks & {"measure_weights", "collect_timescales", "fig4_map", "fig4_limits"}


def test_rules_ask_for_a_gpu_where_there_is_one():
    for visible, gpus in (("0,1", "1"), ("", "0")):
        _, text = snakemake(ROOT, "--dry-run", "--forceall", CUDA_VISIBLE_DEVICES=visible)
        assert set(re.findall(r"\bgpu=(\d)", text)) == {gpus}


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("scale: huge", "config key 'scale': 'huge' is not one of the scales"),
        ("slow_manifolds: {network: {n_unit: 5}}", "unknown key 'n_unit' under 'slow"),
        ("slow_manifolds: {task: {delay: 5.05}}", "task.delay': 5.05 is not a multiple of dt"),
        ("slow_manifolds: {network: {tau: slow}}", "config key 'slow_manifolds.network.tau'"),
    ],
)
def test_a_wrong_configuration_is_refused_before_any_job(tmp_path, setting, sentence):
    mine = tmp_path / "mine.yaml"
    mine.write_text(setting)
    code, text = snakemake(ROOT, "--dry-run", "--configfile", str(mine))
    assert code != 0
    assert sentence in text
    assert "Traceback" not in text and "Job stats" not in text


def test_a_finished_run_has_nothing_to_do(finished):
    assert planned(finished) == {}


def test_damaged_records_of_snakemake_end_no_run(finished):
    record = next(p for p in (finished / ".snakemake/metadata").rglob("*") if p.is_file())
    kept = record.read_bytes()
    record.write_bytes(b"\xd2\xff\x00")
    code, text = snakemake(finished, "-n")
    assert code == 0 and "1 of Snakemake's records" in text and not record.exists(), text
    record.write_bytes(kept)


def test_words_rerun_nothing(finished, edit):
    """Comments, docstrings, log lines, and all that memdyn.jobs does."""
    edit(
        "src/memdyn/slow_manifolds/training/force.py",
        "import torch\n",
        "import torch  # a comment\n",
    )
    edit(
        "workflow/scripts/slow_manifolds/train_networks.py",
        "import logging",
        "# a comment\nimport logging",
    )
    edit("src/memdyn/config.py", '"""The configuration', '"""Our configuration')
    edit("src/memdyn/jobs/logs.py", "%(asctime)s %(message)s", "%(asctime)s: %(message)s")
    edit("src/memdyn/jobs/usage.py", "\nimport re\n", "\nimport re\n\nEXTRA = 1\n")
    edit(
        "workflow/scripts/slow_manifolds/train_networks.py",
        '"resuming at trial %d"',
        '"going on at trial %d"',
    )
    assert planned(finished) == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("slow_manifolds/training/least_squares", "slow_manifolds/solving"),
        ("timescales/tasks/binary", "timescales/items/bits"),
        ("dynamics/systems", "dynamics/maps"),
    ],
)
def test_moving_a_module_reruns_nothing(finished, edit, old, new):
    package = finished / "src/memdyn"
    module, moved = package / f"{old}.py", package / f"{new}.py"
    (folder, name), (to, as_name) = (path.rsplit("/", 1) for path in (old, new))
    edit(f"src/memdyn/{old}.py", "", "")  # brings it back afterwards
    made = [] if moved.parent.exists() else [moved.parent]
    moved.parent.mkdir(exist_ok=True)
    module.rename(moved)
    source, target = (path.replace("/", ".") for path in (old, new))
    package_of = f"from memdyn.{folder.replace('/', '.')} import {name}\n"
    try:
        for path in (*package.rglob("*.py"), *(finished / "workflow").rglob("*.py")):
            text = path.read_text()
            if f"memdyn.{source} import" in text:
                edit(path, f"memdyn.{source} import", f"memdyn.{target} import")
            if package_of in text:
                renamed = f"from memdyn.{to.replace('/', '.')} import {as_name} as {name}\n"
                edit(path, package_of, renamed)
        assert planned(finished) == {}
    finally:
        moved.unlink()
        for folder in made:
            shutil.rmtree(folder)


def test_editing_study_1s_training_leaves_study_2(finished, edit):
    edit(
        "src/memdyn/slow_manifolds/training/force.py",
        "CPU_WIDTH, CUDA_WIDTH = 16,",
        "CPU_WIDTH, CUDA_WIDTH = 32,",
    )
    jobs = planned(finished)
    assert jobs.keys() >= NETWORKS | {"fig4_map", "draw_claims"}
    assert not jobs.keys() & (TIMESCALES | set(work.TS_FIGURES) | {"make_stimuli"})


def test_editing_study_2s_network_leaves_study_1(finished, edit):
    edit("src/memdyn/timescales/networks/leaky.py", "SLOPE = 0.01", "SLOPE = 0.02")
    jobs = planned(finished)
    assert jobs.keys() >= TIMESCALES | {"fig4_limits", "draw_claims"}
    assert not jobs.keys() & (NETWORKS | set(work.SM_FIGURES) | {"fig2_curricula"})


def test_the_bridge_is_measured_again_alone(finished, edit):
    """An edit of it trains nothing, and a study's own analyses rest."""
    edit("src/memdyn/bridge/slowness.py", "LISTED = 20", "LISTED = 10")
    edit("src/memdyn/dynamics/driven.py", "BLOCKS = 8", "BLOCKS = 4")
    assert planned(finished).keys() == {
        *("measure_slowness", "collect_slowness", "figX1_slowness"),
        *("judge_claims", "draw_claims", "write_pages"),
    }
    edit("config.yaml", "forgetting: {trials: 10,", "forgetting: {trials: 11,")
    assert planned(finished).keys() >= {"measure_forgetting", "figX2_forgetting"}
    assert not planned(finished).keys() & (NETWORKS | TIMESCALES)


def test_editing_the_exponents_leaves_cycles_and_points(finished, edit):
    edit("src/memdyn/dynamics/lyapunov.py", "import torch\n", "import torch\n\nEXTRA = 1\n")
    jobs = planned(finished)
    assert jobs.keys() >= {"find_exponents", "vote_mechanisms", "fig3_landscape", "draw_claims"}
    assert not jobs.keys() & (NETWORKS | TIMESCALES | {"fig5_robustness"}) - {"find_exponents"}


@pytest.mark.parametrize("figure", ["slow_manifolds/fig4_map", "timescales/fig8_perturbation"])
def test_editing_a_figures_module_draws_that_figure(finished, edit, figure):
    study, name = figure.split("/")
    edit(f"src/memdyn/{study}/figures/{name}.py", "\nimport ", "\nEXTRA = 1\nimport ")
    assert planned(finished) == {name: 1}


def test_editing_a_claim_judges_again_and_draws_no_other_figure(finished, edit):
    for study in ("slow_manifolds", "timescales"):
        edit(
            f"src/memdyn/{study}/claims/claims.py",
            "from memdyn.claims",
            "import os\nfrom memdyn.claims",
        )
    assert planned(finished) == {"judge_claims": 1, "draw_claims": 1, "write_pages": 1}


def test_editing_the_noise_test_reruns_what_uses_it(finished, edit):
    edit("src/memdyn/slow_manifolds/robustness/noise.py", "offset = 0.5 if", "offset = 0.6 if")
    jobs = planned(finished)
    assert jobs["add_noise"] == 1
    assert not jobs.keys() & {"train_networks", "extend_delays", "find_attractors", "fig1_task"}


def test_what_is_planned_is_this_folders_code_with_another_installed(finished, edit):
    """The logger plugin brings the installed memdyn, whose code is another's."""
    seen = planned(finished, "--logger", "memdyn", PYTHONPATH="")
    assert seen == {}
    edit(
        "src/memdyn/slow_manifolds/robustness/noise.py",
        "import torch\n",
        "import torch\n\nEXTRA = 1\n",
    )
    assert "add_noise" in planned(finished, "--logger", "memdyn", PYTHONPATH="")


def test_editing_the_vote_reruns_the_vote_and_what_follows(finished, edit):
    edit("src/memdyn/landscape/vote.py", "FALL = 0.1", "FALL = 0.2")
    jobs = planned(finished)
    assert jobs["vote_mechanisms"] == 1 and jobs["fig3_landscape"] == 1
    assert not jobs.keys() & (NETWORKS | {"fig5_robustness"})


def test_editing_the_search_for_points_leaves_cycles_and_exponents(finished, edit):
    edit("config.yaml", "n_seeds: 12,", "n_seeds: 13,")
    jobs = planned(finished)
    assert jobs["find_fixed_points"] == 1 and jobs["vote_mechanisms"] == 1
    assert "train_networks" not in jobs


def test_editing_a_test_of_study_2_reruns_what_uses_it(finished, edit):
    edit("config.yaml", "ablation: {N: [5, 8],", "ablation: {N: [5, 7],")
    jobs = planned(finished)
    assert jobs.keys() >= {"ablate_neurons", "fig7_ablation", "draw_claims"}
    assert not jobs.keys() & {"train_curricula", "perturb_networks", "measure_timescales"}


def test_a_condition_of_study_2_trains_only_its_own_networks_again(finished, edit):
    edit("config.yaml", "parity_all_heads: {heads: 6", "parity_all_heads: {heads: 5")
    assert planned(finished)["train_curricula"] == 1


def test_editing_a_figure_redraws_it(finished, edit):
    edit("workflow/scripts/slow_manifolds/fig4_map.py", "start_job(", "EXTRA = 1\nstart_job(")
    assert planned(finished) == {"fig4_map": 1}


@pytest.mark.parametrize(
    ("old", "new", "runs", "rests"),
    [
        ("levels: [0.5, 2, 10,", "levels: [0.5, 3, 10,", {"add_noise"}, {"extend_delays"}),
        ("threshold: 0.8", "threshold: 0.7", {"test_performance"}, {"train_networks"}),
        (
            "memory_tolerance: 0.3",
            "memory_tolerance: 0.2",
            {"classify_mechanisms"},
            {"train_networks"},
        ),
        ("n_trials: 400", "n_trials: 401", {"train_networks"}, {"make_stimuli"}),
    ],
)
def test_a_config_key_reruns_what_uses_it(finished, edit, old, new, runs, rests):
    edit("config.yaml", old, new)
    jobs = planned(finished).keys()
    assert runs <= jobs and not rests & jobs


def test_an_unrelated_key_reruns_nothing(finished, edit):
    edit("config.yaml", "  paper: {}", "  mine: {}\n  paper: {}")
    edit("config.yaml", "response: 5.0 # duration", "response: 5.0 # length")
    assert planned(finished) == {}


def test_a_fresh_clone_has_everything_to_draw():
    """A figure kept where the workflow draws it would be taken for done."""
    listed = subprocess.run(
        ["git", "ls-files", "figures"], cwd=ROOT, capture_output=True, text=True
    )
    assert all(name.startswith("figures/gallery/") for name in listed.stdout.split())


def test_scripts_take_their_numbers_from_params():
    for script in (ROOT / "workflow/scripts").rglob("*.py"):
        text = script.read_text()
        assert "snakemake.config" not in text, f"{script.name}: a changed key would not rerun it"
        assert len(text.splitlines()) <= 60
