"""The attractor test of study 1 against a loop over starts, per start and step and per network.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_attractors.py [--units 1000] [--trials 100]

A trained network runs on alone for 17 500 steps, from the ends of its trials, from noisy copies of
them and from its memories. The reference takes one start after the other, in float64, and never
stops early. Its steps all cost the same, so that a slice of them stands for the whole. Ours is
timed without the early stop on a slice of two trial lengths; with it, as the pipeline runs it, on a
network that comes to rest. How many do depends on the grid: the README has the share of one.
"""

from __future__ import annotations

import numpy as np
from measure import Row, begin, matmul_rate, parser, report, seconds
from trained import gaussian_task, paper_settings, trained_networks

from memdyn.slow_manifolds.mechanisms.attractors import find_ends, starts
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork

PLACE = (0.8, 5.0)  # g, fb of a network that comes to rest
TARGET = 10.0


def plain_run(network: FrozenNetwork, x: np.ndarray, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """One start (n_units,) run on by the textbook: its end, and outputs (n_steps, n_outputs)."""
    matrix = network.matrix_t.double().numpy().T.copy()
    readout, outputs = network.readout_t.double().numpy().T.copy(), []
    for _ in range(n_steps):
        x = x + network.leak * (-x + matrix @ np.tanh(x))
        outputs.append(readout @ np.tanh(x))
    return x, np.array(outputs)


def main(argv=None) -> None:
    made = parser(__doc__)
    made.add_argument("--units", type=int, default=1000)
    made.add_argument("--trials", type=int, default=100, help="of training")
    made.add_argument("--blocks", type=int, default=50, help="trial lengths of the whole test")
    options = begin(made, argv)
    settings, slice_steps, slice_blocks = paper_settings(), 100, 2
    task = gaussian_task(settings)
    if options.small:
        options.units, options.trials, options.blocks, slice_steps = 20, 1, 3, 5
    n, whole = options.units, options.blocks * task.n_steps
    attractors = settings["attractors"] | {"run_length": options.blocks}
    if options.small:
        attractors |= {"noisy_copies": 1, "memory_length": 1}
    brief = attractors | {"run_length": slice_blocks, "memory_length": 1}
    (ready,) = trained_networks([PLACE], n, options.trials, settings, task)
    network, frozen, trial_ends, delay_states = ready
    arguments = (frozen, task, trial_ends, delay_states, network.seed)
    _, x = starts(trial_ends, delay_states, network.seed, attractors)
    first = x[0].double().numpy()
    ours, theirs = seconds(
        lambda: find_ends(*arguments, brief, stop_early=False),
        lambda: plain_run(frozen, first, slice_steps),
    )
    per_start = theirs / slice_steps
    per_step = 2 * n**2 / matmul_rate((len(x), n, n))
    about = {"against": "a loop over starts", "target": TARGET, "limit_kind": "matmul"}
    size = f"{n} units, {len(x)} starts"
    row = Row(
        work="attractor_step",
        what="long runs without an early stop, per start and step",
        size=size,
        ours=ours / (len(x) * slice_blocks * task.n_steps),
        reference=per_start,
        limit=per_step,
        **about,
    )
    report(row, options)
    steps = []
    (ours,) = seconds(
        lambda: steps.append(find_ends(*arguments, attractors)["n_steps"].iloc[0]),
        repeats=1,
        warm_up=False,
    )
    row = Row(
        work="attractor_test",
        what="the attractor test of one network at rest, with its early stop",
        size=f"{size}, {whole} steps",
        ours=ours,
        reference=per_start * len(x) * whole,
        limit=per_step * len(x) * steps[0],
        **about,
        note=f"g {network.g:g}, fb {network.fb:g}, {options.trials} trials of training: "
        f"{steps[0]} of {whole} steps were run; reference extrapolated",
    )
    report(row, options)


if __name__ == "__main__":
    main()
