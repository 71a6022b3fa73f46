"""The jobs of a run and their work, counted in operations whose cost ``calibration`` measures.

An operation is named ``kind`` or ``kind:argument``, as ``step:16``, one Euler step of 16 states.
What the data decide (when a run rests, how many epochs an N takes) stands below as constants, each
with where it was measured; where it varies, as a span of low, expected and high.

Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import NamedTuple

from memdyn.bridge import grid as bridge
from memdyn.costs import memory
from memdyn.settings import extra_delays
from memdyn.slow_manifolds import grid as slow_manifolds
from memdyn.timescales import grid as timescales
from memdyn.timescales.measurements import MEASUREMENTS
from memdyn.timescales.networks.cells import CELLS


class Span(NamedTuple):
    """What may be expected, between low and high."""

    low: float
    expected: float
    high: float

    def __mul__(self, factor: float) -> Span:
        return Span(*(factor * value for value in self))


class Job(NamedTuple):
    """One job: its rule, its shard ('' if the rule has one job), operation -> how many."""

    rule: str
    shard: str
    work: dict[str, Span]


# Measured on the networks of `standard` (1000 units, AMD EPYC; what a run decides, over what
# test_performance took of what is predicted for it), and on the quick scale (300 units).
#: Networks that perform the task: 259 of 336 (0.98 at feedback 1 and 5, 0.62 from 20 on, 0.35 to 1
#: over the gains g), 28 of 42.
PERFORMING = Span(0.3, 0.77, 1.0)
#: Part of the longest run that ``find_attractors`` really runs: 0.66 at both scales.
RUN_ON = Span(0.3, 0.66, 1.0)
#: Spectra per network by which ``find_attractors`` confirms rests.
RESTS = Span(0, 2, 6)
#: ``find_cycles``, per network. Steps of the few runs that do not rest at once, in parts of
#: transient and window: 0.6 where all rest, 3 to solve for a cycle (one network in seven at 1000
#: units, one in four at 300), more where runs are slow to settle; factorisations and spectra.
CYCLE_STEPS, CYCLE_FACTORS, CYCLE_SPECTRA = Span(0.6, 2.5, 6), Span(7, 40, 150), Span(1, 1.3, 3)
MOVING = 5
#: ``find_fixed_points``, per network: factorisations for each seed (3 to 13, up to 8 steps of
#: descent, which take 2.6 of them each, and as much again along fibres), and spectra of points
#: (mirror images have one).
FACTORS_PER_SEED, POINT_SPECTRA = Span(3, 38, 80), Span(2, 4, 8)
#: ``find_exponents``: part of the steps that are followed, and distinct ends of runs: 1 or 2 where
#: runs rest, all 16 where they cycle.
FOLLOWED, DISTINCT_ENDS = Span(0.13, 0.68, 1.0), 10
#: ``measure_slowness``: time of a search for points, over one in an untrained network, where no
#: seed fails; 31 of 32 may at N = 20.
RESTS_HELD = Span(1, 2, 3.5)

#: Epochs that an N of parity takes with one head: EPOCHS N^2, at least 1. `standard`: 51, 56 and 71
#: in all to N = 16 and 81, 81 and more to 19 with 500 units, 38 to 41 to 13 with 250; the authors'
#: one network 242 to 28. 64 units stop at 10 epochs by N = 6 or 7.
EPOCHS = Span(0.0, 0.04, 0.09)
#: Of DMS with one head (15 or 16 for 15 N), and with all heads that came before (29, 29 and 30 for
#: 29 N of parity with 500 units, 16 for 15 with 250, 15 for 15 of DMS).
EPOCHS_EASY = Span(1.0, 1.05, 2.0)

#: Updates in a trial of FORCE everywhere, over those within the windows of the papers' trial.
EVERYWHERE = 700 / 150

#: Rules with one job each that do little more than start, and what they start with.
TABLES = (
    *("collect_networks", "collect_stress", "collect_dynamics", "collect_ends"),
    *("collect_slowness", "collect_forgetting", "judge_claims", "write_pages"),
)
SM_FIGURES, TS_FIGURES, BRIDGE_FIGURES = (
    sorted(path.stem for path in (Path(__file__).parents[1] / wing / "figures").glob("fig*.py"))
    for wing in ("slow_manifolds", "timescales", "bridge")
)
FIGURES = (*SM_FIGURES, *TS_FIGURES, *BRIDGE_FIGURES, "draw_claims")
#: What is measured of a snapshot.
SNAPSHOT_RULES = ("test_performance", "find_attractors", "classify_mechanisms", "extend_delays")
#: Rules whose output a rule waits for: of its own shard where both have one, else of all shards.
AFTER = {
    "train_networks": ("make_stimuli",),
    "take_snapshot": ("train_networks",),
    "test_performance": ("train_networks", "take_snapshot"),
    "find_attractors": ("test_performance",),
    "classify_mechanisms": ("find_attractors",),
    "find_cycles": ("test_performance",),
    "find_fixed_points": ("find_cycles",),
    "find_exponents": ("find_cycles",),
    "vote_mechanisms": ("find_attractors", "find_fixed_points", "find_exponents"),
    "extend_delays": ("test_performance",),
    "add_noise": ("test_performance",),
    "collect_networks": ("classify_mechanisms",),
    "collect_stress": ("extend_delays", "add_noise"),
    "collect_dynamics": ("vote_mechanisms",),
    "collect_ends": ("find_attractors",),
    "trace_examples": ("collect_networks", "collect_ends", "collect_dynamics"),
    "trace_landscapes": ("trace_examples", "collect_dynamics"),
    # Figures wait for all of their study: when they are drawn decides nothing.
    **dict.fromkeys(SM_FIGURES, ("trace_landscapes", "collect_stress")),
    **dict.fromkeys(MEASUREMENTS, ("train_curricula",)),
    "collect_timescales": tuple(MEASUREMENTS),
    **dict.fromkeys(TS_FIGURES, ("collect_timescales",)),
    "measure_slowness": ("train_curricula",),
    "measure_forgetting": ("test_performance",),
    "collect_slowness": ("measure_slowness", "collect_timescales"),
    "collect_forgetting": ("measure_forgetting", "collect_networks", "collect_stress"),
    **dict.fromkeys(BRIDGE_FIGURES, ("collect_slowness", "collect_forgetting")),
    "judge_claims": (
        *("collect_networks", "collect_stress", "collect_dynamics"),
        *("collect_timescales", "collect_slowness", "collect_forgetting"),
    ),
    "draw_claims": ("judge_claims",),
    "write_pages": ("judge_claims", "collect_networks"),
}


def jobs(config: Mapping) -> list[Job]:
    """All jobs of the target ``all``, for a configuration with shard sizes."""
    one, two = config["slow_manifolds"], config["timescales"]
    trained = slow_manifolds.shards(one["grid"])
    seen = dict.fromkeys(networks[0].stimuli for networks in trained.values())
    found = [
        Job("make_stimuli", "", {"start": exactly(1), **_make_stimuli(one, name)}) for name in seen
    ]
    for shard, networks in trained.items():
        found += [Job(rule, shard, work) for rule, work in _study_1(one, networks)]
    for shard, networks in slow_manifolds.snapshot_shards(
        trained, one["training"]["analysed"]
    ).items():
        found.append(Job("take_snapshot", shard, {"start": exactly(1)}))
        work_of = dict(_study_1(one, networks))
        found += [Job(rule, shard, work_of[rule]) for rule in SNAPSHOT_RULES]
    asked = {r: timescales.measured_shards(two, one.section) for r, one in MEASUREMENTS.items()}
    for part, networks in timescales.shards(two).items():
        found += [
            Job(rule, part, work)
            for rule, work in _study_2(two, networks)
            if rule not in asked or part in asked[rule]
        ]
    found += _bridge(config)
    for rule in ("trace_examples", "trace_landscapes"):
        found.append(Job(rule, "", {"start": exactly(1), **_trace(one)}))
    found += [Job(rule, "", {"table": exactly(1)}) for rule in TABLES]
    found.append(Job("collect_timescales", "", {"start": exactly(1)}))
    return found + [Job(rule, "", {"figure": exactly(1)}) for rule in FIGURES]


def waits_for(job: Job, others: Sequence[Job]) -> list[int]:
    """Places of the jobs among ``others`` that a job waits for."""
    rules, shard = AFTER.get(job.rule, ()), job.shard
    if job.rule == "take_snapshot":  # of the shard that it is named after
        shard = shard.rpartition("_trial")[0]
    return [
        i
        for i, other in enumerate(others)
        if other.rule in rules and (not shard or not other.shard or shard == other.shard)
    ]


def exactly(amount: float) -> Span:
    return Span(amount, amount, amount)


def _add(work: dict[str, Span], name: str, amount: Span) -> None:
    """Add to what there is of an operation."""
    before = work.get(name, exactly(0))
    work[name] = Span(*(a + b for a, b in zip(before, amount, strict=True)))


def _times(one: Span, other: Span) -> Span:
    """Low, expected and high of a product."""
    return Span(*(a * b for a, b in zip(one, other, strict=True)))


def _make_stimuli(study: Mapping, variant: str) -> dict[str, Span]:
    """Epochs of the autoencoder, in passes over the 1797 images of scikit-learn."""
    settings = {**study["stimuli"], **study["stimuli"]["variants"].get(variant, {})}
    passes = memory.IMAGES.get(settings["source"], 0) / memory.IMAGES["digits"]
    return {"epoch": exactly(settings["epochs"] * passes)}


def _study_1(
    study: Mapping, networks: Sequence[slow_manifolds.Network]
) -> Iterator[tuple[str, dict[str, Span]]]:
    """Rules and work of one shard; its training comes first."""
    size = len(networks)
    T, n = memory.trial_steps(study), study["network"]["n_units"]
    cases, dynamics = memory.n_cases(study), study["dynamics"]
    start = {"start": exactly(1)}

    def per(networks: Span | float, **amounts: Span | float) -> dict[str, Span]:
        """``amounts`` for each of so many networks; a name's last _ stands for the colon."""
        few = networks if isinstance(networks, Span) else exactly(networks)
        work = dict(start)
        for name, amount in amounts.items():
            each = amount if isinstance(amount, Span) else exactly(amount)
            kind, _, argument = name.rpartition("_") if "_" in name else (name, "", "")
            work[f"{kind}:{argument}" if argument else kind] = _times(few, each)
        return work

    able = PERFORMING * size
    analysed = able if dynamics["only_performing"] else exactly(size)
    trials = exactly(size * (networks[0].trials or study["training"]["n_trials"]))
    if study["training"]["windows"] == "everywhere":  # two learners at every step, not one in three
        trials = Span(*(EVERYWHERE * count for count in trials))
    if study["training"]["stop_after"]:
        trials = Span(0.1 * trials.high, 0.5 * trials.high, trials.high)
    yield "train_networks", {**start, f"trial:{size}": trials}

    repeated = cases * study["performance"]["n_repeats"]
    steps = {1: study["performance"]["n_test_trials"] * T, cases: T}
    steps[repeated] = steps.get(repeated, 0) + T
    yield "test_performance", per(size, **{f"step_{rows}": each for rows, each in steps.items()})

    longest = study["attractors"]["run_length"] * T
    runs = {f"step_{memory.n_starts(study)}": RUN_ON * longest, f"spectrum_{n}": RESTS}
    yield "find_attractors", per(size, **runs)
    yield "classify_mechanisms", {"table": exactly(1)}

    run = {f"flow_{MOVING}": CYCLE_STEPS * (dynamics["transient"] + dynamics["window"])}
    solved = {f"factor_{n}": CYCLE_FACTORS, f"spectrum_{n}": CYCLE_SPECTRA}
    yield "find_cycles", per(analysed, **run, **solved)

    seeds = {f"factor_{n}": FACTORS_PER_SEED * dynamics["n_seeds"]}
    drift = round(study["task"]["delay"] / study["network"]["dt"])
    held = exactly(dynamics["memory_states"])
    spectra = Span(*(a + b for a, b in zip(POINT_SPECTRA, held, strict=True)))
    late = {f"flow_{MOVING}": 2 * drift * (2 + dynamics["noisy_copies"])}  # float64: twice
    yield "find_fixed_points", per(analysed, **seeds, **late, **{f"spectrum_{n}": spectra})
    followed = {f"tangent_{DISTINCT_ENDS}": FOLLOWED * dynamics["exponent_steps"]}
    yield "find_exponents", per(analysed, **followed)
    yield "vote_mechanisms", start

    extra = extra_delays(study["delays"])
    dt, task = study["network"]["dt"], study["task"]
    before = round((task["stimulus"] + task["delay"] + extra[-1]) / dt)
    after = round((task["stimulus"] + task["delay"] + task["response"]) / dt) + T
    at_once = max(1, 512 // cases)
    chunks = ceil((1 + len(extra)) / at_once)
    together = min(at_once, 1 + len(extra)) * cases
    delays = {f"step_{cases}": before, f"step_{together}": chunks * after}
    yield "extend_delays", per(able, **delays)

    noise = study["noise"]
    asked = {"state": "state_levels", "lesion": "lesions"}
    levels = sum(1 + len(noise[asked.get(kind, "levels")]) for kind in noise["kinds"])
    yield "add_noise", per(able, **{f"step_{cases * noise['n_repeats']}": levels * 2 * T})


def _trace(study: Mapping) -> dict[str, Span]:
    """A few networks, their trials and long runs again."""
    T, n = memory.trial_steps(study), study["network"]["n_units"]
    steps = study["performance"]["n_test_trials"] * T + study["attractors"]["run_length"] * T
    return {"step:1": Span(1, 3, 4) * steps, f"spectrum:{n}": Span(1, 3, 8)}


def _study_2(
    study: Mapping, part: Sequence[timescales.Network]
) -> Iterator[tuple[str, dict[str, Span]]]:
    """Rules and work of one shard."""
    reached = {network: _course(study, network) for network in part}

    def total(each) -> dict[str, Span]:
        """Sum over the networks of the shard of what ``each`` (network) -> operation, amount."""
        work = {"start": exactly(1)}
        for network in part:
            for name, amount in each(network).items():
                _add(work, name, amount)
        return work

    def train(network: timescales.Network) -> dict[str, Span]:
        return {f"item:{network.condition}": Span(*(items for _, items in reached[network]))}

    def wanted(network: timescales.Network, section: str) -> Span:
        """Snapshots that a section asks for."""
        settings = study[section]
        if network.condition not in settings["conditions"]:
            return exactly(0)
        first = network.start_N
        return Span(
            *(sum(first <= N <= last for N in settings["N"]) for last, _ in reached[network])
        )

    length = study["accuracy"]["steps"] + study["accuracy"]["warm_up"]

    def stimulate(network: timescales.Network) -> dict[str, Span]:
        settings = study["stimulation"]
        if network.condition not in settings["conditions"]:
            return {}
        listed = wanted(network, "stimulation")
        last = [last for last, _ in reached[network]]
        more = [at not in settings["N"] and at >= network.start_N for at in last]
        snapshots = Span(*(a + b for a, b in zip(listed, more, strict=True)))
        steps = settings["burn_in"] + settings["steps"]
        return {f"recorded:{network.condition}": snapshots * steps, "fit": snapshots}

    def weights(network: timescales.Network) -> dict[str, Span]:
        name = f"weights:{timescales.units_of(study, network.condition)}"
        return {name: Span(*(last - network.start_N + 1 for last, _ in reached[network]))}

    def memory_(network: timescales.Network) -> dict[str, Span]:
        settings = study["memory"]
        if network.condition not in settings["conditions"]:
            return {}
        snapshots = weights(network).popitem()[1] * (1 / settings["every"])
        return {f"answer:{network.condition}": snapshots * (length * network.repeat)}

    def ablate(network: timescales.Network) -> dict[str, Span]:
        steps = wanted(network, "ablation") * (length * network.repeat)
        return {f"ablated:{network.condition}": steps} if steps.high else {}

    def perturb(network: timescales.Network) -> dict[str, Span]:
        targets = CELLS[network.cell].targets(network.fixed_tau)
        steps = wanted(network, "perturbation") * (length * network.repeat * len(targets))
        return {f"perturbed:{network.condition}": steps} if steps.high else {}

    def retrain(network: timescales.Network) -> dict[str, Span]:
        settings = study["retraining"]
        if network.condition not in settings["conditions"]:
            return {}
        able = [last >= settings["N_from"] for last, _ in reached[network]]
        items = settings["epochs"] * sum(
            _items_per_epoch(study, network, N) for N in settings["to"]
        )
        return {f"item:{network.condition}": Span(*(items * has for has in able))}

    def change(network: timescales.Network) -> dict[str, Span]:
        if "substeps" not in study["conditions"][network.condition]:
            return {}
        steps = wanted(network, "substeps") * (length * sum(study["substeps"]["k"]))
        return {f"answer:{network.condition}": steps} if steps.high else {}

    def answer(section: str | None) -> Callable[[timescales.Network], dict[str, Span]]:
        """One run over the long sequences of each snapshot that is asked for."""

        def once(network: timescales.Network) -> dict[str, Span]:
            steps = wanted(network, section) * (length * network.repeat) if section else exactly(0)
            return {f"answer:{network.condition}": steps} if steps.high else {}

        return once

    yield "train_curricula", total(train)
    own = {
        "measure_timescales": stimulate,
        "measure_weights": weights,
        "test_memory": memory_,
        "ablate_neurons": ablate,
        "perturb_networks": perturb,
        "retrain_networks": retrain,
        "change_steps": change,
    }
    for rule, one in MEASUREMENTS.items():
        yield rule, total(own.get(rule) or answer(one.section))


def _bridge(config: Mapping) -> list[Job]:
    """Jobs that measure for the bridge."""
    one, two = config["slow_manifolds"], config["timescales"]
    slowness, forgetting = config["bridge"]["slowness"], config["bridge"]["forgetting"]
    found, parts = [], timescales.shards(two)
    for shard in bridge.slowness_shards(config):
        work = {"start": exactly(1)}
        for network in parts[shard]:
            if network.condition not in slowness["conditions"]:
                continue
            first, last = network.start_N, [N for N, _ in _course(two, network)]
            snapshots = Span(*(sum(first <= N <= end for N in slowness["N"]) for end in last))
            steps = slowness["burn_in"] + slowness["steps"]
            searches = _times(snapshots, RESTS_HELD)
            for kind, amount in (("driven", snapshots * steps), ("rests", searches)):
                _add(work, f"{kind}:{network.condition}", amount)
        found.append(Job("measure_slowness", shard, work))
    shards = slow_manifolds.shards(one["grid"])
    n_steps = (forgetting["burn_in"] + forgetting["trials"]) * memory.trial_steps(one)
    units = min(forgetting["units"], one["network"]["n_units"])
    for shard in bridge.forgetting_shards(config):
        able = PERFORMING * len(shards[shard])
        # A fit is counted for all units of the largest network of study 2.
        fits = able * (units / memory.largest_n_units(two))
        steps = {f"step:{memory.n_types(one)}": able * n_steps, "fit": fits}
        found.append(Job("measure_forgetting", shard, {"start": exactly(1), **steps}))
    return found


def items_per_sequence(study: Mapping, N: float) -> float:
    """Mean over the lengths that are drawn."""
    (a, b), (c, d) = study["curriculum"]["shortest"], study["curriculum"]["longest"]
    return ((a + c) * N + b + d) / 2


def _items_per_epoch(study: Mapping, network: timescales.Network, N: float) -> float:
    """Steps of the network in one epoch: updates x items x steps per item."""
    repeats = study["conditions"][network.condition].get("substeps", [network.repeat])
    updates = timescales.training_of(study, network)["updates_per_epoch"]
    return updates * sum(repeats) * items_per_sequence(study, N)


def _course(study: Mapping, network: timescales.Network) -> list[tuple[float, float]]:
    """(largest N, steps of training) for few, expected and many epochs."""
    return [_go(study, network, which) for which in range(3)]


def _go(study: Mapping, network: timescales.Network, which: int) -> tuple[float, float]:
    """Go through a curriculum; ``which`` picks from the spans: 0 fewest epochs, 2 most."""
    entry, final = study["conditions"][network.condition], timescales.largest_N(study, network)
    left, spent = timescales.training_of(study, network)["max_epochs"], 0.0
    if network.curriculum == "none":
        share = (0.3, 1.0, 1.0)[which]  # N from 5 on was solved in no case at 64 units
        return final, share * left * _items_per_epoch(study, network, final)
    window = entry.get("heads", 1) if network.curriculum != "single" else 1
    step = entry.get("step", 1) if network.curriculum != "single" else 1
    N = min(network.start_N + window - 1, final)
    solved = network.start_N - 1
    while left > 0:
        hard = network.curriculum == "single" and network.task == "parity"
        epochs = EPOCHS[which] * N * N if hard else EPOCHS_EASY[which]
        epochs = min(left, max(1.0, epochs))
        spent += epochs * _items_per_epoch(study, network, N)
        left -= epochs
        if not left:
            break  # its epochs were over before it was solved
        solved = N
        if solved == final:
            break
        N = min(N + step, final)
    return solved, spent
