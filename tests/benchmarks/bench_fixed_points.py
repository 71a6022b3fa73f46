"""Fixed points of trained flip-flops: ours against a reference, one line per case.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_fixed_points.py [--fpf CHECKOUT]

The reference is FixedPointFinder's torch version where a checkout is given, otherwise the plain
method: float64 Levenberg-Marquardt from every seed, one round of midpoints, all eigenvalues. What
each of them found stands in the note: a search that misses points is no faster.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from measure import Row, begin, parser, report, seconds

sys.path.insert(0, str(Path(__file__).parents[1] / "dynamics"))

from flipflop import CELLS, train_flip_flop

from memdyn.dynamics.cells import from_torch
from memdyn.dynamics.fixed_points import find_fixed_points

#: What another method returns is a fixed point if Newton's method brings q below TRUE_Q and moves
#: it by at most NEAR (ten times the distance at which FixedPointFinder calls points one).
TRUE_Q, NEAR = 1e-20, 1e-2


def plain(system, states):
    """Points (rows, units) by the textbook: LM, greedy merging, midpoints, all eigenvalues."""

    def solve(x):
        damping = torch.ones(len(x), dtype=x.dtype)
        eye = torch.eye(x.shape[-1], dtype=x.dtype)
        f = system.drift(x)
        for _ in range(100):
            now = (f.norm(dim=-1) > 1e-11).nonzero()[:, 0]
            if not len(now):
                break
            jacobian = system.drift_jacobian(x[now])
            normal = jacobian.mT @ jacobian + damping[now, None, None] * eye
            gradient = jacobian.mT @ f[now, :, None]
            step = torch.cholesky_solve(gradient, torch.linalg.cholesky(normal))[..., 0]
            new = system.drift(x[now] - step)
            better = new.norm(dim=-1) < f[now].norm(dim=-1)
            x[now[better]] -= step[better]
            f[now[better]] = new[better]
            damping[now] = torch.where(better, damping[now] / 10, damping[now] * 4)
        return x[f.norm(dim=-1) <= 1e-11]

    points = distinct(solve(states.clone()))
    i, j = torch.triu_indices(len(points), len(points), 1)
    points = distinct(torch.cat([points, solve((points[i] + points[j]) / 2)]))
    count_stable(system, points)
    return points


def distinct(x):
    """Rows farther than 1e-4 from all rows before them."""
    kept = []
    for row in x:
        if all((row - k).norm() > 1e-4 for k in kept):
            kept.append(row)
    return torch.stack(kept) if kept else x[:0]


def count_stable(system, x):
    """How many of the points (rows, units) are stable."""
    return sum(np.abs(np.linalg.eigvals(j.numpy())).max() < 1 for j in system.jacobian(x))


class FlatLSTM(torch.nn.Module):
    """An LSTM with (h, c) side by side as its state: FixedPointFinder knows no state tuples."""

    def __init__(self, module):
        super().__init__()
        self.module, self.batch_first = module, module.batch_first

    def forward(self, inputs, state):
        output, after = self.module(inputs, tuple(s.contiguous() for s in state.chunk(2, -1)))
        return output, torch.cat(after, -1)


def fixed_point_finder(checkout, module, states):
    """States (rows, units) that FixedPointFinder's torch version returns, all settings default.

    Float64 seeds: it overwrites float32 ones in place and then compares its answer with itself.
    """
    sys.path.insert(0, str(checkout))
    from FixedPointFinderTorch import FixedPointFinderTorch

    module = copy.deepcopy(module).float()  # it freezes the weights and leaves them so
    module = FlatLSTM(module) if isinstance(module, torch.nn.LSTM) else module
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        finder = FixedPointFinderTorch(module, verbose=False)
        unique, _ = finder.find_fixed_points(states.numpy(), np.zeros((1, 3), "float32"))
    return torch.as_tensor(unique.xstar, dtype=torch.float64).reshape(-1, states.shape[1])


def true_points(system, states):
    """(points, stable) that a few Newton steps in float64 leave where they are, each once."""
    x = states.clone()
    for _ in range(20):
        x -= torch.linalg.solve_ex(system.drift_jacobian(x), system.drift(x)).result
    kept = (system.drift(x).square().sum(1) / 2 < TRUE_Q) & ((x - states).norm(dim=1) <= NEAR)
    x = distinct(x[kept])
    return len(x), count_stable(system, x)


def measure(cell: str, options: argparse.Namespace) -> Row:
    """The search in one trained cell; each side's result is that of its last run."""
    module, states, _ = train_flip_flop(cell, options.units, updates=options.updates)
    generator = torch.Generator().manual_seed(0)
    states = states[torch.randperm(len(states), generator=generator)[: options.seeds]]
    system, results = from_torch(module).to(torch.float64), {}

    def ours() -> None:
        results["ours"] = find_fixed_points(system, states)

    def reference() -> None:
        if options.fpf:
            results["theirs"] = fixed_point_finder(options.fpf, module, states)
        else:
            results["theirs"] = plain(system, states)

    (seconds_ours,) = seconds(ours, repeats=options.repeats)
    (seconds_theirs,) = seconds(reference, repeats=1, warm_up=False)  # up to a minute
    found, returned = results["ours"], results["theirs"]
    points, stable = true_points(system, returned)
    fixed = found[found.kind == "fixed"]
    return Row(
        work=f"flip_flop_{cell}",
        what=f"fixed points of {'a' if cell == 'gru' else 'an'} {cell.upper()} flip-flop",
        size=f"{options.units} units, {options.seeds} seeds",
        ours=seconds_ours,
        reference=seconds_theirs,
        against="FixedPointFinder" if options.fpf else "plain LM",
        note=(
            f"ours {len(fixed)} points, {fixed.stable.sum()} stable, degree sum "
            f"{found.degree_sum}; theirs {len(returned)} returned, {points} true, {stable} stable"
        ),
    )


def main(argv=None) -> None:
    made = parser(__doc__)
    made.add_argument("--fpf", type=Path, help="checkout of mattgolub/fixed-point-finder")
    made.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    made.add_argument("--units", type=int, default=128)
    made.add_argument("--seeds", type=int, default=128)
    made.add_argument("--repeats", type=int, default=3)
    options = begin(made, argv)
    options.updates = None
    if options.fpf and not (options.fpf / "FixedPointFinderTorch.py").is_file():
        made.error(f"{options.fpf} is no checkout of FixedPointFinder: clone it there")
    if options.small:
        options.cells, options.units, options.seeds, options.updates = ["gru"], 6, 4, 2
    for cell in options.cells:
        report(measure(cell, options), options)


if __name__ == "__main__":
    main()
