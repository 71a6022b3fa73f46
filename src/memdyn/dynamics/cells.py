"""The cells that the instrument knows in closed form, and torch's modules as such cells.

Weights may carry one leading network axis; see :mod:`memdyn.dynamics.systems`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from memdyn.dynamics.systems import System, forward_tangent


def _unit(x: Tensor) -> Tensor:
    return torch.ones_like(x)


#: name -> (function, derivative), both elementwise.
NONLINEARITIES: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "tanh": (torch.tanh, lambda x: 1 - torch.tanh(x) ** 2),
    "relu": (torch.relu, lambda x: (x > 0).to(x.dtype)),
    "leaky_relu": (F.leaky_relu, lambda x: 0.01 + 0.99 * (x > 0).to(x.dtype)),
    "sigmoid": (torch.sigmoid, lambda x: torch.sigmoid(x) * (1 - torch.sigmoid(x))),
    "softplus": (F.softplus, torch.sigmoid),
    "linear": (lambda x: x, _unit),
}


def _nonlinearity(name: str):
    if name not in NONLINEARITIES:
        raise ValueError(f"unknown nonlinearity {name!r}: choose one of {sorted(NONLINEARITIES)}")
    return NONLINEARITIES[name]


def _per_unit(value: Tensor) -> Tensor:
    """A vector (..., n) as rows (..., 1, n), so that it meets states (..., rows, n)."""
    return value.unsqueeze(-2)


def _weighted(gain: Tensor, weights: Tensor) -> Tensor:
    """diag(gain) @ weights for gains (..., rows, n) and weights (..., n, m)."""
    return gain.unsqueeze(-1) * weights.unsqueeze(-3)


def _add_weighted(total: Tensor, gain: Tensor, weights: Tensor) -> None:
    """total += diag(gain) @ weights in place."""
    total.addcmul_(gain.unsqueeze(-1), weights.unsqueeze(-3))


#: Axes of each weight of a single network; one more is the network axis of a batch.
_SINGLE_NDIM = {"recurrent": 2, "input": 2, "bias": 1, "recurrent_bias": 1, "tau": 1}


@dataclass(frozen=True)
class _Network(System):
    """Weights common to all networks; each may carry leading network axes.

    recurrent (gates n, n); input (gates n, inputs) or None; bias and recurrent_bias (gates n) or
    None, torch's b_ih and b_hh, kept apart because their float32 sum would round.
    """

    recurrent: Tensor
    input: Tensor | None = None
    bias: Tensor | None = None
    recurrent_bias: Tensor | None = None
    casts = True
    _gates = 1

    def __post_init__(self):
        rows, units = self.recurrent.shape[-2:]
        if self.recurrent.ndim not in (2, 3) or rows != self._gates * units:
            raise ValueError(
                f"the recurrent matrix of a {type(self).__name__} has shape "
                f"({self._gates} x units, units), with one network axis in front for a batch; "
                f"got {tuple(self.recurrent.shape)}"
            )
        for name in ("input", "bias", "recurrent_bias"):
            value, axis = getattr(self, name), -2 if name == "input" else -1
            if value is not None and value.shape[axis] != rows:
                raise ValueError(
                    f"{name} has {value.shape[axis]} rows where the recurrent matrix has {rows}"
                )

    @property
    def n_units(self) -> int:
        return self.recurrent.shape[-1]

    @property
    def n_inputs(self) -> int:
        return 0 if self.input is None else self.input.shape[-1]

    @property
    def n_networks(self) -> int | None:
        return self.recurrent.shape[0] if self.recurrent.ndim == 3 else None

    def __getitem__(self, index: int) -> System:
        if self.n_networks is None:
            raise IndexError("this system holds one network; only a batch can be indexed")

        def pick(name: str, t: Tensor) -> Tensor:
            return t[index] if t.ndim > _SINGLE_NDIM[name] else t

        return self._with_tensors(pick)

    def _external(self, u: Tensor | None) -> Tensor | float:
        """Input and bias, as rows (..., rows or 1, gates n)."""
        drive = 0.0 if self.bias is None else _per_unit(self.bias)
        if u is None or self.input is None:
            return drive
        return u @ self.input.mT + drive

    def _internal(self, r: Tensor) -> Tensor:
        """The recurrent product and its bias, as rows (..., rows, gates n)."""
        product = r @ self.recurrent.mT
        return product if self.recurrent_bias is None else product + _per_unit(self.recurrent_bias)


@dataclass(frozen=True)
class RateNetwork(_Network):
    """The rate network of study 1, a flow: tau dx/dt = -x + A phi(x) + W_in u + bias.

    ``recurrent`` is the closed-loop matrix A = gJ + w_f w_o' + W_fd W_d' (n, n) or (B, n, n);
    ``dt`` and ``tau`` share one unit of time. The network of Ghazizadeh & Ching 2021.
    """

    tau: float = 1.0
    dt: float = 0.1
    nonlinearity: str = "tanh"
    is_flow = True

    def __post_init__(self):
        super().__post_init__()
        _nonlinearity(self.nonlinearity)

    def velocity(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        phi, _ = _nonlinearity(self.nonlinearity)
        return (self._internal(phi(x)) + self._external(u) - x) / self.tau

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """(-I + A diag(phi'(x))) / tau."""
        _, slope = _nonlinearity(self.nonlinearity)
        jacobian = self.recurrent.unsqueeze(-3) * (slope(x) / self.tau).unsqueeze(-2)
        jacobian.diagonal(dim1=-2, dim2=-1).sub_(1 / self.tau)
        return jacobian

    def tangent(self, x: Tensor, u: Tensor | None, v: Tensor) -> Tensor:
        _, slope = _nonlinearity(self.nonlinearity)
        flat = (v * slope(x).unsqueeze(-2)).flatten(-3, -2)  # one product for all rows and vectors
        return ((flat @ self.recurrent.mT).view_as(v) - v) / self.tau


@dataclass(frozen=True)
class LeakyNetwork(_Network):
    """A leaky map with one time constant per unit, a = W x + W_in u + bias, tau clamped at 1.

    inside=False: x' = phi((1 - 1/tau) x + a / tau)       (Khajehabdollahi et al. 2024, default)
    inside=True:  x' = (1 - 1/tau) x + phi(a) / tau        (their "mod" variant)

    With tau = 1 (None) both are the plain RNN x' = phi(a). ``tau`` is (n,) or (B, n).
    """

    tau: Tensor | None = None
    nonlinearity: str = "leaky_relu"
    inside: bool = False

    def __post_init__(self):
        super().__post_init__()
        _nonlinearity(self.nonlinearity)

    @property
    def _leak(self) -> Tensor | float:
        return 1.0 if self.tau is None else _per_unit(1 / self.tau.clamp(min=1))

    def _before(self, x: Tensor, u: Tensor | None) -> Tensor:
        """What the nonlinearity is applied to."""
        a = self._internal(x) + self._external(u)
        return a if self.inside else (1 - self._leak) * x + self._leak * a

    def step(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        phi, _ = _nonlinearity(self.nonlinearity)
        out = phi(self._before(x, u))
        return (1 - self._leak) * x + self._leak * out if self.inside else out

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """diag(phi' leak) W; on the diagonal also what is kept, times phi' where phi is outside."""
        _, slope = _nonlinearity(self.nonlinearity)
        gain = slope(self._before(x, u))
        jacobian = _weighted(gain * self._leak, self.recurrent)
        if self.tau is not None:
            kept = (1 - self._leak) * (torch.ones_like(gain) if self.inside else gain)
            jacobian.diagonal(dim1=-2, dim2=-1).add_(kept)
        return jacobian

    def tangent(self, x: Tensor, u: Tensor | None, v: Tensor) -> Tensor:
        _, slope = _nonlinearity(self.nonlinearity)
        gain = slope(self._before(x, u))
        flat = v.flatten(-3, -2)  # one product for all rows and vectors
        moved = (gain * self._leak).unsqueeze(-2) * (flat @ self.recurrent.mT).view_as(v)
        if self.tau is None:
            return moved
        kept = (1 - self._leak) * (torch.ones_like(gain) if self.inside else gain)
        return moved + kept.unsqueeze(-2) * v


@dataclass(frozen=True)
class GRU(_Network):
    """torch's GRU cell; gates in torch's order reset, update, new, stacked in each weight."""

    _gates = 3

    def _gate_values(self, x: Tensor, u: Tensor | None):
        hidden = self._internal(x)
        external = self._external(u) + torch.zeros_like(hidden)
        (hr, hz, hn), (er, ez, en) = hidden.chunk(3, -1), external.chunk(3, -1)
        reset, update = torch.sigmoid(hr + er), torch.sigmoid(hz + ez)
        return reset, update, torch.tanh(en + reset * hn), hn

    def step(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        _, update, new, _ = self._gate_values(x, u)
        return (1 - update) * new + update * x

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        reset, update, new, hn = self._gate_values(x, u)
        w_reset, w_update, w_new = self.recurrent.chunk(3, -2)
        through_new = (1 - update) * (1 - new**2)
        jacobian = _weighted((x - new) * update * (1 - update), w_update)
        _add_weighted(jacobian, through_new * reset, w_new)
        _add_weighted(jacobian, through_new * hn * reset * (1 - reset), w_reset)
        jacobian.diagonal(dim1=-2, dim2=-1).add_(update)
        return jacobian

    def root(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """The drift (1 - update) (new - x) without its gate: new - x."""
        return self._gate_values(x, u)[2] - x

    def root_jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        reset, _, new, hn = self._gate_values(x, u)
        w_reset, _, w_new = self.recurrent.chunk(3, -2)
        gain = 1 - new**2
        jacobian = _weighted(gain * reset, w_new)
        _add_weighted(jacobian, gain * hn * reset * (1 - reset), w_reset)
        jacobian.diagonal(dim1=-2, dim2=-1).sub_(1)
        return jacobian


@dataclass(frozen=True)
class LSTM(_Network):
    """torch's LSTM cell on the flat state (h, c), 2 x hidden units; gates input, forget, cell, out.

    ``recurrent`` is W_hh (4 hidden, hidden).
    """

    _gates = 4

    @property
    def n_units(self) -> int:
        return 2 * self.recurrent.shape[-1]

    def _gate_values(self, x: Tensor, u: Tensor | None):
        h, c = x.chunk(2, -1)
        gates = (self._internal(h) + self._external(u)).chunk(4, -1)
        i, f, o = (torch.sigmoid(gates[k]) for k in (0, 1, 3))
        g = torch.tanh(gates[2])
        return c, i, f, g, o, f * c + i * g

    def step(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        *_, o, cell = self._gate_values(x, u)
        return torch.cat([o * torch.tanh(cell), cell], -1)

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        c, i, f, g, o, cell = self._gate_values(x, u)
        w_i, w_f, w_g, w_o = self.recurrent.chunk(4, -2)
        cell_h = _weighted(c * f * (1 - f), w_f)
        _add_weighted(cell_h, g * i * (1 - i), w_i)
        _add_weighted(cell_h, i * (1 - g**2), w_g)
        squashed = torch.tanh(cell)
        through = o * (1 - squashed**2)
        h_h = _weighted(squashed * o * (1 - o), w_o) + through.unsqueeze(-1) * cell_h
        h_c, cell_c = torch.diag_embed(through * f), torch.diag_embed(f)
        return torch.cat([torch.cat([h_h, h_c], -1), torch.cat([cell_h, cell_c], -1)], -2)

    def _feed(self, x: Tensor, u: Tensor | None) -> Tensor:
        """i / (1 - f), also where the forget gate is 1 within rounding."""
        gates = (self._internal(x.chunk(2, -1)[0]) + self._external(u)).chunk(4, -1)
        return torch.exp(F.logsigmoid(gates[0]) - F.logsigmoid(-gates[1]))

    def root(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """The drift of c, i g - (1 - f) c, without its gate 1 - f; that of h as it is."""
        h, _ = x.chunk(2, -1)
        c, _, _, g, o, cell = self._gate_values(x, u)
        return torch.cat([o * torch.tanh(cell) - h, self._feed(x, u) * g - c], -1)

    def root_jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        c, i, f, g, o, cell = self._gate_values(x, u)
        w_i, w_f, w_g, w_o = self.recurrent.chunk(4, -2)
        feed, one = self._feed(x, u), torch.eye(c.shape[-1], dtype=x.dtype, device=x.device)
        from_h = _weighted(feed * g * (1 - i), w_i)  # of i g / (1 - f)
        _add_weighted(from_h, feed * g * f, w_f)
        _add_weighted(from_h, feed * (1 - g**2), w_g)
        squashed = torch.tanh(cell)
        through = o * (1 - squashed**2)
        h_h = _weighted(through * c * f * (1 - f), w_f) - one
        _add_weighted(h_h, through * g * i * (1 - i), w_i)
        _add_weighted(h_h, through * i * (1 - g**2), w_g)
        _add_weighted(h_h, squashed * o * (1 - o), w_o)
        lower = torch.cat([from_h, -one.expand_as(from_h)], -1)
        return torch.cat([torch.cat([h_h, torch.diag_embed(through * f)], -1), lower], -2)


@dataclass(frozen=True)
class Stacked(System):
    """Layers of cells as one system: each sees the new output of the one below.

    The state is that of all layers side by side, the lowest first; of an LSTM (h, c) of each.

    Raises:
        ValueError: no layers, or one that does not take what the one below gives.
    """

    layers: tuple[Any, ...]
    casts = True

    def __post_init__(self):
        for below, above in pairwise(self.layers):
            if above.n_inputs != below.recurrent.shape[-1]:
                raise ValueError(
                    f"a layer takes {above.n_inputs} inputs where the one below has "
                    f"{below.recurrent.shape[-1]} units"
                )
        if not self.layers:
            raise ValueError("a stack needs at least one layer")

    @property
    def n_units(self) -> int:
        return sum(layer.n_units for layer in self.layers)

    @property
    def n_inputs(self) -> int:
        return self.layers[0].n_inputs

    def to(self, target) -> System:
        def move(_: str, t: Tensor) -> Tensor:
            return t.to(target)

        return Stacked(tuple(layer._with_tensors(move) for layer in self.layers))

    def perturbed(self, relative: float, generator: torch.Generator) -> System:
        return Stacked(tuple(layer.perturbed(relative, generator) for layer in self.layers))

    def _parts(self, x: Tensor):
        return x.split([layer.n_units for layer in self.layers], -1)

    def step(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        after = []
        for layer, part in zip(self.layers, self._parts(x), strict=True):
            after.append(layer.step(part, u))
            u = after[-1][..., : layer.recurrent.shape[-1]]
        return torch.cat(after, -1)

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """Each layer's own, and through the new output of the one below what that depends on."""
        whole = x.new_zeros(*x.shape, self.n_units)
        start, below = 0, None
        for layer, part in zip(self.layers, self._parts(x), strict=True):
            own = slice(start, start + layer.n_units)
            if below is not None:
                whole[..., own, :] = layer.input_jacobian(part, u) @ below
            whole[..., own, own] += layer.jacobian(part, u)
            out = layer.recurrent.shape[-1]
            u, below = layer.step(part, u)[..., :out], whole[..., start : start + out, :]
            start = own.stop
        return whole

    def tangent(self, x: Tensor, u: Tensor | None, v: Tensor) -> Tensor:
        return forward_tangent(self.step, x, u, v)


def from_torch(module: torch.nn.Module) -> System:
    """A system from ``torch.nn.RNN``, ``GRU``, ``LSTM`` or one of their cells.

    The weights are detached copies in the module's dtype and device; the module is not touched. The
    state of an LSTM is the flat row (h, c). Several layers are one system, see ``Stacked``.

    Raises:
        ValueError: for other modules, two directions or a projected LSTM.

    >>> cell = torch.nn.GRUCell(1, 3)
    >>> x, u = torch.randn(5, 3), torch.randn(5, 1)
    >>> torch.allclose(from_torch(cell).step(x, u), cell(u, x), atol=1e-6)
    True
    """
    cells = (torch.nn.RNNCell, torch.nn.GRUCell, torch.nn.LSTMCell)
    if not isinstance(module, (torch.nn.RNNBase, *cells)):
        raise ValueError(
            "from_torch reads nn.RNN, nn.GRU, nn.LSTM and their cells, "
            f"not {type(module).__name__}; wrap anything else as Map(rule, n_units)"
        )
    if not isinstance(module, torch.nn.RNNBase):
        return _layer(module, "")
    if module.bidirectional or module.proj_size:
        raise ValueError(
            "from_torch reads one direction and no projection: a second direction starts at the "
            "end of its input, so that it is no system that steps"
        )
    layers = tuple(_layer(module, f"_l{k}") for k in range(module.num_layers))
    return layers[0] if len(layers) == 1 else Stacked(layers)


def _layer(module, suffix: str) -> _Network:
    def weight(name: str) -> Tensor | None:
        value = getattr(module, name + suffix, None)
        return None if value is None else value.detach().clone()

    recurrent = getattr(module, f"weight_hh{suffix}").detach().clone()
    others = [weight(k) for k in ("weight_ih", "bias_ih", "bias_hh")]
    if isinstance(module, (torch.nn.GRU, torch.nn.GRUCell)):
        return GRU(recurrent, *others)
    if isinstance(module, (torch.nn.LSTM, torch.nn.LSTMCell)):
        return LSTM(recurrent, *others)
    return LeakyNetwork(recurrent, *others, nonlinearity=str(module.nonlinearity), inside=True)
