"""One network taken apart, whichever it is: runs, cycles, points, exponents, memory, and the vote.

What :func:`memdyn.landscape.analyse` and networks from outside have in common. Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from scipy.spatial.distance import cdist
from torch import Tensor

from memdyn.dynamics.kinds import Outcome, PointKind
from memdyn.dynamics.return_map import coarse_dtype
from memdyn.dynamics.spectrum import ROUNDING, eigenvalues
from memdyn.dynamics.systems import System
from memdyn.landscape.arrays import parts_of_spectrum
from memdyn.landscape.cycles import Runs, find_runs
from memdyn.landscape.evidence import arrivals, rests_on, run_evidence, vote_on
from memdyn.landscape.exponents import find_exponents
from memdyn.landscape.memory import measure_memory
from memdyn.landscape.points import Points, find_points
from memdyn.landscape.portrait import ALONE, describe, portray_system
from memdyn.landscape.run_ends import end_kind, places
from memdyn.landscape.starts import after, choose_seeds, evenly, task_speed

#: One network can be searched more thoroughly than a grid of them: instead of the scale's values.
SEARCH = {"n_seeds": 128, "rounds": 8, "memory_states": 16}
#: Tolerances are relative to the length of the state: a unit that is so many times smaller than
#: another is lost in them.
UNEVEN = 1e8
#: Random combinations of units that long runs are watched by.
OUTPUTS = 10
#: The origin is looked at if it is not farther away than so many spreads of the states.
FAR = 100
#: A run stands at a point that is so near, relative to 1 + |x|.
STILL = 1e-6
#: Steps that states are followed in the figure if no delay is given, and most of them if one is.
SHOWN, MOST_SHOWN = 500, 4000


def watch_ends(
    system: System,
    starts: Tensor,
    settings: Mapping,
    attractors: Mapping,
    inputs: Tensor | None = None,
) -> pd.DataFrame:
    """What long runs look like to somebody who sees a few outputs only, as in study 1.

    The outputs are ``OUTPUTS`` random combinations of the units, in units of the spread of the
    starts. This route shares nothing with the search for points and cycles but the step, and the
    model by which a decay is told from rest.

    Args:
        system: a map.
        starts: (rows, n_units).
        settings, attractors: the sections ``dynamics`` and ``attractors`` of the configuration.
        inputs: (n_inputs,) constant input.

    Returns:
        One row per run: ``kind`` (of ``run_ends.end_kind``) and last outputs ``z``, ``zd_#``.
    """
    dtype = coarse_dtype(system, torch.float64)
    system, x = system.to(dtype) if system.casts else system, starts.to(dtype)
    u = None if inputs is None else inputs.to(dtype)
    spread = float((x - x.mean(0)).norm(dim=1).square().mean().sqrt()) or 1.0
    mixing = np.random.default_rng(0).standard_normal((x.shape[1], OUTPUTS))
    mixing = torch.as_tensor(mixing / (spread * OUTPUTS**0.5)).to(x)
    for _ in range(settings["transient"]):
        x = system.step(x, u)
    tail = x.new_empty(len(x), settings["window"], OUTPUTS)
    for step in range(settings["window"]):
        x = system.step(x, u)
        tail[:, step] = x @ mixing
    tail = tail.cpu().numpy()
    rules = (attractors["variance_a"], attractors["periodic"], 10.0 ** -attractors["decimals_a"])
    kinds = [end_kind(run, *rules)[0] for run in tail]
    names = ["z", *(f"zd_{i}" for i in range(1, OUTPUTS))]
    last = dict(zip(names, np.nan_to_num(tail[:, -1].T), strict=True))
    return pd.DataFrame({"kind": kinds, **last})


def cast_vote(
    memory: np.ndarray | None,
    ends: pd.DataFrame,
    runs: Runs,
    arrived: np.ndarray,
    exponents: pd.DataFrame,
    decimals: int,
    *,
    may_jump: bool,
) -> dict[str, str]:
    """The vote of the three routes of study 1, see ``evidence.vote_on``.

    Without ``memory`` nobody can tell whether memories rest apart: ``direct`` and ``slow_manifold``
    are then both ``fixed``.

    Args:
        memory: see ``starting_memory``.
        ends: of ``watch_ends``.
        runs, exponents: of ``find_runs`` and ``find_exponents`` from the same starts.
        arrived: (rows,) index of the place where the solver sees each run come to rest, -1 if none.
        decimals: resting outputs that agree to so many are one place.
        may_jump: of ``vote.exponent_kinds``.
    """
    items = np.zeros(len(ends), dtype=int) if memory is None else memory
    seen = run_evidence(ends, decimals)
    more = {"may_jump": may_jump, "name_settling": True}
    votes = vote_on(items, *seen, runs.table, runs.cycles, arrived, exponents, **more)
    if memory is None:
        resting = ("direct", "slow_manifold")
        votes = {route: "fixed" if label in resting else label for route, label in votes.items()}
    return votes


class Analysis(NamedTuple):
    """What was found of one network.

    Attributes:
        tables: ``runs``, ``cycles``, ``points``, ``memory``, ``exponents``, ``votes`` and
            ``summary``, with the columns that they have in study 1 (but no outputs).
        arrays: of its portrait, for ``figures.network_page``; and ``point_states``
            (points, n_units), ``cycle_states`` (cycles, 64, n_units).
        facts: what its page says (JSON-able).
    """

    tables: dict[str, pd.DataFrame]
    arrays: dict[str, np.ndarray]
    facts: dict


def take_apart(
    system: System,
    states: Tensor,
    inputs: Tensor | None = None,
    *,
    memory: np.ndarray | None,
    delay: float | None,
    tau: float | None,
    settings: Mapping,
    attractors: Mapping,
) -> Analysis:
    """All that is asked of a network of study 1, as far as it can be asked without its task.

    Args:
        system: a map.
        states: (rows, n_units) where runs start, float64.
        inputs: (n_inputs,) constant input.
        memory: (rows,) item that each state has to remember, counted from 0; None if not known.
        delay: how long it has to (``tau``; steps of a plain map); None if not known.
        tau: the network's time constant, in the unit of ``system.dt``; None for a plain map.
        settings, attractors: sections ``dynamics`` and ``attractors`` of the configuration.
    """
    if not system.casts:  # a bare function has no weights to put noise on
        settings = {**settings, "noisy_copies": 0}
    speed = task_speed(system, states, inputs)
    runs = find_runs(system, states, inputs, settings=settings)
    ends = torch.as_tensor(runs.ends).to(states)
    # The origin is a seed, too, unless it is so far away that beside it all states are one.
    center = states.mean(0)
    near = center.norm() <= FAR * (states - center).norm(dim=1).max() or (states == center).all()
    zero = torch.zeros_like(states[:1])[: int(near)]
    seeds = choose_seeds(ends, [zero, states], settings["n_seeds"])
    points = find_points(system, seeds, inputs, speed=speed, settings=settings)
    exponents = find_exponents(system, ends, inputs, settings=settings)
    stable = points.table["stable"].to_numpy(dtype=bool)
    arrived, place = _arrived(system, states, inputs, runs, points, attractors["decimals_a"])
    votes = cast_vote(
        memory,
        watch_ends(system, states, settings, attractors, inputs),
        runs,
        place,
        exponents,
        attractors["decimals_a"],
        # Euler steps that overshoot jump as maps do.
        may_jump=not system.of_flow or bool(runs.cycles["trivial_error"].isna().any()),
    )
    unit = 1.0 if tau is None else tau
    late, held = evenly(states, settings["memory_states"]), pd.DataFrame()
    if delay is not None:
        late = after(system, late, inputs, n_steps=round(delay * unit / system.dt))
        held, spectrum = measure_memory(
            system, late, inputs, delay=delay * unit, speed=speed, settings=settings
        )
    else:
        spectrum = eigenvalues(system, late, inputs)
    items = np.full(len(states), -1) if memory is None else memory
    place = {"start": "given", "index": np.arange(len(states)), "memory": items}
    summary = summarise(runs, points, exponents)
    tables = {
        "runs": pd.DataFrame(place).join(runs.table),
        "cycles": runs.cycles,
        "points": points.table.assign(degree_sum=points.degree_sum),
        "memory": held,
        "exponents": exponents.assign(index=np.arange(len(states))),
        "votes": pd.DataFrame([votes]),
        "summary": pd.DataFrame([{**summary, **votes}]),
    }

    # In units of tau from here on, as figures are; a map's tau is one step.
    dt = 1.0 if tau is None else system.dt / tau
    n_steps = SHOWN if delay is None else min(MOST_SHOWN, max(1, round(ALONE * delay / dt)))
    arrays = portray_system(
        system,
        states,
        inputs,
        n_steps=n_steps,
        pace=speed,
        points=points.states,
        orbits=runs.orbits,
    )
    arrays |= {"stable": stable, "point_states": points.states, "cycle_states": runs.orbits}
    for name, values in (("point", points.eigenvalues), ("memory", spectrum)):
        arrays |= parts_of_spectrum(name, values)
    arrays["group"], groups = _groups(memory, arrived, runs.table["cycle"].to_numpy())
    facts = {
        **describe(points.table, runs.cycles, held, votes["vote"]),
        **{name.removeprefix("vote_"): label for name, label in votes.items()},
        "periods": [float(period) / unit for period in runs.cycles["period"]],
        "n_units": system.n_units,
        "dt": dt,
        "rate": None if tau is None else dt,
        "delay": delay,
        "groups": groups,
        "coloured_by": "runs end at" if memory is None else "to remember",
        "degree_sum": points.degree_sum,
        "exponent": _finite(unit * summary["largest_exponent"]),
        "continua": _continua(points.table),
        "settling": _settling(runs, unit),
        "unsafe": _unsafe(runs, points),
        "leaving": _leaving(runs.table),
        "unclosed": _unclosed(runs.table, exponents),
        "uneven": _uneven(states, ends),
        "corners": _corners(points.table),
        "neutral": _neutral(points.table),
        "confined": points.confined,
        "held": _held(held),
    }
    return Analysis(tables, arrays, facts)


def _arrived(
    system: System, states: Tensor, inputs: Tensor | None, runs: Runs, points: Points, decimals: int
) -> tuple[np.ndarray, np.ndarray]:
    """For each run the point at which it comes to rest (-1: none), and the place (-1: none).

    A continuum is one point with many places: runs that rest on it rest at one place if they agree
    to so many decimals, relative to the spread of the starts, as outputs do.
    """
    known = np.all(np.isfinite(runs.limits), axis=1, keepdims=True)
    ends = np.where(known, runs.limits, runs.ends)
    x, kind = states.cpu().numpy(), points.table["kind"].to_numpy()
    stable = points.table["stable"].to_numpy(dtype=bool)
    arrived = np.full(len(ends), -1)
    fixed = np.flatnonzero(np.isin(kind, [PointKind.FIXED]))
    found = arrivals(ends, x, points.states[fixed], stable[fixed])
    arrived[found >= 0] = fixed[found[found >= 0]]
    place = arrived.copy()
    rests = runs.table["outcome"].to_numpy() == Outcome.FIXED_POINT
    spread = float(np.sqrt(np.square(x - x.mean(axis=0)).sum(axis=1).mean())) or 1.0
    for k in np.flatnonzero(stable & np.isin(kind, [PointKind.CONTINUUM])):
        left = np.flatnonzero(rests & (arrived < 0))
        sample = points.samples[k][np.isfinite(points.samples[k]).all(axis=1)]
        if len(left):
            here = left[rests_on(system, states.new_tensor(ends[left]), sample, inputs)]
            arrived[here] = k
            own = places(ends[here] / spread, decimals)
            place[here] = max(place.max(), len(points.states)) + 1 + own
    return arrived, place


def _continua(points: pd.DataFrame) -> list[dict]:
    """Shape, dimension and extent of each continuum (JSON-able)."""
    own = points[points["kind"] == PointKind.CONTINUUM]
    return [
        {"shape": row.shape, "dimension": int(row.dimension), "extent": float(row.extent)}
        for row in own[["shape", "dimension", "extent"]].itertuples(index=False)
    ]


def _settling(runs: Runs, unit: float) -> dict | None:
    """How many runs still slow down, how many of them to no end that is known, and the time
    constants of the fastest and the slowest."""
    of, table = len(runs.table), runs.table
    slow = (table["outcome"] == Outcome.SETTLING) & (table["time_constant"] != np.inf)
    if not slow.any():
        return None
    lost = int(np.isnan(runs.limits[slow]).any(axis=1).sum())
    times = table["time_constant"][slow & np.isfinite(table["time_constant"])] / unit
    ends = [float(times.min()), float(times.max())] if len(times) else None
    return {"n": int(slow.sum()), "of": of, "times": ends, "lost": lost}


def _unsafe(runs: Runs, points: Points) -> dict[str, int]:
    """How many runs stand still at a fixed point from which a mode leads away."""
    table = points.table
    leaves = (table["kind"] == PointKind.FIXED) & (table["n_unstable"] > 0)
    leaves &= np.hypot(table["leading_re"], table["leading_im"]) > 1 + ROUNDING
    still = runs.table["outcome"].to_numpy() == Outcome.FIXED_POINT
    gap = cdist(runs.ends[still], points.states[leaves.to_numpy()])
    near = gap.min(axis=1, initial=np.inf) <= STILL * (1 + np.linalg.norm(runs.ends[still], axis=1))
    return {"n": int(near.sum()), "of": len(runs.table)}


def _leaving(runs: pd.DataFrame) -> dict[str, int]:
    """How many runs go one way without slowing down, ever faster, or left the finite."""
    outcome, times = runs["outcome"], runs["time_constant"]
    return {
        "drift": int(((outcome == Outcome.SETTLING) & (times == np.inf)).sum()),
        "grow": int((outcome == Outcome.GROWING).sum()),
        "diverged": int((outcome == Outcome.DIVERGED).sum()),
        "of": len(runs),
    }


def _unclosed(runs: pd.DataFrame, exponents: pd.DataFrame) -> dict[str, int]:
    """How many runs go on and close on no cycle, and from how many of them states nearby part."""
    own = exponents[(runs["outcome"] == Outcome.APERIODIC).to_numpy()]
    parts = own["exponent_1"] > 2 * own["error_1"] + 1 / own["counted"]
    return {"n": len(own), "parts": int(parts.sum()), "of": len(runs)}


def _uneven(states: Tensor, ends: Tensor) -> float | None:
    """By how much units differ in size, where that is more than tolerances bear; else None."""
    size = torch.cat([states, ends[ends.isfinite().all(1)]]).abs().max(0).values
    size = size[size > 0]
    ratio = float(size.max() / size.min()) if len(size) else 1.0
    return ratio if ratio > UNEVEN else None


def _neutral(points: pd.DataFrame) -> int:
    """Fixed points whose slowest mode neither grows nor decays, to rounding."""
    size = np.hypot(points["leading_re"], points["leading_im"])
    fixed = points["kind"] == PointKind.FIXED
    return int((fixed & (np.abs(size - 1) <= ROUNDING)).sum())


def _corners(points: pd.DataFrame) -> dict[str, int]:
    """How many fixed points lie where f is not differentiable, and how many of them are stable."""
    own = points[points["corner"]]
    return {"n": len(own), "stable": int(own["stable"].sum())}


def _held(memory: pd.DataFrame) -> dict | None:
    """What holds most of the states late in the delay, and what is lost (medians; None if NaN)."""
    known = memory[memory["held"] != ""] if len(memory) else memory
    if not len(known):
        return None
    kind = known["held"].value_counts().index[0]
    own = known[known["held"] == kind]
    about = {name: _finite(own[name].median()) for name in ("dimension", "drift", "noisy_drift")}
    return {"kind": str(kind), "n": len(own), "of": len(memory), **about}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _groups(memory, arrived: np.ndarray, cycle: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """(rows,) what each start is coloured by, and the name of each colour."""
    if memory is not None:
        return memory, [str(item) for item in range(int(memory.max()) + 1)]
    ends = [
        f"point {point}" if point >= 0 else f"cycle {own}" if own >= 0 else "elsewhere"
        for point, own in zip(arrived, cycle, strict=True)
    ]
    names, group = np.unique(ends, return_inverse=True)
    return group, names.tolist()


def summarise(runs: Runs, points: Points, exponents: pd.DataFrame) -> dict:
    """Numbers of points, cycles and ends of each kind, and the largest exponent."""
    table = points.table
    return {
        "n_fixed": int((table["kind"] == "fixed").sum()),
        "n_stable": int((table["stable"] & (table["kind"] == "fixed")).sum()),
        "n_continua": int((table["kind"] == "continuum").sum()),
        "n_slow": int((table["kind"] == "slow").sum()),
        "degree_sum": points.degree_sum,
        "n_cycles": len(runs.cycles),
        **{f"runs_{kind}": int((runs.table["outcome"] == kind).sum()) for kind in Outcome},
        "largest_exponent": float(exponents["exponent_1"].max()),
    }
