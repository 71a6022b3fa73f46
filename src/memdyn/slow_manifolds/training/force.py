"""Temporally restricted FORCE for a shard of rate networks.

FORCE is that of Sussillo & Abbott 2009, the windows are those of the code of Ghazizadeh & Ching
2021. Two recursive-least-squares learners per network, each with its own inverse correlation matrix
P: the memory readout W_d learns in both delays, the output readout w_o in the response. With
``windows: everywhere``, a control, both learn at all times: targets are zero outside their windows.

All networks step together, one row each: their recurrent inputs are products of blocks of rows with
J. On a GPU a whole trial is one graph.

The same network ends with the same bits whatever its shard: every product with J runs in a shape
that does not depend on how many networks the shard has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from memdyn.cuda_graphs import Replayed
from memdyn.randomness import Stream, generator
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.networks.rate import FixedWeights
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching, trial_order
from memdyn.slow_manifolds.training.least_squares import Window

TRAINING, TRAINED, CONVERGED, DIVERGED = 0, 1, 2, 3
STATUS = {TRAINED: "trained", CONVERGED: "converged", DIVERGED: "diverged", TRAINING: "training"}

# Networks per product with J: a fixed shape, so that a network's bits do not depend on its shard.
CPU_WIDTH, CUDA_WIDTH = 16, 64
# On EPYC (Zen 4), 16 cost a shard of 42 networks 6 % more than 48 do, and one of 14 a third less.
# Rows of what is multiplied are padded to a multiple of this many numbers, so that all begin alike
# in memory: in float64 a kernel of MKL 2024.2 rounds every second row otherwise (EPYC, Zen 4).
_ROW = 16
# Outputs of each learner: the readout w_o has one, W_d the others.
_LEARNED = {"output": slice(0, 1), "memory": slice(1, None)}


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
        readout_at, x_at: (S, B, n_outputs, n_units), (S, B, n_units) readout and x after each trial
            of ``training.snapshots``; NaN until then.
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
    readout_at: torch.Tensor
    x_at: torch.Tensor


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
    n_kept = len(training["snapshots"])
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
        readout_at=eye.new_full((n_kept, n, n_outputs, n_units), torch.nan),
        x_at=eye.new_full((n_kept, n, n_units), torch.nan),
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
    seed, trial = networks[0].seed, None
    types = trial_order(training["n_trials"], task.n_types, generator(seed, Stream.TRIAL_ORDER))
    shard = _shard(networks, fixed, network["dt"] / network["tau"], state.x)
    while state.trial < training["n_trials"] and bool((state.status == TRAINING).any()):
        active = (state.status == TRAINING).nonzero()[:, 0].tolist()
        if trial is None or trial.rows != active:
            trial = _Trial(shard, state, active, task, training)
            run = Replayed(trial.run, state.x.device)
        trial_type = types[state.trial]
        stream = generator(seed, Stream.TRAINING_STIMULI, state.trial)
        drawn = task.draw(trial_type, stream, places=seed)
        means = task.class_means[list(task.pair(trial_type))]
        trial.prepare(drawn @ fixed.input, means, float(task.target(trial_type)))
        run()
        squared, finite = trial.finish(state)
        _judge(state, active, (squared / task.n_response).sqrt(), finite, training)
        _keep(state, np.array(training["snapshots"]) == state.trial)
        after_trial(state)
    _keep(state, np.array(training["snapshots"]) > state.trial)  # all had stopped before
    return state


def _keep(state: TrainingState, due: np.ndarray) -> None:
    """Book the networks as they stand under those snapshots (S,) that are due."""
    for at in np.flatnonzero(due):
        state.readout_at[at], state.x_at[at] = state.readout, state.x


def _judge(
    state: TrainingState,
    active: Sequence[int],
    rmse: torch.Tensor,
    finite: torch.Tensor,
    training: Mapping,
) -> None:
    """Book one trial of the networks ``active``: errors, stopping rule, divergence."""
    state.rmse[active, state.trial] = rmse
    state.trial += 1
    state.n_trials[active] = state.trial
    is_good = rmse <= training["stop_rmse"]
    state.good[active] = torch.where(is_good, state.good[active] + 1, 0)
    if state.trial == training["n_trials"]:
        state.status[active] = TRAINED
    if training["stop_after"]:
        state.status[(state.good >= training["stop_after"]) & (state.status <= TRAINED)] = CONVERGED
    state.status[torch.tensor(active)[finite == 0]] = DIVERGED


class _Shard(NamedTuple):
    """The fixed parts of a shard on its device.

    Attributes:
        weights: (n_units, row) J, and beside it w_f and W_fd; then zeros.
        scales: (B, row) what the rates and outputs of a network are multiplied by
            before the product: g and 1 / fb.
        leak: dt / tau.
    """

    weights: torch.Tensor
    scales: torch.Tensor
    leak: float


def _shard(
    networks: Sequence[Network], fixed: FixedWeights, leak: float, like: torch.Tensor
) -> _Shard:
    n_outputs, n_units = fixed.feedback.shape
    rest = -(n_units + n_outputs) % _ROW
    scales = [
        [network.g] * n_units + [1.0 / network.fb] * n_outputs + [0.0] * rest
        for network in networks
    ]
    weights = [fixed.recurrent, fixed.feedback.T, np.zeros((n_units, rest))]
    return _Shard(
        torch.as_tensor(np.concatenate(weights, axis=1)).to(like),
        torch.as_tensor(np.array(scales)).to(like),
        leak,
    )


class _Trial:
    """One trial of the networks ``rows`` of a shard, on tensors that keep their places.

    The host writes its inputs before (``prepare``), and reads and books afterwards (``finish``);
    ``run`` in between asks nothing of the host, so that it can be recorded.

    Attributes:
        x: (width, n_units) state; rows beyond the n networks belong to none.
        seen: (width, row) rates and outputs after the last step, and zeros.
        rates, outputs: (n, n_units), (n, n_outputs) the same, apart.
        readout: (n, n_outputs, n_units).
        results: (2, n) sum over the response of the squared error of the output, before the
            updates; and 1 where a network is finite, else 0.
    """

    def __init__(
        self,
        shard: _Shard,
        state: TrainingState,
        rows: list[int],
        task: SequentialPatternMatching,
        training: Mapping,
    ):
        self.shard, self.rows, self.every = shard, rows, training["update_every"]
        self.n_delay, self.n_response = task.n_delay, task.n_response
        self.index = torch.tensor(rows, device=state.x.device)
        self.batched, n, n_units = _batched(state.x), len(rows), state.x.shape[1]
        self.outputs, self.readout = state.outputs[self.index], state.readout[self.index]
        self.n, n_outputs = n, self.outputs.shape[1]
        block = CUDA_WIDTH if self.batched else CPU_WIDTH
        width = -(-n // block) * block

        def zeros(*shape: int) -> torch.Tensor:
            return state.x.new_zeros(shape)

        self.x, self.seen = zeros(width, n_units), zeros(width, shard.weights.shape[1])
        self.x[:n] = state.x[self.index]
        self.r, self.fed_back, _ = self.seen.tensor_split([n_units, n_units + n_outputs], dim=1)
        torch.tanh(self.x, out=self.r)
        self.fed_back[:n] = self.outputs
        self.rates, self.scales = zeros(n, n_units), torch.zeros_like(self.seen)
        self.scales[:n] = shard.scales[self.index]
        self.scaled, self.change = torch.zeros_like(self.seen), torch.zeros_like(self.x)
        self.read = torch.zeros_like(self.readout)
        blocks = (self.scaled.split(block), self.change.split(block))
        self.blocks = list(zip(*blocks, strict=True))

        self.p = {name: self._matrices(getattr(state, f"p_{name}")) for name in _LEARNED}
        everywhere = training["windows"] == "everywhere"
        self.elsewhere = dict.fromkeys(_LEARNED, zeros(n_outputs)) if everywhere else {}
        longest = max(task.n_delay, task.n_response, task.n_stimulus if everywhere else 0)
        room = zeros(1 + everywhere, n, -(-longest // self.every), n_units)
        self.k = {"output": room[0], "memory": room[-1]}  # one room for both if they take turns
        self.drive, self.targets = zeros(2, task.n_stimulus, n_units), zeros(2, n_outputs)
        self.results = zeros(2, n).double()

    def prepare(self, drive: np.ndarray, means: np.ndarray, target: float) -> None:
        """Write what differs between trials.

        Args:
            drive: (2, n_stimulus, n_units) input of both stimuli to the units.
            means: (2, n_memory) what the memory output must hold in the delays.
            target: of the output in the response.
        """
        self.drive.copy_(torch.from_numpy(drive))
        targets = np.concatenate([np.full((2, 1), target), means], axis=1)
        self.targets.copy_(torch.from_numpy(targets))

    def run(self) -> None:
        """Go through the trial; every network learns."""
        for drive, targets in zip(self.drive, self.targets, strict=True):
            self._epoch(list(drive), {})
            self._epoch([None] * self.n_delay, {"memory": targets})
        errors = self._epoch([None] * self.n_response, {"output": self.targets[0]})
        self.results[0] = sum(error.double() ** 2 for error in errors)
        finite = torch.isfinite(self.x).all(1)[: self.n]
        self.results[1] = finite & torch.isfinite(self.readout).all(2).all(1)

    def finish(self, state: TrainingState) -> torch.Tensor:
        """Hand the networks back to the shard; returns ``results`` on the CPU."""
        state.x[self.index] = self.x[: self.n]
        state.outputs[self.index], state.readout[self.index] = self.outputs, self.readout
        for name, p in self.p.items():
            if isinstance(p, torch.Tensor) and self.n < len(state.x):
                getattr(state, f"p_{name}")[self.index] = p
        return self.results.cpu()

    def _matrices(self, p: torch.Tensor) -> torch.Tensor | list[torch.Tensor]:
        """P of the networks of this trial: those of the shard where that is possible."""
        if not self.batched:
            return [p[row] for row in self.rows]
        return p if self.n == len(p) else p[self.index]

    def _step(self, drive: torch.Tensor | None = None) -> None:
        """One Euler step, then rates and outputs."""
        torch.mul(self.seen, self.scales, out=self.scaled)
        for scaled, change in self.blocks:
            torch.mm(scaled, self.shard.weights.T, out=change)
        if drive is not None:
            self.change.add_(drive)
        self.x.lerp_(self.change, self.shard.leak)
        torch.tanh(self.x, out=self.r)
        self.rates.copy_(self.r[: self.n])
        # Not a product of all networks, which rounds otherwise for another number of them.
        torch.mul(self.rates[:, None], self.readout, out=self.read)
        torch.sum(self.read, 2, out=self.outputs)
        self.fed_back[: self.n] = self.outputs

    def _epoch(
        self, drives: Sequence[torch.Tensor | None], learning: Mapping[str, torch.Tensor]
    ) -> list[torch.Tensor]:
        """Go through an epoch of the trial, a step for each of ``drives``.

        Args:
            drives: (n_units,) input to the units, or None.
            learning: learner -> targets (n_outputs,) of all outputs, of which it takes its own.

        Returns:
            For each step the error (n,) of the output, before the update, if its learner learns.
        """
        learning, errors = {**self.elsewhere, **learning}, []
        windows = {name: Window(self.p[name], self.k[name]) for name in learning}
        for step, drive in enumerate(drives):
            self._step(drive)
            for name, targets in learning.items():
                learned = _LEARNED[name]
                error = (self.outputs - targets)[:, learned]
                if name == "output":
                    errors.append(error[:, 0])
                if step % self.every == 0:
                    gain = windows[name].gain(self.rates)
                    self.readout[:, learned].addcmul_(error[:, :, None], gain[:, None], value=-1.0)
        for window in windows.values():
            window.fold()
        return errors


def _batched(x: torch.Tensor) -> bool:
    """Whether products with P run as one batch: on a GPU, where launches count and not traffic."""
    return x.is_cuda
