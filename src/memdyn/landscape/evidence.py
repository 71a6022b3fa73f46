"""From the evidence of long runs, solver and exponents to the vote on one network's mechanism."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from scipy.spatial.distance import cdist
from torch import Tensor

from memdyn.dynamics.continua import between
from memdyn.dynamics.kinds import Outcome
from memdyn.dynamics.rows import start_rows
from memdyn.dynamics.systems import System
from memdyn.landscape.labels import OUTCOMES
from memdyn.landscape.run_ends import places
from memdyn.landscape.vote import ROUTES, exponent_kinds, vote

#: A run came to a point if it ends this near, relative to the RMS spread of all run starts, and
#: twice as near as to any other point.
ARRIVED = 0.1


def arrivals(
    ends: np.ndarray, starts: np.ndarray, points: np.ndarray, stable: np.ndarray
) -> np.ndarray:
    """(rows,) index of the stable point at which each run arrived, -1 for none.

    Args:
        ends, starts: (rows, n_units) of the runs.
        points: (points, n_units) all fixed points.
        stable: (points,) which of them are stable.
    """
    where = np.full(len(ends), -1)
    if not len(points):
        return where
    gap = cdist(ends, points)
    nearest = gap.argmin(axis=1)
    own = gap[np.arange(len(ends)), nearest]
    gap[np.arange(len(ends)), nearest] = np.inf
    spread = np.sqrt(np.square(starts - starts.mean(axis=0)).sum(axis=1).mean())
    near = (own <= ARRIVED * spread) & (2 * own <= gap.min(axis=1)) & stable[nearest]
    where[near] = nearest[near]
    return where


def rests_on(
    system: System, ends: Tensor, sample: np.ndarray, inputs: Tensor | None = None
) -> np.ndarray:
    """(rows,) whether each end lies on a continuum of fixed points.

    It does if it is a fixed point itself, and there is one midway to the nearest known point of the
    continuum.

    Args:
        system: a map in float64.
        ends: (rows, n_units).
        sample: (k, n_units) points spread over the continuum.
        inputs: (n_inputs,) constant input, None for zero.
    """
    known = ends.new_tensor(sample)
    u = None if inputs is None else inputs.expand(len(ends), -1)
    rows = start_rows(system, ends, u)
    nearest = torch.cdist(ends, known).argmin(1)
    there = start_rows(system, known[nearest], u)
    same = (ends - known[nearest]).norm(dim=-1) <= 1e-9 * (1 + ends.norm(dim=-1))
    return (rows.is_root & (same | between(system, rows, there))).cpu().numpy()


def run_evidence(ends: pd.DataFrame, decimals: int) -> tuple[np.ndarray, np.ndarray]:
    """Outcome of each long run and which of them end at one place, from the table of ends.

    Args:
        ends: the rows of one network and one kind of start, in order.
        decimals: resting outputs that agree to so many decimals (chains too) are one place.
    """
    names = ["z", *sorted(name for name in ends.columns if name.startswith("zd_"))]
    outputs = ends[names].to_numpy()
    place = places(outputs, decimals)
    outcome = ends["kind"].map(OUTCOMES).fillna(Outcome.DIVERGED).to_numpy(dtype=str)
    return outcome, np.where(outcome == Outcome.FIXED_POINT, place, -1)


def vote_on(
    memory: np.ndarray,
    outcome: np.ndarray,
    place: np.ndarray,
    runs: pd.DataFrame,
    cycles: pd.DataFrame,
    arrived: np.ndarray,
    exponents: pd.DataFrame,
    *,
    may_jump: bool = False,
    name_settling: bool = False,
) -> dict[str, str]:
    """The label on which three routes agree, and what each said.

    Args:
        memory: (rows,) item that each memory run has to remember.
        outcome, place: (rows,) of the first route, see ``run_evidence``.
        runs, cycles: tables of ``find_runs`` for the same runs.
        arrived: (rows,) see ``arrivals``; any index of the place where it comes to rest.
        exponents: table of ``find_exponents`` for the same runs.
        may_jump: of ``vote.exponent_kinds``.
        name_settling: of ``vote.vote``.

    Returns:
        ``vote``, and ``vote_<route>`` of each of ``ROUTES``.
    """
    stable = set(cycles.loc[cycles["stable"], "cycle"]) if len(cycles) else set()
    cycle = runs["cycle"].to_numpy()
    found = vote(
        memory=memory,
        run_outcome=outcome,
        run_end=place,
        point=np.where(cycle >= 0, -1, arrived),
        cycle=np.where([c in stable for c in cycle], cycle, -1),
        sign=exponent_kinds(
            exponents["exponent_1"].to_numpy(),
            exponents["error_1"].to_numpy(),
            exponents["trend"].to_numpy(),
            exponents["trend_error"].to_numpy(),
            exponents["counted"].to_numpy(),
            one_way=exponents["one_way"].to_numpy() if "one_way" in exponents else 0.0,
            may_jump=may_jump,
        ),
        name_settling=name_settling,
    )
    return {"vote": found.label, **{f"vote_{route}": getattr(found, route) for route in ROUTES}}
