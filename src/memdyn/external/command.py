"""The command ``memdyn``: a network that was saved, taken apart without a configuration.

    memdyn analyse gru.safetensors --cell gru --states held --memory item --delay 20

prints what was found, and writes its tables (Parquet) and its page (png, pdf) into a folder.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from memdyn.files import FileProblem

if TYPE_CHECKING:
    from torch import Tensor

CELLS = ("gru", "lstm", "rnn", "rate", "leaky")
#: Random states, where none are given.
N_STATES, SD = 64, 0.5
#: Option -> the cells that have it.
OF_CELLS = {
    "dt": ("rate",),
    "tau": ("rate",),
    "nonlinearity": ("rnn", "leaky"),
    "inside": ("leaky",),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; a problem with what was given ends in one sentence and status 1."""
    options = _parser().parse_args(arguments)
    try:
        analyse(options)
    except (FileProblem, ValueError) as problem:
        sys.exit(f"memdyn: {problem}")


def analyse(options: argparse.Namespace) -> None:
    """What ``memdyn analyse`` does.

    Raises:
        FileProblem: the file cannot be read, or is not what the options say.
        ValueError: states, memory, input or delay do not fit the network.
    """
    from memdyn.external import reading  # late: torch takes seconds, and --version needs none
    from memdyn.landscape.landscape import analyse as take_apart

    refuse_unused(options)
    file = str(options.file)
    if not options.file.is_file():
        raise ValueError(f"{file} is not a file: correct its name")
    everything = reading.load_weights(file)
    weights = of_one_network(everything, options.prefix, file)
    dropped = set(everything) - set(weights)
    n_units, n_inputs = sizes(options.cell, weights, file)
    states = {"n": options.n or N_STATES, "sd": options.sd or SD}
    if options.states:
        states = {"file": file, "key": options.states, "memory": options.memory}
    given = {key: getattr(options, key) for key in ("dt", "tau", "nonlinearity")}
    entry = {
        **{"name": options.file.stem, "file": file, "cell": options.cell},
        **{"n_units": n_units, "n_inputs": n_inputs, "states": states, "inside": options.inside},
        "unused": [name for name in options.unused if name not in dropped],
        **{key: value for key, value in given.items() if value is not None},
    }
    system = reading.build_system(entry, weights)
    starts = reading.starting_states(entry, system)
    memory = reading.starting_memory(entry, len(starts))
    found = take_apart(
        system, starts, memory, options.delay, inputs=options.input, name=options.file.stem
    )
    out = options.out or Path(f"{options.file.stem}_landscape")
    found.save(out)
    print(found)
    print(f"tables and page: {out}")


def refuse_unused(options: argparse.Namespace) -> None:
    """Refuse what was asked for and would not be used.

    Raises:
        ValueError: an option that the cell does not have, or that another one rules out, or a
            number that can be none.
    """
    for name in ("n", "sd", "dt", "tau"):
        value = getattr(options, name)
        if value is not None and not 0 < value < inf:
            raise ValueError(f"--{name} has to be positive and finite, and is {value}")
    for name, cells in OF_CELLS.items():
        if getattr(options, name) not in (None, False) and options.cell not in cells:
            raise ValueError(f"--{name}: the cell '{options.cell}' has none; leave it out")
    if options.memory and not options.states:
        raise ValueError("--memory names what each of the --states has to remember: give both")
    if options.states and not options.n == options.sd is None:
        raise ValueError(
            "--n and --sd are of random states, and --states names others: leave them out"
        )


def of_one_network(
    weights: Mapping[str, Tensor], prefix: str | None, file: str
) -> dict[str, Tensor]:
    """The weights whose names start with ``prefix``, which is needed if there are several networks.

    Raises:
        ValueError: several networks and no prefix, or a prefix that no name has.
    """
    if prefix is not None:
        names = [name for name in weights if name.startswith(prefix)]
        others = {name for name in weights if "weight_hh" in name} - set(names)
        if not names:
            raise ValueError(f"no array of {file} starts with '{prefix}': it has {[*weights]}")
        parts = {name.rpartition(".")[0] + "." for name in others}
        return {name: value for name, value in weights.items() if not name.startswith(tuple(parts))}
    found = sorted({name.rpartition(".")[0] for name in weights if "weight_hh" in name})
    if len(found) > 1:
        raise ValueError(
            f"{file} holds {len(found)} networks ({', '.join(found)}): name one, as in "
            f"--prefix {found[0]}"
        )
    return dict(weights)


def sizes(cell: str, weights: Mapping[str, Tensor], file: str) -> tuple[int, int]:
    """Units and inputs of a network, read off its weights.

    Raises:
        ValueError: there is no recurrent matrix, or one that is transposed.
    """
    from memdyn.external.reading import GATES

    own = cell in ("rate", "leaky")
    hidden, shown = ("recurrent", "input") if own else ("weight_hh", "weight_ih")

    def first(name: str) -> Tensor | None:
        ends = (name,) if own else (name, f"{name}_l0")
        return next((v for key, v in weights.items() if key.split(".")[-1] in ends), None)

    recurrent, read = first(hidden), first(shown)
    if recurrent is None or recurrent.ndim != 2 or not recurrent.numel():
        has = [f"{name} {tuple(value.shape)}" for name, value in weights.items()]
        raise ValueError(
            f"{file} has no matrix '{hidden}', so it is no {cell}; it has {', '.join(has)}"
        )
    rows, n = recurrent.shape
    gates = GATES[cell]
    if rows != gates * n and n == gates * rows:
        raise ValueError(
            f"'{hidden}' of {file} has shape {(rows, n)}: a {cell} of {rows} units has "
            f"{(n, rows)}, so it seems to be transposed, as other libraries have it; save its "
            "transpose"
        )
    if read is not None and read.ndim == 2 and len(read) != rows == read.shape[1]:
        raise ValueError(
            f"'{shown}' of {file} has shape {tuple(read.shape)}, and {rows} rows are needed: it "
            "seems to be transposed, as other libraries have it; save its transpose"
        )
    return n, 0 if read is None or read.ndim != 2 else read.shape[1]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="memdyn", description="How does this network remember?")
    parser.add_argument("--version", action="version", version=f"memdyn {version('memdyn')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    one = commands.add_parser(
        "analyse",
        help="take a saved network apart: points, cycles, exponents, memory, mechanism",
    )
    one.add_argument("file", type=Path, help=".safetensors, a .pt of a state_dict, or .npz")
    one.add_argument("--cell", choices=CELLS, required=True, help="what steps")
    one.add_argument("--prefix", help="of the names of its weights, if the file holds several")
    one.add_argument(
        "--states", metavar="ARRAY", help="of the file, (rows, units): where runs start"
    )
    one.add_argument(
        "--memory", metavar="ARRAY", help="of the file, (rows,): what each must remember"
    )
    one.add_argument(
        "--unused",
        metavar="ARRAY",
        nargs="+",
        default=[],
        help="of the file: do not act on the units",
    )
    one.add_argument("--n", type=int, help=f"random states, where none are given ({N_STATES})")
    one.add_argument("--sd", type=float, help=f"of those ({SD})")
    one.add_argument("--delay", type=float, help="how long memories are held: steps; tau of a rate")
    one.add_argument("--input", type=float, nargs="+", help="constant input, one value each")
    one.add_argument("--nonlinearity", help="of an rnn (tanh, relu) or leaky network")
    one.add_argument("--inside", action="store_true", help="leaky: nonlinearity inside the leak")
    one.add_argument("--dt", type=float, help="Euler step of a rate network")
    one.add_argument("--tau", type=float, help="time constant of a rate network")
    one.add_argument("--out", type=Path, metavar="FOLDER", help="default: <file>_landscape")
    return parser
