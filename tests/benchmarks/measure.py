"""What all benchmarks share: how time is taken, the machine's own rates, and the line reported.

A benchmark compares seconds of ours with seconds of a reference from the same run, and with the
least that the machine could need: operations over its rate of matrix products, or bytes over its
rate of copying. It never asserts anything. A script goes like this:

    options = begin(parser(__doc__), argv)
    ours, reference = seconds(run_ours, run_reference)
    limit = flops / matmul_rate((256, 500, 500))
    report(Row("update", "one update of study 2", "500 units", ours, reference, 1.7, limit,
               "matmul"), options)
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import torch

from memdyn.device import set_up
from memdyn.figures.recordings import quantity
from memdyn.jobs.provenance import provenance

#: Bytes beyond any cache, and how often a rate is measured; the best counts.
COPIED, TRIES = 2**27, 9


@dataclass(frozen=True)
class Row:
    """One measured work.

    Attributes:
        work: short id, one line of the table and the figure for each id and size.
        what: the work in words, with what "one" of it is.
        size: units, networks, trials, ... in words.
        ours, reference: seconds; NaN where there is none.
        target: the ratio that was asked for; NaN where none was.
        limit: seconds that the machine would need at its own rate; NaN if not known.
        limit_kind: "matmul" (operations), "copy" (bytes) or "none".
        target_share: the share of that limit that was asked for; NaN where none was.
        unit: of the seconds: "CPU-s" (of one thread) or "s" (of the clock on the wall).
        against: what the reference is.
        note: what a reader must know besides.
    """

    work: str
    what: str
    size: str
    ours: float
    reference: float = math.nan
    target: float = math.nan
    limit: float = math.nan
    limit_kind: str = "none"
    target_share: float = math.nan
    unit: str = "CPU-s"
    against: str = ""
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times faster than the reference."""
        return self.reference / self.ours

    @property
    def share(self) -> float:
        """Share of the machine's limit that is reached."""
        return self.limit / self.ours

    def line(self) -> str:
        """The row as one line of text."""
        parts = [f"{self.work}: {self.what}, {self.size}", f"ours {quantity(self.ours, self.unit)}"]
        if math.isfinite(self.reference):
            parts.append(f"{self.against or 'reference'} {quantity(self.reference, self.unit)}")
            target = f" (target {self.target:g})" if math.isfinite(self.target) else ""
            parts.append(f"ratio {self.ratio:.3g}{target}")
        if math.isfinite(self.limit):
            asked = f" (target {self.target_share:.0%})" if math.isfinite(self.target_share) else ""
            limit = f"limit {quantity(self.limit, self.unit)} ({self.limit_kind})"
            parts.append(f"{limit}, {self.share:.0%} of it reached{asked}")
        return "; ".join(parts + [self.note] * bool(self.note))


#: Columns of a benchmark's CSV: the row, what follows from it, the machine.
COLUMNS = (
    *("work", "what", "size", "ours", "reference", "against", "unit", "ratio", "target"),
    *("limit", "limit_kind", "share", "target_share", "note"),
    *("command", "cpu", "cores", "device", "torch", "commit", "time"),
)


def parser(doc: str) -> argparse.ArgumentParser:
    """A parser with the options that every benchmark has; ``doc`` is the script's docstring."""
    made = argparse.ArgumentParser(description=doc.splitlines()[0])
    made.add_argument("--csv", type=Path, help="append the rows to this file")
    made.add_argument("--small", action="store_true", help="a second of work, to see that it runs")
    made.add_argument("--gpu", action="store_true", help="measure on a GPU (where that is written)")
    return made


def begin(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the options and set this process up like a job: one thread, denormals flushed.

    Returns:
        The options, with ``device`` added.
    """
    options = parser.parse_args(argv)
    options.device = set_up(gpus=int(options.gpu), threads=1)
    return options


def report(row: Row, options: argparse.Namespace) -> None:
    """Print a row on one line and append it to the CSV, if there is one."""
    print(row.line(), flush=True)
    if options.csv is None:
        return
    options.csv.parent.mkdir(parents=True, exist_ok=True)
    new = not options.csv.exists()
    values = asdict(row) | {"ratio": row.ratio, "share": row.share} | machine(str(options.device))
    with options.csv.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow({name: _plain(value) for name, value in values.items()})


def seconds(
    *works: Callable[[], object],
    repeats: int = 3,
    warm_up: bool = True,
    clock: Callable[[], float] = time.process_time,
) -> list[float]:
    """Seconds that each of some works takes, best of ``repeats``; they take turns.

    Other work on the machine only ever adds time, to whoever runs at that moment. So the works
    are interleaved, and the best of each is nearest to what it takes undisturbed.

    Args:
        works: called without arguments.
        repeats: rounds.
        warm_up: run each once before, uncounted.
        clock: ``time.process_time`` counts CPU-seconds of this process (all its threads),
            ``time.perf_counter`` the time that passes. A work on a GPU synchronises at its end.
    """
    if warm_up:
        for work in works:
            work()
    best = [math.inf] * len(works)
    for _ in range(repeats):
        for i, work in enumerate(works):
            began = clock()
            work()
            best[i] = min(best[i], clock() - began)
    return best


def copy_rate(n_bytes: int = COPIED, device: str = "cpu") -> float:
    """Bytes that move per second when an array is copied, each counted as read and as written.

    Each call measures; the highest of all calls of this process counts, also below.

    Args:
        n_bytes: of the array; the default is beyond any cache, a small one stays in it.
        device: where to copy.
    """
    source, target = torch.ones(2, n_bytes // 4, device=device)
    times = max(1, COPIED // n_bytes)

    def copy() -> None:
        for _ in range(times):
            target.copy_(source)
        wait(device)

    best = seconds(copy, repeats=TRIES, clock=clock_of(device))[0]
    return _highest(("copy", n_bytes, device), 2 * n_bytes * times / best)


def matmul_rate(
    shape: tuple[int, int, int], dtype: torch.dtype = torch.float32, device: str = "cpu"
) -> float:
    """Operations per second of dense products (m, k) @ (k, n), an addition and a product each."""
    m, k, n = shape
    a = torch.rand(m, k, dtype=dtype, device=device)
    b = torch.rand(k, n, dtype=dtype, device=device)
    c = torch.empty(m, n, dtype=dtype, device=device)
    operations = 2 * m * k * n
    times = min(max(1, int(4e9 // operations)), 1000)

    def multiply() -> None:
        for _ in range(times):
            torch.mm(a, b, out=c)
        wait(device)

    best = seconds(multiply, repeats=TRIES, clock=clock_of(device))[0]
    return _highest(("matmul", *shape, dtype, device), operations * times / best)


_rates: dict[tuple, float] = {}


def _highest(what: tuple, rate: float) -> float:
    """The highest rate of a kind so far: a limit is what the machine can do when left alone."""
    _rates[what] = max(rate, _rates.get(what, 0.0))
    return _rates[what]


@cache
def machine(device: str = "cpu") -> dict[str, str]:
    """Where and by what command a row was measured."""
    facts = provenance()
    is_gpu = device.startswith("cuda")
    return {
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "cpu": facts["cpu"],
        "cores": str(os.cpu_count()),
        "device": torch.cuda.get_device_name(device) if is_gpu else "cpu",
        **{name: facts[name] for name in ("torch", "commit", "time")},
    }


def wait(device: str) -> None:
    """Wait until a GPU has done what it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


def clock_of(device: str) -> Callable[[], float]:
    """CPU-seconds on the CPU, the wall's on a GPU."""
    return time.perf_counter if device.startswith("cuda") else time.process_time


def _plain(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    return value
