"""Fixed points and spectra of one rate network against autodiff Jacobians, solved point by point.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_points.py [--units 1000] [--reference-seeds 10]

Ours is the search of the pipeline at the paper's settings: from the seeds, then in rounds from
midpoints between what was found, with all eigenvalues at each point. The references are textbooks:
from each seed Newton's method with backtracking, or Levenberg and Marquardt's, in float64, with the
Jacobian by automatic differentiation at each step; then all eigenvalues at each distinct point; no
rounds. As seeds do not matter to each other there, a few of them stand for all, and eigenvalues are
charged for as many points as ours found. The note says how many of those few came to a point.
"""

from __future__ import annotations

import time

import torch
from measure import Row, begin, matmul_rate, parser, report
from torch import Tensor
from trained import gaussian_task, paper_settings, trained_networks

from memdyn.landscape.points import find_points
from memdyn.landscape.starts import after, choose_seeds, task_speed
from memdyn.settings import steps
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, run
from memdyn.slow_manifolds.networks.system import step_of
from memdyn.slow_manifolds.training.finished import Ready, run_starts

PLACE = (1.1, 5.0)  # g, fb
TARGET = 10.0
METHODS = {"newton": "Newton, autodiff", "levenberg": "Levenberg-Marquardt, autodiff"}
#: The reference gives a seed up after so many steps, or once a step is damped this much.
STEPS, LEAST, RESIDUAL = 60, 2.0**-20, 1e-11


class Textbook:
    """A rate network's Euler step, its drift and Jacobian by automatic differentiation."""

    def __init__(self, network: FrozenNetwork):
        self.matrix, self.leak = network.matrix_t.double().T.contiguous(), network.leak

    def step(self, x: Tensor) -> Tensor:
        return x + self.leak * (self.matrix @ torch.tanh(x) - x)

    def drift(self, x: Tensor) -> Tensor:
        return self.step(x) - x

    def newton(self, x: Tensor) -> tuple[Tensor, bool]:
        """Newton's method with backtracking from x (n_units,): where it ended, and if at a root."""
        f, jacobian = self.drift(x), torch.func.jacrev(self.drift)
        for _ in range(STEPS):
            if f.norm() <= RESIDUAL:
                break
            direction, damping = torch.linalg.solve(jacobian(x), f), 1.0
            while (new := self.drift(x - damping * direction)).norm() >= f.norm():
                damping /= 2
                if damping < LEAST:
                    return x, False
            x, f = x - damping * direction, new
        return x, bool(f.norm() <= RESIDUAL)

    def levenberg(self, x: Tensor) -> tuple[Tensor, bool]:
        """Levenberg and Marquardt's method, likewise."""
        f, jacobian, damping = self.drift(x), torch.func.jacrev(self.drift), 1.0
        for _ in range(STEPS):
            if f.norm() <= RESIDUAL:
                break
            J = jacobian(x)
            normal = J.T @ J
            normal.diagonal().add_(damping * self.leak**2)
            factor = torch.linalg.cholesky(normal)
            new = x - torch.cholesky_solve((J.T @ f)[:, None], factor)[:, 0]
            if (there := self.drift(new)).norm() < f.norm():
                x, f, damping = new, there, damping / 10
            else:
                damping *= 4
        return x, bool(f.norm() <= RESIDUAL)

    def spectrum(self, x: Tensor) -> Tensor:
        """Eigenvalues of the step at x, (n_units,) complex."""
        return torch.linalg.eigvals(torch.func.jacrev(self.step)(x))


def seeds_of(ready: Ready, task, settings: dict, n_seeds: int, n_steps: int) -> tuple:
    """The system, its seeds and speed as the rule find_fixed_points takes them."""
    _, frozen, trial_ends, delay_states = ready
    system = step_of(frozen, settings["network"]["tau"])
    delay = steps(settings["task"]["delay"], settings["network"]["dt"])
    late = after(system, delay_states, n_steps=delay)
    ends = run(frozen, run_starts(task, trial_ends, delay_states)[1], n_steps)[0].double()
    others = [torch.zeros_like(late[:1]), -ends[:1], trial_ends, late, delay_states]
    return system, choose_seeds(ends, others, n_seeds), task_speed(system, delay_states)


def timed(work) -> tuple[float, object]:
    """CPU-seconds of one call, and its result; such searches take many seconds."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def main(argv=None) -> None:
    made = parser(__doc__)
    made.add_argument("--units", type=int, default=1000)
    made.add_argument("--seeds", type=int, default=64)
    made.add_argument("--reference-seeds", type=int, default=10)
    made.add_argument("--trials", type=int, default=100, help="of training")
    options = begin(made, argv)
    run_steps = 3500
    if options.small:
        options.units, options.seeds, options.trials, run_steps = 12, 4, 1, 50
        options.reference_seeds = 2
    settings, n = paper_settings(), options.units
    task = gaussian_task(settings)
    (ready,) = trained_networks([PLACE], n, options.trials, settings, task)
    system, seeds, speed = seeds_of(ready, task, settings, options.seeds, run_steps)

    ours, found = timed(
        lambda: find_points(system, seeds, speed=speed, settings=settings["dynamics"])
    )
    kinds = ", ".join(f"{k} {kind}" for kind, k in found.table["kind"].value_counts().items())
    textbook = Textbook(ready.frozen)
    torch.func.jacrev(torch.sin)(seeds[0, :1])  # its first use imports for seconds
    a_spectrum, _ = timed(lambda: textbook.spectrum(seeds[0]))
    some = seeds[:: max(1, len(seeds) // options.reference_seeds)][: options.reference_seeds]
    # Eigenvalues without vectors: about 10 n^3 operations; steps of the solver come on top.
    spectra = len(found.table) * 10 * n**3 / matmul_rate((n, n, n), torch.float64)
    for method, name in METHODS.items():
        solve = getattr(textbook, method)
        seconds, ends = timed(lambda solve=solve: [solve(x) for x in some])
        arrived = sum(at_root for _, at_root in ends)
        row = Row(
            work=f"points_{method}",
            what="fixed points and spectra of one rate network",
            size=f"{n} units, {len(seeds)} seeds",
            ours=ours,
            reference=seconds / len(some) * len(seeds) + a_spectrum * len(found.table),
            against=name,
            target=TARGET,
            limit=spectra,
            limit_kind="matmul",
            note=f"ours: {kinds}, degree sum {found.degree_sum}; of {len(some)} seeds, from which "
            f"the reference is extrapolated, {arrived} came to a point; limit: spectra only",
        )
        report(row, options)


if __name__ == "__main__":
    main()
