"""Does a run fit memory and disk? What cannot is refused with the estimate, before any job.

Nothing here imports torch: Snakemake reads this module every time it parses the workflow.
"""

from __future__ import annotations

from collections.abc import Mapping

from memdyn.costs import memory
from memdyn.settings import ConfigError
from memdyn.slow_manifolds import grid as slow_manifolds
from memdyn.timescales import grid as timescales

#: No job of this pipeline was meant for more (MB): a slip of the pen, whatever the machine.
MOST_MB = 1_000_000
#: Points that are stored of an orbit (dynamics.return_map), a copy to import no torch.
ORBIT = 64
GB = 10**9

#: What decides the memory of a rule, where it is not the sizes of networks and trials.
_DECIDES = {
    "train_networks": "slow_manifolds.network.n_units, training.n_trials",
    "test_performance": "slow_manifolds.performance.n_repeats, task, network.n_units",
    "find_attractors": "slow_manifolds.attractors.noisy_copies, task, network.n_units",
    "find_cycles": "slow_manifolds.dynamics.window, network.n_units",
    "find_fixed_points": "slow_manifolds.dynamics.n_seeds and rounds, network.n_units",
    "find_exponents": "slow_manifolds.dynamics.n_exponents, network.n_units",
    "extend_delays": "slow_manifolds.delays.extra, task, network.n_units",
    "add_noise": "slow_manifolds.noise.n_repeats, task, network.n_units",
    "train_curricula": "timescales.network.n_units, training batch_size, max_N, "
    "curriculum.longest, heads, repeat and substeps of conditions",
    "measure_timescales": "timescales.stimulation.trials, steps and lags, network.n_units",
    "perturb_networks": "timescales.perturbation sizes n, network.n_units",
    "retrain_networks": "timescales.retraining.to and at_once, batch_size, network.n_units",
}


def refuse_absurd(config: Mapping) -> None:
    """Refuse a configuration of which one job needs more memory than any machine has.

    Args:
        config: with shard sizes.

    Raises:
        ConfigError: it names the rule, the estimate and the keys.
    """
    _refuse_memory(memory.megabytes(config), MOST_MB, "no job may take more than")


def refuse_unfit(
    config: Mapping, jobs: Mapping[str, int], memory_mb: float, disk_bytes: float, cores: int
) -> None:
    """Refuse jobs that cannot fit into memory and onto the disk.

    Args:
        config: with shard sizes.
        jobs: rule -> its number of jobs that are going to run.
        memory_mb: what there is for one job; infinite where another machine runs it.
        disk_bytes: free where the results lie.
        cores: jobs that run side by side, at most.

    Raises:
        ConfigError: it names the rule, the estimate and what to change.
    """
    peaks = {rule: peak for rule, peak in memory.megabytes(config).items() if jobs.get(rule)}
    _refuse_memory(peaks, memory_mb, "this machine has")
    kept, passing = disk(config)
    needed = sum(size * jobs.get(rule, 0) for rule, size in kept.items())
    needed += sum(size * min(cores, jobs.get(rule, 0)) for rule, size in passing.items())
    if needed > disk_bytes:
        raise ConfigError(
            f"this run writes about {needed / GB:.1f} GB, but {disk_bytes / GB:.1f} GB are free on "
            "the disk of 'results': free some, or choose a smaller scale (config key 'scale')."
        )


def _refuse_memory(peaks: Mapping[str, float], limit: float, who: str) -> None:
    rule = max(peaks, key=lambda name: peaks[name], default=None)
    if rule is not None and peaks[rule] > limit:
        keys = _DECIDES.get(rule, "n_units of 'network'")
        raise ConfigError(
            f"config: one job of {rule} needs about {peaks[rule]:.2g} MB of memory, but {who} "
            f"{limit:.2g} MB; make smaller what decides it ({keys})."
        )


def disk(config: Mapping) -> tuple[dict[str, int], dict[str, int]]:
    """Bytes that one job of a rule leaves on the disk, and that it needs besides while it runs.

    Args:
        config: with shard sizes.
    """
    one, two = config["slow_manifolds"], config["timescales"]
    size, n = max(map(len, slow_manifolds.shards(one["grid"]).values())), one["network"]["n_units"]
    itemsize = 8 if one["training"]["precision"] == "float64" else 4
    n_kept = 1 + len(one["training"]["snapshots"])
    starts = memory.n_cases(one) + memory.n_types(one)
    searched = one["dynamics"]["n_seeds"] * (1 + one["dynamics"]["rounds"])
    snapshots = max(
        sum(
            4 * memory.n_solved(two, network) * memory._n_parameters(two, network)
            for network in part
        )
        for part in timescales.shards(two).values()
    )
    kept = {
        # With the state of training, which lies there until the networks have been tested.
        "train_networks": size * (16 * n * n_kept + 8 * one["training"]["n_trials"])
        + 2 * size * n * n * itemsize,
        "test_performance": 4 * size * starts * n,
        "find_cycles": 4 * size * starts * n * (4 + ORBIT),
        "find_fixed_points": 24 * size * searched * n,
        "train_curricula": snapshots,
    }
    # The state of unfinished training, once more while it is replaced.
    passing = {"train_networks": 2 * size * n * n * itemsize, "train_curricula": 2 * snapshots}
    return kept, passing
