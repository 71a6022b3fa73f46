"""What several tests share: one thread, the paper's settings, a task, a small trained shard."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from memdyn.config import resolve
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.networks.rate import fixed_weights
from memdyn.slow_manifolds.tasks.latents import GAUSSIAN_MOMENTS
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching
from memdyn.slow_manifolds.training import force

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"

torch.set_num_threads(1)
torch.set_flush_denormal(True)


@pytest.fixture
def config() -> dict:
    """The repository's own configuration, unresolved."""
    return yaml.safe_load((ROOT / "config.yaml").read_text())


@pytest.fixture(scope="session")
def settings() -> dict:
    """Study 1 at the paper's values."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    return resolve({**config, "scale": "paper"}, SCHEMA)["slow_manifolds"]


@pytest.fixture(scope="session")
def task(settings) -> SequentialPatternMatching:
    """The task on latents with the surrogate's moments."""
    rng = np.random.default_rng(0)
    latents = []
    for mean, (sd_x, sd_y), correlation in GAUSSIAN_MOMENTS:
        off = correlation * sd_x * sd_y
        latents.append(rng.multivariate_normal(mean, [[sd_x**2, off], [off, sd_y**2]], 300))
    return SequentialPatternMatching.from_settings(settings["task"], 0.1, latents)


@pytest.fixture(scope="session")
def trained(settings, task) -> tuple:
    """Networks, fixed weights and final state of a small shard: 100 units, 120 trials."""
    places = [(0.8, 5), (1.2, 5), (0.9, 10), (1.1, 5)]
    networks = [Network("gauss", 0.4, g, fb, 1) for g, fb in places]
    fixed = fixed_weights(1, "gauss", 0.4, 100, 50.0, 0.1)
    training = {**settings["training"], "n_trials": 120}
    state = force.start(networks, fixed, training)
    force.train(state, networks, fixed, task, settings["network"], training)
    return networks, fixed, state
