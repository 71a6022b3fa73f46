"""Anything that steps: one small protocol, and the networks that speak it.

A system is autonomous up to its input ``u``. Two kinds exist:

* a **map**, ``x[t+1] = F(x[t], u)``: ``step`` is F and ``jacobian`` is DF;
* a **flow**, ``dx/dt = v(x, u)``: ``velocity`` is v, ``jacobian`` is Dv, and ``step`` is the Euler
  step ``x + dt v(x, u)``, which is what a trained rate network actually does.

A flow and its Euler map share their fixed points but not their stability: an eigenvalue l of Dv
becomes 1 + dt l, so a lightly damped oscillation can be stable in the flow and unstable in the map.
Long runs show the map. Pass ``EulerMap(flow)`` wherever a result has to agree with a simulation.

States are rows: ``x (..., rows, units)``, inputs ``u (..., rows, inputs)`` or None for zero input.
Weights may carry one leading network axis, ``A (B, n, n)`` with ``x (B, rows, n)``; ``system[b]``
picks one network. Nothing is shared with the module a system was built from: weights are copies.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

#: Vectors are carried along without Jacobians where these would have more entries in all.
MOST_ENTRIES = 2**24


class System:
    """The protocol: a map defines ``step``; a flow sets ``is_flow``, ``velocity`` and ``dt``.

    ``jacobian``, ``input_jacobian`` and ``tangent`` have generic definitions by automatic
    differentiation; the networks below replace them by closed forms.

    Attributes: ``n_units``; ``n_inputs``; ``dt``, the time that one step takes (1 for a plain map);
    ``casts``, whether ``to(dtype)`` changes the precision it computes in (not for a bare function);
    ``of_flow`` of a map, whether its steps follow a flow, so that a cycle is a closed curve.
    """

    is_flow: bool = False
    of_flow: bool = False
    casts: bool = False
    dt: float = 1.0
    n_units: int
    n_inputs: int
    recurrent: Tensor  # of networks
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field]]  # each system is a dataclass

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
        if x.numel() * x.shape[-1] > MOST_ENTRIES:
            return forward_tangent(self._rule, x, u, v)
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

    def __getitem__(self, index: int) -> "System":
        """One network of a batch."""
        raise IndexError("this system holds one network; only a batch can be indexed")

    def _with_tensors(self, change: Callable[[str, Tensor], Tensor]) -> "System":
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        tensors = {k: change(k, v) for k, v in values.items() if isinstance(v, Tensor)}
        return dataclasses.replace(self, **tensors)


def advance(
    system: System,
    states: Tensor,
    inputs: Tensor | None = None,
    *,
    n_steps: int,
    keep: bool = False,
) -> Tensor:
    """Run ``system.step`` on from states, in their precision.

    Args:
        system: one network, or a batch.
        states: (..., rows, n).
        inputs: constant input, (inputs,) or (..., rows, inputs), None for zero.
        n_steps: how many.
        keep: return the whole run instead of its end.

    Returns:
        The states after ``n_steps``, shaped as given; of ``keep`` all of them, the first one
        included, (..., rows, n_steps + 1, n).
    """
    x = states
    path = x.new_empty(*x.shape[:-1], n_steps + 1, x.shape[-1]) if keep else None  # may be large
    for i in range(n_steps):
        if path is not None:
            path[..., i, :] = x
        x = system.step(x, inputs)
    if path is None:
        return x
    path[..., -1, :] = x
    return path


def autodiff_jacobian(rule: Callable, x: Tensor, u: Tensor | None = None) -> Tensor:
    """d rule(x, u) / dx at each row by ``vmap(jacrev)``.

    The generic path, and the oracle that every closed form is tested against.

    Args:
        rule: function of rows x (rows, n) and u (rows, inputs) or None, gives (rows, m).
        x: (rows, n).
        u: (inputs,) or (rows, inputs), or None.

    Returns:
        (rows, m, n).
    """
    if u is None:
        return torch.func.vmap(torch.func.jacrev(lambda x: rule(x[None], None)[0]))(x)
    u = u.expand(*x.shape[:-1], u.shape[-1])
    single = torch.func.jacrev(lambda x, u: rule(x[None], u[None])[0])
    return torch.func.vmap(single)(x, u)


def forward_tangent(rule: Callable, x: Tensor, u: Tensor | None, v: Tensor) -> Tensor:
    """d rule(x, u) / dx times vectors by forward differentiation, without any Jacobian.

    Args:
        rule: as of ``autodiff_jacobian``; x: (..., rows, n); u: (..., rows, inputs), or None.
        v: (..., rows, k, n).

    Returns:
        As v.
    """
    k = v.shape[-2]

    def each(t: Tensor) -> Tensor:
        return t.unsqueeze(-2).expand(*t.shape[:-1], k, t.shape[-1]).flatten(-3, -2)

    inputs = None if u is None else each(u.expand(*x.shape[:-1], u.shape[-1]))
    at, ahead = each(x).contiguous(), v.flatten(-3, -2).contiguous()
    carried = torch.func.jvp(lambda x: rule(x, inputs), (at,), (ahead,))[1]
    return carried.view(v.shape)


def _tangent_of_rule(system: "Map | Flow", x: Tensor, u: Tensor | None, v: Tensor) -> Tensor:
    """By the derivative that was given, else forward, else (where torch cannot) by the Jacobian."""
    if system.derivative is None:
        try:
            return forward_tangent(system._rule, x, u, v)
        except (RuntimeError, NotImplementedError):
            pass
    return v @ system.jacobian(x, u).mT


@dataclass(frozen=True)
class Map(System):
    """A map given as a function ``rule(x, u)`` of rows, e.g. a user's own cell.

    ``derivative(x, u)``, (rows, n) -> (rows, n, n), replaces automatic differentiation if given;
    what it returns is copied.

    >>> double = Map(lambda x, u: 2 * x, n_units=1)
    >>> double.jacobian(torch.tensor([[1.0], [3.0]])).tolist()
    [[[2.0]], [[2.0]]]
    """

    rule: Callable[[Tensor, Tensor | None], Tensor]
    n_units: int
    n_inputs: int = 0
    derivative: Callable[[Tensor, Tensor | None], Tensor] | None = None

    def step(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        return self.rule(x, u)

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        return self.derivative(x, u).clone() if self.derivative else super().jacobian(x, u)

    def tangent(self, x: Tensor, u: Tensor | None, v: Tensor) -> Tensor:
        return _tangent_of_rule(self, x, u, v)


@dataclass(frozen=True)
class Flow(System):
    """A flow given as a function ``rule(x, u) = dx/dt`` of rows, stepped by Euler with ``dt``.

    ``derivative`` as in ``Map``.

    >>> decay = Flow(lambda x, u: -x, n_units=1, dt=0.5)
    >>> decay.step(torch.tensor([[1.0]])).tolist()
    [[0.5]]
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

    def tangent(self, x: Tensor, u: Tensor | None, v: Tensor) -> Tensor:
        return _tangent_of_rule(self, x, u, v)


@dataclass(frozen=True)
class _SteppedFlow(System):
    """A flow seen as the map that a one-step integrator makes of it."""

    flow: System
    of_flow = True

    def __post_init__(self):
        if not self.flow.is_flow:
            raise ValueError("only a flow can be turned into a stepped map; this system is a map")

    @property
    def casts(self) -> bool:
        return self.flow.casts

    @property
    def n_units(self) -> int:
        return self.flow.n_units

    @property
    def n_inputs(self) -> int:
        return self.flow.n_inputs

    @property
    def n_networks(self) -> int | None:
        return self.flow.n_networks

    @property
    def dt(self) -> float:
        return self.flow.dt

    def to(self, target) -> System:
        return type(self)(self.flow.to(target))

    def perturbed(self, relative: float, generator: torch.Generator) -> System:
        return type(self)(self.flow.perturbed(relative, generator))

    def __getitem__(self, index: int) -> System:
        return type(self)(self.flow[index])


class EulerMap(_SteppedFlow):
    """The map x + dt v(x, u): what a network trained with Euler steps does.

    Raises:
        ValueError: not a flow.
    """

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


class RK4Map(_SteppedFlow):
    """The classical fourth-order Runge-Kutta step: the flow itself, up to O(dt^4).

    Raises:
        ValueError: not a flow.
    """

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
