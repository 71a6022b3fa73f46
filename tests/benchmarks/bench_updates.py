"""One update of study 2 against the published loop and against the machine's matrix products.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_updates.py [--units 500] [--n 10 30]

The reference is the published algorithm, written plainly: sequences made one by one, the input
indexed inside the loop over time, autograd through every step, all 100 heads read. Both train one
network on N = 2..n (multi-head) and on n alone (single-head). CPU-seconds of this process.
"""

import argparse
import time

import numpy as np
import torch

from memdyn.conditions import Condition
from memdyn.networks.recurrent import Cell, draw
from memdyn.training import gradient
from memdyn.training.curriculum import Curriculum

BATCH, HEADS = 256, 100
SETTINGS = {
    **{"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.1, "clip": 2.0, "rate": "task"},
    **{"batch_size": BATCH, "shortest": [1, 2], "longest": [4, 1], "signed": False},
}


class Published(torch.nn.Module):
    """The default network of study 2 as a module that steps through time under autograd."""

    def __init__(self, units):
        super().__init__()
        self.input, self.recurrent = torch.nn.Linear(1, units), torch.nn.Linear(units, units)
        self.tau = torch.nn.Parameter(1 + torch.rand(units))
        self.heads = torch.nn.ModuleList([torch.nn.Linear(units, 2) for _ in range(HEADS)])

    def forward(self, items):
        h = 0.1 * torch.rand(items.shape[1], len(self.tau))
        drive = self.input(items)
        self.recurrent.weight.data.fill_diagonal_(0.0)
        for t in range(len(items)):
            rate = 1 / torch.clamp(self.tau, min=1.0)
            h = (1 - rate) * h + (self.recurrent(h) + drive[t, ...]) * rate
            h = torch.nn.functional.leaky_relu(h)
        return [head(h) for head in self.heads]


def published_update(net, optimiser, Ns):
    length = np.random.default_rng().integers(Ns[-1] + 2, 4 * Ns[-1] + 1, endpoint=True)
    rows = [(torch.rand(length) < torch.rand(1)).float() for _ in range(BATCH)]
    answers = [torch.stack([(row[-N:].sum() % 2).long() for row in rows]) for N in Ns]
    optimiser.zero_grad()
    out = net(torch.stack(rows).T[..., None])
    loss = sum(
        torch.nn.functional.cross_entropy(out[head], answer) for head, answer in enumerate(answers)
    )
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
    optimiser.step()
    return length


def seconds_per_item(step, n_updates):
    """CPU-seconds per item of the sequences; lengths differ between updates."""
    step()
    began, items = time.process_time(), 0
    for _ in range(n_updates):
        items += step()
    return (time.process_time() - began) / items


def matmul_rate(units):
    a, b = torch.rand(BATCH, units), torch.rand(units, units)
    a @ b
    began = time.process_time()
    for _ in range(100):
        a @ b
    return 200 * BATCH * units**2 / (time.process_time() - began)


def compare(kind, units, n, n_updates):
    torch.manual_seed(0)
    net = Published(units)
    optimiser = torch.optim.SGD(net.parameters(), 0.05, 0.1, nesterov=True)
    Ns = list(range(2, n + 1)) if kind == "multi" else [n]
    theirs = seconds_per_item(lambda: published_update(net, optimiser, Ns), n_updates)

    curriculum = Curriculum(kind, Ns[0], n)
    condition = Condition("parity", Cell(), curriculum, (1,), (1.0, 2.0), SETTINGS)
    state = gradient.start(draw(Cell(), units, HEADS, [0]), condition)
    count = iter(range(10**6))

    def ours_update():
        rngs = [np.random.default_rng(next(count))]
        batch = gradient.draw_batch(rngs, [(Ns[0], n)], condition, state.params, "cpu")
        gradient.update(state, batch, condition)
        return batch.lengths[0]

    ours = seconds_per_item(ours_update, 3 * n_updates)
    rate = matmul_rate(units)
    length = 2.5 * n + 1.5  # mean items per sequence
    print(
        f"{kind}-head N = {n}, {units} units, batch {BATCH}: "
        f"{ours * length * 1e3:.0f} ms per update, "
        f"published loop {theirs * length * 1e3:.0f} ms, ratio {theirs / ours:.1f}; "
        f"{6 * BATCH * units**2 / ours / rate:.0%} of {rate / 1e9:.0f} GFLOP/s (matrix products)"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=500)
    parser.add_argument("--n", type=int, nargs="+", default=[10, 30])
    parser.add_argument("--updates", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    for n in options.n:
        for kind in ("single", "multi"):
            compare(kind, options.units, n, options.updates)
