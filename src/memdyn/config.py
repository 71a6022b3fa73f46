"""The configuration: one scale laid over the paper's values, checked once, before any job starts.

Nothing here imports torch: Snakemake reads this module every time it parses the workflow.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from itertools import chain
from math import prod
from pathlib import Path

import yaml

from memdyn.settings import ConfigError, steps
from memdyn.slow_manifolds.grid import products
from memdyn.timescales.grid import largest_N, networks, units_of
from memdyn.timescales.measurements import SECTIONS
from memdyn.timescales.networks.cells import CELLS, Leaky
from memdyn.timescales.tasks.binary import TASKS

#: No count, duration or size is larger than this: beyond it, it is a slip of the pen.
LARGEST = 1_000_000_000
#: Networks of a study, at most: each name is kept while the workflow is parsed.
MOST_NETWORKS = 100_000
#: Added delays of the forgetting test, at most.
MOST_DELAYS = 10_000
#: Numbers drawn for the starting states of a network from outside, at most (1 GB).
MOST_STATES = 125_000_000


def resolve(config: Mapping, schema_path: str | Path) -> dict:
    """Lay the chosen scale over the base values and check the result.

    Args:
        config: the parsed ``config.yaml``, command-line changes included.
        schema_path: ``workflow/schemas/config.schema.yaml``.

    Returns:
        A new dictionary of the same shape, with the scale's values in place.

    Raises:
        ConfigError: unknown key, wrong type, value out of range, or an impossible combination.
    """
    _check_plain(config, "")
    scales, scale = config.get("scales"), config.get("scale")
    if not isinstance(scales, Mapping) or not isinstance(scale, str) or scale not in scales:
        known = ", ".join(scales) if isinstance(scales, Mapping) else "none"
        raise ConfigError(f"config key 'scale': '{scale}' is not one of the scales ({known}).")
    schema = yaml.safe_load(Path(schema_path).read_text())
    _check(config, schema, prefix="")
    if not isinstance(scales[scale], Mapping):
        raise ConfigError(f"config key 'scales.{scale}': a mapping is needed.")
    _refuse_unknown(scales[scale], config, prefix=f"scales.{scale}")
    resolved = merge(config, scales[scale])
    _check(resolved, schema, prefix=f" (with scale '{scale}')")
    impossible = chain(
        _impossible(resolved["slow_manifolds"]),
        _impossible_timescales(resolved["timescales"]),
        _impossible_bridge(resolved),
        _impossible_external(resolved["external"]),
    )
    for sentence in impossible:
        raise ConfigError(f"{sentence} (scale '{scale}').")
    return resolved


def laid_over(path: str | Path, config: Mapping) -> dict:
    """What was asked for, laid over the values of a YAML file, as Snakemake's ``configfile:`` does.

    That directive would look for the file in the work folder, wherever the workflow lies.
    """
    return merge(yaml.safe_load(Path(path).read_text()), config)


def merge(base: Mapping, changes: Mapping) -> dict:
    """Return a copy of ``base`` in which the leaves of ``changes`` stand instead of its own."""
    merged = deepcopy(dict(base))
    for key, value in changes.items():
        nested = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if nested else deepcopy(value)
    return merged


def _check_plain(value: object, where: str) -> None:
    """Refuse what no key can hold: NaN, infinities, absurd sizes, keys that are no text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str):
                place = f"under '{where}'" if where else "at the top level"
                raise ConfigError(f"config: the key {key!r} {place} is no text; put it in quotes.")
            _check_plain(inner, f"{where}.{_short(key)}" if where else _short(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_plain(inner, where)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"config key '{where}': {value} is not a finite number.")
    elif isinstance(value, int | float) and abs(value) > LARGEST:
        raise ConfigError(
            f"config key '{where}': {value:g} is more than any run can take ({LARGEST:g})."
        )
    elif isinstance(value, str) and not value.isprintable():
        raise ConfigError(f"config key '{where}': {_short(value)} has characters without a sign.")


def _short(text: str) -> str:
    """Text as it can stand in a sentence."""
    shown = text if text.isprintable() else repr(text)
    return shown if len(shown) <= 200 else f"{shown[:200]} ..."


@cache
def _validator_class() -> type:
    """The validator of JSON Schema with two differences: 300.0 is no count, patterns match all."""
    import jsonschema.validators  # late: jobs, which take a few helpers from here, do without

    base = jsonschema.Draft202012Validator

    def is_integer(_, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    def pattern(_, expression: str, value: object, __) -> Iterator:
        if isinstance(value, str) and not re.fullmatch(expression, value):  # $ allows a newline
            yield jsonschema.ValidationError(f"{value!r} does not match {expression}")

    types = base.TYPE_CHECKER.redefine("integer", is_integer)
    return jsonschema.validators.extend(base, {"pattern": pattern}, type_checker=types)


def _check(config: Mapping, schema: Mapping, prefix: str) -> None:
    validator = _validator_class()(schema)
    errors = sorted(validator.iter_errors(config), key=lambda error: list(map(str, error.path)))
    error = errors[0] if errors else None
    if error is None:
        return
    where = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = ", ".join(f"'{_short(key)}'" for key in error.instance if key not in known)
        place = f"under '{where}'" if where else "at the top level"
        raise ConfigError(
            f"config{prefix}: unknown key {unknown} {place}; known keys are {', '.join(known)}."
        )
    if error.validator == "required":
        missing = ", ".join(f"'{k}'" for k in error.validator_value if k not in error.instance)
        place = f"under '{where}'" if where else "at the top level"
        raise ConfigError(f"config{prefix}: missing key {missing} {place}.")
    if error.validator == "pattern" and where in ("scales", "timescales.conditions"):
        what = "letters, digits and _" + (" and -" if where == "scales" else "")
        raise ConfigError(
            f"config key '{where}'{prefix}: '{_short(error.instance)}' is no name of a file; "
            f"give it at most 100 {what}."
        )
    raise ConfigError(f"config key '{where}'{prefix}: {_short(error.message)}.")


def _refuse_unknown(changes: Mapping, base: Mapping, prefix: str) -> None:
    for key, value in changes.items():
        if key not in base or key in ("scale", "scales"):
            known = ", ".join(k for k in base if k not in ("scale", "scales"))
            raise ConfigError(
                f"config: unknown key '{_short(key)}' under '{prefix}'; known keys are {known}."
            )
        if isinstance(base[key], Mapping):
            if not isinstance(value, Mapping):
                raise ConfigError(f"config key '{prefix}.{key}': give a mapping, not {value!r}.")
            if f"{prefix}.{key}".endswith("timescales.conditions"):
                continue  # named by the user, with keys to leave out: the schema checks them merged
            _refuse_unknown(value, base[key], f"{prefix}.{key}")


def _impossible(study: Mapping) -> Iterator[str]:
    """Yield a sentence for each combination that the schema cannot rule out by itself."""
    task, network, grid = study["task"], study["network"], study["grid"]
    root, dt = "config key 'slow_manifolds", network["dt"]
    parts = products(grid)
    for name in ("pg", "g", "fb"):
        values = dict.fromkeys(value for part in parts for value in part[name])
        yield from _same_names(f"{root}.grid.{name}'", [f"{value:g}" for value in values])
    axes = ("distribution", "pg", "g", "fb", "seed")
    n_networks = sum(prod(len(part[name]) for name in axes) for part in parts)
    if n_networks > MOST_NETWORKS:
        yield f"{root}.grid': {n_networks} networks are more than {MOST_NETWORKS}"
        return  # what follows goes through them
    n_steps = (2 * task["stimulus"] + 2 * task["delay"] + task["response"]) / dt
    if n_steps > LARGEST:
        yield f"{root}.task': stimuli, delays and response have {n_steps:g} steps of dt = {dt}"
        return  # what follows counts them
    if dt >= network["tau"]:
        yield f"{root}.network.dt': the Euler step {dt} must be shorter than tau = {network['tau']}"
    for name in ("stimulus", "delay", "response"):
        if abs(task[name] / dt - steps(task[name], dt)) > 1e-6:
            yield f"{root}.task.{name}': {task[name]} is not a multiple of dt = {dt}"
        if steps(task[name], dt) < 1:
            yield f"{root}.task.{name}': {task[name]} is shorter than a step of {dt}"
    stimuli = study["stimuli"]
    if stimuli["mnist_url"] and not stimuli["mnist_url"].startswith("https://"):
        yield f"{root}.stimuli.mnist_url': an address that begins with https:// is needed, or ''"
    if study["dynamics"]["n_exponents"] > network["n_units"]:
        yield f"{root}.dynamics.n_exponents': more than network.n_units"
    if study["training"]["stop_after"] > study["training"]["n_trials"]:
        yield f"{root}.training.stop_after': more than training.n_trials"
    n_outcomes = 2 * len(task["classes"]) - 1
    if len(task["output_code"]) != n_outcomes:
        yield (
            f"{root}.task.output_code': {len(task['classes'])} classes give {n_outcomes} outcomes, "
            f"but {len(task['output_code'])} values are listed"
        )
    variants = stimuli["variants"]
    named = {more["stimuli"] for more in grid["also"] if "stimuli" in more}
    shown = [stimuli, *({**stimuli, **variants[name]} for name in variants if name in named)]
    if any(one["source"] == "gaussian" for one in shown) and len(task["classes"]) != 2:
        yield f"{root}.stimuli.source': 'gaussian' has two classes, task.classes has not"
    if any(one["source"] == "shipped" for one in shown) and stimuli["samples_per_image"] != 1:
        yield f"{root}.stimuli.samples_per_image': 'shipped' holds one latent per image: give 1"
    size = grid["networks_per_shard"]
    if size != "auto" and size > len(grid["g"]) * len(grid["fb"]):
        yield (
            f"{root}.grid.networks_per_shard': {size} is more than the "
            f"{len(grid['g']) * len(grid['fb'])} networks (g x fb) that share one J"
        )
    training = study["training"]
    if too_late := [trial for trial in training["snapshots"] if trial >= training["n_trials"]]:
        yield f"{root}.training.snapshots': {too_late[0]} is not before the last trial"
    if missing := [trial for trial in training["analysed"] if trial not in training["snapshots"]]:
        yield f"{root}.training.analysed': {missing[0]} is not one of training.snapshots"
    for more in grid["also"]:
        if more.get("n_trials") == training["n_trials"]:
            yield f"{root}.grid.also': n_trials is that of all networks; leave it out"
        if (name := more.get("stimuli")) not in (None, *variants):
            known = ", ".join(variants) or "none"
            yield f"{root}.grid.also': stimuli '{name}' is not one of stimuli.variants ({known})"
    update_every = training["update_every"]
    for name in ("delay", "response"):
        if update_every > steps(task[name], dt):
            yield f"{root}.training.update_every': no update falls into {task[name]} tau of {name}"
    n_types = len(task["classes"]) ** 2
    if study["performance"]["n_test_trials"] < n_types:
        yield (
            f"{root}.performance.n_test_trials': at least one trial of each of the "
            f"{n_types} types is needed"
        )
    attractors, extra = study["attractors"], study["delays"]["extra"]
    if attractors["window"] > attractors["run_length"]:
        yield f"{root}.attractors.window': longer than attractors.run_length"
    if attractors["memory_length"] > attractors["run_length"]:
        yield f"{root}.attractors.memory_length': longer than attractors.run_length"
    if extra["stop"] < extra["start"]:
        yield f"{root}.delays.extra.stop': smaller than delays.extra.start"
    if extra["step"] < 0.999 * dt:
        yield f"{root}.delays.extra.step': {extra['step']} is shorter than a step of {dt}"
    elif (extra["stop"] - extra["start"]) / extra["step"] > MOST_DELAYS:
        yield f"{root}.delays.extra.step': gives more than {MOST_DELAYS} delays"
    for name in ("start", "step"):
        if abs(extra[name] / dt - steps(extra[name], dt)) > 1e-6:
            yield f"{root}.delays.extra.{name}': {extra[name]} is not a multiple of dt = {dt}"


def _impossible_timescales(study: Mapping) -> Iterator[str]:
    """The same for study 2."""
    root, conditions = "config key 'timescales", study["conditions"]
    lists = {"run": study["run"], **{f"{k}.conditions": study[k]["conditions"] for k in SECTIONS}}
    for key, names in lists.items():
        for name in names:
            if name not in conditions:
                yield f"{root}.{key}': '{name}' is not one of conditions ({', '.join(conditions)})"
    if study["max_N"] < study["curriculum"]["start_N"]:
        yield f"{root}.max_N': smaller than curriculum.start_N"
    for name, entry in conditions.items():
        for key, known in (("task", TASKS), ("cell", CELLS)):
            if key in entry and entry[key] not in known:
                one_of = ", ".join(known)
                yield f"{root}.conditions.{name}.{key}': '{entry[key]}' is not one of {one_of}"
    for name in study["run"]:
        yield from _impossible_condition(f"{root}.conditions.{name}", conditions[name], study)
    low, high = study["network"]["initial_tau"]
    if high < low:
        yield f"{root}.network.initial_tau': the upper limit {high} is below the lower {low}"
    entries = [conditions[name] for name in study["run"]]
    n_networks = sum(len(e.get("N", "1")) * len(e.get("seed", study["seed"])) for e in entries)
    if n_networks > MOST_NETWORKS:
        yield f"{root}.seed': {n_networks} networks are more than {MOST_NETWORKS}"
        return  # what follows goes through them
    names = [*study["run"], *(one.name for one in networks(study))]
    yield from _same_names(f"{root}.conditions'", names)
    N = study["curriculum"]["start_N"]
    shortest, longest = (
        study["curriculum"][key][0] * N + study["curriculum"][key][1]
        for key in ("shortest", "longest")
    )
    if not N <= shortest <= longest or study["curriculum"]["shortest"][0] < 1:
        yield f"{root}.curriculum.shortest': needs N items or more, and at most 'longest'"
    for name in sorted(set(study["run"]) & set(study["ablation"]["conditions"]) & set(conditions)):
        if 2 * study["ablation"]["n_ablated"] > (n := units_of(study, name)):
            yield f"{root}.ablation.n_ablated': twice as many are more than the {n} units of {name}"
    reach = study["accuracy"]["steps"] + study["accuracy"]["warm_up"]
    tested = {"ablation.N", "perturbation.N", "retraining.to", "substeps.N"}
    for section, key in (name.split(".") for name in sorted(tested)):
        if max(study[section][key]) > reach:
            yield f"{root}.accuracy.steps': too few for N = {max(study[section][key])} of {section}"
    if min(study["retraining"]["to"]) < study["retraining"]["N_from"]:
        yield f"{root}.retraining.to': smaller than retraining.N_from"
    # Other lists of N may go beyond what is trained: then less is measured.
    wanted = study["retraining"]["conditions"]
    retrained = [one for one in networks(study) if one.condition in wanted]
    reached = max((largest_N(study, one) for one in retrained), default=None)
    if reached is not None and study["retraining"]["N_from"] > reached:
        yield f"{root}.retraining.N_from': its conditions train no N above {reached}"
    for key in ("recurrent", "tau"):
        sizes = study["perturbation"][key]
        if sizes["stop"] < sizes["start"]:
            yield f"{root}.perturbation.{key}': stop is smaller than start"
    if study["stimulation"]["steps"] <= study["stimulation"]["lags"]:
        yield f"{root}.stimulation.steps': not more than stimulation.lags"
    if study["stimulation"]["fitted_lags"] > study["stimulation"]["lags"]:
        yield f"{root}.stimulation.fitted_lags': more than stimulation.lags"


def _impossible_condition(root: str, entry: Mapping, study: Mapping) -> Iterator[str]:
    kind, cell = entry["curriculum"], entry.get("cell", Leaky.name)
    if (kind == "none") != ("N" in entry):
        yield f"{root}.N': a list of N is needed without a curriculum, and only there"
    if kind == "sliding" and entry.get("heads", 1) < entry.get("step", 1):
        window, step = entry.get("heads", 1), entry.get("step", 1)
        yield f"{root}.heads': a window of {window} is smaller than its step of {step}"
    for key in ("heads", "step"):
        if key in entry and kind in ("single", "none"):
            yield f"{root}.{key}': the curriculum '{kind}' has one head"
    for key in ("nonlinearity", "fixed_tau", "substeps"):
        if key in entry and key not in CELLS[cell].options:
            yield f"{root}.{key}': a cell '{cell}' has none"
    if "substeps" in entry and "repeat" in entry:
        yield f"{root}.repeat': give either repeat or substeps"
    if entry.get("max_N", study["max_N"]) < study["curriculum"]["start_N"]:
        yield f"{root}.max_N': smaller than curriculum.start_N"


def _same_names(root: str, names: Sequence[str]) -> Iterator[str]:
    """Refuse names that are one file, also where a disk takes A for a."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.get(name.casefold())
        if other == name:
            yield f"{root}: two networks have the same name, as both give '{_short(name)}'"
        elif other is not None:
            yield f"{root}: '{other}' and '{name}' are the same name on some disks"
        seen[name.casefold()] = name


def _impossible_bridge(config: Mapping) -> Iterator[str]:
    """The same for the bridge between both studies."""
    root, known = "config key 'bridge", config["timescales"]["conditions"]
    for name in config["bridge"]["slowness"]["conditions"]:
        if name not in known:
            one_of = ", ".join(known)
            yield f"{root}.slowness.conditions': '{name}' is not one of conditions ({one_of})"
    settings, task = config["bridge"]["forgetting"], config["slow_manifolds"]["task"]
    dt = config["slow_manifolds"]["network"]["dt"]
    every = steps(settings["sample"], dt)
    if every < 1 or abs(settings["sample"] / dt - every) > 1e-6:
        yield f"{root}.forgetting.sample': {settings['sample']} is not a multiple of dt = {dt}"
        return  # what follows counts with it
    trial = 2 * task["stimulus"] + 2 * task["delay"] + task["response"]
    samples = settings["trials"] * trial / settings["sample"]
    if samples < 2 * settings["lags"]:
        yield (
            f"{root}.forgetting.trials': {settings['trials']} trials give {samples:.0f} samples, "
            f"fewer than twice the {settings['lags']} lags"
        )


def _impossible_external(entries: Sequence[Mapping]) -> Iterator[str]:
    """The same for networks of one's own."""
    root = "config key 'external"
    yield from _same_names(f"{root}.name'", [entry["name"] for entry in entries])
    for entry in entries:
        place = f"{root}' ({entry['name']})"
        if entry["name"] == "collect" or entry["name"].startswith("draw_"):
            yield f"{place}: the names 'collect' and 'draw_...' belong to the workflow"
        for file in (entry["file"], entry["states"].get("file", "x.npz")):
            # Files of study 2's authors have no ending at all.
            known = Path(file).suffix in (".npz", ".safetensors", ".pt", ".pth", "")
            if not known or set(file) & set("{}"):
                yield f"{place}: 'file' has to end in .npz, .safetensors, .pt or .pth, without {{}}"
        for key in ("dt", "tau"):
            if key in entry and entry["cell"] != "rate":
                yield f"{place}: a cell '{entry['cell']}' has no {key}"
        dt, tau = entry.get("dt", 0.1), entry.get("tau", 1.0)
        if entry["cell"] == "rate" and dt >= tau:
            yield f"{place}: the Euler step dt = {dt} must be shorter than tau = {tau}"
        if entry.get("delay", LARGEST) < (dt if entry["cell"] == "rate" else 1):
            yield f"{place}: delay = {entry['delay']} is shorter than a step"
        if entry.get("input") and len(entry["input"]) != entry["n_inputs"]:
            yield f"{place}: input has {len(entry['input'])} values for n_inputs"
        if entry["states"].get("n", 0) * entry["n_units"] > MOST_STATES:
            yield f"{place}: states.n x n_units is more than {MOST_STATES:g} numbers"
