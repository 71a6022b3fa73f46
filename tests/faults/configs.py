"""Wrong configurations by the hundred: each must be refused in one sentence that names its key.

    python tests/faults/configs.py --n 500 [--seed 0] [--root CHECKOUT] [--docs]

Every number, name, list and choice of the schema is replaced by what cannot be: NaN, infinities,
floats for counts, absurd sizes, names that leave their folder, values that collide in names, and
combinations that exclude each other. Prints kind, tried, refused, accepted, unclear (a refusal that
is no single sentence, or that names another key), traceback, hang; and in the table, refused as
survived, accepted as wrong, and the others as lost.
"""

from __future__ import annotations

import argparse
import copy
import math
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import results
import yaml

ROOT = Path(__file__).parents[2]
#: Above this a configuration counts as hanging Snakemake's parsing (s).
PATIENCE = 10
#: What the run is started on: a machine that takes the scale ``quick`` with much to spare.
MEMORY_MB, DISK = 16_000, 10**12
OUTCOMES = ("refused", "accepted", "unclear", "traceback", "hang")

BAD_NAMES = [
    *("../../x", "", ".", "..", "a\n", "a/b", "/tmp/x", "{b}", "a b", "*", "x" * 300, "a.b"),
    *(".hidden", "-x", "a\\b", "\x00", "é"),
]
_ENTRY = {
    **{"name": "mine", "file": "mine.npz", "cell": "rate", "n_units": 20, "n_inputs": 2},
    **{"input": [0.5, 0.5], "dt": 0.1, "tau": 1.0, "delay": 20, "states": {"n": 8, "sd": 0.5}},
    "dynamics": {"n_seeds": 8, "rounds": 1, "transient": 100, "window": 100, "exponent_steps": 200},
}
#: Combinations that no single key shows: {key: value}, and a word of the key that is named.
_COMBINATIONS = [
    ({"slow_manifolds.task.stimulus": 1e-9}, "stimulus"),
    ({"slow_manifolds.task.delay": 1e-9}, "delay"),
    ({"slow_manifolds.task.response": 1e-9}, "response"),
    ({"slow_manifolds.task.delay": 0.05}, "delay"),
    ({"slow_manifolds.network.dt": 1.0}, "dt"),
    ({"slow_manifolds.network.dt": 1e-300}, "dt"),
    ({"slow_manifolds.network.n_units": 1}, "n_exponents"),
    ({"slow_manifolds.dynamics.n_exponents": 301}, "n_exponents"),
    ({"slow_manifolds.grid.pg": [0.4, 0.4000001]}, "pg"),
    ({"slow_manifolds.grid.g": [1.1, 1.1000001]}, "grid.g"),
    ({"slow_manifolds.grid.fb": [1, 1.0000001]}, "fb"),
    ({"slow_manifolds.grid.pg": [0.4, 0.4]}, "pg"),
    ({"slow_manifolds.grid.networks_per_shard": "auto\n"}, "networks_per_shard"),
    ({"slow_manifolds.grid.networks_per_shard": "many"}, "networks_per_shard"),
    ({"slow_manifolds.delays.extra.step": 1e-9}, "extra.step"),
    ({"slow_manifolds.delays.extra.stop": 1.0}, "extra.stop"),
    ({"slow_manifolds.training.update_every": 60}, "update_every"),
    ({"slow_manifolds.training.stop_after": 401}, "stop_after"),
    ({"slow_manifolds.attractors.window": 40}, "window"),
    ({"slow_manifolds.network.n_units": 10**6}, "n_units"),
    ({"slow_manifolds.performance.n_repeats": 10**8}, "n_repeats"),
    ({"slow_manifolds.attractors.noisy_copies": 10**8}, "noisy_copies"),
    ({"slow_manifolds.training.n_trials": 10**8}, "n_trials"),
    ({"slow_manifolds.task.delay": 10**8}, "delay"),
    (
        {"slow_manifolds.stimuli.source": "mnist", "slow_manifolds.stimuli.mnist_url": "http://x"},
        "url",
    ),
    ({"slow_manifolds.stimuli.mnist_folder": ""}, "mnist_folder"),
    ({"timescales.max_N": 1}, "max_N"),
    ({"timescales.curriculum.start_N": 9}, "max_N"),
    ({"timescales.retraining.N_from": 50, "timescales.retraining.to": [60]}, "N_from"),
    ({"timescales.stimulation.steps": 100}, "steps"),
    ({"timescales.stimulation.fitted_lags": 300}, "fitted_lags"),
    ({"timescales.perturbation.tau": {"start": 10, "stop": 0.1, "n": 3}}, "perturbation.tau"),
    ({"timescales.network.n_units": 10**6}, "n_units"),
    ({"timescales.training.leaky.batch_size": 10**8}, "batch_size"),
    ({"timescales.stimulation.trials": 10**8}, "trials"),
    ({"timescales.curriculum.longest": [10**8, 1]}, "longest"),
    ({"timescales.max_N": 10**8}, "max_N"),
    ({"timescales.seed": [0, 0]}, "seed"),
    ({"timescales.run": ["parity_multi", "parity_multi"]}, "run"),
    ({"timescales.conditions.parity_multi.max_N": 1}, "max_N"),
    ({"timescales.conditions.parity_sliding.heads": 10**8}, "heads"),
    ({"timescales.conditions.parity_none.N": [3, 3]}, "parity_none.N"),
    ({"timescales.conditions.parity_single_tau1.fixed_tau": math.nan}, "fixed_tau"),
    ({"timescales.conditions.parity_single_continuous.substeps": [10**8]}, "substeps"),
    (
        {
            "timescales.conditions.parity_none_N3": {"task": "parity", "curriculum": "single"},
            "timescales.run": ["parity_none", "parity_none_N3"],
        },
        "parity_none",
    ),
    (
        {
            "timescales.conditions.a": {"task": "parity", "curriculum": "single"},
            "timescales.conditions.A": {"task": "parity", "curriculum": "single"},
            "timescales.run": ["a", "A"],
        },
        "A",
    ),
    ({"timescales.seed": list(range(50_000))}, "seed"),
    ({"slow_manifolds.grid.seed": list(range(10_000))}, "grid"),
    ({"external": [_ENTRY, _ENTRY]}, "external"),
    ({"external": [{**_ENTRY, "name": "collect"}]}, "external"),
    ({"external": [_ENTRY, {**_ENTRY, "name": "draw_mine"}]}, "external"),
    ({"external": [{**_ENTRY, "delay": 0.01}]}, "delay"),
    ({"external": [{**_ENTRY, "input": [1.0]}]}, "input"),
    ({"external": [{**_ENTRY, "dt": 2.0}]}, "dt"),
    ({"external": [{**_ENTRY, "cell": "gru"}]}, "dt"),
    ({"external": [{**_ENTRY, "file": "mine.pkl"}]}, "file"),
    ({"external": [{**_ENTRY, "file": "a{b}.npz"}]}, "file"),
    ({"external": [{**_ENTRY, "states": {"n": 10**8, "sd": 0.5}}]}, "states"),
    ({"external": [{**_ENTRY, "states": {"file": "a.npz"}}]}, "external"),
    (
        {"memory_mb_per_job": 100, "slow_manifolds.grid.networks_per_shard": "auto"},
        "memory_mb_per_job",
    ),
]
#: What is no configuration at all: (top-level key, value).
_SHAPES = [
    *[("scale", value) for value in (None, 3, ["quick"], {"a": 1}, True, "huge")],
    *[("scales", value) for value in (None, [], {}, "quick", {"quick": None}, {"quick": [1]})],
    *[("scales", value) for value in ({3: {}}, {"quick": {3: 1}}, {"quick": {"external": 3}})],
    *[("timescales", value) for value in (None, [], 3)],
    *[("slow_manifolds", value) for value in (None, [], "x")],
    *[("external", value) for value in (None, {}, "mine", [3], [None], [{}])],
    ("unknown", 3),
    (3, 3),
]


class Mutant(NamedTuple):
    """A wrong configuration: its kind, what was changed, and words of which one must be named."""

    kind: str
    change: str
    config: dict
    words: tuple[str, ...]


def mutants(config: dict, schema: dict) -> Iterator[Mutant]:
    """All wrong configurations; ``config`` is the repository's own, at the scale ``quick``."""
    for path, about in _leaves(schema, schema, ()):
        for kind, value in _wrong(about):
            yield _mutant(kind, {path: value}, config, (str(_last(path)),))
    for name in BAD_NAMES:
        about = repr(name[:20])
        changed = copy.deepcopy(config)
        changed["scales"][name] = changed["scales"]["quick"]
        yield Mutant("scale's name", about, {**changed, "scale": name}, ("scale",))
        if name not in ("", "a.b"):  # no network, and what might be one
            yield _mutant("network's name", {("network",): name}, config, ("network",))
        entry = {"task": "parity", "curriculum": "single"}
        where = ("timescales", "conditions", name)
        added = {where: entry, ("timescales", "run"): [name]}
        yield _mutant("condition's name", added, config, ("conditions", "run"))
        added = {("external",): [{**_ENTRY, "name": name}]}
        yield _mutant("external name", added, config, ("external",))
    for changes, word in _COMBINATIONS:
        paths = {tuple(path.split(".")): value for path, value in changes.items()}
        yield _mutant("combination", paths, config, (word, *_SIZES))
    for key, value in _SHAPES:
        changed = {**copy.deepcopy(config), key: value}
        yield Mutant("shape", f"{key} = {value!r}", changed, (str(key), "scale"))


#: A size that fits no machine may be blamed on the job's memory or disk instead of on its key.
_SIZES = ("MB", "GB")


def _last(path: tuple) -> object:
    return next(part for part in reversed(path) if isinstance(part, str))


def _mutant(kind: str, changes: dict, config: dict, words: tuple[str, ...]) -> Mutant:
    """Set keys in the scale in force, where they cannot be overlaid."""
    changed = copy.deepcopy(config)
    for path, value in changes.items():
        top = changed if path[0] in ("scale", "scales") else changed["scales"]["quick"]
        if path[0] == "external" and len(path) > 1:
            top["external"] = [copy.deepcopy(_ENTRY)]
        place, below = top, changed
        for part in path[:-1]:
            below = below.get(part, {}) if isinstance(below, dict) else {}
            if isinstance(part, str) and isinstance(place, dict):
                # a list is replaced as a whole: start from the one below
                if not isinstance(place.get(part), dict | list):
                    place[part] = copy.deepcopy(below) if isinstance(below, list) else {}
                place = place[part]
            else:
                place = place[part]
        if isinstance(place, list):
            place[:] = [value] if path[-1] == 0 else value
        else:
            place[path[-1]] = value
    about = ", ".join(
        f"{'.'.join(map(str, path))} = {value!r}"[:90] for path, value in changes.items()
    )
    return Mutant(kind, about, changed, words)


def _leaves(schema: dict, about: dict, path: tuple) -> Iterator[tuple[tuple, dict]]:
    if "$ref" in about:
        about = schema["$defs"][about["$ref"].rpartition("/")[2]]
    if path in (("scale",), ("scales",), ("network",)):
        return
    if path == ("timescales", "conditions"):
        for key, inner in about["additionalProperties"]["properties"].items():
            name = {
                **{"N": "parity_none", "heads": "parity_sliding", "step": "parity_sliding"},
                **{"substeps": "parity_single_continuous", "repeat": "parity_single_repeat3"},
            }.get(key, "parity_multi")
            yield from _leaves(schema, inner, (*path, name, key))
        return
    if path == ("slow_manifolds", "stimuli", "variants"):
        for key, inner in about["additionalProperties"]["properties"].items():
            yield from _leaves(schema, inner, (*path, "gaussian", key))
        return
    if "oneOf" in about:
        for key, inner in about["oneOf"][0]["properties"].items():
            yield from _leaves(schema, inner, (*path, key))
        return
    kind = about.get("type")
    if kind == "object":
        for key, inner in about["properties"].items():
            yield from _leaves(schema, inner, (*path, key))
        return
    if kind == "array" and path == ("external",):
        yield from _leaves(schema, about["items"], (*path, 0))
        return
    yield path, about
    if kind == "array" and about["items"].get("type") in ("number", "integer"):
        yield (*path, 0), about["items"]


def _wrong(about: dict) -> Iterator[tuple[str, object]]:
    """Kinds of wrong values of a leaf."""
    kind = about.get("type")
    choices = [about, *about.get("anyOf", [])]
    for value in (None, {"a": 1}):
        yield "other type", value
    if kind == "array":
        yield "other type", "abc"
        yield "other type", 3
        if about.get("minItems"):
            yield "empty list", []
        return
    yield "other type", [[1]]
    if "enum" in about or kind == "boolean":
        yield "no such choice", "nothing"
        yield "no such choice", 3
        return
    if kind == "string":
        yield "other type", 3
        yield "bad text", "a\nb"
        return
    whole = kind == "integer" or isinstance(kind, list)
    if not whole and kind != "number" and not about.get("anyOf"):
        return
    yield "other type", "many"
    yield "other type", True
    for value in (math.nan, math.inf, -math.inf):
        yield "NaN or infinite", value
    if whole:
        yield "float for a count", 300.0
        yield "float for a count", 2.5
    bounds = [part for part in choices if "minimum" in part or "exclusiveMinimum" in part]
    if bounds:
        yield "negative", -1
        low = bounds[0].get("minimum", 0)
        if low >= 1 or "exclusiveMinimum" in bounds[0]:
            yield "zero", 0
    yield "absurd size", 10**12 if whole else 1e300


class _TooLong(BaseException):
    pass


@contextmanager
def _limit(seconds: int):
    def stop(*_):
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(mutant: Mutant) -> tuple[str, str]:
    """What becomes of a configuration before any job, and the sentence."""
    from memdyn.config import ConfigError, resolve
    from memdyn.costs import memory
    from memdyn.costs.shard_sizes import with_shard_sizes
    from memdyn.slow_manifolds import grid as slow_manifolds
    from memdyn.timescales import grid as timescales

    try:
        with _limit(PATIENCE):
            config = with_shard_sizes(resolve(mutant.config, SCHEMA))
            slow_manifolds.shards(config["slow_manifolds"]["grid"])
            timescales.shards(config["timescales"])
            rules = memory.megabytes(config)
            with suppress(ImportError):  # in an older checkout
                from memdyn.costs import fits

                fits.refuse_unfit(config, dict.fromkeys(rules, 1), MEMORY_MB, DISK, 2)
    except ConfigError as problem:
        sentence = str(problem)
        one = "\n" not in sentence and len(sentence) < 600 and sentence.endswith(".")
        named = any(word in sentence for word in mutant.words)
        return ("refused" if one and named else "unclear"), sentence
    except _TooLong:
        return "hang", ""
    except Exception as problem:
        return "traceback", f"{type(problem).__name__}: {problem}"
    return "accepted", ""


def campaign(n: int | None, seed: int) -> list[tuple[Mutant, str, str]]:
    """Mutants with their outcome and sentence: ``n`` drawn at random, or all."""
    config = {**yaml.safe_load((ROOT / "config.yaml").read_text()), "scale": "quick"}
    found = list(mutants(config, yaml.safe_load((ROOT / SCHEMA_PATH).read_text())))
    if n is not None and n < len(found):
        found = random.Random(seed).sample(found, n)
    return [(mutant, *outcome(mutant)) for mutant in found]


SCHEMA_PATH = "workflow/schemas/config.schema.yaml"
SCHEMA = ROOT / SCHEMA_PATH


def main() -> int:
    global SCHEMA
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, help="how many, drawn at random (all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout that is tried")
    parser.add_argument("--docs", action="store_true", help="write the table into docs/faults.md")
    parser.add_argument("--all", action="store_true", help="list what was refused as well")
    args = parser.parse_args()
    sys.path.insert(0, str(args.root.resolve() / "src"))
    SCHEMA = args.root / SCHEMA_PATH
    found = campaign(args.n, args.seed)
    for mutant, what, sentence in found:
        if what != "refused" or args.all:
            print(f"{what:10} {mutant.kind}: {mutant.change}: {sentence[:300]!r}")
    rows = []
    for kind in [*dict.fromkeys(mutant.kind for mutant, *_ in found), "total"]:
        own = [what for mutant, what, _ in found if kind in (mutant.kind, "total")]
        told, taken = own.count("refused"), own.count("accepted")
        rows.append(results.Row(kind, len(own), told, len(own) - told - taken, taken))
    results.show(rows)
    if args.docs:
        results.write("configs", rows)
    return int(results.bad(rows))


if __name__ == "__main__":
    sys.exit(main())
