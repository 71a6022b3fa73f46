"""Anything that steps: one small protocol, and the networks that speak it.

A system is autonomous up to its input ``u``. Two kinds exist:

* a **map**, ``x[t+1] = F(x[t], u)``: ``step`` is F and ``jacobian`` is DF;
* a **flow**, ``dx/dt = v(x, u)``: ``velocity`` is v, ``jacobian`` is Dv, and ``step`` is the Euler
  step ``x + dt v(x, u)``, which is what a trained rate network actually does.

A flow and its Euler map share their fixed points but not their stability: an eigenvalue l of Dv
becomes 1 + dt l, so a lightly damped oscillation can be stable in the flow and unstable in the map.
Long runs show the map. Pass ``euler_map(flow)`` wherever a result has to agree with a simulation.

States are rows: ``x (..., rows, units)``, inputs ``u (..., rows, inputs)`` or None for zero input.
Weights may carry one leading network axis, ``A (B, n, n)`` with ``x (B, rows, n)``; ``system[b]``
picks one network. Nothing is shared with the module a system was built from: weights are copies.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


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


def _eye_like(x: Tensor) -> Tensor:
    return torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)


def _weighted(gain: Tensor, weights: Tensor) -> Tensor:
    """diag(gain) @ weights for gains (..., rows, n) and weights (..., n, m)."""
    return gain.unsqueeze(-1) * weights.unsqueeze(-3)


def _add_weighted(total: Tensor, gain: Tensor, weights: Tensor) -> None:
    """total += diag(gain) @ weights in place."""
    total.addcmul_(gain.unsqueeze(-1), weights.unsqueeze(-3))


class System:
    """The protocol: a map defines ``step``; a flow sets ``is_flow``, ``velocity`` and ``dt``.

    ``jacobian``, ``input_jacobian`` and ``tangent`` have generic definitions by automatic
    differentiation; the networks below replace them by closed forms.

    Attributes: ``n_units``; ``n_inputs``; ``dt``, the time that one step takes (1 for a plain map);
    ``casts``, whether ``to(dtype)`` changes the precision it computes in (not for a bare function).
    """

    is_flow: bool = False
    casts: bool = False
    dt: float = 1.0
    n_units: int
    n_inputs: int

    def step(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """One step: F(x, u) of a map, x + dt v(x, u) of a flow; shaped as x."""
        if not self.is_flow:
            raise NotImplementedError("a map defines step(x, u)")
        return x + self.dt * self.velocity(x, u)

    def velocity(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """dx/dt of a flow, (..., rows, n)."""
        raise NotImplementedError("a flow defines velocity(x, u)")

    def _rule(self, x: Tensor, u: Tensor | None) -> Tensor:
        return self.velocity(x, u) if self.is_flow else self.step(x, u)

    def drift(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """What vanishes at a fixed point: v(x, u) of a flow, F(x, u) - x of a map."""
        return self.velocity(x, u) if self.is_flow else self.step(x, u) - x

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """DF of a map or Dv of a flow at each row, (rows, n) -> (rows, n, n), not shared."""
        return autodiff_jacobian(self._rule, x, u)

    def drift_jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """Derivative of ``drift``: Dv of a flow, DF - I of a map; (rows, n, n)."""
        jacobian = self.jacobian(x, u)
        if not self.is_flow:
            jacobian.diagonal(dim1=-2, dim2=-1).sub_(1)
        return jacobian

    def root(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """What the solver brings to zero: the drift with each unit divided by a positive factor.

        A closed gate multiplies the drift of its unit by almost nothing, so that everything looks
        like a fixed point. Gated systems divide that factor out; for all others this is ``drift``.
        """
        return self.drift(x, u)

    def root_jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """Derivative of ``root``, (rows, n, n)."""
        return self.drift_jacobian(x, u)

    def input_jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """dF/du or dv/du at each row: (rows, n, inputs)."""
        if u is None:
            u = x.new_zeros(*x.shape[:-1], self.n_inputs)
        return autodiff_jacobian(lambda u, x: self._rule(x, u), u, x)

    def tangent(self, x: Tensor, u: Tensor | None, v: Tensor) -> Tensor:
        """Jacobian times vectors; vectors are rows: v (..., rows, k, n) -> (..., rows, k, n)."""
        return v @ self.jacobian(x, u).mT

    def step_tangent(self, x: Tensor, u: Tensor | None, v: Tensor) -> Tensor:
        """Derivative of ``step`` times vectors, laid out as in ``tangent``."""
        return v + self.dt * self.tangent(x, u, v) if self.is_flow else self.tangent(x, u, v)

    def perturbed(self, relative: float, generator: torch.Generator) -> "System":
        """A copy with Gaussian noise on the recurrent weights, SD ``relative`` x their RMS."""
        weights = self.recurrent
        noise = torch.randn(weights.shape, generator=generator, dtype=torch.float64)
        noise = noise.to(weights) * weights.square().mean((-2, -1), keepdim=True).sqrt()
        return dataclasses.replace(self, recurrent=weights + relative * noise)

    def to(self, target) -> "System":
        """A copy with its tensors on another dtype or device; ``self`` is left as it is."""
        return self._with_tensors(lambda name, t: t.to(target))

    @property
    def n_networks(self) -> int | None:
        """Number of networks in the batch, None for a single one."""
        return None

    def _with_tensors(self, change: Callable[[str, Tensor], Tensor]) -> "System":
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        tensors = {k: change(k, v) for k, v in values.items() if isinstance(v, Tensor)}
        return dataclasses.replace(self, **tensors)


def autodiff_jacobian(rule: Callable, x: Tensor, u: Tensor | None = None) -> Tensor:
    """d rule(x, u) / dx at each row by ``vmap(jacrev)``: (rows, n) -> (rows, m, n).

    The generic path, and the oracle that every closed form is tested against.
    """
    if u is None:
        return torch.func.vmap(torch.func.jacrev(lambda x: rule(x[None], None)[0]))(x)
    u = u.expand(*x.shape[:-1], u.shape[-1])
    single = torch.func.jacrev(lambda x, u: rule(x[None], u[None])[0])
    return torch.func.vmap(single)(x, u)


@dataclass(frozen=True)
class Map(System):
    """A map given as a function ``rule(x, u)`` of rows, e.g. a user's own cell.

    ``derivative(x, u)``, (rows, n) -> (rows, n, n), replaces automatic differentiation if given;
    what it returns is copied.
    """

    rule: Callable[[Tensor, Tensor | None], Tensor]
    n_units: int
    n_inputs: int = 0
    derivative: Callable[[Tensor, Tensor | None], Tensor] | None = None

    def step(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        return self.rule(x, u)

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        return self.derivative(x, u).clone() if self.derivative else super().jacobian(x, u)


@dataclass(frozen=True)
class Flow(System):
    """A flow given as a function ``rule(x, u) = dx/dt`` of rows, stepped by Euler with ``dt``.

    ``derivative`` as in ``Map``.
    """

    rule: Callable[[Tensor, Tensor | None], Tensor]
    n_units: int
    dt: float
    n_inputs: int = 0
    derivative: Callable[[Tensor, Tensor | None], Tensor] | None = None
    is_flow = True

    def velocity(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        return self.rule(x, u)

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        return self.derivative(x, u).clone() if self.derivative else super().jacobian(x, u)


@dataclass(frozen=True)
class _SteppedFlow(System):
    """A flow seen as the map that a one-step integrator makes of it."""

    flow: System

    def __post_init__(self):
        if not self.flow.is_flow:
            raise ValueError("only a flow can be turned into a stepped map; this system is a map")

    casts = property(lambda self: self.flow.casts)
    n_units = property(lambda self: self.flow.n_units)
    n_inputs = property(lambda self: self.flow.n_inputs)
    n_networks = property(lambda self: self.flow.n_networks)
    dt = property(lambda self: self.flow.dt)

    def to(self, target) -> System:
        return type(self)(self.flow.to(target))

    def perturbed(self, relative: float, generator: torch.Generator) -> System:
        return type(self)(self.flow.perturbed(relative, generator))

    def __getitem__(self, index: int) -> System:
        return type(self)(self.flow[index])


class euler_map(_SteppedFlow):
    """The map x + dt v(x, u): what a network trained with Euler steps does."""

    def step(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        return self.flow.step(x, u)

    def drift(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        return self.dt * self.flow.velocity(x, u)

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        jacobian = self.drift_jacobian(x, u)
        jacobian.diagonal(dim1=-2, dim2=-1).add_(1)
        return jacobian

    def drift_jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        return self.flow.jacobian(x, u).mul_(self.dt)

    def input_jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        return self.dt * self.flow.input_jacobian(x, u)

    def tangent(self, x: Tensor, u: Tensor | None, v: Tensor) -> Tensor:
        return v + self.dt * self.flow.tangent(x, u, v)


class rk4_map(_SteppedFlow):
    """The classical fourth-order Runge-Kutta step: the flow itself, up to O(dt^4)."""

    def step(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        v, h = self.flow.velocity, self.dt
        k1 = v(x, u)
        k2 = v(x + h / 2 * k1, u)
        k3 = v(x + h / 2 * k2, u)
        return x + h / 6 * (k1 + 2 * k2 + 2 * k3 + v(x + h * k3, u))

    def tangent(self, x: Tensor, u: Tensor | None, v: Tensor) -> Tensor:
        velocity, tangent, h = self.flow.velocity, self.flow.tangent, self.dt
        k1, t1 = velocity(x, u), tangent(x, u, v)
        x2 = x + h / 2 * k1
        k2, t2 = velocity(x2, u), tangent(x2, u, v + h / 2 * t1)
        x3 = x + h / 2 * k2
        k3, t3 = velocity(x3, u), tangent(x3, u, v + h / 2 * t2)
        t4 = tangent(x + h * k3, u, v + h * t3)
        return v + h / 6 * (t1 + 2 * t2 + 2 * t3 + t4)


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
    ``dt`` and ``tau`` share one unit of time. Ghazizadeh & Ching 2021, eq. 1.
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
    def _rate(self) -> Tensor | float:
        return 1.0 if self.tau is None else _per_unit(1 / self.tau.clamp(min=1))

    def _before(self, x: Tensor, u: Tensor | None) -> Tensor:
        """What the nonlinearity is applied to."""
        a = self._internal(x) + self._external(u)
        return a if self.inside else (1 - self._rate) * x + self._rate * a

    def step(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        phi, _ = _nonlinearity(self.nonlinearity)
        out = phi(self._before(x, u))
        return (1 - self._rate) * x + self._rate * out if self.inside else out

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        """diag(phi' rate) W plus the leak, on the diagonal, through phi' where it lies outside."""
        _, slope = _nonlinearity(self.nonlinearity)
        gain = slope(self._before(x, u))
        jacobian = _weighted(gain * self._rate, self.recurrent)
        if self.tau is not None:
            leak = (1 - self._rate) * (torch.ones_like(gain) if self.inside else gain)
            jacobian.diagonal(dim1=-2, dim2=-1).add_(leak)
        return jacobian


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


def from_torch(module: torch.nn.Module) -> System:
    """A system from ``torch.nn.RNN``, ``GRU``, ``LSTM`` or one of their cells.

    The weights are detached copies in the module's dtype and device; the module is not touched. The
    state of an LSTM is the flat row (h, c).

    Raises:
        ValueError: for other modules, several layers, two directions or a projected LSTM.
    """
    cells = (torch.nn.RNNCell, torch.nn.GRUCell, torch.nn.LSTMCell)
    if not isinstance(module, (torch.nn.RNNBase, *cells)):
        raise ValueError(
            "from_torch reads nn.RNN, nn.GRU, nn.LSTM and their cells, "
            f"not {type(module).__name__}; wrap anything else as Map(rule, n_units)"
        )
    if isinstance(module, torch.nn.RNNBase) and (
        module.num_layers != 1 or module.bidirectional or module.proj_size
    ):
        raise ValueError(
            "from_torch reads one layer, one direction and no projection; "
            "wrap a deeper network as Map(rule, n_units) on its flattened state"
        )
    suffix = "" if isinstance(module, cells) else "_l0"

    def weight(name: str) -> Tensor | None:
        value = getattr(module, name + suffix, None)
        return None if value is None else value.detach().clone()

    weights = [weight(k) for k in ("weight_hh", "weight_ih", "bias_ih", "bias_hh")]
    if isinstance(module, (torch.nn.GRU, torch.nn.GRUCell)):
        return GRU(*weights)
    if isinstance(module, (torch.nn.LSTM, torch.nn.LSTMCell)):
        return LSTM(*weights)
    return LeakyNetwork(*weights, nonlinearity=module.nonlinearity, inside=True)
