"""Leaky networks of study 2, with a time constant for each unit, several networks side by side.

    outside:  h_t = f((1 - a) h_{t-1} + a d_t),    a = 1 / max(tau, 1)
    inside:   h_t = (1 - a) h_{t-1} + a f(d_t),    d_t = W h_{t-1} + b + b_in + W_in x_t

(specification of study 2, section 2; "inside" is its variant "mod"). Steps are dt = 1. No unit is
connected to itself. The gradient is written out by hand: backpropagation through time then costs
three matrix products per step and keeps two states per step, and the gradient of the weights is one
product over all steps at once.
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
_BACKWARD = {
    "leaky_relu": lambda g, y: torch.ops.aten.leaky_relu_backward(g, y, SLOPE, True),
    "relu": lambda g, y: torch.ops.aten.threshold_backward(g, y, 0.0),
    "tanh": torch.ops.aten.tanh_backward,
    "sigmoid": torch.ops.aten.sigmoid_backward,
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
    return _FinalState.apply(
        leak(params["tau"], scale_tau),
        params["recurrent"],
        params["bias"] + params["input_bias"],
        params["input"][:, :, 0],
        inputs,
        states,
        tuple(lengths),
        inside,
        nonlinearity,
    )


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
    recurrent, h = params["recurrent"].mT, states
    drive = torch.empty_like(states)
    for t in range(steps):
        h = _step(h, inputs[:, :, t, None], a, recurrent, bias, weight, drive, found[t], inside,
                  _FUNCTIONS[nonlinearity])  # fmt: skip
    return found.permute(1, 2, 0, 3)


def _step(h, x, a, recurrent, bias, weight, drive, out, inside, function):
    """One step into ``out``; ``drive`` is left with d_t (outside) or f(d_t) (inside)."""
    torch.addcmul(bias, x, weight, out=drive)
    drive.baddbmm_(h, recurrent)
    if inside:
        function(drive)
        return torch.lerp(h, drive, a, out=out)
    torch.lerp(h, drive, a, out=out)
    return function(out)


class _FinalState(torch.autograd.Function):
    """Networks are taken longest first, so that those that have started are always a prefix."""

    @staticmethod
    def forward(ctx, a, recurrent, bias, weight, inputs, states, lengths, inside, nonlinearity):
        n_networks, batch, steps = inputs.shape
        order = sorted(range(n_networks), key=lambda b: -lengths[b])
        a, recurrent, bias, weight, inputs, states = (
            _ordered(x, order) for x in (a, recurrent, bias, weight, inputs, states)
        )
        starts = [steps - lengths[b] for b in order]
        shape = (n_networks, steps, batch, states.shape[-1])
        keep = any(ctx.needs_input_grad)
        function = _FUNCTIONS[nonlinearity]
        h = states.new_empty((n_networks, steps + 1, *shape[2:]) if keep else (2, *states.shape))
        drive = states.new_empty(shape if keep else states.shape)
        for b, start in enumerate(starts):
            if keep:
                h[b, start] = states[b]
            else:
                h[start % 2, b] = states[b]
        transposed = recurrent.mT
        columns = inputs.permute(2, 0, 1)[..., None].contiguous()
        for first, last, k in _segments(starts, steps):
            parts = (a[:k, None], transposed[:k], bias[:k, None], weight[:k, None])
            for t in range(first, last):
                if keep:
                    before, after, d = h[:k, t], h[:k, t + 1], drive[:k, t]
                else:
                    before, after, d = h[t % 2, :k], h[(t + 1) % 2, :k], drive[:k]
                _step(before, columns[t, :k], *parts, d, after, inside, function)
        ctx.save_for_backward(a, recurrent, inputs)
        ctx.kept = (h, drive, order, starts, inside, nonlinearity)
        final = h[:, steps] if keep else h[steps % 2]
        return _ordered(final, np.argsort(order).tolist())

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        a, recurrent, inputs = ctx.saved_tensors
        h, drive, order, starts, inside, nonlinearity = ctx.kept
        ctx.kept = None  # drive is overwritten below: a second backward would be wrong
        _, steps, _, n = drive.shape
        backward, trained_tau = _BACKWARD[nonlinearity], ctx.needs_input_grad[0]
        d_a = torch.zeros_like(a)
        dh = _ordered(grad, order).clone()  # changed in place below
        for first, last, k in reversed(_segments(starts, steps)):
            w, rate = recurrent[:k], a[:k, None]
            dh = dh[:k]  # networks that started later have ended here
            for t in range(last - 1, first - 1, -1):
                d = drive[:k, t]
                if inside:
                    flow = dh * rate
                    if trained_tau:
                        d_a[:k] += torch.linalg.vecdot(d - h[:k, t], dh, dim=1)
                    d.copy_(backward(flow, d))
                    dh.sub_(flow)
                else:
                    dh = backward(dh, h[:k, t + 1])
                    if trained_tau:
                        d_a[:k] += torch.linalg.vecdot(d - h[:k, t], dh, dim=1)
                    torch.mul(dh, rate, out=d)
                    dh -= d
                dh.baddbmm_(d, w)
        d_recurrent, d_bias = torch.empty_like(recurrent), torch.empty_like(a)
        d_weight = torch.empty_like(a)
        for b, start in enumerate(starts):
            flow = drive[b, start:].reshape(-1, n)
            torch.mm(flow.T, h[b, start:steps].reshape(-1, n), out=d_recurrent[b])
            items = inputs[b, :, start:].T.reshape(-1)
            both = flow.T @ torch.stack([torch.ones_like(items), items], dim=1)
            d_bias[b], d_weight[b] = both[:, 0], both[:, 1]
        d_recurrent.diagonal(dim1=1, dim2=2).zero_()  # self-connections do not exist
        back = np.argsort(order).tolist()
        found = (d_a, d_recurrent, d_bias, d_weight)
        return *(_ordered(x, back) for x in found), *(None,) * 5


def _ordered(x: torch.Tensor, order: list[int]) -> torch.Tensor:
    """The networks of ``x`` in another order; without an index, for which a GPU would wait."""
    return x if order == list(range(len(x))) else torch.stack([x[b] for b in order])


def _segments(starts: list[int], steps: int) -> list[tuple[int, int, int]]:
    """Stretches of steps in which the same first k networks run: (first, last, k)."""
    edges = [*sorted(set(starts)), steps]
    return [
        (first, last, sum(start <= first for start in starts)) for first, last in pairwise(edges)
    ]
