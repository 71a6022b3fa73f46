"""Leaky networks of study 2, with a time constant for each unit, several networks side by side.

    outside:  h_t = f((1 - a) h_{t-1} + a d_t),    a = 1 / max(tau, 1)
    inside:   h_t = (1 - a) h_{t-1} + a f(d_t),    d_t = W h_{t-1} + b + b_in + W_in x_t

Source: Khajehabdollahi et al., ICLR 2024, its model, as the authors' code has it
(LevinaLab/rnn_timescale_public: ``RNN_Stack``, and for "inside" its variant "mod"). Steps are
dt = 1. No unit is connected to itself.

For training, the item and a one stand beside the activities: "outside" is then
h_t = f(A [h_{t-1}, x_t, 1]), with the leak in the matrix A, and a step is one product and f. The
gradient is written out by hand: backpropagation through time is one more product per step, and the
gradient of A one product over all steps at once. For "inside", A is [W, W_in, b + b_in].

On a CPU networks take turns (``turns``). On a GPU, where launching a step costs more than taking
it, all take all steps, on fixed tensors, and the loop over time is one graph.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from memdyn.cuda_graphs import Replayed
from memdyn.randomness import Stream, generator
from memdyn.timescales.networks import turns
from memdyn.timescales.networks.turns import joined, of_part, parts

SLOPE = 0.01  # of the leaky rectifier below zero (torch's default)
_FUNCTIONS = {
    "leaky_relu": lambda x: torch.nn.functional.leaky_relu(x, SLOPE, inplace=True),
    "relu": torch.relu_,
    "tanh": torch.tanh_,
    "sigmoid": torch.sigmoid_,
}
# Gradient with respect to a function's argument, from the gradient and the function's *result*.
_aten = torch.ops.aten
_BACKWARD = {
    "leaky_relu": lambda g, y, out: _aten.leaky_relu_backward.grad_input(
        g, y, SLOPE, True, grad_input=out
    ),
    "relu": lambda g, y, out: _aten.threshold_backward.grad_input(g, y, 0.0, grad_input=out),
    "tanh": lambda g, y, out: _aten.tanh_backward.grad_input(g, y, grad_input=out),
    "sigmoid": lambda g, y, out: _aten.sigmoid_backward.grad_input(g, y, grad_input=out),
}
NONLINEARITIES = tuple(_FUNCTIONS)
# Recorded loops begin at, and have room for, a number of steps that these divide.
_BEGIN, _ROOM = 8, 64


def draw(
    n_units: int, seeds: Sequence[int], initial_tau: tuple[float, float], fixed_tau: float = 0.0
) -> dict[str, torch.Tensor]:
    """Draw the parameters of networks, each from its own seed, as torch's layers do.

    Args:
        n_units: units per network.
        seeds: one per network.
        initial_tau: limits between which trained time constants start (steps).
        fixed_tau: the time constant of all units if it is not trained; 0 if it is.

    Returns:
        float32 tensors with a leading network axis: ``tau`` (B, n), ``recurrent`` (B, n, n) from
        unit j (last axis) to unit i, ``bias`` (B, n), ``input`` (B, n, 1), ``input_bias`` (B, n).
    """
    weight, rows = 1 / np.sqrt(n_units), []
    for seed in seeds:
        recurrent = generator(seed, Stream.TS_RECURRENT).uniform(-weight, weight, (n_units,) * 2)
        np.fill_diagonal(recurrent, 0.0)
        tau = generator(seed, Stream.TS_TAU).uniform(*initial_tau, n_units)
        rows.append(
            {
                "tau": np.full(n_units, fixed_tau) if fixed_tau else tau,
                "recurrent": recurrent,
                "bias": generator(seed, Stream.TS_BIAS).uniform(-weight, weight, n_units),
                "input": generator(seed, Stream.TS_INPUT).uniform(-1, 1, (n_units, 1)),
                "input_bias": generator(seed, Stream.TS_INPUT, 1).uniform(-1, 1, n_units),
            }
        )
    return {
        name: torch.from_numpy(np.stack([row[name] for row in rows]).astype(np.float32))
        for name in rows[0]
    }


def leak(tau: torch.Tensor, scale: int = 1) -> torch.Tensor:
    """1 / max(scale tau, 1); below the bound the gradient is zero, as in the authors' clamp."""
    return 1 / (tau * scale).clamp(min=1.0)


def final_state(
    params: dict[str, torch.Tensor],
    inputs: torch.Tensor,
    states: torch.Tensor,
    lengths: Sequence[int],
    inside: bool,
    nonlinearity: str,
    scale_tau: int = 1,
) -> torch.Tensor:
    """State after the last item; differentiable with respect to the parameters.

    Args:
        params: as from :func:`draw`.
        inputs: (B, batch, steps), sequences aligned to the end.
        states: (B, batch, n) before a network's first step.
        lengths: steps of each network; what stands before them in ``inputs`` is not seen.
        inside: the nonlinearity is inside the leak.
        nonlinearity: one of ``NONLINEARITIES``.
        scale_tau: number of steps that are one unit of tau (continuous time).

    Returns:
        (B, batch, n).
    """
    if turns.together(states):
        matrix, a = _matrix(params, inside, scale_tau)
        return _RecordedFinalState.apply(matrix, a, inputs, states, tuple(lengths), nonlinearity)
    finals = []
    for part, length in zip(parts(states), lengths, strict=True):
        matrix, a = _matrix(of_part(params, part), inside, scale_tau)
        seen = inputs[part, :, inputs.shape[2] - length :]
        finals.append(_FinalState.apply(matrix, a, seen, states[part], nonlinearity))
    return joined(finals)


@torch.no_grad()
def trajectory(
    params: dict[str, torch.Tensor],
    inputs: torch.Tensor,
    states: torch.Tensor,
    inside: bool,
    nonlinearity: str,
    scale_tau: int = 1,
) -> torch.Tensor:
    """Activity at every step, without a gradient: (B, batch, steps, n); arguments as above."""
    found = []
    for part in parts(states):
        own = of_part(params | {"states": states}, part)
        found.append(_trajectory(own, inputs[part], own["states"], inside, nonlinearity, scale_tau))
    return joined(found)


def _trajectory(params, inputs, states, inside, nonlinearity, scale_tau) -> torch.Tensor:
    steps = inputs.shape[2]
    found = inputs.new_empty((steps, *states.shape))
    a = leak(params["tau"], scale_tau)[:, None]
    bias, weight = (params["bias"] + params["input_bias"])[:, None], params["input"].mT
    recurrent, h, function = params["recurrent"].mT, states, _FUNCTIONS[nonlinearity]
    drive = torch.empty_like(states)
    for t in range(steps):  # without the matrix A: a run may be one step, and then that costs more
        torch.addcmul(bias, inputs[:, :, t, None], weight, out=drive)
        drive.baddbmm_(h, recurrent)
        if inside:
            h = torch.lerp(h, function(drive), a, out=found[t])
        else:
            h = function(torch.lerp(h, drive, a, out=found[t]))
    return found.permute(1, 2, 0, 3)


def _matrix(
    params: dict[str, torch.Tensor], inside: bool, scale_tau: int
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """A (B, n, n + 2), and the leak (B, n) where that is no part of it."""
    recurrent, bias = params["recurrent"], params["bias"] + params["input_bias"]
    itself = torch.eye(recurrent.shape[-1], dtype=recurrent.dtype, device=recurrent.device)
    recurrent = recurrent * (1 - itself)  # a self-connection would not be trained
    a = leak(params["tau"], scale_tau)
    matrix = torch.cat([recurrent, params["input"], bias[..., None]], dim=2)
    if inside:
        return matrix, a
    kept = torch.nn.functional.pad(itself, (0, 2))  # of the activity before, by 1 - a
    return torch.lerp(kept, matrix, a[..., None]), None


class _FinalState(torch.autograd.Function):
    """Of one network (B = 1), whose sequence begins at the first step."""

    @staticmethod
    def forward(ctx, matrix, a, inputs, states, nonlinearity):
        _, batch, steps = inputs.shape
        n = states.shape[-1]
        keep = any(ctx.needs_input_grad)
        places = steps + 1 if keep else 2  # of states in memory: all, or the last two in turn
        h = states.new_empty((1, places, batch, n + 2))
        h[..., n + 1].fill_(1.0)
        h[:, 0, :, :n] = states
        inner = 0 if a is None else steps if keep else 1  # f(d_t) in memory
        drive = states.new_empty((1, inner, batch, n))
        transposed = matrix.mT.contiguous()
        function = _FUNCTIONS[nonlinearity]
        for t in range(steps):
            before, after = h[:, t % places], h[:, (t + 1) % places, :, :n]
            before[..., n] = inputs[:, :, t]
            _step(
                before, after, transposed, a, None if a is None else drive[:, t % inner], function
            )
        ctx.save_for_backward(matrix, a)
        ctx.kept = (h, drive, nonlinearity)
        return h[:, steps % places, :, :n].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        matrix, a = ctx.saved_tensors
        h, flow, nonlinearity = ctx.kept
        ctx.kept = None  # flow is overwritten below: a second backward would be wrong
        n, steps, slope = grad.shape[-1], h.shape[1] - 1, _BACKWARD[nonlinearity]
        square = matrix[:, :, :n].contiguous()
        dh = grad.clone()  # changed in place below
        if a is None:
            flow, d_a = h.new_empty((1, steps, *dh.shape[1:])), None
        else:
            d_a = torch.zeros_like(a)
        for t in reversed(range(steps)):
            _step_back(dh, h[:, t : t + 2, :, :n], flow[:, t], square, a, d_a, slope)
        return _matrix_gradient(flow, h, [0]), d_a, *(None,) * 3


def _step(before, after, transposed, a, drive, function) -> None:
    """One step of k networks, from ``before`` (k, batch, n + 2), with item and one, to ``after``
    (k, batch, n); for "inside", ``drive`` (k, batch, n) is where f(d_t) is kept, and a the leak."""
    if a is None:
        function(torch.bmm(before, transposed, out=after))
    else:
        d = function(torch.bmm(before, transposed, out=drive))
        torch.lerp(before[..., : after.shape[-1]], d, a[:, None], out=after)


def _step_back(dh, around, f, square, a, d_a, slope) -> None:
    """The gradient dh (k, batch, n) one step back, in place, from the states ``around`` the step
    (k, 2, batch, n). f becomes the gradient at f's argument; for "inside" it holds f(d_t) before,
    and the gradient of the leak is added to d_a."""
    if a is None:
        slope(dh, around[:, 1], f)
        torch.bmm(f, square, out=dh)
    else:
        d_a += torch.linalg.vecdot(f - around[:, 0], dh, dim=1)
        into = dh * a[:, None]
        dh.sub_(into).baddbmm_(slope(into, f, f), square)


def _matrix_gradient(flow: torch.Tensor, h: torch.Tensor, starts: list[int]) -> torch.Tensor:
    """Gradient of A (B, n, n + 2), each network's from the steps since its start."""
    steps, n = flow.shape[1], flow.shape[-1]
    found = flow.new_empty((len(flow), n, h.shape[-1]))
    for b, start in enumerate(starts):
        seen = h[b, start:steps].flatten(0, 1)
        torch.mm(flow[b, start:].flatten(0, 1).T, seen, out=found[b])
    return found


class _RecordedFinalState(torch.autograd.Function):
    """The same on the tensors of a ``_Loop``, which the next forward pass overwrites."""

    @staticmethod
    def forward(ctx, matrix, a, inputs, states, lengths, nonlinearity):
        ctx.loop = loop = _loop(states, inputs.shape[2], a is not None, nonlinearity)
        ctx.starts = [loop.room - length for length in lengths]
        final = loop.forward(matrix, a, inputs, states, ctx.starts)
        ctx.passes = loop.passes
        return final

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        if ctx.passes != ctx.loop.passes:
            raise RuntimeError("another forward pass has overwritten what this gradient needs")
        ctx.loop.passes += 1  # the gradient overwrites it, too
        return *ctx.loop.backward(grad, ctx.starts), *(None,) * 4


class _Loop:
    """Fixed tensors of the loop over time; sequences end at the last of ``room`` steps.

    A network whose sequence has not begun stands at its first state.
    """

    def __init__(self, like: torch.Tensor, room: int, inside: bool, nonlinearity: str):
        n_networks, batch, n = like.shape

        def new(*shape: int, dtype: torch.dtype = like.dtype) -> torch.Tensor:
            return torch.zeros(n_networks, *shape, dtype=dtype, device=like.device)

        self.n, self.room, self.device = n, room, like.device
        self.function, self.slope = _FUNCTIONS[nonlinearity], _BACKWARD[nonlinearity]
        self.h = new(room + 1, batch, n + 2)
        self.h[..., n + 1].fill_(1.0)
        self.flow = new(room, batch, n)  # f(d_t) of "inside"; then the gradient at f's argument
        self.inputs, self.states, self.dh = new(batch, room), new(batch, n), new(batch, n)
        self.transposed, self.square = new(n + 2, n), new(n, n)
        self.a, self.d_a = (new(n), new(n)) if inside else (None, None)
        self.begun = new(room, 1, 1, dtype=torch.bool)
        self.passes = 0
        self._replayed: dict[tuple, Replayed] = {}

    def forward(self, matrix, a, inputs, states, starts) -> torch.Tensor:
        """State after the last step, as of ``final_state``."""
        steps = inputs.shape[2]
        self.passes += 1
        self.inputs[:, :, self.room - steps :] = inputs
        self.states.copy_(states)
        self.transposed.copy_(matrix.mT)
        self.square.copy_(matrix[:, :, : self.n])
        if self.a is not None:
            self.a.copy_(a)
        self.begun.zero_()
        for b, start in enumerate(starts):
            self.begun[b, start:].fill_(True)
        self._run(self._forward, self._first(starts))
        return self.h[:, self.room, :, : self.n].clone()

    def backward(self, grad, starts) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Gradients of A and of the leak ("inside")."""
        self.dh.copy_(grad)
        if self.d_a is not None:
            self.d_a.zero_()
        self._run(self._backward, self._first(starts))
        d_a = None if self.d_a is None else self.d_a.clone()
        return _matrix_gradient(self.flow, self.h, starts), d_a

    @staticmethod
    def _first(starts: list[int]) -> int:
        return min(starts) // _BEGIN * _BEGIN

    def _run(self, work, first: int) -> None:
        key = (work.__name__, first)
        if key not in self._replayed:
            self._replayed[key] = Replayed(lambda: work(first), self.device)
        self._replayed[key]()

    def _forward(self, first: int) -> None:
        self.h[:, first, :, : self.n] = self.states
        for t in range(first, self.room):
            before, after = self.h[:, t], self.h[:, t + 1, :, : self.n]
            before[..., self.n] = self.inputs[:, :, t]
            _step(before, after, self.transposed, self.a, self.flow[:, t], self.function)
            torch.where(self.begun[:, t], after, self.states, out=after)

    def _backward(self, first: int) -> None:
        """What comes out before a network's start is not used, but for d_a."""
        for t in range(self.room - 1, first - 1, -1):
            if self.a is not None:
                self.dh.mul_(self.begun[:, t])
            around = self.h[:, t : t + 2, :, : self.n]
            own = (self.a, self.d_a, self.slope)
            _step_back(self.dh, around, self.flow[:, t], self.square, *own)


_kept: dict[tuple, _Loop] = {}  # one at most: its tensors are the largest of a job


def _loop(like: torch.Tensor, steps: int, inside: bool, nonlinearity: str) -> _Loop:
    """The loop that is kept, or a new one where that does not fit or has no room."""
    key = (like.shape, like.dtype, like.device, inside, nonlinearity)
    if key not in _kept or _kept[key].room < steps:
        _kept.clear()
        _kept[key] = _Loop(like, -(-steps // _ROOM) * _ROOM, inside, nonlinearity)
    return _kept[key]
