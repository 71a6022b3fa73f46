"""The workflow from elsewhere: another folder, a path with spaces, read-only, as a module."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_dag import copy_repository

SNAKEMAKE = Path(sys.executable).with_name("snakemake")  # `python -m` would search the work folder
MODULE = """module memdyn:
    snakefile: {snakefile!r}
    config: {config}
use rule * from memdyn as memdyn_*
"""
OUTSIDE = {
    **{"name": "mine", "file": "w.npz", "cell": "rate", "n_units": 2, "n_inputs": 1},
    "states": {"n": 2, "sd": 1.0},
}


def snakemake(folder, *arguments, **environment):
    """Run Snakemake in a folder, without anybody's PYTHONPATH."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    variables = {**kept, "CUDA_VISIBLE_DEVICES": "", "PYTHONDONTWRITEBYTECODE": "1", **environment}
    command = [SNAKEMAKE, "--cores", "1", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def planned(folder, *arguments):
    """Rules of a dry run of everything with their number of jobs, the module's name left off."""
    code, text = snakemake(folder, "-n", "-q", "rules", "--forceall", *arguments)
    assert code == 0, text
    table = text.partition("Job stats:")[2].partition("total")[0]
    return {name: int(n) for name, n in re.findall(r"^(?:memdyn_)?(\w+) +(\d+)$", table, re.M)}


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A copy whose path has spaces, that nobody may write to, and whose scripts only touch."""
    folder = tmp_path_factory.mktemp("a copy") / "of the workflow"
    folder.mkdir()
    copy_repository(folder)
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    before = {path: path.stat().st_mtime_ns for path in paths}
    yield folder
    after = {path: path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}
    for path in after:
        path.chmod(path.stat().st_mode | 0o200)
    assert after == before, "something was written into the checkout"


@pytest.fixture(scope="module")
def at_home(repository, tmp_path_factory):
    """What is planned, with the folder of results apart since the copy is read-only."""
    return planned(repository, "--directory", tmp_path_factory.mktemp("results"))


def test_all_jobs_are_planned_from_another_folder(repository, at_home, tmp_path):
    (tmp_path / "y").mkdir()
    given = ("-s", repository / "Snakefile", "--directory", "y")
    assert planned(tmp_path, *given) == at_home
    assert at_home["all"] == 1 and at_home.keys() >= {"train_networks", "fig4_map", "draw_claims"}
    code, text = snakemake(tmp_path, *given, "-n", "--config", "scale=huge")
    assert code != 0 and "'huge' is not one of the scales (quick, standard, paper)" in text


def test_all_jobs_are_planned_as_a_module(repository, at_home, tmp_path):
    text = MODULE.format(snakefile=str(repository / "Snakefile"), config={"external": [OUTSIDE]})
    target = "rule mine:\n    default_target: True\n    input: rules.memdyn_all.input\n"
    (tmp_path / "Snakefile").write_text(text + target)
    (tmp_path / "w.npz").touch()
    jobs = planned(tmp_path)
    assert jobs.pop("mine") == jobs.setdefault("all", 1) and jobs == at_home
    # Rules that a function, called late, refers to: they are the module's too.
    (tmp_path / "Snakefile").write_text(text + "rule fig4_map:\n    output: 'other'\n")
    jobs = planned(tmp_path, "memdyn_external")
    assert jobs["analyse_external"] == jobs["collect_external"] == jobs["external"] == 1


def test_what_is_asked_for_lies_over_our_values(repository, tmp_path):
    """Command line over files over the defaults, key by key at any depth."""
    mine = {"scales": {"mine": {"slow_manifolds": {"grid": {"g": [0.9], "fb": [5, 1]}}}}}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"scale": "quick", **mine}))
    network = "gauss_pg0.4_g0.9_fb5_seed0"
    given = ("-s", repository / "Snakefile", "--configfile", "mine.yaml", "--config", "scale=mine")
    code, text = snakemake(tmp_path, "-n", "-F", *given, f"network={network}", "--", "landscape")
    assert code == 0, text
    assert f"figures/mine/slow_manifolds/landscapes/{network}.png" in text
    # `run:` starts a Snakemake of its own, as every job on a cluster does.
    (tmp_path / "Snakefile").write_text(
        f"include: {str(repository / 'Snakefile')!r}\n"
        "rule said:\n    run:\n        print(f'{SCALE} {SM_SHARDS} {config[\"network\"]}')\n"
    )
    given = given[2:]
    code, text = snakemake(tmp_path, *given, f"network={network}", "--", "said")
    (said,) = re.findall(r"^mine .*$", text, re.M)
    assert said.count(" g=0.9") == said.count("Network(") > 2 and said.endswith(network)


@pytest.mark.parametrize("as_module", [False, True])
def test_a_target_is_made_in_the_work_folder(repository, tmp_path, as_module):
    (tmp_path / "signal.py").write_text("def sine(t): return t\n")  # not the standard library's
    (tmp_path / "mine.yaml").write_text("scale: mine\nscales: {mine: {}}\n")
    target, given = "figures/mine/timescales/fig2_curricula.pdf", ()
    if as_module:
        snakefile = str(repository / "Snakefile")
        text = "configfile: 'mine.yaml'\n" + MODULE.format(snakefile=snakefile, config="config")
        (tmp_path / "Snakefile").write_text(text)
    else:
        given = ("-s", repository / "Snakefile", "--configfile", "mine.yaml")
    stimuli = "results/mine/slow_manifolds/stimuli.safetensors"
    code, text = snakemake(tmp_path, *given, "--", target, stimuli)
    assert code == 0, text
    assert (tmp_path / target).is_file() and (tmp_path / stimuli).is_file()


@pytest.mark.parametrize("given", ["", ":/nowhere:"])
def test_no_entry_of_the_pythonpath_is_the_work_folder(repository, tmp_path, given):
    (tmp_path / "Snakefile").write_text(
        MODULE.format(snakefile=str(repository / "Snakefile"), config={})
        + "rule path:\n    shell: 'echo \"path=$PYTHONPATH.\"'\n"
    )
    code, text = snakemake(tmp_path, "path", PYTHONPATH=given)
    path = re.search(r"^path=(.*)\.$", text, re.M)[1].split(":")
    assert code == 0 and path[0] == str(repository / "src")
    assert path[1:] == [entry for entry in given.split(":") if entry]
