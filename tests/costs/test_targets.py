"""The target `compare` as a user meets it too early."""

import os
import subprocess
import sys

from probes import ROOT


def snakemake(folder, *arguments):
    place = ("--snakefile", ROOT / "Snakefile", "--configfile", ROOT / "config.yaml")
    command = [sys.executable, "-m", "snakemake", *place, "--directory", folder, "--cores", "2"]
    variables = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([*command, *arguments], env=variables, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_comparing_without_a_prediction_is_refused_in_one_sentence(tmp_path):
    code, text = snakemake(tmp_path, "--dry-run", "--", "compare")
    assert code != 0
    assert "results/quick/prediction.csv does not exist: predict before the run" in text
