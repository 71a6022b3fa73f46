"""The landscape of one network: its runs, cycles, points and exponents.

Every function takes a ``System`` (a map in float64, so that stability is that of the simulated
steps) and plain arrays; study 1 and networks from outside are analysed by the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from memdyn.dynamics.fixed_points import find_fixed_points
from memdyn.dynamics.limit_cycles import LimitCycles, find_limit_cycles
from memdyn.dynamics.lyapunov import lyapunov_exponents
from memdyn.dynamics.simulate import FrozenNetwork
from memdyn.dynamics.slow_manifold import slow_manifold
from memdyn.dynamics.systems import RateNetwork, System, euler_map

#: Kind and version of the file of arrays of each analysis.
ARRAYS = {name: f"slow_manifolds.{name}_arrays/1" for name in ("cycles", "fixed_points")}
#: Two cycles are one if their periods agree, and their places (relative to the diameter, besides
#: the distance between the points that are stored of an orbit).
SAME_PERIOD, SAME_PLACE = 1e-3, 1e-2
#: Ends of runs whose units agree to so many decimals are one start for the exponents.
ALIKE = 6

#: States (rows, n_units) -> outputs (rows, n_outputs), float64.
Readout = Callable[[np.ndarray], np.ndarray]


class Runs(NamedTuple):
    """Long runs and the cycles, solved for in float64, on which they end.

    Attributes:
        table: one row per run: ``outcome`` (see ``limit_cycles.Ends``), ``cycle``, ``diameter``.
        ends: (rows, n_units) last states.
        cycles: one row per cycle: ``cycle``, ``period`` (tau), ``leading_re``, ``leading_im``,
            ``second_re``, ``second_im`` (Floquet multipliers), ``trivial_error``, ``stable``,
            ``diameter``.
        orbits: (cycles, 64, n_units).
    """

    table: pd.DataFrame
    ends: np.ndarray
    cycles: pd.DataFrame
    orbits: np.ndarray


class Points(NamedTuple):
    """Fixed points, slow points and continua.

    Attributes:
        table: one row per point: ``point``, ``kind``, ``stable``, ``q``, ``relative_speed`` (to the
            task's), ``degree``, ``landed``, ``n_unstable`` modes, ``leading_re``, ``leading_im``
            (eigenvalue of the step), ``leading_time`` (tau; negative: grows), outputs.
        states: (points, n_units).
        eigenvalues: (points, n_units) complex, of the step, leading first.
        degree_sum: 1 if no point is missing (None where undefined).
    """

    table: pd.DataFrame
    states: np.ndarray
    eigenvalues: np.ndarray
    degree_sum: int | None


def step_of(network: FrozenNetwork, tau: float) -> System:
    """The map that a trained rate network steps by, float64."""
    return euler_map(
        RateNetwork(
            network.matrix_t.T.double(), network.input.T.double(), tau=tau, dt=network.rate * tau
        )
    )


def rate_readout(network: FrozenNetwork) -> Readout:
    """Outputs z, z_d of a trained rate network from its states."""
    readout = network.readout_t.double().cpu().numpy()
    return lambda states: np.tanh(states) @ readout


def after(system: System, x: Tensor, n_steps: int, inputs: Tensor | None = None) -> Tensor:
    """States (rows, n_units; float64) after so many steps."""
    x = x.double()
    for _ in range(n_steps):
        x = system.step(x, inputs)
    return x


def task_speed(system: System, states: Tensor, inputs: Tensor | None = None) -> float:
    """Median change per step at states of the task, the unit of all relative speeds."""
    return float(system.drift(states.double(), inputs).norm(dim=1).median())


def find_runs(
    system: System, starts: Tensor, settings: Mapping, inputs: Tensor | None = None
) -> Runs:
    """Run on from all starts and solve for the cycles on which runs end.

    Args:
        system: a map.
        starts: (rows, n_units).
        settings: the ``dynamics`` section of the configuration.
        inputs: (n_inputs,) constant input, zero if not given.
    """
    cycles, ends = find_limit_cycles(
        system,
        starts,
        inputs,
        transient=settings["transient"],
        window=settings["window"],
        n_multipliers=settings["n_multipliers"],
    )
    first, member = _same_cycles(cycles)
    cycles = cycles[first]
    cycle = np.where(ends.cycle >= 0, member[ends.cycle] if len(member) else -1, -1)
    outcome = {"outcome": ends.outcome, "cycle": cycle, "diameter": ends.diameter}
    return Runs(pd.DataFrame(outcome), ends.states, _cycle_rows(cycles), cycles.orbit)


def _same_cycles(cycles: LimitCycles) -> tuple[np.ndarray, np.ndarray]:
    """Rows of distinct cycles, and for each row its place among them.

    Two are one if their periods agree and the point of one lies on the other. The search itself
    takes a run that has not quite arrived for one on a new cycle.
    """
    n = len(cycles)
    same = np.eye(n, dtype=bool)
    for i in range(n):
        gap = np.linalg.norm(cycles.orbit - cycles.states[i], axis=2).min(axis=1)
        step = np.linalg.norm(np.diff(cycles.orbit, axis=1), axis=2).max(axis=1, initial=0.0)
        period = np.abs(cycles.period - cycles.period[i]) <= SAME_PERIOD * cycles.period[i]
        same[i] = period & (gap <= SAME_PLACE * cycles.diameter + step)
    member = connected_components(same, directed=False)[1] if n else np.zeros(0, dtype=int)
    return np.unique(member, return_index=True)[1], member


def _cycle_rows(cycles: LimitCycles) -> pd.DataFrame:
    leading = np.full((len(cycles), 2), np.nan, dtype=complex)
    width = min(2, cycles.multipliers.shape[1])
    leading[:, :width] = cycles.multipliers[:, :width]
    return pd.DataFrame(
        {
            "cycle": np.arange(len(cycles)),
            "period": cycles.period,
            **{
                f"{name}_{part}": getattr(leading[:, i], long)
                for i, name in enumerate(("leading", "second"))
                for part, long in (("re", "real"), ("im", "imag"))
            },
            "trivial_error": cycles.trivial_error,
            "stable": cycles.stable,
            "diameter": cycles.diameter,
        }
    )


def choose_seeds(ends: Tensor, others: list[Tensor], n_seeds: int) -> Tensor:
    """At most ``n_seeds`` distinct states to search from, (rows, n_units).

    Distinct ends of runs come first, at most half of all, then an even selection of each of the
    other sets in turn.
    """
    ends = ends[ends.isfinite().all(1)]
    seeds = [ends[_first_of_alike(ends.cpu().numpy())[0]][: (n_seeds + 1) // 2]]
    for i, states in enumerate(others):
        room = n_seeds - sum(len(part) for part in seeds)
        share = min(len(states), room // (len(others) - i))
        picks = np.linspace(0, len(states) - 1, share).round().astype(int) if share else []
        seeds.append(states[picks].to(ends))
    return torch.cat(seeds)


def find_points(
    system: System,
    seeds: Tensor,
    speed: float,
    settings: Mapping,
    readout: Readout | None = None,
    inputs: Tensor | None = None,
) -> Points:
    """Fixed and slow points from seeds (rows, n_units); ``speed`` as of ``task_speed``."""
    found = find_fixed_points(
        system, seeds, inputs, task_speed=speed, settle=0, rounds=settings["rounds"]
    )
    leading = found.eigenvalues[:, 0]
    table = pd.DataFrame(
        {
            "point": np.arange(len(found)),
            "kind": found.kind,
            "stable": found.stable,
            "q": found.q,
            "relative_speed": found.relative_speed,
            "degree": found.degree,
            "landed": found.landed,
            "n_unstable": (np.abs(found.eigenvalues) >= 1).sum(1),
            "leading_re": leading.real,
            "leading_im": leading.imag,
            "leading_time": found.time_constants[:, 0],
            **_outputs(found.states, readout),
        }
    )
    degree_sum = found.degree_sum if len(found) else None
    return Points(table, found.states, found.eigenvalues, degree_sum)


def parts_of_spectrum(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """Complex eigenvalues as two arrays for a file: ``<name>_re`` and ``<name>_im``."""
    return {f"{name}_re": values.real, f"{name}_im": values.imag}


def _outputs(states: np.ndarray, readout: Readout | None) -> dict[str, np.ndarray]:
    if readout is None:
        return {}
    outputs = readout(states)
    names = ["z", *(f"zd_{i}" for i in range(1, outputs.shape[1]))]
    return dict(zip(names, outputs.T, strict=True))


def measure_memory(
    system: System,
    late: Tensor,
    delay: float,
    speed: float,
    settings: Mapping,
    inputs: Tensor | None = None,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Is memory held on a slow manifold? See ``dynamics.slow_manifold``.

    Args:
        system: a map.
        late: (rows, n_units) states at the end of the delay.
        delay: its duration (tau).
        speed: as of ``task_speed``.
        settings: the ``dynamics`` section of the configuration.
        inputs: (n_inputs,) constant input.

    Returns:
        A row per state with ``relative_speed``, ``n_slow``, ``dimension``, ``slowest`` (tau),
        ``drift``, ``persistence``, and the eigenvalues of the step (rows, n_units; complex).
    """
    states = late.double()
    held = slow_manifold(
        system, states, delay, speed, inputs, copies=settings["noisy_copies"], noise=0.01
    )
    names = ("relative_speed", "n_slow", "dimension", "slowest", "drift", "persistence")
    return pd.DataFrame({name: getattr(held, name) for name in names}), held.eigenvalues


def find_exponents(
    system: System, ends: Tensor, settings: Mapping, inputs: Tensor | None = None
) -> pd.DataFrame:
    """Leading Lyapunov exponents of what each run ended in.

    Args:
        system: a map.
        ends: (rows, n_units) ends of long runs.
        settings: the ``dynamics`` section of the configuration.
        inputs: (n_inputs,) constant input.

    Returns:
        One row per run: ``exponent_#`` and ``error_#`` (1 / tau), ``trend`` and ``trend_error`` of
        the speed (1 / tau; see ``lyapunov.Exponents``), and ``counted``, the time (tau) that they
        were averaged over; NaN where the run diverged. Runs that rest at one place are
        followed once.
    """
    k = settings["n_exponents"]
    exponents, error = np.full((2, len(ends), k), np.nan)
    trend, counted = np.full((2, len(ends)), np.nan), np.full(len(ends), np.nan)
    finite = np.flatnonzero(ends.isfinite().all(1).cpu())
    if len(finite):
        first, member = _first_of_alike(ends[finite].cpu().numpy())
        # Signs and sizes of the leading exponents need no more than float32.
        found = lyapunov_exponents(
            system.to(torch.float32),
            ends[finite][first].float(),
            None if inputs is None else inputs.float(),
            k=k,
            steps=settings["exponent_steps"],
            transient=0,
            until_clear=True,
        )
        exponents[finite], error[finite] = found.exponents[member], found.error[member]
        trend[:, finite] = found.trend[member], found.trend_error[member]
        counted[finite] = found.counted[member]
    columns = [("exponent", exponents), ("error", error)]
    table = pd.DataFrame({f"{n}_{i + 1}": v[:, i] for i in range(k) for n, v in columns})
    return table.assign(trend=trend[0], trend_error=trend[1], counted=counted)


def _first_of_alike(states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of distinct states, in order, and for each row its place among them."""
    _, first, member = np.unique(
        states.round(ALIKE), axis=0, return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    return first[order], np.argsort(order)[member.ravel()]
