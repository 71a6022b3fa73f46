"""Fixed points of trained flip-flops: ours against a reference, one line per case.

    OMP_NUM_THREADS=1 taskset -c 1 python tests/benchmarks/bench_fixed_points.py [--fpf CHECKOUT]

The reference is FixedPointFinder's torch version where a checkout is given, otherwise the plain
method: float64 Levenberg-Marquardt from every seed, one round of midpoints, all eigenvalues.
"""

import argparse
import contextlib
import copy
import io
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "dynamics"))

from flipflop import CELLS, train_flip_flop

from memdyn.dynamics.fixed_points import find_fixed_points
from memdyn.dynamics.systems import from_torch

SEEDS = 128
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


def timed(function, repeats=1):
    """Best of ``repeats``, and the result."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fpf", type=Path, help="checkout of mattgolub/fixed-point-finder")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    options = parser.parse_args()
    if options.fpf and not (options.fpf / "FixedPointFinderTorch.py").is_file():
        parser.error(f"{options.fpf} is no checkout of FixedPointFinder: clone it there")
    torch.set_num_threads(1)
    for cell in options.cells:
        module, states, _ = train_flip_flop(cell)
        generator = torch.Generator().manual_seed(0)
        states = states[torch.randperm(len(states), generator=generator)[:SEEDS]]
        system = from_torch(module).to(torch.float64)
        ours, found = timed(lambda s=system, x=states: find_fixed_points(s, x), repeats=5)
        if options.fpf:
            call, name = lambda m=module, x=states: fixed_point_finder(options.fpf, m, x), "FPF"
        else:
            call, name = lambda s=system, x=states: plain(s, x), "plain LM"
        reference, returned = timed(call)
        points, stable = true_points(system, returned)
        fixed = found[found.kind == "fixed"]
        print(
            f"flip-flop {cell:4s} {system.n_units} units {SEEDS} seeds: "
            f"ours {ours:.2f} s ({len(fixed)} points, {fixed.stable.sum()} stable, "
            f"degree sum {found.degree_sum}); "
            f"{name} {reference:.2f} s ({len(returned)} returned, {points} true, {stable} stable); "
            f"ratio {reference / ours:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
