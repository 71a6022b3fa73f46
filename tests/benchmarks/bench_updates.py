"""One update of study 2 against the published loop and against the machine's matrix products.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_updates.py [--n 10 30] [--authors CHECKOUT]
    python tests/benchmarks/bench_updates.py --gpu --networks 4                        # on a GPU

The reference is the published algorithm, written plainly: sequences made one by one, the input
indexed inside the loop over time, autograd through every step, all 100 heads read. With a checkout
of LevinaLab/rnn_timescale_public its own network and task stand in for ours, on the CPU. Both train
one network on N = 2..n (multi-head) or on n alone (single-head), drawing of data included.

Sequences have N + 2 to 4 N + 1 items, each length equally often. The cost is at most quadratic in
the length, so that Simpson's rule over three lengths gives its mean to a percent.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
import torch
from measure import Row, begin, clock_of, matmul_rate, parser, report, seconds, wait

from memdyn.timescales.conditions import Condition
from memdyn.timescales.networks.recurrent import Cell, draw
from memdyn.timescales.training import gradient
from memdyn.timescales.training.curriculum import Curriculum

HEADS = 100
SETTINGS = {
    **{"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.1, "clip": 2.0, "rate": "task"},
    "signed": False,
}
SIMPSON = (1 / 6, 4 / 6, 1 / 6)
TARGETS, ON_GPU = {10: 1.7, 30: 6.0}, 20.0


class Published(torch.nn.Module):
    """The default network of study 2 as a module that steps through time under autograd."""

    def __init__(self, units: int):
        super().__init__()
        self.input, self.recurrent = torch.nn.Linear(1, units), torch.nn.Linear(units, units)
        self.tau = torch.nn.Parameter(1 + torch.rand(units))
        self.heads = torch.nn.ModuleList([torch.nn.Linear(units, 2) for _ in range(HEADS)])

    def forward(self, items):
        h = 0.1 * torch.rand(items.shape[1], len(self.tau), device=items.device)
        drive = self.input(items)
        self.recurrent.weight.data.fill_diagonal_(0.0)
        for t in range(len(items)):
            rate = 1 / torch.clamp(self.tau, min=1.0)
            h = (1 - rate) * h + (self.recurrent(h) + drive[t, ...]) * rate
            h = torch.nn.functional.leaky_relu(h)
        return [head(h) for head in self.heads]


class Reference(NamedTuple):
    """What an update is compared with: a module that answers with all heads, and its data."""

    name: str
    module: torch.nn.Module
    answer: Callable
    draw: Callable


def plain(units: int) -> Reference:
    """The published algorithm, written by us."""

    def draw_plainly(Ns, batch, length):
        rows = [(torch.rand(length) < torch.rand(1)).float() for _ in range(batch)]
        answers = [torch.stack([(row[-N:].sum() % 2).long() for row in rows]) for N in Ns]
        return torch.stack(rows).T[..., None], answers

    module = Published(units)
    return Reference("published loop", module, module, draw_plainly)


def authors(checkout: Path, units: int) -> Reference:
    """The authors' own network and task."""
    sys.path.insert(0, str(checkout))
    from src.models import RNN_Stack
    from src.tasks import make_batch_Nbit_pair_parity

    def draw_theirs(Ns, batch, length):
        with mock.patch("numpy.random.randint", return_value=length):  # how they draw the length
            return make_batch_Nbit_pair_parity(Ns, batch)

    shape = {"input_size": 1, "net_size": [units], "num_readout_heads": HEADS}
    module = RNN_Stack(**shape, tau=1.0, train_tau=True)
    return Reference("authors' code", module, lambda items: module(items)[1], draw_theirs)


def reference_update(
    reference: Reference, Ns: list[int], batch: int, device: str
) -> Callable[[int], None]:
    """A function that makes one update on sequences of a given length."""
    reference.module.to(device)
    parameters = list(reference.module.parameters())
    optimiser = torch.optim.SGD(parameters, 0.05, 0.1, nesterov=True)

    def update(length: int) -> None:
        items, answers = reference.draw(Ns, batch, length)
        optimiser.zero_grad()
        out = reference.answer(items.to(device))
        loss = sum(
            torch.nn.functional.cross_entropy(out[head], answer.to(device))
            for head, answer in enumerate(answers)
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 2.0)
        optimiser.step()
        wait(device)

    return update


def our_update(
    kind: str, units: int, Ns: list[int], batch: int, device: str, n_networks: int
) -> Callable[[int], None]:
    """The same for the pipeline's own training, of some networks side by side."""
    curriculum = Curriculum(kind, Ns[0], Ns[-1])
    condition = Condition("parity", Cell(), curriculum, (1,), (1.0, 2.0), SETTINGS)
    params = draw(Cell(), units, HEADS, list(range(n_networks)))
    state, places = gradient.start(params, condition, device), [(Ns[0], Ns[-1])] * n_networks
    count = iter(range(10**6))

    def update(length: int) -> None:
        lengths = {"shortest": [0, length], "longest": [0, length], "batch_size": batch}
        own = condition._replace(training=SETTINGS | lengths)
        rngs = [np.random.default_rng(next(count)) for _ in places]
        drawn = gradient.draw_batch(rngs, places, own, state.params, device)
        gradient.update(state, drawn, own)
        wait(device)

    return update


def measure(kind: str, n: int, options: argparse.Namespace) -> Row:
    """Mean seconds of an update of one network over all lengths of sequences."""
    torch.manual_seed(0)
    Ns = list(range(2, n + 1)) if kind == "multi" else [n]
    units, batch, n_networks = options.units, options.batch, options.networks
    device = str(options.device)
    made = authors(options.authors, units) if options.authors else plain(units)
    ours = our_update(kind, units, Ns, batch, device, n_networks)
    theirs = reference_update(made, Ns, batch, device)
    lengths = (n + 2, (5 * n + 3) // 2, 4 * n + 1)
    ours(lengths[0]), theirs(lengths[0])  # warm up
    shapes = ((batch, units, units), (units, batch * lengths[1], units))
    peak = max(matmul_rate(shape, device=device) for shape in shapes)
    about = {"repeats": options.repeats, "warm_up": False, "clock": clock_of(device)}
    found = [seconds(partial(ours, L), partial(theirs, L), **about) for L in lengths]
    mean = SIMPSON @ np.array(found)
    peak = max(peak, *(matmul_rate(shape, device=device) for shape in shapes))
    operations = 6 * batch * units**2 * np.mean(lengths[::2])  # forward one product, backward two
    return Row(
        work=f"update_{kind}_{n}",
        what=f"one update of study 2, {kind}-head, N = {n}",
        size=f"{units} units, batch {batch}"
        + (f", {n_networks} networks at once" if n_networks > 1 else ""),
        ours=float(mean[0]) / n_networks,
        reference=float(mean[1]),
        against=made.name,
        target=TARGETS.get(n, np.nan) if device == "cpu" else ON_GPU,
        limit=float(operations / peak),
        limit_kind="matmul",
        target_share=0.8 if device == "cpu" else np.nan,
        unit="CPU-s" if device == "cpu" else "s",
    )


def main(argv=None) -> None:
    made = parser(__doc__)
    made.add_argument("--units", type=int, default=500)
    made.add_argument("--batch", type=int, default=256)
    made.add_argument("--n", type=int, nargs="+", default=[10, 30])
    made.add_argument("--networks", type=int, default=1, help="side by side")
    made.add_argument("--repeats", type=int, default=3)
    made.add_argument("--authors", type=Path, help="checkout of LevinaLab/rnn_timescale_public")
    options = begin(made, argv)
    if options.authors and not (options.authors / "src/models/RNN_Stack.py").is_file():
        made.error(f"{options.authors} is no checkout of rnn_timescale_public: clone it there")
    if options.small:
        options.units, options.batch, options.n, options.repeats = 16, 4, [3], 1
    for n in options.n:
        for kind in ("single", "multi"):
            report(measure(kind, n, options), options)


if __name__ == "__main__":
    main()
