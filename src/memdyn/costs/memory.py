"""Peak memory of each job, from its sizes.

A formula per rule, in bytes, of what is largest there; tests hold them against measured peaks. They
are written for one job on the CPU. On a GPU the host holds less of it and CUDA's libraries besides.

Nothing here imports torch: Snakemake reads this module every time it parses the workflow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from memdyn.slow_manifolds import grid as slow_manifolds
from memdyn.timescales import grid as timescales
from memdyn.timescales.measurements import MEASUREMENTS
from memdyn.timescales.networks.cells import CELLS

MB = 2**20
#: What a job holds before it has done anything: Python with pandas; with torch besides; figures.
TABLES, TORCH, FIGURES = 220 * MB, 415 * MB, 400 * MB
#: Requested for a job: so many times the peak of the formula.
MARGIN = 1.25
#: ... and so much (MB) for CUDA's libraries by rules that may get a GPU. ASSUMPTION: not measured.
CUDA, WITHOUT_GPU = (
    2500,
    ("make_stimuli", "measure_weights", "measure_slowness", "collect_timescales"),
)
#: Copies, to import no torch; a test holds them against the originals. Values recorded before they
#: are summed up and units recorded side by side (timescales), bytes of activity held at once
#: (robustness.accuracy) and of Jacobians (dynamics.newton), trial lengths whose outputs are kept
#: (attractors), units above which runs are float32 (dynamics.return_map).
SEGMENT, TOGETHER, ACTIVITY, JACOBIANS = 10_000_000, 2_000, 32 * MB, 16 * MB
TAIL, DENSE_UNITS = 20, 200
#: Images of the sources of stimuli that train on some.
IMAGES = {"digits": 1_797, "mnist": 70_000}


def megabytes(config: Mapping) -> dict[str, int]:
    """Peak (MB) of one job of each rule: of its largest shard; ``config`` is resolved."""
    one, two = config["slow_manifolds"], config["timescales"]
    largest = max(map(len, slow_manifolds.shards(one["grid"]).values()))
    parts = list(timescales.shards(two).values())
    found = {
        "make_stimuli": _make_stimuli(one),
        "train_networks": train_networks(one, largest),
        "test_performance": test_performance(one),
        "find_attractors": find_attractors(one),
        "find_cycles": find_cycles(one),
        "find_fixed_points": find_fixed_points(one),
        "find_exponents": find_exponents(one),
        "extend_delays": extend_delays(one),
        "add_noise": add_noise(one),
        "trace_examples": trace(one),
        "trace_landscapes": trace(one),
        "trace_network": trace(one),
        "train_curricula": max(train_curricula(two, part) for part in parts),
        **dict.fromkeys(MEASUREMENTS, accuracies(two)),  # or else:
        "measure_timescales": max(measure_timescales(two, part) for part in parts),
        "measure_weights": measure_weights(two),
        "perturb_networks": perturb_networks(two),
        "retrain_networks": max(retrain_networks(two, part) for part in parts),
        "collect_timescales": TORCH + 32 * MB,
        "measure_slowness": measure_slowness(two, config["bridge"]["slowness"]),
        "measure_forgetting": measure_forgetting(one, config["bridge"]["forgetting"]),
    }
    return {rule: ceil(size / MB) for rule, size in found.items()}


def request(megabytes: float, rule: str | None = None) -> int:
    """What to ask for (MB) for a peak of ``megabytes``: with the margin, in steps of 100.

    Args:
        megabytes: of the formula.
        rule: that may be given a GPU, for which CUDA needs room; None for the CPU alone.
    """
    room = 0 if rule is None or rule in WITHOUT_GPU else CUDA
    return 100 * ceil((MARGIN * megabytes + room) / 100)


def _make_stimuli(study: Mapping) -> int:
    """A small autoencoder; the images of mnist as float32, twice."""
    settings = study["stimuli"]
    sources = [settings["source"], *(one.get("source") for one in settings["variants"].values())]
    images = max(IMAGES.get(source, 0) for source in sources)
    return TORCH + 235 * MB + 2 * images * 28 * 28 * 4


# Study 1. n units; J is drawn in float64 from a mask and values, and closed with the feedback.
def _weights(study: Mapping) -> int:
    return 64 * study["network"]["n_units"] ** 2


def trial_steps(study: Mapping) -> int:
    task, dt = study["task"], study["network"]["dt"]
    return round((2 * task["stimulus"] + 2 * task["delay"] + task["response"]) / dt)


def _recorded(study: Mapping, rows: int, n_steps: int) -> int:
    """Inputs and outputs of runs, with their copies in float64."""
    return 100 * rows * n_steps


def n_cases(study: Mapping) -> int:
    """Starting states (one per type of trial) x types of trial."""
    return len(study["task"]["classes"]) ** 4


def n_types(study: Mapping) -> int:
    return len(study["task"]["classes"]) ** 2


def train_networks(study: Mapping, n_networks: int) -> int:
    """Two inverse correlation matrices per network, twice while a killed job reads them again."""
    n = study["network"]["n_units"]
    itemsize = 8 if study["training"]["precision"] == "float64" else 4
    everywhere = study["training"]["windows"] == "everywhere"
    longest = max(
        study["task"][name] for name in ("delay", "response", "stimulus")[: 2 + everywhere]
    )
    updates = longest / study["network"]["dt"] / study["training"]["update_every"]
    windows = (1 + everywhere) * n_networks * ceil(updates) * n * itemsize
    curves = 3 * n_networks * study["training"]["n_trials"] * 8
    kept = 3 * 4 * n * itemsize * n_networks * len(study["training"]["snapshots"])
    return TORCH + _weights(study) + 4 * n_networks * n * n * itemsize + windows + curves + kept


def test_performance(study: Mapping) -> int:
    rows = n_cases(study) * study["performance"]["n_repeats"]
    return TORCH + _weights(study) + _recorded(study, rows, trial_steps(study))


def n_starts(study: Mapping) -> int:
    """Starts of the long runs: trial ends, noisy copies of these and the origin, delay states."""
    copies = study["attractors"]["noisy_copies"]
    return n_types(study) + (n_types(study) + 1) * copies + n_cases(study)


def find_attractors(study: Mapping) -> int:
    """Outputs of the last twenty trial lengths; a Jacobian, its decomposition; parts of SciPy."""
    n_steps = min(TAIL, study["attractors"]["run_length"]) * trial_steps(study)
    return TORCH + 96 * MB + 2 * _weights(study) + _recorded(study, n_starts(study), n_steps)


def find_cycles(study: Mapping) -> int:
    """The window of all runs that still move: all of them, at worst; matrices of multipliers."""
    n, window = study["network"]["n_units"], study["dynamics"]["window"] + 1
    rows, itemsize = n_cases(study) + n_types(study), 4 if n > DENSE_UNITS else 8
    one_run = window * n * itemsize
    return TORCH + 2 * _weights(study) + (rows + 6) * one_run + 140 * n * n


def find_fixed_points(study: Mapping) -> int:
    """Jacobians of a lot of rows, their products and factors; some more matrices; the points."""
    n, settings = study["network"]["n_units"], study["dynamics"]
    seeds = settings["n_seeds"] * (1 + settings["rounds"])
    at_once = max(8 * n * n, min(JACOBIANS, 8 * n * n * seeds))
    return TORCH + 2 * _weights(study) + 3 * at_once + 80 * n * n + 40 * seeds * n


def find_exponents(study: Mapping) -> int:
    """The closed-loop matrix in both precisions."""
    n, rows = study["network"]["n_units"], n_cases(study)
    vectors = 40 * rows * n * (1 + study["dynamics"]["n_exponents"])
    return TORCH + 16 * MB + 2 * _weights(study) + vectors


def extend_delays(study: Mapping) -> int:
    """A state of each case at every length of the delay."""
    extra = study["delays"]["extra"]
    n_lengths = 2 + (extra["stop"] - extra["start"]) / extra["step"]
    states = n_lengths * n_cases(study) * study["network"]["n_units"] * 4
    chunk = _recorded(study, 512, trial_steps(study))
    return TORCH + _weights(study) + ceil(1.5 * states) + chunk


def add_noise(study: Mapping) -> int:
    rows = n_cases(study) * study["noise"]["n_repeats"]
    return TORCH + _weights(study) + 2 * _recorded(study, rows, trial_steps(study))


def trace(study: Mapping) -> int:
    """Whole trials, long runs and spectra of a few networks, for the figures."""
    n = study["network"]["n_units"]
    return TORCH + 2 * _weights(study) + 4 * 40 * trial_steps(study) * n + 128 * MB


# Study 2.
def _n_parameters(study: Mapping, network: timescales.Network) -> int:
    """Values of one network with all its heads."""
    n = timescales.units_of(study, network.condition)
    return CELLS[network.cell].matrices * (n * n + 5 * n) + n_heads(study, network) * (2 * n + 2)


def largest_n_units(study: Mapping) -> int:
    """Units of the largest networks of the study."""
    return max(timescales.units_of(study, name) for name in study["run"])


def n_heads(study: Mapping, network: timescales.Network) -> int:
    if network.curriculum == "multi":
        return timescales.largest_N(study, network) - network.start_N + 1
    entry = study["conditions"][network.condition]
    return entry.get("heads", 1) if network.curriculum == "sliding" else 1


def _backpropagation(study: Mapping, network: timescales.Network, N: int) -> int:
    """States that one network keeps for the gradient of the longest sequences of N, and these."""
    factor, more = study["curriculum"]["longest"]
    training = timescales.training_of(study, network)
    steps = (factor * N + more) * network.repeat + 1
    per_step = CELLS[network.cell].kept * timescales.units_of(study, network.condition) + 2
    return 4 * steps * training["batch_size"] * per_step


def _side_by_side(
    study: Mapping, part: Sequence[timescales.Network]
) -> dict[timescales.Network, int]:
    """How many networks of each condition of a shard are trained in one batch, at most."""
    alike = [network._replace(seed=0) for network in part]
    return {one: min(study["side_by_side"], alike.count(one)) for one in dict.fromkeys(alike)}


def _training(study: Mapping, network: timescales.Network, N: int, together: int) -> int:
    """Networks side by side, which take turns: their moments, and what an update of one needs."""
    one_update = 4 * 4 * _n_parameters(study, network)  # gradients and clipped copies
    moments = together * 4 * 3 * _n_parameters(study, network)
    return _backpropagation(study, network, N) + one_update + moments


def train_curricula(study: Mapping, part: Sequence[timescales.Network]) -> int:
    """The states of a minibatch, or every network at every N while the finished shard is saved."""
    batches = [
        _training(study, network, timescales.largest_N(study, network), together)
        for network, together in _side_by_side(study, part).items()
    ]
    saved = sum(4 * n_solved(study, m) * _n_parameters(study, m) for m in part)
    return TORCH + 8 * MB + max(*batches, 2 * saved)  # up to 2 MB above without the 8


def n_solved(study: Mapping, network: timescales.Network) -> int:
    """Snapshots of a network, at most."""
    if network.curriculum == "none":
        return 1
    return timescales.largest_N(study, network) - network.start_N + 1


def snapshots_together(study: Mapping) -> int:
    """Snapshots of a network that ``measure_timescales`` drives side by side."""
    wanted = len(study["stimulation"]["N"]) + 1
    return min(max(1, TOGETHER // largest_n_units(study)), wanted)


def measure_timescales(study: Mapping, part: Sequence[timescales.Network]) -> int:
    """Recorded activity and its copies; spectra of the autocorrelations; those of covariances."""
    settings, n = study["stimulation"], largest_n_units(study)
    together = snapshots_together(study)
    trials, steps = settings["trials"], settings["steps"]
    values = min(SEGMENT, trials * steps * n)  # of one network: they take turns
    frequencies = (values / (trials * n) + settings["lags"]) / 2
    spectra = together * 3 * 16 * (n + 1) * frequencies
    covariances = together * trials * 78 * n * n
    parameters = together * max(4 * _n_parameters(study, network) for network in part)
    return TORCH + ceil(7 * 4 * values + spectra + covariances + 2 * parameters)


def measure_weights(study: Mapping) -> int:
    return TORCH + 32 * MB + 4 * 8 * 4 * largest_n_units(study) ** 2


def accuracies(study: Mapping) -> int:
    """A stretch of activity, with what is computed from it."""
    n, settings = largest_n_units(study), study["accuracy"]
    most = 4 * settings["repeats"] * (settings["steps"] + settings["warm_up"]) * n
    return TORCH + 2 * min(ACTIVITY, most) + 64 * n * n


def perturb_networks(study: Mapping) -> int:
    """One copy of the network for each size of the perturbation, twice."""
    settings, n = study["perturbation"], largest_n_units(study)
    copies = 1 + max(settings["recurrent"]["n"], settings["tau"]["n"])
    return accuracies(study) + 2 * copies * 4 * n * n


def retrain_networks(study: Mapping, part: Sequence[timescales.Network]) -> int:
    """As training, at the largest N."""
    settings = study["retraining"]
    chosen = [m for m in part if m.condition in settings["conditions"]]
    copies = min(settings["at_once"], len(settings["to"]))
    return TORCH + max(
        (_training(study, network, max(settings["to"]), copies) for network in chosen),
        default=2 * ACTIVITY,
    )


# The bridge.
def measure_slowness(study: Mapping, settings: Mapping) -> int:
    """The weights in float64; Jacobians of a lot of rows, their factors; a decomposition."""
    asked = [name for name in settings["conditions"] if name in study["run"]]
    n = max((units_of_system(study, name) for name in asked), default=2)
    seeds = 2 * settings["n_seeds"]
    at_once = max(8 * n * n, min(JACOBIANS, 8 * n * n * seeds))
    shown = 16 * settings["trials"] * (settings["burn_in"] + settings["steps"])
    return TORCH + 96 * MB + 3 * at_once + 160 * n * n + shown


def units_of_system(study: Mapping, condition: str) -> int:
    """State variables of a network of a condition, generously: an LSTM has two for each unit."""
    gated = CELLS[study["conditions"][condition].get("cell", "leaky")].matrices
    return timescales.units_of(study, condition) * (2 if gated == 4 else 1)


def measure_forgetting(study: Mapping, settings: Mapping) -> int:
    """The weights; inputs and outputs of the streams; recorded units, their spectra and curves."""
    streams, T = n_types(study), trial_steps(study)
    n_steps = (settings["burn_in"] + settings["trials"]) * T
    units = min(settings["units"], study["network"]["n_units"])
    samples = settings["trials"] * T * study["network"]["dt"] / settings["sample"]
    recorded = ceil(10 * 8 * streams * samples * units)
    return TORCH + 32 * MB + _weights(study) + _recorded(study, streams, n_steps) + recorded
