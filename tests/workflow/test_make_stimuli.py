"""The script of the rule make_stimuli, run as Snakemake runs it but on a fake snakemake object."""

import json
import subprocess
import sys
from pathlib import Path

from memdyn.files import load_arrays

SCRIPT = Path(__file__).parents[2] / "workflow/scripts/slow_manifolds/make_stimuli.py"
RUN = """
import json, runpy, sys
from types import SimpleNamespace
fake = json.loads(sys.argv[2], object_hook=lambda names: SimpleNamespace(**names))
fake.params.settings = vars(fake.params.settings)
fake.params.items = lambda given=dict(vars(fake.params)): given.items()
runpy.run_path(sys.argv[1], init_globals={"snakemake": fake})
"""


def run(folder: Path, settings: dict) -> subprocess.CompletedProcess:
    fake = {
        "params": {"settings": settings, "classes": [0, 1]},
        "output": [str(folder / "stimuli.safetensors")],
        "log": [str(folder / "rule.log")],
    }
    command = [sys.executable, "-c", RUN, str(SCRIPT), json.dumps(fake)]
    return subprocess.run(command, capture_output=True, text=True)


def test_latents_are_stored_and_their_separation_is_printed(tmp_path):
    done = run(tmp_path, {"source": "gaussian", "seed": 0, "samples_per_image": 1})
    assert done.returncode == 0, done.stderr
    arrays, metadata = load_arrays(tmp_path / "stimuli.safetensors", "latents/1")
    assert arrays["class_means"].shape == (2, 2)
    assert metadata["provenance"]["device"] == "cpu"
    log = (tmp_path / "rule.log").read_text()
    assert "source gaussian: single draws separate the classes with d' = " in log
    assert done.stderr == "", "what goes well is in the log only"


def test_collapsed_latents_stop_the_run_in_one_line(tmp_path):
    settings = {"source": "digits", "epochs": 1, "batch_size": 1797, "learning_rate": 1e-9}
    done = run(tmp_path, {**settings, "seed": 0, "samples_per_image": 1})
    assert done.returncode == 1
    assert "do not separate the classes [0, 1]" in done.stderr.strip().splitlines()[-1]
    assert not (tmp_path / "stimuli.safetensors").exists()


def test_a_missing_file_is_one_line(tmp_path):
    settings = {"source": "mnist", "mnist_folder": str(tmp_path), "mnist_url": ""}
    done = run(tmp_path, {**settings, "seed": 0, "samples_per_image": 1})
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "put the four MNIST files" in done.stderr
    assert not (tmp_path / "stimuli.safetensors").exists()
