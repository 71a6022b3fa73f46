"""FORCE of networks that share J against plain float64 recursive least squares, per network-trial.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_force.py [--units 1000] [--networks 42]

Ours is the training of the pipeline at the paper's settings. The reference is the published
algorithm, written plainly: one network, dense float64 matrices, P changed by an outer product at
each update.

The limit adds up what one core does one after the other: the products with J at the rate of matrix
products, and the bytes of P at the rate of copies. P is symmetric, so half of it counts: read once
for each update, read and written once more for each window. It does not stay in the cache between
updates, since J passes through it in between.
"""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml
from measure import Row, begin, copy_rate, matmul_rate, parser, report

from memdyn.config import resolve
from memdyn.randomness import Stream, generator
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.networks.rate import FixedWeights, fixed_weights
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching, trial_order
from memdyn.slow_manifolds.training import force

ROOT = Path(__file__).parents[2]


def plain_trials(
    network: Network,
    fixed: FixedWeights,
    task: SequentialPatternMatching,
    settings: dict,
    n_trials: int,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """FORCE as published, one network, one update after the other; yields after each trial.

    Yields:
        (n_outputs, n_units) readouts and (n_units,) state.
    """
    leak = settings["network"]["dt"] / settings["network"]["tau"]
    every, alpha = settings["training"]["update_every"], settings["training"]["alpha"]
    n = len(fixed.initial_state)
    J = network.g * fixed.recurrent
    w_f, W_fd = fixed.feedback[0] / network.fb, fixed.feedback[1:].T / network.fb
    w_o, W_d = np.zeros(n), np.zeros((n, len(fixed.feedback) - 1))
    P_w, P_d = np.eye(n) / alpha, np.eye(n) / alpha
    x, z, z_d = fixed.initial_state, 0.0, np.zeros(W_d.shape[1])
    r = np.tanh(x)
    epochs = task.epochs.items()
    order = trial_order(n_trials, task.n_types, generator(network.seed, Stream.TRIAL_ORDER))
    for trial, trial_type in enumerate(order):
        drawn = task.draw(trial_type, generator(network.seed, Stream.TRAINING_STIMULI, trial))
        inputs, means = iter(drawn), iter(task.class_means[list(task.pair(trial_type))])
        for name, epoch in epochs:
            stimulus = next(inputs) if name.startswith("stimulus") else None
            mean = next(means) if name.startswith("delay") else None
            for step in range(epoch.stop - epoch.start):
                u = np.zeros(drawn.shape[-1]) if stimulus is None else stimulus[step]
                x = x + leak * (-x + J @ r + w_f * z + W_fd @ z_d + u @ fixed.input)
                r = np.tanh(x)
                z, z_d = w_o @ r, W_d.T @ r
                if step % every == 0 and mean is not None:
                    Pr = P_d @ r
                    k = Pr / (1 + r @ Pr)
                    P_d -= np.outer(k, Pr)
                    W_d -= np.outer(k, z_d - mean)
                elif step % every == 0 and name == "response":
                    Pr = P_w @ r
                    k = Pr / (1 + r @ Pr)
                    P_w -= np.outer(k, Pr)
                    w_o -= k * (z - task.target(trial_type))
        yield np.vstack([w_o, W_d.T]), x


def compare(
    n_units: int, n_networks: int, n_trials: int, device: object = "cpu", **training: object
) -> tuple[list[float], list[float], force.TrainingState, list]:
    """Train a shard, and between its trials the plain reference on its network in the middle.

    Returns:
        Seconds of each trial of the shard, seconds of each trial of the reference, the state of the
        shard at the end, and what the reference yielded.
    """
    config = yaml.safe_load((ROOT / "config.yaml").read_text()) | {"scale": "paper"}
    settings = resolve(config, ROOT / "workflow/schemas/config.schema.yaml")["slow_manifolds"]
    settings["training"] |= {"n_trials": n_trials, **training}
    rng = np.random.default_rng(0)
    latents = [rng.normal(mean, 0.5, (50, 2)) for mean in (2.0, -2.0)]
    dt, scale = settings["network"]["dt"], settings["network"]["input_scale"]
    task = SequentialPatternMatching.from_settings(settings["task"], dt, latents)
    places = itertools.product(settings["grid"]["g"], settings["grid"]["fb"])
    networks = [Network("gauss", 0.4, g, fb, 0) for g, fb in itertools.islice(places, n_networks)]
    fixed = fixed_weights(0, "gauss", 0.4, n_units, scale, 0.1)
    state = force.start(networks, fixed, settings["training"], device)
    plain = plain_trials(networks[n_networks // 2], fixed, task, settings, n_trials)
    ours, theirs, yielded = [], [], []
    clock = time.process_time if str(device) == "cpu" else time.perf_counter
    began = clock()

    def after_trial(state: force.TrainingState) -> None:
        nonlocal began
        ours.append(clock() - began)
        began = clock()
        yielded.append(next(plain))
        theirs.append(clock() - began)
        began = clock()

    arguments = (networks, fixed, task, settings["network"], settings["training"], after_trial)
    force.train(state, *arguments)
    return ours, theirs, state, yielded


def main(argv: list[str] | None = None) -> None:
    options_parser = parser(__doc__)
    options_parser.add_argument("--units", type=int, default=1000)
    options_parser.add_argument("--networks", type=int, default=42, help="that share J; at most 42")
    options_parser.add_argument("--trials", type=int, default=5, help="the first is a warm-up")
    options = begin(options_parser, argv)
    n, n_networks = options.units, options.networks
    if options.small:
        n, n_networks = 60, 3
    ours, theirs, *_ = compare(n, n_networks, options.trials, options.device)

    device = str(options.device)
    half = 4 * n * (n + 1) / 2  # bytes of P
    n_steps, n_updates, n_windows = 350, 75, 3
    products = n_steps * 2 * n**2 / matmul_rate((n, n, n_networks), device=device)
    traffic = (n_updates + 2 * n_windows) * half / copy_rate(device=device)
    report(
        Row(
            "force",
            "FORCE of networks that share J, per network-trial",
            f"{n} units, {n_networks} networks",
            ours=min(ours[1:]) / n_networks,
            reference=min(theirs[1:]),
            target=20,
            limit=products + traffic,
            limit_kind="matmul + copy",
            unit="CPU-s" if device == "cpu" else "s",
            against="plain float64 RLS",
            note=f"of the limit {products * 1e3:.3g} ms products with J, {traffic * 1e3:.3g} ms P",
        ),
        options,
    )


if __name__ == "__main__":
    main()
