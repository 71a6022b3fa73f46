"""Have the numbers moved? Figures of a run against those that were kept.

    python -m memdyn.figures.drift figures/gallery/quick figures/quick

Numbers come first: the JSON of each figure and the table of claims. On the type of processor that
the kept ones are from all have to be equal. On another, networks are others, since training near
chaos amplifies rounding: there an estimate has to lie in the other's interval, or the other way
round, and no verdict may contradict the other. Then, where numbers are equal, the pictures.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from memdyn.jobs.provenance import provenance

#: File of a kept folder that says where its numbers are from.
MACHINE = "machine.json"
#: Verdicts that cannot both be true.
AGAINST = ({"holds", "fails"}, {"holds", "no difference"})
#: Root mean square of the difference of two pictures (0 to 255) below which they look the same.
PICTURE = 1.0


def machine() -> dict[str, str]:
    """What decides the last digits here: processor, kernels that torch takes, and packages."""
    known = provenance()
    kept = {key: known[key] for key in ("cpu", "torch", "numpy")}
    return {**kept, "kernels": torch.backends.cpu.get_cpu_capability()}


def numbers(folder: Path | str) -> dict[str, object]:
    """All numbers and words of a folder of figures: "fig4_map.json: performing.n" -> value."""
    folder, found = Path(folder), {}
    for path in sorted(folder.rglob("*.json")):
        if path.name != MACHINE:
            name = path.relative_to(folder).as_posix()
            found |= {f"{name}: {key}": v for key, v in _leaves(json.loads(path.read_text()))}
    if (path := folder / "claims.csv").exists():
        for row in pd.read_csv(path).itertuples():
            for key in ("estimate", "low", "high", "verdict"):
                found[f"claims.csv: {row.id}.{key}"] = getattr(row, key)
    return found


def moved(kept: Mapping[str, object], new: Mapping[str, object], same: bool) -> list[str]:
    """A sentence for each number that is not what it was.

    Args:
        kept, new: of ``numbers``.
        same: both come from one type of machine, so that all has to be equal; else only what
            intervals and verdicts do not allow is named.
    """
    found = [f"{name} is gone, it was {kept[name]}" for name in kept if name not in new]
    if same:
        found += [f"{name} is new" for name in new if name not in kept]
    for name in (name for name in kept if name in new):
        old, now = kept[name], new[name]
        if same:
            wrong = old != now and not _both_nan(old, now)
        elif name.endswith(".verdict"):
            wrong = {old, now} in AGAINST
        else:
            wrong = _apart(name, kept, new)
        if wrong:
            found.append(f"{name} was {old}, is {now}")
    return found


def repainted(kept: Path | str, new: Path | str) -> list[str]:
    """A sentence for each picture (png) of both folders that looks otherwise."""
    from matplotlib.testing.compare import calculate_rms  # late: only where numbers are equal
    from PIL import Image

    kept, new, found = Path(kept), Path(new), []
    for path in sorted(kept.rglob("*.png")):
        name = path.relative_to(kept).as_posix()
        if not (new / name).exists():
            continue
        one, other = (Image.open(p / name).convert("RGB") for p in (kept, new))
        if one.size != other.size:
            found.append(f"{name} was {one.size} pixels, is {other.size}")
        elif (rms := calculate_rms(*(np.asarray(p, float) for p in (one, other)))) > PICTURE:
            found.append(f"{name} looks otherwise (root mean square {rms:.1f} of 255)")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare two folders; ends in status 1 if anything has drifted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kept", type=Path, help="folder of kept figures")
    parser.add_argument("new", type=Path, help="folder of figures of a run")
    parser.add_argument("--bless", action="store_true", help="note this machine in the kept folder")
    options = parser.parse_args(arguments)
    place = options.kept / MACHINE
    if options.bless:
        place.write_text(json.dumps(machine(), indent=2) + "\n")
        return
    if not place.exists():
        sys.exit(f"{place} is missing: keep the figures of a run with make keep SCALE=...")
    same = json.loads(place.read_text()) == machine()
    kept, new = numbers(options.kept), numbers(options.new)
    found = moved(kept, new, same)
    if same and not found:
        found = repainted(options.kept, options.new)
    differ = sum(kept[n] != new[n] and not _both_nan(kept[n], new[n]) for n in kept.keys() & new)
    where = "the machine they are from" if same else "another type of machine"
    print(f"{len(kept)} numbers, on {where}; {differ} are not equal")
    print("\n".join(found) or "nothing has drifted")
    sys.exit(bool(found))


def _leaves(value: object, at: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{at}[{place}]")
    else:
        yield at, value


def _both_nan(*values: object) -> bool:
    return all(isinstance(value, float) and math.isnan(value) for value in values)


def _apart(name: str, kept: Mapping[str, object], new: Mapping[str, object]) -> bool:
    """Whether a mean or estimate lies outside of the other's interval, both ways."""
    stem, _, key = name.rpartition(".")
    if key not in ("mean", "estimate"):
        return False

    def within(value: object, where: Mapping[str, object]) -> bool | None:
        ends = [where.get(f"{stem}.{end}") for end in ("low", "high")]
        if not all(isinstance(v, int | float) and math.isfinite(v) for v in (value, *ends)):
            return None  # no interval, nothing to say
        return ends[0] <= value <= ends[1]  # type: ignore[operator]

    answers = within(new[name], kept), within(kept[name], new)
    return False in answers and True not in answers


if __name__ == "__main__":
    main()
