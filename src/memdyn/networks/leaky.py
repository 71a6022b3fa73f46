"""Leaky networks of study 2, with a time constant for each unit, several networks side by side.

    outside:  h_t = f((1 - a) h_{t-1} + a d_t),    a = 1 / max(tau, 1)
    inside:   h_t = (1 - a) h_{t-1} + a f(d_t),    d_t = W h_{t-1} + b + b_in + W_in x_t

(specification of study 2, section 2; "inside" is its variant "mod"). Steps are dt = 1. No unit is
connected to itself.

For training, the item and a one stand beside the activities: "outside" is then
h_t = f(A [h_{t-1}, x_t, 1]), with the leak in the matrix A, and a step is one product and f. The
gradient is written out by hand: backpropagation through time is one more product per step, and the
gradient of A one product over all steps at once. For "inside", A is [W, W_in, b + b_in].
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from memdyn.randomness import Stream, generator

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


def draw(
    n_units: int, seeds: Sequence[int], initial_tau: tuple[float, float], fixed_tau: float = 0.0
) -> dict[str, torch.Tensor]:
    """Draw the parameters of networks, each from its own seed (section 2, "Init").

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
    matrix, a = _matrix(params, inside, scale_tau)
    return _FinalState.apply(matrix, a, inputs, states, tuple(lengths), nonlinearity)


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
    """Networks are taken longest first, so that those that have started are always a prefix."""

    @staticmethod
    def forward(ctx, matrix, a, inputs, states, lengths, nonlinearity):
        n_networks, batch, steps = inputs.shape
        n = states.shape[-1]
        order = sorted(range(n_networks), key=lambda b: -lengths[b])
        starts = [steps - lengths[b] for b in order]
        matrix, inputs, states = (_ordered(x, order) for x in (matrix, inputs, states))
        a = None if a is None else _ordered(a, order)
        keep = any(ctx.needs_input_grad)
        places = steps + 1 if keep else 2  # of states in memory: all, or the last two in turn
        h = states.new_empty((n_networks, places, batch, n + 2))
        h[..., n + 1].fill_(1.0)
        for b, start in enumerate(starts):
            h[b, start % places, :, :n] = states[b]
        inner = 0 if a is None else steps if keep else 1  # f(d_t) in memory
        drive = states.new_empty((n_networks, inner, batch, n))
        transposed = matrix.mT.contiguous()
        function = _FUNCTIONS[nonlinearity]
        for first, last, k in _segments(starts, steps):
            for t in range(first, last):
                before, after = h[:k, t % places], h[:k, (t + 1) % places, :, :n]
                before[..., n] = inputs[:k, :, t]
                if a is None:
                    function(torch.bmm(before, transposed[:k], out=after))
                else:
                    d = function(torch.bmm(before, transposed[:k], out=drive[:k, t % inner]))
                    torch.lerp(before[..., :n], d, a[:k, None], out=after)
        ctx.save_for_backward(matrix, a)
        ctx.kept = (h, drive, order, starts, nonlinearity)
        return _ordered(h[:, steps % places, :, :n], np.argsort(order).tolist())

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        matrix, a = ctx.saved_tensors
        h, flow, order, starts, nonlinearity = ctx.kept
        ctx.kept = None  # flow is overwritten below: a second backward would be wrong
        n, steps, backward = grad.shape[-1], h.shape[1] - 1, _BACKWARD[nonlinearity]
        square = matrix[:, :, :n].contiguous()
        dh = _ordered(grad, order).clone()  # changed in place below
        if a is None:
            flow, d_a = h.new_empty((*h.shape[:1], steps, *dh.shape[1:])), None
        else:
            d_a = torch.zeros_like(a)
        for first, last, k in reversed(_segments(starts, steps)):
            dh, w = dh[:k], square[:k]  # networks that started later have ended here
            for t in range(last - 1, first - 1, -1):
                f = flow[:k, t]
                if a is None:
                    backward(dh, h[:k, t + 1, :, :n], f)
                    torch.bmm(f, w, out=dh)
                else:  # flow holds f(d_t)
                    d_a[:k] += torch.linalg.vecdot(f - h[:k, t, :, :n], dh, dim=1)
                    into = dh * a[:k, None]
                    dh.sub_(into).baddbmm_(backward(into, f, f), w)
        d_matrix = torch.empty_like(matrix)
        for b, start in enumerate(starts):
            seen = h[b, start:steps].flatten(0, 1)
            torch.mm(flow[b, start:].flatten(0, 1).T, seen, out=d_matrix[b])
        back = np.argsort(order).tolist()
        d_a = None if d_a is None else _ordered(d_a, back)
        return _ordered(d_matrix, back), d_a, *(None,) * 4


def _ordered(x: torch.Tensor, order: list[int]) -> torch.Tensor:
    """The networks of ``x`` in another order; without an index, for which a GPU would wait."""
    return x if order == list(range(len(x))) else torch.stack([x[b] for b in order])


def _segments(starts: list[int], steps: int) -> list[tuple[int, int, int]]:
    """Stretches of steps in which the same first k networks run: (first, last, k)."""
    edges = [*sorted(set(starts)), steps]
    return [
        (first, last, sum(start <= first for start in starts)) for first, last in pairwise(edges)
    ]
