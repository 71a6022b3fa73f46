"""Temporally restricted FORCE for a shard of rate networks (study 1, specification section 4).

Two recursive-least-squares learners per network, each with its own inverse correlation matrix:
the memory readout W_d learns in both delays, the output readout w_o in the response. Between the
updates of one window the new rank-one terms are kept aside,

    P = P0 - K K^T,   P r = P0 r - K (K^T r),

and folded into P0 once per window: the same update up to rounding, with a fraction of the traffic.

P is symmetric, so on the CPU only one of its triangles is read and written (BLAS symv, syrk).

The same network ends with the same bits whatever its shard: every product runs in a shape that does
not depend on how many networks the shard has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from scipy.linalg import get_blas_funcs

from memdyn.grid import Network
from memdyn.networks.rate import FixedWeights
from memdyn.randomness import Stream, generator
from memdyn.tasks.spm import SequentialPatternMatching, trial_order

TRAINING, TRAINED, CONVERGED, DIVERGED = 0, 1, 2, 3
STATUS = {TRAINED: "trained", CONVERGED: "converged", DIVERGED: "diverged", TRAINING: "training"}


# Networks per product with J: a fixed shape, so that a network's bits do not depend on its shard.
CPU_WIDTH, CUDA_WIDTH = 16, 64


@dataclass
class TrainingState:
    """Where the training of a shard stands; the leading axis counts all its networks.

    Attributes:
        trial: trials done.
        x: (B, n_units) state.
        outputs: (B, n_outputs) z and z_d that are fed back in the next step.
        readout: (B, n_outputs, n_units) rows w_o and W_d.
        p_output, p_memory: (B, n_units, n_units) inverse correlation matrices of both learners.
        status: (B,) code of ``STATUS``.
        n_trials: (B,) trials the network was trained for.
        good: (B,) good trials in a row.
        rmse: (B, n_trials) of the output over the response, before each update; NaN where not run.
    """

    trial: int
    x: torch.Tensor
    outputs: torch.Tensor
    readout: torch.Tensor
    p_output: torch.Tensor
    p_memory: torch.Tensor
    status: torch.Tensor
    n_trials: torch.Tensor
    good: torch.Tensor
    rmse: torch.Tensor


def start(
    networks: Sequence[Network],
    fixed: FixedWeights,
    training: Mapping,
    device: str | torch.device = "cpu",
) -> TrainingState:
    """State before the first trial: readouts zero, P = I / alpha, x from the seed.

    Args:
        networks: of the shard.
        fixed: their common fixed weights.
        training: the ``training`` section of the configuration.
        device: where to train.
    """
    dtype = getattr(torch, training["precision"])
    n, (n_outputs, n_units) = len(networks), fixed.feedback.shape
    eye = torch.eye(n_units, dtype=dtype, device=device) / training["alpha"]
    initial = torch.as_tensor(fixed.initial_state, dtype=dtype, device=device)
    return TrainingState(
        trial=0,
        x=initial.repeat(n, 1),
        outputs=torch.zeros(n, n_outputs, dtype=dtype, device=device),
        readout=torch.zeros(n, n_outputs, n_units, dtype=dtype, device=device),
        p_output=eye.repeat(n, 1, 1),
        p_memory=eye.repeat(n, 1, 1),
        status=torch.full((n,), TRAINING, dtype=torch.int64),
        n_trials=torch.zeros(n, dtype=torch.int64),
        good=torch.zeros(n, dtype=torch.int64),
        rmse=torch.full((n, training["n_trials"]), torch.nan, dtype=torch.float64),
    )


@torch.no_grad()
def train(
    state: TrainingState,
    networks: Sequence[Network],
    fixed: FixedWeights,
    task: SequentialPatternMatching,
    network: Mapping,
    training: Mapping,
    after_trial: Callable[[TrainingState], None] = lambda state: None,
) -> TrainingState:
    """Train a shard from where ``state`` stands to its end.

    Args:
        state: from ``start`` or a checkpoint; changed in place.
        networks: of the shard, all of one seed and distribution and pg.
        fixed: their common fixed weights.
        task: sequential pattern matching.
        network: the ``network`` section of the configuration (tau, dt).
        training: the ``training`` section.
        after_trial: called after each trial (progress, checkpoints).

    Returns:
        ``state``, with every network ``TRAINED``, ``CONVERGED`` or ``DIVERGED``.
    """
    seed = networks[0].seed
    types = trial_order(training["n_trials"], task.n_types, generator(seed, Stream.TRIAL_ORDER))
    shard = _shard(networks, fixed, network["dt"] / network["tau"], state.x)
    means = torch.as_tensor(task.class_means, dtype=state.x.dtype, device=state.x.device)
    epochs = task.epochs
    memory = slice(1, state.outputs.shape[1])

    while state.trial < training["n_trials"] and bool((state.status == TRAINING).any()):
        trial_type = types[state.trial]
        drawn = task.draw(trial_type, generator(seed, Stream.TRAINING_STIMULI, state.trial))
        drive = torch.as_tensor(drawn @ fixed.input, dtype=state.x.dtype, device=state.x.device)
        first, second = task.pair(trial_type)
        target = state.x.new_tensor([float(task.target(trial_type))])
        every = training["update_every"]

        active = (state.status == TRAINING).nonzero()[:, 0].tolist()
        run = _Run(shard, state, active)
        run.freely(drive[0])
        run.learn(epochs["delay 1"], state.p_memory, memory, means[first], every)
        run.freely(drive[1])
        run.learn(epochs["delay 2"], state.p_memory, memory, means[second], every)
        squared = run.learn(epochs["response"], state.p_output, slice(0, 1), target, every)
        run.store(state)

        _judge(state, active, (squared / task.n_response).sqrt(), training)
        after_trial(state)
    return state


def _judge(
    state: TrainingState, active: Sequence[int], rmse: torch.Tensor, training: Mapping
) -> None:
    """Book one trial: errors, stopping rule, divergence."""
    state.rmse[active, state.trial] = rmse
    state.trial += 1
    state.n_trials[active] = state.trial
    is_good = rmse <= training["stop_rmse"]
    state.good[active] = torch.where(is_good, state.good[active] + 1, 0)
    if state.trial == training["n_trials"]:
        state.status[active] = TRAINED
    if training["stop_after"]:
        state.status[(state.good >= training["stop_after"]) & (state.status <= TRAINED)] = CONVERGED
    finite = torch.isfinite(state.x).all(1) & torch.isfinite(state.readout).all(2).all(1)
    state.status[~finite.cpu()] = DIVERGED


class _Shard(NamedTuple):
    """The fixed parts of a shard on its device."""

    recurrent_t: torch.Tensor
    feedback: torch.Tensor
    g: torch.Tensor
    inverse_fb: torch.Tensor
    rate: float


def _shard(
    networks: Sequence[Network], fixed: FixedWeights, rate: float, like: torch.Tensor
) -> _Shard:
    def tensor(array) -> torch.Tensor:
        return torch.as_tensor(np.asarray(array), dtype=like.dtype, device=like.device)

    return _Shard(
        recurrent_t=tensor(fixed.recurrent.T).contiguous(),
        feedback=tensor(fixed.feedback),
        g=tensor([[network.g] for network in networks]),
        inverse_fb=tensor([[1.0 / network.fb] for network in networks]),
        rate=rate,
    )


class _Run:
    """One trial of the networks ``rows`` of a shard: working copies of their state."""

    def __init__(self, shard: _Shard, state: TrainingState, rows: list[int]):
        self.shard, self.rows = shard, rows
        self.x, self.outputs = state.x[rows], state.outputs[rows]
        self.readout = state.readout[rows]
        self.g, self.inverse_fb = shard.g[rows], shard.inverse_fb[rows]
        width = CUDA_WIDTH if self.x.is_cuda else CPU_WIDTH
        padded = -(-len(rows) // width) * width
        r = self.x.new_zeros(padded, self.x.shape[1])  # rows beyond the networks stay zero
        product = torch.empty_like(r)
        self.products = list(zip(r.split(width), product.split(width), strict=True))
        self.r, self.change = r[: len(rows)], product[: len(rows)]
        torch.tanh(self.x, out=self.r)

    def step(self, drive: torch.Tensor | None) -> None:
        """One Euler step, then rates and outputs."""
        for r, product in self.products:
            torch.mm(r, self.shard.recurrent_t, out=product)
        self.change.mul_(self.g).sub_(self.x)
        scaled = self.outputs * self.inverse_fb
        for i, weights in enumerate(self.shard.feedback):
            self.change.addcmul_(scaled[:, i : i + 1], weights)
        if drive is not None:
            self.change.add_(drive)
        self.x.add_(self.change, alpha=self.shard.rate)
        torch.tanh(self.x, out=self.r)
        self.outputs = (self.readout * self.r[:, None, :]).sum(2)

    def freely(self, drive: torch.Tensor) -> None:
        """One step for each row of ``drive`` (n_steps, n_units)."""
        for u in drive:
            self.step(u)

    def learn(
        self,
        epoch: slice,
        p: torch.Tensor,
        outputs: slice,
        target: torch.Tensor,
        every: int,
    ) -> torch.Tensor:
        """Go through ``epoch`` without input; update ``outputs`` at each ``every``-th step.

        Returns:
            (len(rows),) sum over steps of the squared error, before the updates, of the first of
            ``outputs``; on the CPU.
        """
        n_steps = epoch.stop - epoch.start
        learner = _Learner(p, self.rows, -(-n_steps // every))
        squared = self.x.new_zeros(len(self.rows), dtype=torch.float64)
        readout = self.readout[:, outputs]
        for step in range(n_steps):
            self.step(None)
            error = self.outputs[:, outputs] - target
            squared += error[:, 0].double() ** 2
            if step % every == 0:
                readout -= error[:, :, None] * learner.gain(self.r)[:, None, :]
        learner.fold()
        return squared.cpu()

    def store(self, state: TrainingState) -> None:
        state.x[self.rows], state.outputs[self.rows] = self.x, self.outputs
        state.readout[self.rows] = self.readout


def _batched(p: torch.Tensor) -> bool:
    """Whether products with P run as one batch: on a GPU, where launches count and not traffic."""
    return p.is_cuda


class _Learner:
    """Recursive least squares in one window: P = P0 - K K^T until the window ends."""

    def __init__(self, p: torch.Tensor, rows: list[int], n_updates: int):
        self.p, self.rows, self.done = p, rows, 0
        self.k = p.new_empty(len(rows), n_updates, p.shape[1])
        self.batched = _batched(p)
        if not self.batched:
            self.symv, self.syrk, self.gemv = get_blas_funcs(("symv", "syrk", "gemv"), (p.numpy(),))

    def gain(self, r: torch.Tensor) -> torch.Tensor:
        """(n, n_units) P r / (1 + r . P r) for rates r (n, n_units); then update P."""
        pr = self._product(r)
        gain = 1.0 / (1.0 + (r * pr).sum(1, keepdim=True))
        torch.mul(pr, gain.sqrt(), out=self.k[:, self.done])
        self.done += 1
        return gain * pr

    def fold(self) -> None:
        """P0 <- P0 - K K^T."""
        for i, row in enumerate(self.rows):
            if self.batched:
                self.p[row].addmm_(self.k[i].T, self.k[i], alpha=-1.0)
            else:
                p, k = self.p[row].numpy().T, self.k[i].numpy().T
                self.syrk(-1.0, k, beta=1.0, c=p, lower=1, overwrite_c=1)

    def _product(self, r: torch.Tensor) -> torch.Tensor:
        k = self.k[:, : self.done]
        if self.batched:
            p = self.p if len(self.rows) == len(self.p) else self.p[self.rows]
            pr = torch.bmm(p, r[:, :, None])
            return torch.baddbmm(pr, k.transpose(1, 2), torch.bmm(k, r[:, :, None]), alpha=-1.0)[
                :, :, 0
            ]
        out = torch.empty_like(r)
        p, k, rates, product = self.p.numpy(), k.numpy(), r.numpy(), out.numpy()
        for i, row in enumerate(self.rows):
            # A row-major symmetric matrix is its own column-major transpose: no copy is made.
            product[i] = self.symv(1.0, p[row].T, rates[i], lower=1)
            if self.done:
                folded = self.gemv(1.0, k[i].T, rates[i], trans=1)
                self.gemv(-1.0, k[i].T, folded, beta=1.0, y=product[i], overwrite_y=1)
        return out
