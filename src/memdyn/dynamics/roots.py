"""The search behind ``find_fixed_points``: roots of one drift from seeds, and what reaches none.

Round one starts from the given seeds, later rounds midway between roots already found and at their
mirror images in each other, until the degree sum is 1 and a round finds nothing new, all pairs are
used up, or nearly every seed of a round finds a root of its own, so that there is no counting them.
In an odd system, f(-x) = -f(x), x and -x are one place throughout; the other half is added at the
end.

In a small network seeds descend on |f|. In a large one, where a step of descent costs three times a
step along a Newton path, a few seeds follow their paths; the others are offered the roots that
these find, and follow paths of their own if they do not fall to one. If a path folds, and the
degree sum says that roots are missing, a few steps of descent bring the seed to the floor of its
valley, and it tries again. What is left may stand by a local minimum of |f|.

Fibres are curves on which roots lie, see ``fibres``: what they lead to need not be near a seed.
Where the degree sum says that roots are missing in the end, one of them is on a fibre through one
that is known: these are followed. In a large odd network the fibre through the origin always is,
since roots are missing there, two by two, behind many a sum of 1.

In a small network, seeds that come to rest on the floor of a valley where |f| is almost zero (as
near a ring of fixed points that is not quite one) lead along it to all its roots, see ``valleys``.
The origin of an odd system is a root, and is added if no seed came to it.
"""

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from memdyn.dynamics import descent
from memdyn.dynamics.deflation import deflated
from memdyn.dynamics.fibres import Fibres
from memdyn.dynamics.newton_path import capture, follow
from memdyn.dynamics.rows import (
    Rows,
    distances,
    merge,
    merge_with_index,
    rounding_level,
    start_rows,
)
from memdyn.dynamics.systems import System
from memdyn.dynamics.valleys import follow_valley

#: Two roots of one network and input are one if a chain of roots links them in steps this small,
#: relative to the size of the seeds' cloud.
SAME = 1e-5
#: A local minimum of |f| is known, and merged, this well: slope of |f|, and distance like SAME.
SLOW = 1e-4
#: Whether a system is odd is asked at states so many times as far out as the seeds.
NEARER = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 1e-4)
#: A root is marginal if the inverse of Df stretches a random vector this much.
MARGINAL = 1e6
#: Networks of at most so many units are small: descent first.
SMALL = 200
#: Seeds whose path folds get so many steps of descent, so many seeds at a time, and no more are
#: tried once none of a lot is rescued.
DESCENT, LOT = 8, 8
#: In a large network, slow points are searched from so many of the lost seeds, spread widely.
SLOW_SEEDS = 4
#: The floor of a valley: |f| is at most this part of the size of the seeds' cloud. So many valleys
#: are followed at most.
FLOOR, VALLEYS = 1e-4, 8
#: Steps along fibres, in all: so many, but in networks of more units no more work than in those.
FIBRE_STEPS, FIBRE_UNITS = 4000, 1000
#: No counting: more than this part of the roots that a round landed on were new.
HOPELESS, ENOUGH = 0.8, 16


class Roots(NamedTuple):
    """Rows at roots; sign det(-Df) of each (rows,); Df^-1 b for a unit vector b (rows, n), zero
    for a root that is known to be isolated."""

    rows: Rows
    sign: Tensor
    null: Tensor

    def join(self, other: "Roots") -> "Roots":
        return Roots(
            self.rows.join(other.rows),
            torch.cat([self.sign, other.sign]),
            torch.cat([self.null, other.null]),
        )

    @property
    def isolated(self) -> Tensor:
        return self.null.norm(dim=-1) < MARGINAL


def find_roots(
    system: System,
    seeds: Rows,
    *,
    center: Tensor,
    radius: float,
    rounds: int,
    most: int,
    iterations: int,
    deflate: bool,
) -> tuple[Roots, Rows, bool]:
    """All roots that can be reached from the seeds.

    Args:
        system: one network in float64.
        seeds: their order matters for nothing but that of the result.
        center, radius: of their cloud, where it is and its size.
        rounds: most further rounds.
        most: seeds in one of them (64 if it is less).
        iterations: most steps of a seed's path.
        deflate: after the rounds, start from the seeds once more, driven away from what is known.

    Returns:
        The roots, the rows that reached none, and whether the rounds were given up as hopeless.
    """
    odd = is_odd(system, seeds, radius=radius)
    found, lost = _solve(system, seeds, radius, iterations, odd, rescue=True)
    roots = _signed(system, found)
    n_groups, tried, hopeless = int(seeds.group.max()) + 1, seeds[:0], False
    if odd:
        roots = _with_origin(system, seeds, roots, radius)
    valleys: list[Rows] = []
    small = system.n_units <= SMALL
    if small:
        roots, lost = _along_valleys(system, roots, lost, valleys, center, radius, odd)

    def more_roots(start: Rows, rescue: bool) -> tuple[Rows, int]:
        nonlocal roots, lost
        more, more_lost = _solve(system, start, radius, iterations, odd, rescue)
        lost = lost.join(more_lost)
        fresh = more[(distances(more, roots.rows, odd) > SAME * radius).all(1)]
        signed = _signed(system, fresh)
        # A degenerate root is not known better than this; it is no second one.
        unsure = 10 * signed.null.norm(dim=-1) * rounding_level(fresh.x)
        unsure = torch.where(signed.isolated, 0.0, unsure.clamp(max=radius / 40))
        certain = roots.rows[roots.isolated]
        own = (distances(fresh, certain, odd) > unsure[:, None]).all(1)
        fresh = fresh[own]
        roots = roots.join(Roots(fresh, signed.sign[own], signed.null[own]))
        return fresh, len(more)

    def degrees() -> tuple[Roots, Tensor]:
        whole = closed(system, roots, odd=odd, radius=radius)
        degree = whole.sign.new_zeros(n_groups)
        return whole, degree.index_add_(0, whole.rows.group, whole.sign * whole.isolated)

    for _ in range(rounds):
        whole, degree = degrees()
        complete = bool((degree == 1).all())
        limit = max(32, most // 4) if complete else max(64, most)
        middle = _between(system, whole.rows[whole.isolated], tried, limit, odd)
        if not len(middle):
            break
        tried = tried.join(middle)
        fresh, landed = more_roots(middle, rescue=not complete)
        hopeless = landed >= ENOUGH and len(fresh) >= HOPELESS * landed
        if hopeless or (complete and not len(fresh)):
            break
    if small:
        roots, lost = _along_valleys(system, roots, lost, valleys, center, radius, odd)

    middle = torch.zeros_like(center) if odd else center
    steps = int(FIBRE_STEPS * min(1.0, FIBRE_UNITS / len(center)) ** 3) // n_groups
    fibres = [
        Fibres(system, one.u, middle, radius, odd, SAME * radius, steps)
        for one in (seeds[seeds.group == k][:1] for k in range(n_groups))
    ]

    def along_fibre(group: int, x: Tensor) -> None:
        own = fibres[group]
        passed = own.follow(x)
        u = None if own.u is None else own.u.expand(len(passed), -1)
        rows = start_rows(system, passed, u, group=seeds.group.new_full((len(passed),), group))
        more_roots(replace(rows, landed=torch.zeros_like(rows.landed)), rescue=False)

    for group in range(n_groups) if bool(roots.isolated.all()) else ():
        if odd and not small:
            along_fibre(group, torch.zeros_like(center))
        while fibres[group].steps > 0 and int(degrees()[1][group]) != 1:
            here = roots.rows.x[roots.rows.group == group]
            left = [x for x in here if not fibres[group].knows(x)]
            if not left:
                break
            along_fibre(group, left[0])
    if deflate:
        for _ in range(rounds + 1):
            known = closed(system, roots, odd=odd, radius=radius).rows
            away = deflated(system, seeds, known=known, radius=radius)
            if not len(more_roots(away, rescue=True)[0]):
                break
    return closed(system, roots, odd=odd, radius=radius), lost, hopeless


def is_odd(system: System, seeds: Rows, *, radius: float) -> bool:
    """Whether f(-x) = -f(x) to rounding, at random states as far out as the seeds and nearer.

    Far out alone does not tell: saturated units hide a bias.
    """
    n = seeds.x.shape[-1]
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, n, generator=generator, dtype=torch.float64).to(seeds.x)
    x *= (radius + float(seeds.x.norm(dim=-1).mean())) / x.norm(dim=-1, keepdim=True)
    x = torch.cat([part * x for part in NEARER])
    for k in range(int(seeds.group.max()) + 1):
        u = None if seeds.u is None else seeds.u[seeds.group == k][:1].expand(len(x), -1)
        f, mirrored = system.root(x, u), system.root(-x, u)
        if not ((f + mirrored).norm(dim=-1) <= rounding_level(x) / 100).all():
            return False
    return True


def closed(system: System, roots: Roots, *, odd: bool, radius: float) -> Roots:
    """The roots with, in an odd system, their mirror images; the origin is its own."""
    rows = roots.rows
    away = rows.x.norm(dim=-1) > SAME * radius
    if not odd or not away.any():
        return roots
    u = None if rows.u is None else rows.u[away]
    twin = start_rows(system, -rows.x[away], u, group=rows.group[away])
    twin = replace(twin, landed=rows.landed[away])
    return roots.join(Roots(twin, roots.sign[away], -roots.null[away]))


def _signed(system: System, rows: Rows) -> Roots:
    return Roots(rows, *descent.determinant_sign(system, rows))


def _with_origin(system: System, seeds: Rows, roots: Roots, radius: float) -> Roots:
    """The roots with the origin, once for each input."""
    for k in range(int(seeds.group.max()) + 1):
        known = roots.rows.x[roots.rows.group == k]
        if len(known) and float(known.norm(dim=-1).min()) <= SAME * radius:
            continue
        like = seeds[seeds.group == k][:1]
        origin = start_rows(system, torch.zeros_like(like.x), like.u, group=like.group)
        roots = roots.join(_signed(system, replace(origin, landed=torch.zeros_like(like.landed))))
    return roots


def _along_valleys(
    system: System,
    roots: Roots,
    lost: Rows,
    valleys: list[Rows],
    center: Tensor,
    radius: float,
    odd: bool,
) -> tuple[Roots, Rows]:
    """The roots with those along valleys on whose floor rows came to rest, and who is still lost.

    Roots that are too marginal to be told from their neighbours on the floor give way to those that
    the valley is found to have; where it has none, they may be on a continuum. Valleys with roots
    are added to ``valleys``; who came to rest on one of those is not lost.
    """
    reach = radius / 40

    def on_it(rows: Rows, valley: Rows) -> Tensor:
        return (distances(rows, valley, odd) <= reach).any(1)

    for valley in valleys:
        lost = lost[~on_it(lost, valley)]
    floor = lost.residual <= FLOOR * radius
    marginal = roots.rows[~roots.isolated]
    todo = lost[floor].join(marginal)
    for _ in range(VALLEYS):
        if not len(todo):
            break
        u = None if todo.u is None else todo.u[:1]
        valley = follow_valley(system, todo.x[0], u, center=center, radius=radius)
        if valley is None:
            todo = todo[1:]
            continue
        u = None if u is None else u.expand(len(valley.path), -1)
        path = start_rows(system, valley.path, u, group=todo.group[:1].expand(len(valley.path)))
        covered = on_it(todo, path)
        covered[0] = True
        if len(valley.roots):
            valleys.append(path)
            known = on_it(roots.rows, path) & ~roots.isolated
            roots = Roots(roots.rows[~known], roots.sign[~known], roots.null[~known])
            m = len(valley.roots)
            u = None if u is None else u[:m]
            rows = start_rows(system, valley.roots, u, group=path.group[:1].expand(m))
            rows, kept = merge_with_index(rows, SAME * radius, odd)
            new = (distances(rows, roots.rows, odd) > SAME * radius).all(1)
            sign = valley.sign[kept][new].to(roots.sign)
            roots = roots.join(Roots(rows[new], sign, torch.zeros_like(rows[new].x)))
            lost = lost[~on_it(lost, path)]
        todo = todo[~covered]
    return roots, lost


def _solve(
    system: System, seeds: Rows, radius: float, iterations: int, odd: bool, rescue: bool
) -> tuple[Rows, Rows]:
    """Distinct roots reached from the seeds, and the rows that reached none.

    ``rescue``: in a large network, try seeds again whose path folds.
    """
    path = {"radius": radius, "target": 1e-3, "dtype": torch.float32, "iterations": iterations}
    down = {"radius": radius, "target": 1e3, "dtype": torch.float32}
    if system.n_units <= SMALL:
        rows = descent.descend(
            system, seeds, iterations=iterations, merge_distance=SAME * radius, **down
        )
        near = rows.residual <= 1e3 * rounding_level(rows.x)
        found, over = rows[near], rows[~near]
    else:
        found, over = _follow_all(system, seeds, path, down, SAME * radius, odd, rescue)
    merged = merge(found, SAME * radius, odd)
    exact = descent.descend(
        system, merged, radius=radius, target=1e-3, dtype=torch.float64, iterations=8
    )
    exact = merge(exact, SAME * radius, odd)
    return exact[exact.is_root], over.join(exact[~exact.is_root])


def _follow_all(system, seeds, path, down, same, odd, rescue) -> tuple[Rows, Rows]:
    """Rows at roots (a root may occur often) and the rest, by paths first; see the module."""
    first = torch.zeros(len(seeds), dtype=torch.bool, device=seeds.x.device)
    first[:: max(1, len(seeds) // LOT)] = True
    rows, rest = follow(system, seeds[first], **path), seeds[~first]
    known = merge(rows[rows.is_root], same, odd)
    rest = capture(system, rest, known, target=path["target"], dtype=path["dtype"])
    rows = rows.join(rest[rest.is_root]).join(follow(system, rest[~rest.is_root], **path))
    found, lost = rows[rows.is_root], rows[~rows.is_root]
    if not rescue:
        return found, lost
    over = lost[:0]
    for start in range(0, len(lost), LOT):
        low = descent.descend(system, lost[start : start + LOT], iterations=DESCENT, **down)
        again = follow(system, low, **path)
        found = found.join(again[again.is_root])
        over = over.join(low[~again.is_root])
        if not again.is_root.any():
            over = over.join(lost[start + LOT :])
            break
    return found, over


def _between(system: System, points: Rows, tried: Rows, limit: int, odd: bool) -> Rows:
    """Seeds midway between pairs of points, shortest pairs first, and if these do not make up
    ``limit``, at the mirror images of points in each other. A seed closer than a tenth of its
    pair's distance to a point, to a seed tried before or to an earlier one is left out."""
    gap = distances(points, points)
    i, j = torch.triu_indices(len(points), len(points), 1, device=gap.device)
    order = torch.argsort(gap[i, j], stable=True)
    order = order[gap[i, j][order].isfinite()][: 4 * limit]
    i, j = i[order], j[order]
    a, b = points[i], points[j]
    clear, seeds = gap[i, j, None] / 10, tried[:0]
    for x in ((a.x + b.x) / 2, 2 * a.x - b.x, 2 * b.x - a.x):
        if len(seeds) >= limit:
            break
        more = start_rows(system, x, a.u, group=a.group)
        close = (distances(more, points.join(tried).join(seeds), odd) < clear).any(1)
        close |= (distances(more, more, odd) < clear).tril(-1).any(1)
        seeds = seeds.join(more[~close])
    return seeds[:limit]


def find_slow_points(
    system: System, lost: Rows, *, center: Tensor, radius: float, slower: float
) -> tuple[Rows, Rows]:
    """Local minima of the speed, at most ``slower``, reached from rows that reached no root; and
    the rows that failed.

    A minimum far outside the cloud of the seeds is a saturated gate, not a memory: it fails, and so
    does one that is not slow.
    """
    chosen = spread(lost, SLOW_SEEDS if system.n_units > SMALL else len(lost))
    rows = lost[chosen]
    for dtype in (torch.float32, torch.float64):
        rows = descent.descend(
            system,
            rows,
            radius=radius,
            target=1.0,
            dtype=dtype,
            iterations=60 if system.n_units <= SMALL else 40 if dtype == torch.float32 else 4,
            merge_distance=SAME * radius,
            speed=True,
        )
    near = (rows.x - center).norm(dim=-1) <= 2 * radius
    minimum = near & (rows.slope <= SLOW) & (rows.residual <= slower)
    slow = merge(rows[minimum], SLOW * radius)
    return slow, rows[~minimum].join(lost[~chosen])


def spread(rows: Rows, most: int) -> Tensor:
    """(rows,) mask of at most so many rows, each the farthest from those before it; the slowest
    first."""
    chosen = torch.zeros(len(rows), dtype=torch.bool, device=rows.x.device)
    if not len(rows):
        return chosen
    gap = torch.full_like(rows.residual, torch.inf)
    pick = int(rows.residual.nan_to_num(torch.inf).argmin())
    for _ in range(min(most, len(rows))):
        chosen[pick] = True
        gap = torch.minimum(gap, (rows.x - rows.x[pick]).norm(dim=-1))
        pick = int(torch.where(chosen, -1.0, gap).argmax())
    return chosen
