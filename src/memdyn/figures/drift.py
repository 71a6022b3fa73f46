"""Have the numbers moved? Figures of a run against those that were kept.

    python -m memdyn.figures.drift figures/gallery/quick figures/quick results/quick
    python -m memdyn.figures.drift figures/gallery/quick REDRAWN --tables

Numbers come first: the JSON of each figure, the table of claims, what each figure plots, and the
tables themselves. On the type of processor that the kept ones are from all have to be equal. On
another, networks are other ones, since training near chaos amplifies rounding: there two runs may
differ by as much as two samples of networks do, see ``contradicted``, and all else that moved is
only said. Figures drawn from the kept tables have to be equal everywhere, up to the rounding of a
sum.

Then, where no number moved, the pictures, by their renderings without words.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from memdyn.figures import wordless
from memdyn.jobs.provenance import provenance

#: File of a kept folder that says where its numbers are from.
MACHINE = "machine.json"
CLAIMS = "claims.csv"
#: Verdicts that cannot both be true.
AGAINST = ({"holds", "fails"}, {"holds", "no difference"})
#: How many times as far apart as their intervals reach two estimates have to be. If networks of two
#: runs had nothing in common, 2 would be passed by one of 1000 numbers from 2 networks each, one of
#: 3000 from 3, one of 100 000 from 8; that intervals do not meet befalls one of 200.
APART = 2.0
#: Relative rounding between processors of what is drawn from equal tables; six digits are written.
ROUNDING = 2e-5
#: How far a pixel's colour (0 to 255) moves at least if it is another one, and which part of all
#: pixels it takes to make another picture.
COLOUR, PART = 16, 2e-4
#: Cells that are named of a table of plotted numbers.
NAMED = 3


def machine() -> dict[str, str]:
    """What decides the last digits here: processor, its kernels in torch, packages, a GPU."""
    known = provenance()
    kept = {key: known[key] for key in ("cpu", "torch", "numpy", "scipy")}
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    kernels = torch.backends.cpu.get_cpu_capability()
    return {**kept, "model": _model(), "kernels": kernels, "gpu": gpu}


def numbers(folder: Path | str) -> dict[str, object]:
    """All numbers and words of a folder of figures: "fig4_map.json: performing.n" -> value."""
    folder, found = Path(folder), {}
    for path in sorted(folder.rglob("*.json")):
        if path.name != MACHINE:
            name = path.relative_to(folder).as_posix()
            found |= {f"{name}: {key}": v for key, v in _leaves(_read(_json, path))}
    if (path := folder / CLAIMS).exists():
        for row in _read(pd.read_csv, path).itertuples():
            for key in ("estimate", "low", "high", "verdict"):
                found[f"{CLAIMS}: {row.id}.{key}"] = getattr(row, key)
    return found


def _read(reader: Callable[[Path], Any], path: Path) -> Any:
    """What a file holds; one that is empty, cut off or damaged ends the comparison, named."""
    try:
        return reader(path)
    except (ValueError, OSError) as problem:
        why = str(problem).partition("\n")[0]
        sys.exit(f"{path} cannot be read ({why}): draw it again, or take it from git")


def _json(path: Path) -> dict:
    return json.loads(path.read_text())


def _plotted(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def moved(kept: Mapping[str, object], new: Mapping[str, object], rounding: float) -> list[str]:
    """A sentence for each number that is not what it was, where all have to be equal.

    Args:
        kept, new: of ``numbers``.
        rounding: by which a number may differ, relative to it.
    """
    found = [f"{name} is gone, it was {kept[name]}" for name in kept if name not in new]
    found += [f"{name} is new" for name in new if name not in kept]
    for name in (name for name in kept if name in new):
        if not _equal(kept[name], new[name], rounding):
            found.append(f"{name} was {kept[name]}, is {new[name]}")
    return found


def contradicted(kept: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    """A sentence for each number of another machine's run that chance does not explain.

    There networks are other ones, so that only what has an interval over networks can be compared:
    estimates that are ``APART`` times as far from each other as their intervals reach, and verdicts
    against each other whose intervals do not meet. An interval without width (all networks agree,
    often on a whole number) says nothing here; nor do counts, examples and single networks. That a
    figure or a claim is gone is named as well.
    """
    files = dict.fromkeys(map(_file, new))
    found = [f"{name} is gone" for name in dict.fromkeys(map(_file, kept)) if name not in files]
    for name in (name for name in kept if _file(name) in files):
        old, now = kept[name], new.get(name)
        if name.startswith(f"{CLAIMS}: ") and name not in new:
            found.append(f"{name} is gone, it was {old}")
        elif name.endswith(("mean", "estimate")) and name in new:
            if _reach(name, kept, new) > APART:
                found.append(f"{name} was {old}, is {now}, too far for their intervals")
        elif (
            name.endswith(".verdict")
            and {old, now} in AGAINST
            and _reach(name.removesuffix("verdict") + "estimate", kept, new) > 1
        ):
            found.append(f"{name} was {old}, is {now}")
    return found


def replotted(kept: Path | str, new: Path | str, rounding: float) -> list[str]:
    """A sentence for the first cells that moved of each table of plotted numbers (csv) of both.

    Args:
        kept, new: folders.
        rounding: by which a number may differ, relative to the largest of its column.
    """
    kept, new, found = Path(kept), Path(new), []
    for name in _files_of_both(kept, new, "csv"):
        if name != CLAIMS:  # of which ``numbers`` speaks
            old, now = (_read(_plotted, folder / name) for folder in (kept, new))
            found += _moved_cells(name, old, now, rounding)
    return found


def rewritten(kept: Path | str, results: Path | str) -> list[str]:
    """A sentence for the first cells that are not equal of each kept table and that of a run."""
    kept, results, found = Path(kept), Path(results), []
    for name in _files_of_both(kept, results, "parquet"):
        old, now = (_read(pd.read_parquet, folder / name) for folder in (kept, results))
        found += _moved_cells(name, old, now, 0.0)
    return found


def repainted(kept: Path | str, new: Path | str) -> list[str]:
    """A sentence for each picture (png) of both folders that looks otherwise, words aside."""
    kept, new, found = Path(kept), Path(new), []
    for name in _files_of_both(kept, new, "png"):
        one, other = (_read(wordless.read, folder / name) for folder in (kept, new))
        if one is None or other is None:
            missing = kept if one is None else new
            found.append(f"{missing / name} holds no rendering without words: draw it again")
        elif one.shape != other.shape:
            found.append(f"{name} has another size")
        else:
            part = float((np.abs(one - other).max(axis=-1) >= COLOUR).mean())
            if part > PART:
                found.append(f"{name} looks otherwise: {part:.2%} of it has another colour")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare two folders; ends in status 1 if anything has drifted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kept", type=Path, help="folder of kept figures")
    parser.add_argument("new", type=Path, help="folder of figures of a run")
    parser.add_argument("results", type=Path, nargs="?", help="the run's folder of tables")
    parser.add_argument(
        "--tables", action="store_true", help="the new ones are drawn from kept tables"
    )
    parser.add_argument("--bless", action="store_true", help="note this machine in the kept folder")
    options = parser.parse_args(arguments)
    place = options.kept / MACHINE
    if options.bless:
        place.write_text(json.dumps(machine(), indent=2) + "\n")
        return
    if not place.exists() and not options.tables:
        sys.exit(f"{place} is missing: keep the figures of a run with make keep SCALE=...")
    here, there = machine(), _read(_json, place) if place.exists() else {}
    kept, new = numbers(options.kept), numbers(options.new)
    if options.tables:
        left_out = sorted({*map(_file, kept)} - {*map(_file, new)})
        kept = {name: value for name, value in kept.items() if _file(name) not in left_out}
        if not kept:
            sys.exit(f"{options.new} holds no figure that is kept in {options.kept}")
        if left_out:
            print(f"their tables are not kept: {', '.join(left_out)}")
    if here == there or options.tables:
        rounding = 0.0 if here == there else ROUNDING
        found = moved(kept, new, rounding) + replotted(options.kept, options.new, rounding)
        if options.results:
            found += rewritten(options.kept, options.results)
        found = found or repainted(options.kept, options.new)
    else:
        found = contradicted(kept, new)
        print(f"on another type of machine ({_unlike(there, here)}), where networks are others")
        print("\n".join(_said(kept, new)) or "and nothing moved")
    differ = sum(not _equal(kept[name], new[name], 0.0) for name in kept.keys() & new)
    print(f"{len(kept)} numbers, {differ} are not equal")
    print("\n".join(found) or "nothing has drifted")
    sys.exit(bool(found))


class _Ends(NamedTuple):
    value: float
    low: float
    high: float


def _reach(name: str, kept: Mapping[str, object], new: Mapping[str, object]) -> float:
    """Distance of two estimates, in units of what their intervals reach towards each other."""
    stem = name.removesuffix("mean").removesuffix("estimate")
    both = []
    for where in (kept, new):
        values = [where.get(key) for key in (name, f"{stem}low", f"{stem}high")]
        if not all(isinstance(v, int | float) and math.isfinite(v) for v in values):
            return 0.0  # no interval, nothing to say
        both.append(_Ends(*values))  # type: ignore[arg-type]
    if any(ends.low >= ends.high for ends in both):
        return 0.0
    left, right = sorted(both)
    return (right.value - left.value) / (left.high - left.value + right.value - right.low)


def _said(kept: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    """What moved: how much of each figure, and each verdict."""
    shared = [name for name in kept if name in new]
    unequal = [name for name in shared if not _equal(kept[name], new[name], 0.0)]
    n_all, n_moved = Counter(map(_file, shared)), Counter(map(_file, unequal))
    for file, n in n_moved.items():
        yield f"{file}: {n} of {n_all[file]} numbers moved"
    for name in (name for name in unequal if name.endswith(".verdict")):
        claim = name.removesuffix("verdict")
        values = f"{kept[claim + 'estimate']} and {new[claim + 'estimate']}"
        yield f"{name} was {kept[name]}, is {new[name]} (estimates {values})"


def _unlike(there: Mapping[str, str], here: Mapping[str, str]) -> str:
    keys = [key for key in here if there.get(key) != here[key]]
    return ", ".join(f"{key} {there.get(key, 'unknown')} there, {here[key]} here" for key in keys)


def _model() -> str:
    """Family, model and stepping: one name of a processor may stand for several generations."""
    try:
        lines = [line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines()]
    except OSError:
        return platform.processor()  # not Linux
    known = {key.strip(): value.strip() for key, _, value in reversed(lines)}
    return ", ".join(
        f"{key} {known[key]}" for key in ("cpu family", "model", "stepping") if key in known
    )


def _file(name: str) -> str:
    return name.partition(": ")[0]


def _files_of_both(kept: Path, new: Path, ending: str) -> list[str]:
    names = (path.relative_to(kept).as_posix() for path in sorted(kept.rglob(f"*.{ending}")))
    return [name for name in names if (new / name).exists()]


def _moved_cells(name: str, old: pd.DataFrame, now: pd.DataFrame, rounding: float) -> list[str]:
    if list(old) != list(now) or len(old) != len(now):
        other = ", ".join(sorted({*old} ^ {*now})) or "none"
        return [f"{name} had {len(old)} rows, has {len(now)}; columns of one alone: {other}"]
    cells = [
        f"{name}, row {row + 1}: {column} was {old[column][row]}, is {now[column][row]}"
        for column in old
        for row in _moved_rows(old[column], now[column], rounding)
    ]
    more = len(cells) - NAMED
    return cells[:NAMED] + [f"{name}: and {more} more cell{'s' * (more > 1)}"] * (more > 0)


def _moved_rows(old: pd.Series, now: pd.Series, rounding: float) -> list[int]:
    """Places at which two columns differ by more than rounding."""
    rows = np.flatnonzero(((old != now) & ~(old.isna() & now.isna())).to_numpy())
    if not rounding or not len(rows):
        return rows.tolist()
    one, other = (pd.to_numeric(column, errors="coerce").to_numpy(float) for column in (old, now))
    size = np.nanmax(np.abs(np.concatenate([one, other]))) if np.isfinite(one).any() else 0.0
    return rows[~(np.abs(one - other)[rows] <= rounding * size)].tolist()


def _leaves(value: object, at: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{at}[{place}]")
    else:
        yield at, value


def _equal(one: object, other: object, rounding: float) -> bool:
    if one == other:
        return True
    if isinstance(one, int | float) and isinstance(other, int | float):
        both_nan = math.isnan(one) and math.isnan(other)
        return both_nan or math.isclose(one, other, rel_tol=rounding, abs_tol=rounding * 1e-4)
    return False


if __name__ == "__main__":
    main()
