"""Connected sets of fixed points (lines, rings, surfaces), told from isolated ones and sampled."""

import numpy as np
import torch
from scipy.sparse.csgraph import connected_components, dijkstra, minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform
from torch import Tensor

from memdyn.dynamics import descent
from memdyn.dynamics.roots import MARGINAL, spread
from memdyn.dynamics.rows import Rows, distances, rounding_level, start_rows
from memdyn.dynamics.systems import System

#: Points kept of each continuum, at most.
SAMPLE = 32
#: A curve is closed if its ends are no farther apart than this many times its widest gap.
CLOSES = 2.0
#: A surface is flat if its points leave a plane by less than this, relative to how far it extends.
FLAT = 1e-6
#: Points of a curve that its shape can be told from, at least.
FEW = 8


def label_continua(system: System, roots: Rows, *, null: Tensor, radius: float) -> np.ndarray:
    """Group the roots that lie on a connected set of roots.

    A root is on one if Df is singular there and a step of ``radius`` / 50 along the null direction
    leads to another root, not back. Two such roots are connected if they are neighbours (an edge of
    the minimum spanning tree) and the solver finds a root between them.

    Args:
        system: one network in float64.
        roots: rows at roots.
        null: (rows, n), of ``roots.Roots``: as long as Df is singular, along its null direction.
        radius: size of the cloud of seeds.

    Returns:
        label (rows,), -1 for an isolated root, else an index per continuum.
    """
    label = np.full(len(roots), -1)
    marginal = (null.norm(dim=-1) >= MARGINAL).nonzero()[:, 0]
    if not len(marginal):
        return label
    points, probe = roots[marginal], radius / 50
    direction = null[marginal] / null[marginal].norm(dim=-1, keepdim=True)

    leads_on = torch.zeros(len(points), dtype=torch.bool, device=null.device)
    for sign in (-1, 1):
        there = _nearest_roots(system, points.x + sign * probe * direction, points, probe)
        leads_on |= there.is_root & ((there.x - points.x).norm(dim=-1) > probe / 4)
    marginal, points = marginal[leads_on], points[leads_on]
    if not len(marginal):
        return label

    gap = distances(points, points)
    finite = torch.where(gap.isfinite(), gap, 0.0).cpu().numpy()  # 0 is no edge
    i, j = (torch.as_tensor(k, device=gap.device) for k in minimum_spanning_tree(finite).nonzero())
    joined = between(system, points[i], points[j])
    edges = np.zeros(finite.shape, dtype=bool)
    edges[i[joined].cpu(), j[joined].cpu()] = True
    label[marginal.cpu()] = connected_components(edges, directed=False)[1]

    # Where f has a corner, the end of a continuum may look isolated: roots lead on from it.
    for k in np.flatnonzero(label < 0):
        own = roots[int(k) : int(k) + 1]
        away = distances(own, points)[0]
        near = int(away.argmin())
        x = own.x + 0.1 * (points.x[near : near + 1] - own.x)
        f = system.root(x, own.u).norm(dim=-1)
        if away[near].isfinite() and bool((f <= rounding_level(x)).all()):
            label[k] = label[int(marginal[near])]
    return label


def between(system: System, a: Rows, b: Rows) -> Tensor:
    """Whether there is a root about midway between roots a and b, (rows,)."""
    middle, gap = (a.x + b.x) / 2, (a.x - b.x).norm(dim=-1)
    found = _nearest_roots(system, middle, a, float(gap.max()) if len(gap) else 0.0)
    return found.is_root & ((found.x - middle).norm(dim=-1) <= gap / 2)


def _nearest_roots(system: System, x: Tensor, like: Rows, reach: float) -> Rows:
    rows = start_rows(system, x, like.u, group=like.group)
    return descent.descend(system, rows, radius=reach, target=1.0, dtype=x.dtype, iterations=40)


def shape_of(sample: np.ndarray, dimension: int) -> str:
    """ "ring", "line", "curve", "plane", "surface" or "volume", as far as a sample (k, n) shows it.

    A curve is a ring if the two ends of the chain through its points are as near to each other as
    the points in it, else a line. A plane is flat; any other surface, such as a torus, is called
    one. Of too few points, of which three are always flat, it stays a curve or a surface.
    """
    points = sample[np.isfinite(sample).all(axis=1)]
    if dimension == 2:
        if len(points) < FEW:
            return "surface"
        spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[:3]
        return "plane" if spread[2:].sum() <= FLAT * spread[0] else "surface"
    if dimension != 1:
        return "" if dimension == 0 else "volume"
    if len(points) < FEW:
        return "curve"
    tree = minimum_spanning_tree(squareform(pdist(points)))
    steps = dijkstra(tree, directed=False)
    first, last = np.unravel_index(steps.argmax(), steps.shape)
    ends = np.linalg.norm(points[first] - points[last])
    return "ring" if ends <= CLOSES * tree.data.max() else "line"


def nullity(values: np.ndarray, is_flow: bool) -> np.ndarray:
    """How many eigenvalues of Df are zero for all one can tell, at least one, (rows,)."""
    size = np.abs(values if is_flow else values - 1)
    return np.maximum(1, (size <= 10 / MARGINAL * size.max(1, keepdims=True)).sum(1))


def one_per_continuum(roots: Rows, label: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows to keep (all isolated roots and the most central one of each continuum), the extent of
    each, and a sample of its points."""
    keep, n = list(np.flatnonzero(label < 0)), roots.x.shape[-1]
    groups = [np.flatnonzero(label == k) for k in range(label.max(initial=-1) + 1)]
    k = min(SAMPLE, max((len(members) for members in groups), default=0))
    extent, sample = [0.0] * len(keep), np.full((len(keep) + len(groups), k, n), np.nan)
    for members in groups:
        x = roots.x[members]
        central = members[int((x - x.mean(0)).norm(dim=-1).argmin())]
        roots.landed[central] = roots.landed[members].sum()
        some = roots[members][spread(roots[members], k)].x
        sample[len(keep), : len(some)] = some.cpu().numpy()
        keep.append(central)
        extent.append(float(torch.cdist(x, x).max()))
    return np.array(keep, dtype=int), np.array(extent), sample
