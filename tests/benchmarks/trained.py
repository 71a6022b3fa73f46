"""Networks of study 1 for the benchmarks, trained on the spot: a bare clone has none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from memdyn.config import resolve
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.networks.frozen import freeze
from memdyn.slow_manifolds.networks.rate import fixed_weights
from memdyn.slow_manifolds.performance import find_trial_ends, run_cases
from memdyn.slow_manifolds.tasks.latents import make_latents
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching
from memdyn.slow_manifolds.training import force
from memdyn.slow_manifolds.training.finished import Ready

ROOT = Path(__file__).parents[2]


def paper_settings() -> dict:
    """The settings of study 1 at the paper's values."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text()) | {"scale": "paper"}
    return resolve(config, ROOT / "workflow/schemas/config.schema.yaml")["slow_manifolds"]


def gaussian_task(settings: dict) -> SequentialPatternMatching:
    """The task on the surrogate of the images, which needs no autoencoder."""
    arrays, _ = make_latents({"source": "gaussian", "samples_per_image": 1, "seed": 0})
    latents = [arrays[f"latents_{i}"] for i in (0, 1)]
    return SequentialPatternMatching.from_settings(
        settings["task"], settings["network"]["dt"], latents
    )


def trained_networks(
    places: Sequence[tuple[float, float]],
    n_units: int,
    n_trials: int,
    settings: dict,
    task: SequentialPatternMatching,
) -> list[Ready]:
    """Networks at some (g, fb) with pg 0.4 and seed 0, trained for so many trials.

    Returns:
        Each with the states that its tests start from.
    """
    network, training = settings["network"], settings["training"] | {"n_trials": n_trials}
    networks = [Network("gauss", 0.4, g, fb, 0) for g, fb in places]
    scales = network["input_scale"], network["initial_state_sd"]
    fixed = fixed_weights(0, "gauss", 0.4, n_units, *scales)
    state = force.start(networks, fixed, training)
    force.train(state, networks, fixed, task, network, training)
    ready = []
    for i, place in enumerate(networks):
        readout = np.asarray(state.readout[i])
        frozen = freeze(fixed, place, readout, network["dt"] / network["tau"])
        n_test_trials = settings["performance"]["n_test_trials"]
        ends = find_trial_ends(frozen, task, state.x[i], place.seed, n_test_trials)
        cases = run_cases(frozen, task, ends, place.seed, settings["saturation"]["threshold"])
        ready.append(Ready(place, frozen, ends, cases.delay_states))
    return ready
