"""Any network that steps, taken apart in one call, with results that print and save themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor

from memdyn.dynamics.cells import RateNetwork, from_torch
from memdyn.dynamics.return_map import UNSURE
from memdyn.dynamics.systems import EulerMap, Map, System
from memdyn.figures.network_page import draw_external
from memdyn.figures.style import house_style
from memdyn.files import write_table
from memdyn.landscape.analysis import SEARCH, take_apart
from memdyn.landscape.portrait import sentences
from memdyn.landscape.vote import ROUTES, Vote

#: How thoroughly a network is searched, in the words of the sections ``dynamics`` and
#: ``attractors`` of the configuration (their values for a network from outside).
SETTINGS = {
    "transient": 3500,
    "window": 3000,
    "n_multipliers": 12,
    **SEARCH,
    "noisy_copies": 8,
    "n_exponents": 2,
    "exponent_steps": 4000,
    "variance_a": 1e-6,
    "periodic": 0.1,
    "decimals_a": 2,
}

#: A function's steps of one state are the same within this.
ALIKE = 1e-5
#: A cycle with a multiplier this near to 1 in size is called neutral.
NEUTRAL = 1e-6


@dataclass(frozen=True, eq=False)
class Portrait:
    """The landscape in the principal components of its runs: arrays to look at, and a page.

    Attributes:
        arrays: ``alone`` (rows, steps, 3) runs without input, ``speed`` (rows, steps), ``points``
            (points, 3), ``orbits`` (cycles, 64, 3), ``explained`` (3,) and spectra.
        facts: what the page says.
        name: of the network.
    """

    arrays: dict[str, np.ndarray]
    facts: dict
    name: str

    def __repr__(self) -> str:
        explained = ", ".join(f"{share:.0%}" for share in self.arrays["explained"])
        rows, steps, _ = self.arrays["alone"].shape
        return f"Portrait({rows} runs of {steps} steps; components explain {explained})"

    def draw(self, path: Path | str | None = None) -> Figure:
        """The page of the network; written to ``path`` (png, pdf, svg, ...) if that is given."""
        figure = draw_external(
            self.name, self.arrays, self.facts, "memdyn.landscape.analyse"
        ).figure
        if path is not None:
            with house_style():
                figure.savefig(path)
        return figure


@dataclass(frozen=True, eq=False)
class Landscape:
    """What was found of one network; print it for a summary.

    Attributes:
        points: one row per fixed point, slow point or continuum, see ``landscape.points.Points``.
        cycles: one row per limit cycle (``period`` in ``tau`` of a flow, in steps of a map).
        exponents: leading Lyapunov exponents of what each run ended in.
        memory: how each state is held at the end of the delay; empty without a delay.
        runs: what each run ended in.
        vote: the mechanism, and what each of three routes says of it.
        portrait: to draw.
        summary: counts.
        name: of the network.
    """

    points: pd.DataFrame
    cycles: pd.DataFrame
    exponents: pd.DataFrame
    memory: pd.DataFrame
    runs: pd.DataFrame
    vote: Vote
    portrait: Portrait
    summary: dict
    name: str

    @property
    def states(self) -> np.ndarray:
        """(points, n_units) of the rows of ``points``."""
        return self.portrait.arrays["point_states"]

    @property
    def eigenvalues(self) -> np.ndarray:
        """(points, n_units) complex, of the step at each of ``points``, leading first."""
        return self.portrait.arrays["point_re"] + 1j * self.portrait.arrays["point_im"]

    @property
    def orbits(self) -> np.ndarray:
        """(cycles, 64, n_units) of the rows of ``cycles``."""
        return self.portrait.arrays["cycle_states"]

    def __repr__(self) -> str:
        points, own = self.points, self.summary
        kinds = ", ".join(f"{n} {kind}" for kind, n in points["kind"].value_counts().items())
        stable = int(points["stable"].sum()) if len(points) else 0
        facts = self.portrait.facts
        lines = [f"{self.name}: {self.vote.label}"]
        routes = (self.vote.runs, self.vote.solver, self.vote.exponents)
        lines.append("  long runs {}, solver {}, exponents {}".format(*routes))
        lines.append(f"  points: {kinds or 'none found'} ({stable} stable)")
        if own["degree_sum"] is not None and own["degree_sum"] != 1:
            lines.append(f"  degree sum {own['degree_sum']}, not 1: points are missing")
        unit = "τ" if facts["rate"] else "steps"
        lines += [f"  {sentence}" for sentence in sentences(facts, unit)]
        for cycle in self.cycles.itertuples():
            off = abs(abs(complex(cycle.leading_re, cycle.leading_im)) - 1)
            neutral = off < np.fmax(NEUTRAL, UNSURE * cycle.trivial_error)
            kind = "stable" if cycle.stable else "neutral" if neutral else "unstable"
            lines.append(f"  {kind} cycle, period {cycle.period:.4g}")
        lines.append(f"  largest exponent {_with_error(self.exponents)}")
        if "reason" in self.memory and len(why := self.memory["reason"].unique()) == 1 and why[0]:
            lines.append(f"  not measured: {why[0]}")
        return "\n".join(lines)

    def save(self, folder: Path | str) -> None:
        """Write the tables (Parquet) and the page (png and pdf) into a folder, which is made."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("points", "cycles", "exponents", "memory", "runs"):
            table = getattr(self, name)
            write_table(folder / f"{name}.parquet", table, {"schema": f"landscape.{name}/1"})
        vote = pd.DataFrame([self.vote.row() | self.summary])
        write_table(folder / "vote.parquet", vote, {"schema": "landscape.vote/1"})
        for kind in ("png", "pdf"):
            self.portrait.draw(folder / f"page.{kind}")


@torch.no_grad()
def analyse(
    system: System | torch.nn.Module | Callable[..., Tensor],
    states: Tensor | np.ndarray | tuple,
    memory: Tensor | np.ndarray | list | None = None,
    delay: float | None = None,
    *,
    inputs: Tensor | np.ndarray | list | None = None,
    settings: Mapping | None = None,
    name: str = "network",
) -> Landscape:
    """Take a network apart: points, cycles, exponents, how it holds memories, and its mechanism.

    Args:
        system: a ``torch.nn`` RNN, GRU, LSTM or cell, a system of ``memdyn.dynamics``, or any
            function or module that steps rows of states, ``step(x)`` or ``step(x, u)`` with u
            (rows, n_inputs), None without inputs. It gets float64 and must be differentiable by
            torch; a module is converted in a copy.
        states: (rows, n_units) states to start from, best from the network's task. An LSTM's may
            be the pair (h, c), with torch's leading axis of layers; several layers stand side by
            side, the lowest first.
        memory: (rows,) what each state has to remember, numbers or names; without it nobody can
            tell direct fixed points from a slow manifold, and the label is ``fixed`` for both.
        delay: how long it has to: steps of a map, ``tau`` of a rate network.
        inputs: (n_inputs,) constant input, zero if not given.
        settings: what is to differ from ``SETTINGS``.
        name: for the page.

    Raises:
        ValueError: states, memory, inputs or settings do not fit the system, or a function does not
            step rows of float64.

    >>> import torch
    >>> latch = analyse(lambda x: torch.tanh(2 * x), [[0.5], [-0.5]], memory=["up", "down"])
    >>> print(latch)
    network: direct
      long runs direct, solver direct, exponents fixed
      points: 3 fixed (2 stable)
      largest exponent -1.79
    """
    x = _states(states, system)
    u = None if inputs is None else torch.as_tensor(np.asarray(inputs), dtype=torch.float64)
    network, tau = _system(system, x, u)
    if x.shape[1] != network.n_units:
        raise ValueError(f"states have {x.shape[1]} units, the network has {network.n_units}")
    if u is not None and u.shape != (network.n_inputs,):
        raise ValueError(f"inputs: {tuple(u.shape)} given, ({network.n_inputs},) is needed")
    if unknown := set(settings or ()) - set(SETTINGS):
        raise ValueError(f"unknown settings {sorted(unknown)}: known are {', '.join(SETTINGS)}")
    chosen, items = {**SETTINGS, **(settings or {})}, None
    if delay is not None and not 0 < delay < np.inf:
        raise ValueError(f"delay must be positive and finite, got {delay}")
    names: list[str] = []
    if memory is not None:
        values = memory.detach().cpu() if isinstance(memory, Tensor) else memory
        distinct, items = np.unique(np.asarray(values), return_inverse=True)
        named = distinct.dtype.kind in "SUO"
        items, names = items.ravel(), [str(v) if named else f"{v:g}" for v in distinct]
        if items.shape != (len(x),):
            raise ValueError(f"memory: {items.size} items given for {len(x)} states")
    found = take_apart(
        *(network, x, u), memory=items, delay=delay, tau=tau, settings=chosen, attractors=chosen
    )
    tables, kind = found.tables, type(system).__name__
    votes, summary = tables["votes"].iloc[0], tables["summary"].iloc[0]
    routes = {route: votes[f"vote_{route}"] for route in ROUTES}
    facts = {**found.facts, "cell": kind}
    if memory is not None:
        facts["groups"] = names
    return Landscape(
        **{key: tables[key] for key in ("points", "cycles", "exponents", "memory", "runs")},
        vote=Vote(votes["vote"], **routes),
        portrait=Portrait(found.arrays, facts, name),
        summary={k: v for k, v in summary.to_dict().items() if not k.startswith("vote")},
        name=name,
    )


def _with_error(exponents: pd.DataFrame) -> str:
    """The largest exponent, and twice its standard error where that would be seen."""
    if exponents["exponent_1"].isna().all():
        return "nan"
    row = exponents.loc[exponents["exponent_1"].idxmax()]
    value, error = row["exponent_1"], 2 * row["error_1"]
    return f"{value:.3g}" + (f" ± {error:.1g}" if error > 0.005 * abs(value) else "")


def _states(states, system=None) -> Tensor:
    """(rows, n_units) float64, a copy."""
    layers = getattr(system, "num_layers", 1)
    if isinstance(states, tuple):  # an LSTM's h and c, of each layer
        parts = [_rows(part).reshape(layers, -1, np.shape(part)[-1]) for part in states]
        found = torch.cat(parts, dim=-1)
    else:
        found = _rows(states)
    if found.ndim == 3 and len(found) == layers:  # torch's h_n
        found = torch.cat([*found], dim=-1)
    if found.ndim != 2 or not len(found):
        raise ValueError(f"states have shape {tuple(found.shape)}; (rows, n_units) is needed")
    if not found.isfinite().all():
        raise ValueError("states are not all finite")
    return found


def _rows(states) -> Tensor:
    if isinstance(states, Tensor):
        states = states.detach().cpu().numpy()
    return torch.as_tensor(np.array(states, dtype=np.float64))


def _system(system, x: Tensor, u: Tensor | None) -> tuple[System, float | None]:
    """The map in float64, and the time constant that its delays are counted in (None: steps)."""
    if isinstance(system, (torch.nn.RNNBase, torch.nn.RNNCellBase)):
        system = from_torch(system)
    elif isinstance(system, torch.nn.Module):
        system = deepcopy(system).double()
    if not isinstance(system, System):
        if not callable(system):
            raise ValueError(
                f"a {type(system).__name__} does not step: give a torch.nn RNN, GRU, LSTM or cell, "
                "a system of memdyn.dynamics, or a function step(x) or step(x, u)"
            )
        system = _map_of(system, x, u)
    if system.casts:
        system = system.to(torch.float64)
    if not 0 < system.dt < np.inf:
        raise ValueError(f"a step takes dt = {system.dt}: it has to be positive")
    if system.is_flow:
        system = EulerMap(system)
    if not system.of_flow:
        return system, None
    flow = getattr(system, "flow", None)
    return system, float(flow.tau) if isinstance(flow, RateNetwork) else 1.0


def _map_of(function: Callable, x: Tensor, u: Tensor | None) -> Map:
    """A user's function as a map, after one step of the first state to see that it is one.

    Inputs come to the function as rows, one for each row of states.
    """
    alone = u is None and _n_required(function) < 2

    def rule(x: Tensor, u: Tensor | None) -> Tensor:
        if alone:
            return function(x)
        return function(x, None if u is None else u.expand(*x.shape[:-1], u.shape[-1]))

    system = Map(rule, x.shape[1], 0 if u is None else len(u))
    try:
        stepped = system.step(x[:1], u)
    except (RuntimeError, TypeError, AttributeError) as problem:
        raise ValueError(_no_step(problem)) from problem
    if not isinstance(stepped, Tensor) or stepped.shape != x[:1].shape:
        got = tuple(stepped.shape) if isinstance(stepped, Tensor) else type(stepped).__name__
        raise ValueError(
            f"the function returns {got} for states (1, {x.shape[1]}): rows are needed"
        )
    _check_rows(system, x[:4], u)
    try:
        system.jacobian(x[:1], None if u is None else u[None])
    except (RuntimeError, TypeError, AttributeError) as problem:
        raise ValueError(_no_step(problem)) from problem
    return system


def _check_rows(system: System, x: Tensor, u: Tensor | None) -> None:
    """Refuse a function that takes rows together, or that steps one state now so, now otherwise.

    A function that computes in float32 may differ by its rounding.
    """
    alike = {"rtol": ALIKE, "atol": ALIKE * float(x.abs().max()), "equal_nan": True}
    alone = torch.cat([system.step(row[None], u) for row in x])
    again = torch.cat([system.step(row[None], u) for row in x])
    if not torch.allclose(alone, again, **alike):
        raise ValueError(
            "the function steps one state now so, now otherwise: noise and what it counts or keeps "
            "have to be left out (of a module: .eval())"
        )
    together = system.step(x, u)
    if together.shape != x.shape or not torch.allclose(together, alone, **alike):
        raise ValueError(
            "the function steps a row otherwise when others stand beside it: each row is a state "
            "of its own (of a module with batch norm: .eval())"
        )


def _no_step(problem: Exception) -> str:
    reason = str(problem).splitlines()[0]
    return (
        f"the function does not step rows of float64 so that torch differentiates it ({reason}): "
        "write it with torch, its weights in float64"
    )


def _n_required(function: Callable) -> int:
    """How many arguments a function must be given; 1 for one that does not say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return 1
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in places and p.default is p.empty for p in parameters)
