"""Damaged files of every kind that is read: none may give other values or a traceback.

    python tests/faults/files.py --n 1000 [--seed 0] [--root CHECKOUT] [--docs]

Files are made by the functions that the stages use, damaged (bits flipped, a stretch zeroed, cut
off, lengthened, a sister's file or another kind's in their place, arrays renamed, dropped, swapped
or of another type) and read again by the functions that the stages use. Prints fault, tried,
refused in one sentence, same values, wrong values, traceback; and the same for each kind of file.
Wrong values in files of users that carry no checksum are counted apart, as unseen.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import shutil
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import results

ROOT = Path(__file__).parents[2]
OUTCOMES = ("refused", "same", "wrong", "unseen", "traceback", "unclear")
#: A reader that asks for more is stopped (bytes).
ADDRESSES = 12 * 2**30


class Kind(NamedTuple):
    """A kind of file: its name, how it is written, how it is read (into arrays by name).

    ``checked``: damage to its values can be seen.
    """

    name: str
    file: str
    write: Callable[[Path, int], None]
    read: Callable[[Path], dict]
    checked: bool = True


def kinds() -> list[Kind]:
    """All kinds; their writers take a path and a seed, so that a sister differs."""
    import numpy as np
    import pandas as pd
    import safetensors.torch
    import torch

    from memdyn.claims import judge
    from memdyn.dynamics.cells import RateNetwork
    from memdyn.dynamics.fixed_points import FixedPoints, find_fixed_points
    from memdyn.dynamics.systems import EulerMap
    from memdyn.external.reading import load_weights
    from memdyn.files import FileProblem, load_arrays, read_table, save_arrays, write_table
    from memdyn.slow_manifolds import grid as slow_manifolds
    from memdyn.slow_manifolds import tables as slow_manifolds_tables
    from memdyn.slow_manifolds.tasks.images import load_mnist
    from memdyn.slow_manifolds.tasks.latents import LATENTS_SCHEMA
    from memdyn.slow_manifolds.tasks.pattern_matching import load_task
    from memdyn.slow_manifolds.training import checkpoints, force
    from memdyn.slow_manifolds.training.finished import CASES_SCHEMA
    from memdyn.timescales import grid as timescales
    from memdyn.timescales import tables as timescales_tables
    from memdyn.timescales.conditions import Condition
    from memdyn.timescales.networks.recurrent import Cell, draw
    from memdyn.timescales.training import gradient
    from memdyn.timescales.training.checkpoints import Unfinished, open_snapshots, save_snapshots
    from memdyn.timescales.training.curriculum import Curriculum

    network = {"n_units": 20, "input_scale": 50.0, "initial_state_sd": 0.1}
    task = {"classes": [0, 1], "output_code": [1.0, 0.5, 1.5]}
    task |= {"stimulus": 10.0, "delay": 5.0, "response": 5.0}
    training = {"n_trials": 6, "alpha": 1.0, "precision": "float32", "update_every": 2}
    training |= {"stop_after": 0, "stop_rmse": 0.05, "snapshots": []}

    def shard(seed):
        networks = [slow_manifolds.Network("gauss", 0.5, g, 10.0, seed) for g in (0.9, 1.1)]
        fixed = checkpoints.draw_fixed(networks, network)
        state = force.start(networks, fixed, training)
        state.readout.normal_(generator=torch.Generator().manual_seed(seed))
        return networks, fixed, state

    def write_trained(path, seed):
        networks, fixed, state = shard(seed)
        checkpoints.save_trained(path, state, networks, fixed, [], {"provenance": {}})

    def read_trained(path):
        found = checkpoints.load_trained(path, network)._asdict()
        return {k: found[k] for k in ("networks", "readout", "x", "status", "n_trials", "rmse")}

    def write_partial(path, seed):
        checkpoints.save_partial(path, shard(seed)[2], "key")

    def read_partial(path):
        state = checkpoints.load_partial(path, "key", "cpu")
        return {} if state is None else vars(state)  # started again from nothing

    networks = [
        timescales.Network("parity_multi", "parity", "multi", "leaky", 0.0, 1, 2, s) for s in (0, 1)
    ]
    settings = {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.1, "clip": 2.0}
    condition = Condition(
        "parity", Cell(), Curriculum("multi", 2, 4), (1,), (1.0, 2.0), {**settings}
    )

    def group(seed):
        params = draw(condition.cell, 12, 3, [seed, seed + 1])
        state = gradient.start(params, condition)
        rows = [float(i) for i in range(len(gradient.EPOCH_COLUMNS))]
        state.epochs = [[tuple(rows)], [tuple(rows)]]
        state.heads = [[(1, 2, 0.9)], [(1, 2, 0.8)]]
        return state

    def write_group(path, seed):
        Unfinished(path.parent, "key").save_group(path.stem, group(seed))

    def read_group(path):
        state = Unfinished(path.parent, "key").load_group(path.stem, "cpu")
        return {} if state is None else vars(state)

    def write_snapshots(path, seed):
        with tempfile.TemporaryDirectory() as folder:
            unfinished, state = Unfinished(Path(folder), "key"), group(seed)
            for b, network in enumerate(networks):
                own = {name: value[b] for name, value in state.params.items()}
                unfinished.keep_solved(network, (2, 3), own)
            state.status = ["finished", "finished"]
            whole = [(networks, condition.cell, condition.curriculum, state)]
            save_snapshots(path, unfinished, whole, {"provenance": {}})

    def read_snapshots(path):
        snapshots, found = open_snapshots(path), {}
        for network in snapshots.networks:
            found[f"{network.name}/solved"] = snapshots.solved(network)
            found |= {f"{network.name}/{i}": t for i, t in enumerate(snapshots.histories(network))}
            for N in snapshots.solved(network):
                parameters = snapshots.parameters(network, N)
                found |= {f"{network.name}/{N}/{key}": v for key, v in parameters.items()}
        return found

    def write_stimuli(path, seed):
        rng = np.random.default_rng(seed)
        arrays = {f"latents_{label}": rng.standard_normal((60, 2)) for label in (0, 1)}
        save_arrays(path, arrays, {"schema": LATENTS_SCHEMA})

    def read_stimuli(path):
        return dict(enumerate(load_task(path, task, 0.1).latents))

    def write_cases(path, seed):
        rng = np.random.default_rng(seed)
        sizes = {"trial_ends": (2, 4, 20), "delay_states": (2, 16, 20)}
        arrays = {name: rng.standard_normal(size) for name, size in sizes.items()}
        save_arrays(path, arrays, {"schema": CASES_SCHEMA})

    def table(kind):
        def write(path, seed):
            rng = np.random.default_rng(seed)
            rows = pd.DataFrame({"network": [f"n{seed}_{i}" for i in range(40)]})
            rows["rmse"], rows["performs"] = rng.random(40), rng.random(40) > 0.5
            rows["n_trials"], rows["tau"] = rng.integers(0, 99, 40), rng.random(40)
            rows.loc[rows.index[::7], "tau"] = np.nan
            write_table(path, rows, {"schema": kind})

        return write, lambda path: {"table": read_table(path, kind)}

    def weights(seed):
        torch.manual_seed(seed)
        return torch.nn.GRU(2, 8).state_dict()

    def write_npz(path, seed):
        np.savez(path, **{name: value.numpy() for name, value in weights(seed).items()})

    def idx(path, array):
        content = struct.pack(f">HBB{array.ndim}i", 0, 8, array.ndim, *array.shape)
        content += array.tobytes()
        path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)

    def write_mnist(path, seed):
        rng, end = np.random.default_rng(seed), path.suffix if path.suffix == ".gz" else ""
        for part, n in (("train", 4), ("t10k", 3)):
            images = rng.integers(0, 256, (n, 28, 28)).astype(np.uint8)
            idx(path.parent / f"{part}-images-idx3-ubyte{end}", images)
            labels = rng.integers(0, 10, n).astype(np.uint8)
            idx(path.parent / f"{part}-labels-idx1-ubyte{end}", labels)

    def read_mnist(path):
        return load_mnist(path.parent)._asdict()

    def write_claims(path, seed):
        numbers = {name: 0.5 + seed for name in judge._NUMBERS}
        row = dict.fromkeys(judge.COLUMNS, "a") | numbers | {"verdict": judge.VERDICTS[0]}
        judge.write(path, pd.DataFrame([row] * 5, columns=list(judge.COLUMNS)))

    def write_points(path, seed):
        states = torch.linspace(-1, 1, 15).double().reshape(5, 3)
        system = RateNetwork(torch.diag(torch.tensor([1.5, 0.5, 0.2]).double()))
        find_fixed_points(EulerMap(system), states).save(path)

    def read_points(path):
        try:
            return vars(FixedPoints.load(path))
        except ValueError as problem:
            raise FileProblem(str(problem)) from None

    def read_arrays(path):
        return load_arrays(path, CASES_SCHEMA)[0]

    return [
        Kind("checkpoint", "s.safetensors", write_trained, read_trained),
        Kind("partial state", "s.partial.safetensors", write_partial, read_partial),
        Kind("snapshots", "part0.safetensors", write_snapshots, read_snapshots),
        Kind("partial group", "group.safetensors", write_group, read_group),
        Kind("stimuli", "stimuli.safetensors", write_stimuli, read_stimuli),
        Kind("states", "cases.safetensors", write_cases, read_arrays),
        Kind("table", "performance.parquet", *table(slow_manifolds_tables.schema("performance"))),
        Kind("table of study 2", "weights.parquet", *table(timescales_tables.schema("weights"))),
        Kind(
            "claims (CSV)",
            "claims.csv",
            write_claims,
            lambda path: {"claims": judge.read(path)},
            checked=False,
        ),
        Kind("saved points", "points.npz", write_points, read_points),
        Kind("user's npz", "mine.npz", write_npz, load_weights),
        Kind("user's pt", "mine.pt", lambda p, s: torch.save(weights(s), p), load_weights),
        Kind(
            "user's safetensors",
            "mine.safetensors",
            lambda path, seed: safetensors.torch.save_file(weights(seed), path),
            load_weights,
            checked=False,
        ),
        Kind("MNIST images", "train-images-idx3-ubyte", write_mnist, read_mnist, checked=False),
        Kind("MNIST labels", "train-labels-idx1-ubyte", write_mnist, read_mnist, checked=False),
        Kind("MNIST, gzipped", "t10k-images-idx3-ubyte.gz", write_mnist, read_mnist),
    ]


def flipped(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def zeroed(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    at = chance.randrange(len(content))
    size = min(512, len(content) - at)
    content[at : at + size] = bytes(size)
    path.write_bytes(content)


def cut(path: Path, chance: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: chance.randrange(len(content))])


def lengthened(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes() + chance.randbytes(chance.choice([1, 8, 4096])))


def rearranged(path: Path, chance: random.Random) -> None:
    """Arrays or columns renamed, dropped, swapped or of another type, all else as it was."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet
    import safetensors
    import safetensors.numpy
    import torch

    how = chance.choice(["rename", "drop", "swap", "type"])

    def changed(arrays: dict) -> dict:
        names = sorted(arrays)
        one, other = chance.choice(names), chance.choice(names)
        if how == "swap":
            return {**arrays, one: arrays[other], other: arrays[one]}
        if how == "type":
            value = arrays[one]
            small = value.half() if isinstance(value, torch.Tensor) else value.astype("int32")
            return {**arrays, one: small}
        rest = {name: value for name, value in arrays.items() if name != one}
        return rest if how == "drop" else {**rest, f"{one}x": arrays[one]}

    if path.suffix == ".safetensors":
        with safetensors.safe_open(path, framework="np") as content:
            metadata = content.metadata()
            arrays = {name: content.get_tensor(name) for name in content.keys()}  # noqa: SIM118
        with np.errstate(all="ignore"):
            safetensors.numpy.save_file(changed(arrays), path, metadata=metadata)
    elif path.suffix == ".parquet":
        content = pa.parquet.read_table(path)
        columns = {name: content[name] for name in content.column_names}
        if how == "type":
            columns["n_trials"] = content["n_trials"].cast("float32")
        else:
            columns = changed(columns)
        new = pa.table(columns).replace_schema_metadata(content.schema.metadata)
        pa.parquet.write_table(new, path)
    elif path.suffix == ".npz":
        np.savez(path, **changed(dict(np.load(path))))
    elif path.suffix == ".pt":
        torch.save(changed(torch.load(path)), path)
    else:
        lengthened(path, chance)


def hostile(path: Path, chance: random.Random) -> None:
    """What a file says of its sizes and types is absurd."""
    import torch

    huge = chance.choice([10**12, -1, 0, 2**31 - 1])
    if path.suffix == ".npz":
        about = {"descr": "<f8", "fortran_order": False, "shape": (huge, 3)}
        text = repr(about).ljust(117) + "\n"
        header = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("weight_hh_l0.npy", header + bytes(64))
    elif path.suffix == ".pt":
        values = [
            torch.ones(1).expand(10**10),
            torch.eye(3).to_sparse(),
            torch.ones(3, dtype=torch.complex64),
            torch.empty(10**10, device="meta"),
            [1, 2],
        ]
        old = chance.random() < 0.3
        torch.save({"w": chance.choice(values)}, path, _use_new_zipfile_serialization=not old)
    elif path.suffix == ".safetensors":
        about = {"w": {"dtype": "F64", "shape": [huge, 3], "data_offsets": [0, 24]}}
        text = json.dumps(about).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(24))
    elif path.suffix == ".parquet":
        path.write_bytes(b"PAR1" + struct.pack("<I", abs(huge) % 2**32) + b"PAR1")
    else:
        lengths = chance.choice([(-1, 28, 28), (0, 28, 28), (65536, 65536, 1), (-2, 28, -28)])
        content = struct.pack(">HBB3i", 0, 8, 3, *lengths)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def foreign(path: Path, chance: random.Random) -> None:
    path.write_bytes(chance.choice([b"", b"\0" * 4096, b"<html>log in</html>", b"a,b\n1,2\n" * 50]))


FAULTS = {
    "a bit flipped": flipped,
    "512 bytes zeroed": zeroed,
    "cut off": cut,
    "lengthened": lengthened,
    "arrays rearranged": rearranged,
    "absurd sizes or types": hostile,
    "something else": foreign,
}
SISTER = "a sister's file"


def equal(one: object, other: object) -> bool:
    """Whether two values of a reader are the same, to the bit."""
    import numpy as np
    import pandas as pd
    import torch

    if isinstance(one, dict):
        same_names = isinstance(other, dict) and one.keys() == other.keys()
        return same_names and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, pd.DataFrame):
        return one.equals(other)
    if isinstance(one, list | tuple):
        same_length = isinstance(other, list | tuple) and len(one) == len(other)
        return same_length and all(map(equal, one, other))
    if isinstance(one, torch.Tensor | np.ndarray):
        one, other = np.asarray(one), np.asarray(other)
        return (
            one.dtype == other.dtype
            and one.shape == other.shape
            and (one.tobytes() == other.tobytes())
        )
    return one == other or (one != one and other != other)


def outcome(kind: Kind, path: Path, whole: dict) -> tuple[str, str]:
    """What reading a damaged file gives, and the sentence."""
    from memdyn.files import FileProblem

    try:
        found = kind.read(path)
    except FileProblem as problem:
        sentence = str(problem)
        good = "\n" not in sentence and str(path.parent) in sentence
        return ("refused" if good else "unclear"), sentence
    except KeyError as problem:
        return "traceback", f"KeyError: {problem}"
    except Exception as problem:
        return "traceback", f"{type(problem).__name__}: {problem}"
    if equal(whole, found) or not found:
        return "same", ""
    return ("wrong" if kind.checked else "unseen"), ""


def campaign(n: int, seed: int, only: list[str] | None = None) -> list[tuple[str, str, str, str]]:
    """(kind, fault, outcome, sentence) of ``n`` damaged files, all kinds and faults in turn."""
    chance, found = random.Random(seed), []
    tried = [kind for kind in kinds() if only is None or kind.name in only]
    faults = [*FAULTS, SISTER, *["a bit flipped"] * 3]  # the one that happens by itself
    with tempfile.TemporaryDirectory() as folder:
        masters = {}
        for kind in tried:
            for own, number in (("master", 1), ("sister", 2)):
                place = Path(folder) / kind.name / own
                place.mkdir(parents=True)
                # A sister has a name of its own, as the files of shards have.
                name = kind.file if own == "master" or not kind.checked else f"sister_{kind.file}"
                kind.write(place / (name if "MNIST" not in kind.name else kind.file), number)
            path = Path(folder) / kind.name / "master" / kind.file
            masters[kind.name] = kind.read(path)
        for i in range(n):
            kind = tried[i % len(tried)]
            fault = faults[(i // len(tried)) % len(faults)]
            if fault == SISTER and (
                not kind.checked or kind.name.startswith(("user", "MN", "saved"))
            ):
                fault = "a bit flipped"  # a user may give any file
            place = Path(folder) / kind.name / "damaged"
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(Path(folder) / kind.name / "master", place)
            path = place / kind.file
            if fault == SISTER:
                shutil.copy(Path(folder) / kind.name / "sister" / f"sister_{kind.file}", path)
            else:
                FAULTS[fault](path, chance)
            what, sentence = outcome(kind, path, masters[kind.name])
            npz = kind.name.startswith(("user", "saved"))
            if what == "wrong" and npz and fault == "arrays rearranged":
                what = "unseen"  # whole and sound for zip, whose checksums are of each array alone
            found.append((kind.name, fault, what, sentence))
    return found


def rows_of(found: list[tuple[str, str, str, str]], column: int) -> list[results.Row]:
    """Rows by kind (column 0) or fault (1); what carries no checksum is a row of its own."""
    checked = [row for row in found if row[2] != "unseen"]
    rows = []
    for name in [*dict.fromkeys(row[column] for row in checked), "total"]:
        own = [row[2] for row in checked if name in (row[column], "total")]
        kept = own.count("refused") + own.count("same")
        rows.append(
            results.Row(
                name, len(own), kept, len(own) - kept - own.count("wrong"), own.count("wrong")
            )
        )
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--docs", action="store_true", help="write the table into docs/faults.md")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout that is tried")
    args = parser.parse_args()
    sys.path.insert(0, str(args.root.resolve() / "src"))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    found = campaign(args.n, args.seed)
    for kind, fault, what, sentence in found:
        if what not in ("refused", "same", "unseen"):
            print(f"{what:10} {kind}, {fault}: {sentence[:200]}")
    rows = rows_of(found, 1)
    results.show(rows)
    results.show(rows_of(found, 0))
    unseen = sum(row[2] == "unseen" for row in found)
    note = f"Besides, {unseen} files of users that carry no checksum gave other values."
    print(note)
    if args.docs:
        results.write("files", rows, note)
    return int(results.bad(rows))


if __name__ == "__main__":
    sys.exit(main())
