"""The work of a rule at sizes of one's choice, in a process of its own: CPU-s and peak memory.

    python tests/costs/probes.py train_networks '[{"n_units": 250, "n_networks": 8}]'

Sizes must ascend: a peak is that of the process so far. Each line of the output is one size.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import yaml

from memdyn.config import resolve
from memdyn.device import set_up
from memdyn.jobs.usage import used
from memdyn.landscape import points
from memdyn.landscape.cycles import find_runs
from memdyn.landscape.memory import measure_memory
from memdyn.slow_manifolds import grid as slow_manifolds
from memdyn.slow_manifolds.networks.frozen import freeze
from memdyn.slow_manifolds.networks.system import step_of
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching
from memdyn.slow_manifolds.training import checkpoints, force
from memdyn.timescales import grid as timescales
from memdyn.timescales.activity import tau_net
from memdyn.timescales.conditions import condition_of
from memdyn.timescales.networks.recurrent import draw
from memdyn.timescales.training import gradient

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"


def settings(**changes):
    """Both studies at the paper's values, with other values of some keys, wherever they stand."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    config = resolve({**config, "scale": "paper"}, SCHEMA)
    left = set(changes)

    def lay(section):
        for key, value in section.items():
            if key in changes:
                section[key] = changes[key]
                left.discard(key)
            elif isinstance(value, dict):
                lay(value)

    for study in ("slow_manifolds", "timescales"):
        lay(config[study])
    assert not left, f"no such keys: {left}"
    return config["slow_manifolds"], config["timescales"]


def _task(study):
    rng = np.random.default_rng(0)
    latents = [rng.standard_normal((300, 2)) for _ in study["task"]["classes"]]
    return SequentialPatternMatching.from_settings(study["task"], study["network"]["dt"], latents)


def train_networks(n_units, n_networks, n_trials=1):
    """Seconds of trials, after one that does not count; the state is then saved and read, as by a
    job that was killed."""
    study, _ = settings(n_units=n_units, n_trials=1 + n_trials)
    gains = [(g, fb) for g in study["grid"]["g"] for fb in study["grid"]["fb"]][:n_networks]
    networks = [slow_manifolds.Network("gauss", 0.4, g, fb, 0) for g, fb in gains]
    fixed = checkpoints.draw_fixed(networks, study["network"])
    state, marks = force.start(networks, fixed, study["training"]), []
    parts = (networks, fixed, _task(study), study["network"], study["training"])
    force.train(state, *parts, lambda state: marks.append(time.process_time()))
    seconds = marks[-1] - marks[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.safetensors"
        checkpoints.save_partial(path, state, "key")
        del state
        checkpoints.load_partial(path, "key", "cpu")
    return seconds


def _system(study, g=1.5):
    network = slow_manifolds.Network("gauss", 0.4, g, 5.0, 0)
    fixed = checkpoints.draw_fixed([network], study["network"])
    frozen = freeze(fixed, network, np.zeros((3, study["network"]["n_units"])), 0.1)
    return step_of(frozen, 1.0)


def _starts(n_units, rows):
    return torch.randn(rows, n_units, generator=torch.Generator().manual_seed(0))


def find_cycles(n_units, window):
    """Runs of a random network from far off: all of them still move when the window begins."""
    study, _ = settings(n_units=n_units, window=window, transient=0)
    began = time.process_time()
    find_runs(_system(study, 0.9), _starts(n_units, 20), settings=study["dynamics"])
    return time.process_time() - began


def find_fixed_points(n_units, n_seeds, rounds=0):
    """The search, from random states of a network below the onset of chaos."""
    study, _ = settings(n_units=n_units, rounds=rounds)
    began = time.process_time()
    seeds = _starts(n_units, n_seeds)
    points.find_points(_system(study, 1.1), seeds, speed=1.0, settings=study["dynamics"])
    return time.process_time() - began


def spectrum(n_units):
    """One spectrum."""
    study, _ = settings(n_units=n_units)
    system, x = _system(study), _starts(n_units, 1).double()
    began = time.process_time()
    measure_memory(system, x, delay=0.1, speed=1.0, settings={"noisy_copies": 0})
    return time.process_time() - began


def train_curricula(
    n_units, N, batch_size=256, side_by_side=1, updates=1, condition="parity_single"
):
    """Updates on the longest sequences of N, after one that does not count."""
    _, study = settings(n_units=n_units, batch_size=batch_size)
    network = next(one for one in timescales.networks(study) if one.condition == condition)
    its = condition_of(network, study)
    factor, more = study["curriculum"]["longest"]
    training = {**its.training, "shortest": [0, factor * N + more], "longest": [factor, more]}
    its = its._replace(training=training)
    seeds = range(side_by_side)
    params = draw(its.cell, n_units, its.curriculum.n_heads, seeds, its.initial_tau)
    state = gradient.start(params, its)
    rngs = [np.random.default_rng(seed) for seed in seeds]

    def update():
        batch = gradient.draw_batch(rngs, [(N, N)] * len(rngs), its, state.params, "cpu")
        for repeat in its.repeats:
            gradient.update(state, batch, its, repeat)

    update()
    began = time.process_time()
    for _ in range(updates):
        update()
    return (time.process_time() - began) / updates


def measure_timescales(n_units, steps, n_networks=1):
    """Recordings of several networks together, and the fits."""
    _, study = settings(n_units=n_units, steps=steps)
    chosen = study["stimulation"]
    its = condition_of(timescales.networks(study)[0], study)
    params = draw(its.cell, n_units, 1, range(n_networks), its.initial_tau)
    each = [{name: value[[b]] for name, value in params.items()} for b in range(n_networks)]
    began = time.process_time()
    recorded = tau_net.stimulate(its.cell, params, [0] * n_networks, chosen)
    tau_net.measure(each, recorded, chosen["fitted_lags"])
    return time.process_time() - began


def measured(probe, sizes):
    """One dictionary per size: the size, ``cpu`` (s), ``memory`` (MB); in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, probe, json.dumps(sizes)], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


if __name__ == "__main__":
    set_up(0, 1)
    for size in json.loads(sys.argv[2]):
        cpu = globals()[sys.argv[1]](**size)
        print(json.dumps({**size, "cpu": cpu, "memory": used().memory}), flush=True)
