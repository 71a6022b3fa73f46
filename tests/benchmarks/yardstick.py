"""Searches for fixed points on twelve systems whose points are all known (``known_sets``).

    OMP_NUM_THREADS=1 python tests/benchmarks/yardstick.py [--fpf CHECKOUT] [--brainpy PYTHON]

Every search gets the same seeds and its own default settings: ours; plain Newton from each seed;
FixedPointFinder's torch version where a checkout is given; BrainPy's SlowPointFinder where the
Python of an environment that has it is given. Found, false (returned, but no point, or a second
copy of one) and missed are counted, seconds are of the CPU. Prints the table of the documentation.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from bench_fixed_points import distinct
from known_sets import Count, Known, count, systems

from memdyn.dynamics.cells import GRU, LeakyNetwork, RateNetwork
from memdyn.dynamics.fixed_points import EXACT, find_fixed_points
from memdyn.dynamics.systems import System

#: Newton's method: most steps of a seed, and the residual at which it is done.
STEPS, RESIDUAL = 100, 1e-11


def ours(known: Known) -> np.ndarray:
    """States (rows, n_units) that ``find_fixed_points`` calls fixed."""
    found = find_fixed_points(known.system, known.seeds)
    return found.states[np.isin(found.kind, EXACT)]


def newton(known: Known) -> torch.Tensor:
    """Newton's method from each seed, undamped; ends that are farther apart than 1e-4."""
    x, system = known.seeds.clone(), known.system
    for _ in range(STEPS):
        step = torch.linalg.solve_ex(system.drift_jacobian(x), system.drift(x))[0]
        x = x - step.nan_to_num(0.0)
    return distinct(x[system.drift(x).norm(dim=1) <= RESIDUAL])


class Stepped(torch.nn.Module):
    """A system as FixedPointFinder wants a network: it steps states under an input, here unused."""

    batch_first = True

    def __init__(self, system: System):
        super().__init__()
        self.system = system.to(torch.float32)
        self.weight = torch.nn.Parameter(torch.zeros(1))  # by which it learns the device

    def forward(self, inputs, state):
        after = self.system.step(state[0])[None]
        return after, after


def fixed_point_finder(checkout: Path) -> Callable[[Known], np.ndarray]:
    """FixedPointFinder's torch version, all its settings default."""
    sys.path.insert(0, str(checkout))
    from FixedPointFinderTorch import FixedPointFinderTorch

    def search(known: Known) -> np.ndarray:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            finder = FixedPointFinderTorch(Stepped(known.system), verbose=False)
            states = known.seeds.numpy()  # of float64: it would overwrite float32
            unique, _ = finder.find_fixed_points(states, np.zeros((1, 1), "float32"))
        return np.asarray(unique.xstar).reshape(-1, known.system.n_units)

    return search


def brainpy(python: Path) -> Callable[[Known], np.ndarray]:
    """BrainPy's SlowPointFinder, run by the Python of its environment; it reports its own time."""

    def search(known: Known) -> np.ndarray:
        script = Path(__file__).with_name("brainpy_search.py")
        with tempfile.TemporaryDirectory() as folder:
            question, answer = Path(folder, "question.npz"), Path(folder, "answer.npz")
            np.savez(question, name=known.name, seeds=known.seeds.numpy(), **weights(known.system))
            subprocess.run(
                [python, script, question, answer], check=True, stdout=subprocess.DEVNULL
            )
            with np.load(answer) as found:
                search.seconds = float(found["seconds"])
                return found["states"]

    return search


def weights(system: System) -> dict[str, np.ndarray]:
    """Arrays of a network, none of a system that is a formula."""
    if not isinstance(system, GRU | LeakyNetwork | RateNetwork):
        return {}
    names = ("recurrent", "bias", "recurrent_bias")
    arrays = {name: getattr(system, name) for name in names}
    return {name: value.numpy() for name, value in arrays.items() if value is not None}


def measure(known: Known, search: Callable) -> tuple[Count | str, float]:
    """What a search found, and its CPU-seconds; what it raised instead, by its type."""
    began = time.process_time()
    try:
        found = count(known, search(known))
    except Exception as error:  # somebody else's code: a row that says so
        found = f"raises {type(error).__name__}"
    return found, getattr(search, "seconds", time.process_time() - began)


def table(searches: dict[str, Callable]) -> str:
    """Rows of a Markdown table, one per system; last the sums."""
    lines = [
        f"| system | points | {' | '.join(searches)} |",
        f"|---|---|{'---|' * len(searches)}",
    ]
    sums = {name: np.zeros(4) for name in searches}
    n_points = 0
    for known in systems():
        cells = []
        n_points += len(known.points)
        for name, search in searches.items():
            found, seconds = measure(known, search)
            if isinstance(found, str):
                found = (found, 0, 0, len(known.points))
                cells.append(f"{found[0]}, {seconds:.2g} s")
                sums[name] += (0, 0, len(known.points), seconds)
            else:
                cells.append(cell(found, seconds))
                sums[name] += (*found, seconds)
        lines.append(f"| {known.name} | {len(known.points)} | {' | '.join(cells)} |")
        print(lines[-1], file=sys.stderr, flush=True)
    total = [cell(Count(*of[:3].astype(int)), of[3]) for of in sums.values()]
    return "\n".join([*lines, f"| together | {n_points} | {' | '.join(total)} |"])


def cell(found: Count, seconds: float) -> str:
    """As in the table: found / false / missed, seconds."""
    return f"{found.found} / {found.false} / {found.missed}, {seconds:.2g} s"


def main(argv=None) -> None:
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("--fpf", type=Path, help="checkout of mattgolub/fixed-point-finder")
    made.add_argument("--brainpy", type=Path, help="Python of an environment with brainpy")
    options = made.parse_args(argv)
    torch.set_num_threads(1)
    if options.fpf and not (options.fpf / "FixedPointFinderTorch.py").is_file():
        made.error(f"{options.fpf} is no checkout of FixedPointFinder: clone it there")
    searches = {"ours": ours, "plain Newton": newton}
    if options.fpf:
        searches["FixedPointFinder"] = fixed_point_finder(options.fpf)
    if options.brainpy:
        searches["SlowPointFinder"] = brainpy(options.brainpy)
    print(table(searches))


if __name__ == "__main__":
    main()
