"""Fixed points and slow points of one network or a batch, and how far to trust that all were found.

Seeds are the given states and the ends of runs from them; ``roots`` searches from them in rounds.
What it finds is merged, polished in float64 and classified:

* ``fixed``: |f| at rounding level. f is F(x) - x of a map and dx/dt of a flow, q = |f|^2 / 2.
* ``continuum``: a connected set of fixed points (line, ring, surface): one row stands for all of
  it; ``dimension``: how many directions it has; ``extent``: how far apart its points were found.
* ``slow``: a local minimum of q with q > 0, ten times slower than the task, see ``relative_speed``.
* ``failed``: where a seed ended that came to none of these; rows only if asked for.

Sussillo & Barak 2013 posed the search as minimising
q.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.confined import confines
from memdyn.dynamics.continua import label_continua, nullity, one_per_continuum
from memdyn.dynamics.corners import at_corners, take_in
from memdyn.dynamics.kinds import PointKind
from memdyn.dynamics.results import Table, join
from memdyn.dynamics.roots import MARGINAL, find_roots, find_slow_points
from memdyn.dynamics.rows import Rows, start_rows
from memdyn.dynamics.spectrum import eigenvalues, is_stable, time_constants
from memdyn.dynamics.systems import System, advance

#: A slow point moves at most this fast, relative to the task.
SLOWER = 0.1
#: Kinds of rows that stand at exact fixed points.
EXACT = (PointKind.FIXED.value, PointKind.CONTINUUM.value)


@dataclass(frozen=True, eq=False)
class FixedPoints(Table):
    """What ``find_fixed_points`` found: one row per point (or per continuum).

    Columns:
        states (n, units); inputs (n, inputs); network (n,): index in the batch, 0 for a single one.
        kind (n,): a ``PointKind``.
        q (n,): |f|^2 / 2; speed (n,): |f|; relative_speed (n,): |f| over the task's own.
        eigenvalues (n, units): of DF (map, by falling modulus) or Dv (flow, by falling real part);
            NaN at a corner, and where a seed failed.
        stable (n,): all |eigenvalue| < 1 (map) or Re < 0 (flow); of a continuum, all but its
            ``dimension`` marginal ones; at a corner, runs from all around come back. False for
            slow and failed rows, which are not at rest.
        corner (n,): an isolated fixed point where f is not differentiable (see ``corners``).
        degree (n,): sign det(I - DF), or of -Dv; 0 for a degenerate, slow or continuum row, and at
            a corner.
        dimension (n,), extent (n,): of a continuum; 0 otherwise.
        sample (n, k, units): points of a continuum, spread over it, NaN where there are fewer than
            k; k is 0 if there is no continuum.
        landed (n,): distinct seeds that ended here; in an odd system, here or at the mirror image.

    Scalars: is_flow, dt; confined, whether some ball holds the states in (see ``confined``), with
    each of the inputs; n_failed, seeds that ended nowhere; message, a sentence about the outcome,
    which explains an empty result.
    """

    schema = "memdyn.fixed_points"
    version = 3

    states: np.ndarray
    inputs: np.ndarray
    network: np.ndarray
    kind: np.ndarray
    q: np.ndarray
    speed: np.ndarray
    relative_speed: np.ndarray
    eigenvalues: np.ndarray
    stable: np.ndarray
    corner: np.ndarray
    degree: np.ndarray
    dimension: np.ndarray
    extent: np.ndarray
    sample: np.ndarray
    landed: np.ndarray
    is_flow: bool
    dt: float
    confined: bool
    n_failed: int
    message: str

    @property
    def degree_sum(self) -> int | np.ndarray | None:
        """Sum of ``degree`` over the fixed points: 1 for a complete set where a ball holds the
        states in (``confined``).

        Necessary, not sufficient: a missed pair of opposite sign cancels. One number per (network,
        input) in order of first appearance if there are several; None if a continuum, a corner or
        a degenerate point leaves it undefined, or if nothing holds the states in.
        """
        exact = np.isin(self.kind, EXACT)
        if not self.confined or (self.degree[exact] == 0).any():
            return None
        key = np.column_stack([self.network, self.inputs])
        _, first, group = np.unique(key, axis=0, return_index=True, return_inverse=True)
        sums = np.bincount(group.ravel(), weights=self.degree, minlength=len(first)).astype(int)
        return int(sums.sum()) if len(sums) < 2 else sums[np.argsort(first)]

    @property
    def time_constants(self) -> np.ndarray:
        """(n, units), in units of dt: -dt / ln|l| of a map, -1 / Re l of a flow; negative grows."""
        return time_constants(self.eigenvalues, self.is_flow, self.dt)

    def same_set(self, other: "FixedPoints", tolerance: float = 1e-6) -> bool:
        """Whether both hold the same fixed points, in any order, within ``tolerance``."""
        mine, theirs = (found[np.isin(found.kind, EXACT)] for found in (self, other))
        if len(mine) != len(theirs):
            return False
        a, b = (np.column_stack([s.states, s.inputs, s.network]) for s in (mine, theirs))
        gaps = np.linalg.norm(a[:, None] - b[None], axis=-1) <= tolerance
        return bool((gaps.sum(0) == 1).all() and (gaps.sum(1) == 1).all())


def find_fixed_points(
    system: System,
    states: Tensor,
    inputs: Tensor | None = None,
    *,
    task_speed: float | None = None,
    settle: int = 100,
    rounds: int = 8,
    iterations: int = 60,
    deflate: bool = False,
    keep_failed: bool = False,
) -> FixedPoints:
    """All fixed and slow points that can be reached from ``states``, with their linear stability.

    The order of the seeds does not matter: they enter in lexicographic order, once each.

    Args:
        system: any System; of a batch (``system.n_networks`` = B), states are (B, rows, units).
        states: seeds, usually states of the task, (rows, units), any float dtype.
        inputs: constant input, (inputs,) for all seeds or (rows, inputs); None is zero.
        task_speed: typical |f| during the task, for ``relative_speed``; the median over ``states``
            if None.
        settle: steps of the runs whose ends are seeds as well; 0 for none.
        rounds: most rounds of midpoints.
        iterations: most solver steps of one seed.
        deflate: search from the seeds once more with a residual that drives them away from the
            points already known, until that finds nothing new; for small networks.
        keep_failed: give seeds that ended nowhere rows of their own, of kind ``failed``.

    Returns:
        One row per point; of a batch the rows of its networks follow each other.

    Raises:
        ValueError: seeds or inputs that are not finite or do not fit the network.

    >>> from memdyn.dynamics import Map
    >>> latch = Map(lambda x, u: torch.tanh(2 * x), n_units=1)
    >>> found = find_fixed_points(latch, torch.tensor([[1.0], [-0.5]]))
    >>> found.states[:, 0].round(3).tolist(), found.stable.tolist(), found.degree_sum
    ([-0.958, 0.0, 0.958], [True, False, True], 1)
    """
    options = {"task_speed": task_speed, "settle": settle, "keep_failed": keep_failed}
    options |= {"rounds": rounds, "iterations": iterations, "deflate": deflate}
    if system.n_networks is None:
        return _search(system, states, inputs, **options)
    if states.ndim != 3 or len(states) != system.n_networks:
        raise ValueError(
            f"{system.n_networks} networks need states (networks, rows, units); "
            f"got {tuple(states.shape)}"
        )
    parts = []
    for b in range(system.n_networks):
        u = inputs[b] if inputs is not None and inputs.ndim == 3 else inputs
        parts.append(_search(system[b], states[b], u, **options))
    return _join_networks(parts)


def _join_networks(parts: list[FixedPoints]) -> FixedPoints:
    about = {
        "n_failed": sum(p.n_failed for p in parts),
        "confined": all(p.confined for p in parts),
        "message": " ".join(f"Network {b}: {p.message}" for b, p in enumerate(parts)),
    }
    k = max(p.sample.shape[1] for p in parts)
    for b, p in enumerate(parts):
        room = ((0, 0), (0, k - p.sample.shape[1]), (0, 0))
        sample = np.pad(p.sample, room, constant_values=np.nan)
        parts[b] = replace(p, network=np.full(len(p), b), sample=sample, **about)
    return join(parts)


def _search(system, states, inputs, task_speed, settle, keep_failed, **search) -> FixedPoints:
    x, u, group = _canonical_seeds(system, states, inputs)
    system = system.to(x.dtype)
    try:
        seeds = start_rows(system, x, u, group=group)
    except RuntimeError as error:
        raise ValueError(
            f"the system cannot step float64 rows of {x.shape[-1]} units: {error}"
        ) from error
    task_speed = task_speed or float(seeds.residual.median())
    center = x.mean(0)
    radius = float((x - center).norm(dim=-1).max()) or 1 + float(center.norm())
    if settle:
        ends = start_rows(system, advance(system, x, u, n_steps=settle), u, group=group)
        near = (ends.x - center).norm(
            dim=-1
        ) <= 2 * radius  # a run that left tells nothing; NaN too
        seeds = seeds.join(ends[near])

    roots, lost, hopeless = find_roots(
        system, seeds, center=center, radius=radius, most=len(x), **search
    )
    found, sign, null = roots
    isolated = null.norm(dim=-1) < MARGINAL
    label = label_continua(system, found, null=null, radius=radius)
    keep, extent, sample = one_per_continuum(found, label)
    slow, failed = find_slow_points(
        system, lost, center=center, radius=radius, slower=SLOWER * task_speed
    )
    n_failed = int(failed.landed.sum())
    others = slow.join(failed) if keep_failed else slow
    rows = found[keep].join(others)
    n_others = len(others)
    kind = np.full(len(rows), PointKind.FAILED, dtype="<U9")
    kind[: len(keep)] = np.where(label[keep] >= 0, PointKind.CONTINUUM, PointKind.FIXED)
    kind[len(keep) : len(keep) + len(slow)] = PointKind.SLOW
    values = np.full((len(rows), system.n_units), np.nan, dtype=complex)
    known = kind != PointKind.FAILED
    values[known] = _eigenvalues(system, rows[torch.as_tensor(known, device=rows.x.device)])
    dimension = np.where(kind == PointKind.CONTINUUM, nullity(values, system.is_flow), 0)
    decays = is_stable(values, system.is_flow).sum(1) >= values.shape[1] - dimension
    degree = np.where(isolated.cpu(), sign.cpu(), 0)[keep]
    corner = np.zeros(len(rows), dtype=bool)
    fixed = np.flatnonzero(kind == PointKind.FIXED)
    corner[fixed] = at_corners(system, *_places(rows, fixed), radius=radius).cpu()
    corner[fixed] |= np.isnan(values[fixed]).any(1)
    cornered = np.flatnonzero(corner)
    decays[cornered] = take_in(system, *_places(rows, cornered), radius=radius).cpu()
    values[cornered], degree[cornered] = np.nan, 0
    reach = max([radius, *(rows.x[: len(keep)] - center).norm(dim=1).tolist()])
    each = [None] if u is None else [*torch.unique(u, dim=0)[:, None]]
    speed = system.drift(rows.x, rows.u).norm(dim=-1).cpu().numpy()
    return FixedPoints(
        states=rows.x.cpu().numpy(),
        inputs=np.zeros((len(rows), 0)) if rows.u is None else rows.u.cpu().numpy(),
        network=np.zeros(len(rows), dtype=int),
        kind=kind,
        q=speed**2 / 2,
        speed=speed,
        relative_speed=speed / task_speed if task_speed else np.full(len(rows), np.nan),
        eigenvalues=values,
        stable=decays & np.isin(kind, EXACT),
        corner=corner,
        degree=np.concatenate([degree, np.zeros(n_others)]).astype(int),
        dimension=dimension,
        extent=np.concatenate([extent, np.zeros(n_others)]),
        sample=np.concatenate([sample, np.full((n_others, *sample.shape[1:]), np.nan)]),
        landed=rows.landed.cpu().numpy(),
        is_flow=system.is_flow,
        dt=system.dt,
        confined=all(confines(system, center, reach, given) for given in each),
        n_failed=n_failed,
        message=_message(kind, n_failed, lost, hopeless),
    )


def _places(rows: Rows, chosen: np.ndarray) -> tuple[Tensor, Tensor | None]:
    """States and inputs of these rows."""
    index = torch.as_tensor(chosen, device=rows.x.device)
    return rows.x[index], None if rows.u is None else rows.u[index]


def _eigenvalues(system: System, rows: Rows) -> np.ndarray:
    """Eigenvalues at each row, NaN where f has no derivative; mirror images, which share them, are
    solved for once."""
    x, u = rows.x, rows.u
    values = np.zeros((len(x), system.n_units), dtype=complex)
    twin = torch.cdist(x, -x).argmin(1).tolist() if len(x) else []
    for i, j in enumerate(twin):
        mirrored = j < i and torch.equal(x[j], -x[i]) and (u is None or torch.equal(u[i], u[j]))
        if mirrored and rows.residual[i] == rows.residual[j]:
            values[i] = values[j]
            continue
        try:
            values[i] = eigenvalues(system, x[i : i + 1], None if u is None else u[i : i + 1])[0]
        except ValueError:  # no derivative
            values[i] = np.nan
    return values


def _message(kind: np.ndarray, n_failed: int, lost: Rows, hopeless: bool) -> str:
    counts = ", ".join(f"{(kind == k).sum()} {k}" for k in (*EXACT, PointKind.SLOW))
    if np.isin(kind, EXACT).any():
        more = " Nearly every seed found a point of its own: there are far more." * hopeless
        return f"{counts}; {n_failed} seeds reached neither.{more}"
    if not len(lost):
        return "No seed was left."
    low, mid, high = np.quantile(lost.residual.cpu().numpy(), [0, 0.5, 1])
    return (
        f"{counts}; no fixed point: {n_failed} seeds ended at no minimum of the speed either, and "
        f"the residual |f| where the search for roots stopped was {low:.1e} to {high:.1e} "
        f"(median {mid:.1e}). The network may have none within reach: try longer runs as seeds, "
        "or look for a limit cycle."
    )


def _canonical_seeds(system: System, states: Tensor, inputs: Tensor | None):
    """Distinct seeds in float64 and lexicographic order, their inputs, and an index per input."""
    if states.ndim != 2 or states.shape[-1] != system.n_units or not len(states):
        raise ValueError(
            f"states must be (rows, {system.n_units}) with at least one row; "
            f"got {tuple(states.shape)}"
        )
    x = states.detach().to(torch.float64)
    u = None
    if inputs is not None:
        if inputs.shape[-1] != system.n_inputs or inputs.shape[:-1] not in ((), (1,), (len(x),)):
            raise ValueError(
                f"inputs must be ({system.n_inputs},) or ({len(x)}, {system.n_inputs}); "
                f"got {tuple(inputs.shape)}"
            )
        u = inputs.detach().to(x).expand(len(x), -1)
    both = x if u is None else torch.cat([u, x], -1)
    if not both.isfinite().all():
        raise ValueError("states and inputs must be finite: drop the rows with NaN or inf")
    both = torch.unique(both, dim=0)
    if u is None:
        return both, None, torch.zeros(len(both), dtype=torch.long, device=x.device)
    u, x = both.tensor_split([u.shape[-1]], dim=1)
    return x.contiguous(), u.contiguous(), torch.unique(u, dim=0, return_inverse=True)[1]
