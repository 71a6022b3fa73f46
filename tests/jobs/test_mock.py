"""A script stepped through outside Snakemake, with the object that the workflow would give it."""

import subprocess
import sys

import pytest

from memdyn.files import load_arrays

SESSION = """
import runpy
from memdyn.jobs.mock import SNAKEFILE, mock_snakemake

config = {"slow_manifolds": {"stimuli": {"source": "gaussian"}}}
snakemake = mock_snakemake("make_stimuli", config, variant="")
script = SNAKEFILE.parent / "workflow/scripts/slow_manifolds/make_stimuli.py"
runpy.run_path(str(script), init_globals={"snakemake": snakemake})
network = mock_snakemake("find_cycles", config, shard=SHARD).input.networks
print(network)
for rule, wildcards in (("make_stimulus", {}), ("find_cycles", {}), ("fig4_map", {"shard": "a"})):
    try:
        mock_snakemake(rule, **wildcards)
    except ValueError as problem:
        print(problem)
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """What an interactive session prints, and the folder that it was started in."""
    folder = tmp_path_factory.mktemp("session")
    code = SESSION.replace("SHARD", repr("gauss_pg0.4_seed0_part0"))
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_a_script_runs_as_its_job_would(session):
    folder, _ = session
    file = folder / "results/quick/slow_manifolds/stimuli.safetensors"
    _, metadata = load_arrays(file, "latents/1")
    assert metadata["source"] == "gaussian"
    assert (folder / "logs/quick/slow_manifolds/make_stimuli.log").is_file()
    assert not (folder / "figures").exists()


def test_paths_are_those_of_the_job_and_mistakes_are_named(session):
    _, text = session
    assert "results/quick/slow_manifolds/networks/gauss_pg0.4_seed0_part0.safetensors" in text
    assert "no rule with a script is called 'make_stimulus'; those are ablate_neurons, " in text
    assert "rule find_cycles takes shard, not none" in text
    assert "rule fig4_map takes no wildcard, not shard" in text
