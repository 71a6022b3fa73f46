"""Fixed points of trained flip-flops: ours against a reference, one line per case.

    OMP_NUM_THREADS=1 taskset -c 1 python tests/benchmarks/bench_fixed_points.py [--fpf CHECKOUT]

The reference is FixedPointFinder's torch version where a checkout is given, otherwise the plain
method: float64 Levenberg-Marquardt from every seed, one round of midpoints, all eigenvalues.
"""

import argparse
import contextlib
import io
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "dynamics"))

from flipflop import CELLS, train_flip_flop

from memdyn.dynamics.fixed_points import find_fixed_points
from memdyn.dynamics.systems import from_torch

SEEDS = 128


def plain(system, states):
    """(points, stable) by the textbook: LM, greedy merging, midpoints of all pairs, eigenvalues."""
    system = system.to(torch.float64)

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

    def distinct(x):
        kept = []
        for row in x:
            if all((row - k).norm() > 1e-4 for k in kept):
                kept.append(row)
        return torch.stack(kept) if kept else x[:0]

    points = distinct(solve(states.clone()))
    i, j = torch.triu_indices(len(points), len(points), 1)
    points = distinct(torch.cat([points, solve((points[i] + points[j]) / 2)]))
    stable = [np.abs(np.linalg.eigvals(j.numpy())).max() < 1 for j in system.jacobian(points)]
    return len(points), int(sum(stable))


def fixed_point_finder(checkout, module, states):
    """(points with q < 1e-12, stable among them) by FixedPointFinder with its defaults."""
    sys.path.insert(0, str(checkout))
    from FixedPointFinderTorch import FixedPointFinderTorch

    with contextlib.redirect_stdout(io.StringIO()):
        finder = FixedPointFinderTorch(module.float(), verbose=False)
        unique, _ = finder.find_fixed_points(states.float().numpy(), np.zeros((1, 3), "float32"))
    exact = unique.qstar < 1e-12
    return int(exact.sum()), int(np.sum(unique.is_stable[exact]))


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
    torch.set_num_threads(1)
    for cell in options.cells:
        module, states, _ = train_flip_flop(cell)
        generator = torch.Generator().manual_seed(0)
        states = states[torch.randperm(len(states), generator=generator)[:SEEDS]]
        system = from_torch(module)
        ours, found = timed(lambda s=system, x=states: find_fixed_points(s, x), repeats=5)
        if options.fpf and cell != "lstm":  # its torch version cannot read an LSTM
            call, name = lambda m=module, x=states: fixed_point_finder(options.fpf, m, x), "FPF"
        else:
            call, name = lambda s=system, x=states: plain(s, x), "plain LM"
        reference, (points, stable) = timed(call)
        fixed = found[found.kind == "fixed"]
        print(
            f"flip-flop {cell:4s} {system.n_units} units {SEEDS} seeds: "
            f"ours {ours:.2f} s ({len(fixed)} points, {fixed.stable.sum()} stable, "
            f"degree sum {found.degree_sum}); "
            f"{name} {reference:.2f} s ({points} points, {stable} stable); "
            f"ratio {reference / ours:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
