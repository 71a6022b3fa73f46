"""CPU-seconds of the operations that ``work`` counts, on this machine.

The functions that the jobs call are run briefly, at the sizes of the configuration and with
networks as they are before training: none of these operations takes longer after it.
"""

from __future__ import annotations

import logging
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import numpy as np
import torch

from memdyn.bridge import slowness
from memdyn.costs import memory
from memdyn.costs.work import items_per_sequence, jobs
from memdyn.dynamics.lyapunov import lyapunov_exponents
from memdyn.dynamics.newton_path import follow
from memdyn.dynamics.return_map import DENSE_UNITS
from memdyn.dynamics.rows import start_rows
from memdyn.dynamics.spectrum import eigenvalues
from memdyn.slow_manifolds import grid as slow_manifolds
from memdyn.slow_manifolds.networks.frozen import freeze, run
from memdyn.slow_manifolds.networks.system import step_of
from memdyn.slow_manifolds.tasks.latents import make_latents
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching
from memdyn.slow_manifolds.training import force
from memdyn.slow_manifolds.training.checkpoints import draw_fixed
from memdyn.timescales import grid as timescales
from memdyn.timescales.activity import tau_net, weights
from memdyn.timescales.conditions import condition_of
from memdyn.timescales.networks.recurrent import draw
from memdyn.timescales.robustness.accuracy import accuracy, draw_sequences
from memdyn.timescales.robustness.perturbation import perturbed, sizes_of
from memdyn.timescales.training import gradient

#: An operation is repeated for so many CPU-seconds.
ENOUGH = 0.3
#: What the scripts import, by how they start.
_IMPORTS = {
    "table": "memdyn.files, memdyn.tables, memdyn.jobs.logs, memdyn.jobs.provenance",
    "start": (
        "torch, memdyn.device, memdyn.landscape.points, memdyn.slow_manifolds.training.finished, "
        "memdyn.tables, memdyn.jobs.logs"
    ),
    "figure": (
        "memdyn.slow_manifolds.figures.fig4_map, memdyn.figures.style, memdyn.tables, "
        "memdyn.jobs.logs"
    ),
}
_DRAW = """
import matplotlib; matplotlib.use("agg")
from matplotlib import pyplot
figure, axes = pyplot.subplots(2, 3, figsize=(7, 5))
for axis in axes.flat: axis.plot(range(9), label="a"); axis.set_title("a"); axis.legend()
for kind in ("pdf", "png"): figure.savefig("/dev/null", format=kind, dpi=300)
"""


def calibrate(config: Mapping) -> dict[str, float]:
    """CPU-seconds of each operation; ``config`` has numbers for the sizes of its shards."""
    seconds: dict[str, float] = {}
    known: dict[tuple, float] = {}
    for name in sorted({name for job in jobs(config) for name in job.work}):
        kind, _, argument = name.partition(":")
        same = (kind, _signature(config["timescales"], argument))
        if same not in known:
            known[same] = _KINDS[kind](config, argument)
            logging.info("%s: %.3g CPU-s", name, known[same])
        seconds[name] = known[same]
    return seconds


def per_call(function: Callable[[], object]) -> float:
    """Median CPU-seconds of a call, after one that does not count."""
    function()
    spent: list[float] = []
    while sum(spent) < ENOUGH or not spent:
        began = time.process_time()
        function()
        spent.append(time.process_time() - began)
    return float(np.median(spent))


def _signature(study: Mapping, argument: str) -> tuple:
    """Conditions of study 2 whose networks do the same operations have the same signature.

    It holds all that the operations below read of a condition, but its task and the values of time
    constants: these take the same time.
    """
    if argument not in study["conditions"]:
        return (argument,)
    network = _network(study, argument)
    condition = condition_of(network, study)
    ends = ("max_epochs", "plateau")  # when training ends, not what an update takes
    training = {key: value for key, value in condition.training.items() if key not in ends}
    return (
        timescales.units_of(study, argument),
        len(_seeds(study, argument)),
        condition.cell._replace(fixed_tau=bool(condition.cell.fixed_tau)),
        condition.curriculum._replace(step=0),
        condition.repeats,
        str(training),
    )


# Starting a job.
def _start(kind: str) -> Callable[[Mapping, str], float]:
    code = f"import {_IMPORTS[kind]}\n" + (_DRAW if kind == "figure" else "")

    def measure(config: Mapping, argument: str) -> float:
        spent = []
        for _ in range(2):  # the first may read from a cold disk
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", code], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(spent)

    return measure


# Study 1.
def _epoch(config: Mapping, argument: str) -> float:
    """Difference of three epochs and one, on the images that come with scikit-learn."""
    settings = {**config["slow_manifolds"]["stimuli"], "source": "digits"}

    def spend(epochs: int) -> float:
        began = time.process_time()
        make_latents({**settings, "epochs": epochs}, config["slow_manifolds"]["task"]["classes"])
        return time.process_time() - began

    spend(1)
    return max(0.0, (spend(3) - spend(1)) / 2)


def _task(study: Mapping) -> SequentialPatternMatching:
    rng = np.random.default_rng(0)
    latents = [rng.standard_normal((300, 2)) for _ in study["task"]["classes"]]
    return SequentialPatternMatching.from_settings(study["task"], study["network"]["dt"], latents)


def _trial(config: Mapping, argument: str) -> float:
    study = config["slow_manifolds"]
    networks = next(iter(slow_manifolds.shards(study["grid"]).values()))[: int(argument)]
    fixed, task = draw_fixed(networks, study["network"]), _task(study)
    training = {**study["training"], "n_trials": 100, "stop_after": 0}
    state = force.start(networks, fixed, training)
    marks: list[float] = []  # after the first trial and each further one

    class Enough(Exception):
        pass

    def after_trial(state: force.TrainingState) -> None:
        marks.append(time.process_time())
        if len(marks) > 1 and marks[-1] - marks[0] > ENOUGH:
            raise Enough

    with suppress(Enough):
        force.train(state, networks, fixed, task, study["network"], training, after_trial)
    return (marks[-1] - marks[0]) / (len(marks) - 1) / len(networks)


def _frozen(study: Mapping):
    network = next(iter(slow_manifolds.shards(study["grid"]).values()))[0]
    fixed = draw_fixed([network], study["network"])
    readout = np.zeros((len(fixed.feedback), study["network"]["n_units"]))
    return freeze(fixed, network, readout, study["network"]["dt"] / study["network"]["tau"])


def _states(study: Mapping, rows: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(rows, study["network"]["n_units"], generator=generator)


def _step(config: Mapping, argument: str) -> float:
    study, rows = config["slow_manifolds"], int(argument)
    network, x = _frozen(study), _states(study, rows)
    inputs = torch.zeros(20, rows, len(network.input))
    return per_call(lambda: run(network, x, 20, inputs)) / 20


def _spectrum(config: Mapping, argument: str) -> float:
    study = config["slow_manifolds"]
    system = step_of(_frozen(study), study["network"]["tau"])
    x = _states(study, 1).double()
    return per_call(lambda: eigenvalues(system, x))


def _flow(config: Mapping, argument: str) -> float:
    study = config["slow_manifolds"]
    n = study["network"]["n_units"]
    system = step_of(_frozen(study), study["network"]["tau"])
    x = _states(study, int(argument))
    system, x = (system.to(torch.float32), x) if n > DENSE_UNITS else (system, x.double())

    def run_on() -> None:
        y = x
        for _ in range(20):
            y = system.step(y)

    return per_call(run_on) / 20


def _factor(config: Mapping, argument: str) -> float:
    """A step along a Newton path: a Jacobian, its factors, and the solutions that they serve."""
    study, rows = config["slow_manifolds"], 8
    system = step_of(_frozen(study), study["network"]["tau"])
    starts = start_rows(system, _states(study, rows).double())
    path = {"radius": 1e3, "target": 1e-3, "dtype": torch.float32, "iterations": 1}
    return per_call(lambda: follow(system, starts, **path)) / rows


def _tangent(config: Mapping, argument: str) -> float:
    study, steps = config["slow_manifolds"], 160
    system = step_of(_frozen(study), study["network"]["tau"]).to(torch.float32)
    x = _states(study, int(argument))
    k = study["dynamics"]["n_exponents"]
    return per_call(lambda: lyapunov_exponents(system, x, k=k, steps=steps, transient=0)) / steps


# Study 2.
def _network(study: Mapping, name: str) -> timescales.Network:
    return next(network for network in timescales.networks(study) if network.condition == name)


def _seeds(study: Mapping, name: str) -> list[int]:
    return study["conditions"][name].get("seed", study["seed"])


def _drawn(study: Mapping, name: str, copies: int = 1):
    """Condition and untrained networks, as training begins."""
    network = _network(study, name)
    condition = condition_of(network, study)
    n_units, n_heads = timescales.units_of(study, name), condition.curriculum.n_heads
    params = draw(condition.cell, n_units, n_heads, list(range(copies)), condition.initial_tau)
    return network, condition, params


def _item(config: Mapping, argument: str) -> float:
    """Updates at three quarters of the way, with their part of the test that ends an epoch."""
    study = config["timescales"]
    seeds = _seeds(study, argument)
    copies = min(study["side_by_side"], len(seeds), study["networks_per_shard"])
    network, condition, params = _drawn(study, argument, copies)
    N = max(network.start_N, round(0.75 * timescales.largest_N(study, network)))
    first = N if network.curriculum in ("single", "none") else network.start_N
    if network.curriculum == "sliding":
        first = max(network.start_N, N - condition.curriculum.heads + 1)
    length = round(items_per_sequence(study, N))
    training = {**condition.training, "shortest": [0, length], "longest": [0, length]}
    condition = condition._replace(training=training)
    state = gradient.start(params, condition)
    rngs = [np.random.default_rng(b) for b in range(copies)]
    positions = [(first, N)] * copies

    def update() -> None:
        batch = gradient.draw_batch(rngs, positions, condition, state.params, "cpu")
        for repeat in condition.repeats:
            gradient.update(state, batch, condition, repeat)

    one = condition._replace(training={**training, "test_batches": 1})
    tested = timescales.training_of(study, network)["test_batches"] / training["updates_per_epoch"]
    spent = per_call(update)
    spent += tested * per_call(lambda: gradient.accuracies(state.params, positions, rngs, one))
    return spent / (copies * length * sum(condition.repeats))


def _recording(config: Mapping, name: str, steps: int):
    """Drive as many snapshots together as a job does, for so many steps."""
    study = config["timescales"]
    together = memory.snapshots_together(study)
    _, condition, params = _drawn(study, name, together)
    settings = {**study["stimulation"], "burn_in": 0, "steps": steps}
    return params, tau_net.stimulate(condition.cell, params, [0] * together, settings)


def _recorded(config: Mapping, argument: str) -> float:
    """A short recording in place of a long one: both are summed up in pieces."""
    study = config["timescales"]
    settings, together = study["stimulation"], memory.snapshots_together(study)
    piece = tau_net.SEGMENT // (settings["trials"] * timescales.units_of(study, argument))
    steps = min(settings["steps"], max(piece, 4 * settings["lags"]))
    return per_call(lambda: _recording(config, argument, steps)) / (steps * together)


def _fit(config: Mapping, argument: str) -> float:
    study = config["timescales"]
    settings, together = study["stimulation"], memory.snapshots_together(study)
    name = next(n for n in settings["conditions"] if n in study["run"])
    params, moments = _recording(config, name, max(1000, 4 * settings["lags"]))
    each = [{key: value[[b]] for key, value in params.items()} for b in range(together)]
    spent = per_call(lambda: tau_net.measure(each, moments, settings["fitted_lags"]))
    return spent / together


def _weights(config: Mapping, argument: str) -> float:
    study = config["timescales"]
    name = next(name for name in study["run"] if timescales.units_of(study, name) == int(argument))
    _, condition, params = _drawn(study, name)
    return per_call(lambda: weights.measure(condition.cell, params))


def _sequences(study: Mapping, name: str):
    network, condition, params = _drawn(study, name)
    cell = condition.cell._replace(repeat=1)
    short = {"steps": 150, "warm_up": 10, "repeats": study["accuracy"]["repeats"]}
    items, states = draw_sequences(cell, network.task, timescales.units_of(study, name), 0, short)
    return network, cell, params, items, states, {network.start_N: 0}


def _answer(config: Mapping, argument: str) -> float:
    """One step of all sequences, read for a dozen N as the test of memory does."""
    network, cell, params, items, states, _ = _sequences(config["timescales"], argument)
    heads = dict.fromkeys(range(2, 14), 0)
    return per_call(lambda: accuracy(cell, params, network.task, heads, items, states, 10)) / 160


def _ablated(config: Mapping, argument: str) -> float:
    study = config["timescales"]
    network, cell, params, items, states, heads = _sequences(study, argument)
    runs = 1 + 2 * study["ablation"]["n_ablated"]
    items, states = np.tile(items[:, :40], (runs, 1)), np.tile(states, (runs, 1))
    kept = torch.ones(states.shape)
    return (
        per_call(lambda: accuracy(cell, params, network.task, heads, items, states, 10, kept)) / 40
    )


def _perturbed(config: Mapping, argument: str) -> float:
    """One step of all sequences, each with all sizes."""
    study = config["timescales"]
    network, cell, params, items, states, heads = _sequences(study, argument)
    sizes = [0.0, *sizes_of(study["perturbation"]["recurrent"])]
    n = timescales.units_of(study, argument)
    along = np.ones((n, n)) / n
    copies = perturbed(params, "recurrent", along, sizes)
    one = (items[:1], states[:1])
    spent = per_call(lambda: accuracy(cell, copies, network.task, heads, *one, 10))
    return spent * len(items) / items.shape[1]


# The bridge.
def _driven(config: Mapping, argument: str) -> float:
    """A step of all trials with its derivative; untrained networks step like trained ones."""
    settings = {**config["bridge"]["slowness"], "burn_in": 0, "steps": 80}
    _, condition, params = _drawn(config["timescales"], argument)
    return per_call(lambda: slowness.drive(condition.cell, params, 0, settings)) / 80


def _rests(config: Mapping, argument: str) -> float:
    """The points of both items."""
    settings = {**config["bridge"]["slowness"], "burn_in": 0, "steps": 80}
    _, condition, params = _drawn(config["timescales"], argument)
    driven = slowness.drive(condition.cell, params, 0, settings)
    found = (driven.system, 0.0, driven.start, settings["n_seeds"])
    return 2 * per_call(lambda: slowness.rest_points(*found))


_KINDS: dict[str, Callable[[Mapping, str], float]] = {
    **{kind: _start(kind) for kind in _IMPORTS},
    "epoch": _epoch,
    "trial": _trial,
    "step": _step,
    "spectrum": _spectrum,
    "flow": _flow,
    "factor": _factor,
    "tangent": _tangent,
    "item": _item,
    "recorded": _recorded,
    "fit": _fit,
    "weights": _weights,
    "answer": _answer,
    "ablated": _ablated,
    "perturbed": _perturbed,
    "driven": _driven,
    "rests": _rests,
}
