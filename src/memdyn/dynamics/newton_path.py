"""Damped Newton that follows its path, judged by the step that would come next, not by |f|.

Along a slow manifold |f| falls only over many tiny steps, and a method that insists on it crawls.
The natural level |J^-1 f| falls at once (Deuflhard 2004, Newton Methods for Nonlinear Problems,
NLEQ-ERR). One factorisation serves every trial of the damping and, once a step was good, further
corrections as well, down to rounding: even float32 factors then give a float64 root. A row whose
damping vanishes stands where J is singular, at a fold of its path, and is given up.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from memdyn.dynamics.rows import Rows, distances, rounding_level
from memdyn.dynamics.systems import System

#: A row is given up when its step has to be damped more than this.
LEAST = 1e-3
#: A correction is repeated with the same factors while it shrinks this much.
AGAIN = 0.3
#: Trials of the damping, and corrections with the same factors, at most.
TRIALS, REPEATS = 12, 20
_WORKSPACE_BYTES = 2**25  # Jacobians and factors held at once


@dataclass
class _Paths:
    """Where each row stands: x, f (rows, n), and its last step: what came after it, |s|, damping.

    ``length`` 0 means no step yet.
    """

    x: Tensor
    f: Tensor
    after: Tensor
    length: Tensor
    damping: Tensor


def follow(
    system: System,
    rows: Rows,
    *,
    radius: float,
    target: float,
    dtype: torch.dtype,
    iterations: int,
) -> Rows:
    """Follow the Newton path of each row until |f| is at ``target`` x rounding level, or it folds.

    Args:
        system: one network in float64.
        rows: where to start; they are not changed.
        radius: longest step that is trusted.
        target: residual to stop at, in units of ``rounding_level``.
        dtype: precision of the linear algebra (a bare function keeps its own).
        iterations: most factorisations of one row.

    Returns:
        The rows in order; ``residual`` tells those that came to a root.
    """
    dtype = dtype if system.casts else rows.x.dtype
    solver = system.to(dtype)
    x = rows.x.clone()
    zero = torch.zeros_like(rows.residual)
    paths = _Paths(x, system.root(x, rows.u), torch.zeros_like(x), zero, zero.clone())
    active = paths.f.norm(dim=-1) > target * rounding_level(x)
    n = x.shape[-1]
    at_once = max(1, _WORKSPACE_BYTES // (2 * n * n * dtype.itemsize))
    for _ in range(iterations):
        now = active.nonzero()[:, 0]
        if not len(now):
            break
        for part in now.split(at_once):
            u = None if rows.u is None else rows.u[part]
            active[part] = _advance(system, solver, dtype, paths, part, u, radius, target)
    return replace(rows, x=x, residual=paths.f.norm(dim=-1))


def _advance(system, solver, dtype, paths, part, u, radius, target) -> Tensor:
    """One factorisation of each row in ``part`` and all steps it is good for; who goes on."""
    x, f = paths.x[part], paths.f[part]
    jacobian = solver.root_jacobian(x.to(dtype), None if u is None else u.to(dtype))
    factors, pivots, _ = torch.linalg.lu_factor_ex(jacobian)

    def correction(f: Tensor, which: Tensor | slice) -> Tensor:
        unit, size = _unit(f)
        unit = unit.to(dtype).unsqueeze(-1)
        solved = torch.linalg.lu_solve(factors[which], pivots[which], unit)
        return solved.squeeze(-1).to(f) * size

    everyone = slice(None)
    step = correction(f, everyone)
    length = step.norm(dim=-1)
    damping = _first_guess(paths, part, step, length, radius)
    alive, done = (
        length.isfinite() & (damping >= LEAST),
        torch.zeros_like(damping, dtype=torch.bool),
    )
    x_new, f_new, after = x.clone(), f.clone(), step.clone()
    for _ in range(TRIALS):
        trial = (alive & ~done).nonzero()[:, 0]
        if not len(trial):
            break
        which = everyone if len(trial) == len(part) else trial
        s, lam, size = step[trial], damping[trial], length[trial]
        x_try = x[trial] + lam[:, None] * s
        f_try = system.root(x_try, None if u is None else u[trial])
        next_step = correction(f_try, which)
        bent = (next_step - (1 - lam)[:, None] * s).norm(dim=-1)
        best = (size * lam**2 / (2 * bent)).clamp(max=1)  # NaN where the trial left the finite
        falls = next_step.norm(dim=-1) <= (1 - lam / 4) * size
        longer = falls & (lam < 1) & (best >= 4 * lam) & (best * size <= radius)
        good = falls & ~longer
        shorter = torch.minimum(best.nan_to_num(0.0), lam / 2)
        damping[trial] = torch.where(longer, best, torch.where(falls, lam, shorter))
        kept = trial[falls]
        x_new[kept], f_new[kept], after[kept] = x_try[falls], f_try[falls], next_step[falls]
        done[trial[good]] = True
        alive &= damping >= LEAST
    moved = done & alive
    _repeat(system, correction, moved & (damping == 1), x_new, f_new, after, length, u, target)
    here = part[moved]
    paths.x[here], paths.f[here], paths.after[here] = x_new[moved], f_new[moved], after[moved]
    paths.length[here], paths.damping[here] = length[moved], damping[moved]
    return moved & (paths.f[part].norm(dim=-1) > target * rounding_level(paths.x[part]))


def _unit(f: Tensor) -> tuple[Tensor, Tensor]:
    """-f of length 1, so that float32 cannot underflow, and the length."""
    size = f.norm(dim=-1, keepdim=True).clamp(min=torch.finfo(f.dtype).tiny)
    return -f / size, size


def capture(system: System, rows: Rows, roots: Rows, *, target: float, dtype: torch.dtype) -> Rows:
    """Rows that fall fast to the nearest of the roots, by its factors, put there; others as given.

    One factorisation per root serves all rows. Arguments as of ``follow``.
    """
    dtype = dtype if system.casts else rows.x.dtype
    x, f = rows.x.clone(), system.root(rows.x, rows.u)
    if not len(roots):
        return replace(rows, x=x, residual=f.norm(dim=-1))
    nearest = distances(rows, roots).min(1)
    for k in range(len(roots)):
        mine = ((nearest.indices == k) & nearest.values.isfinite()).nonzero()[:, 0]
        if not len(mine):
            continue
        u = None if rows.u is None else rows.u[mine]
        at = roots.x[k : k + 1].to(dtype)
        solver = system.to(dtype)
        jacobian = solver.root_jacobian(at, None if u is None else u[:1].to(dtype))[0]
        factors, pivots, _ = torch.linalg.lu_factor_ex(jacobian)

        def correction(f: Tensor, which, factors=factors, pivots=pivots) -> Tensor:
            unit, size = _unit(f)
            return torch.linalg.lu_solve(factors, pivots, unit.to(dtype).mT).mT.to(f) * size

        here, left = x[mine], f[mine]
        step = correction(left, slice(None))
        fast = torch.ones(len(mine), dtype=torch.bool, device=x.device)
        before = torch.full_like(rows.residual[mine], torch.inf)
        _repeat(system, correction, fast, here, left, step, before, u, target)
        down = left.norm(dim=-1) <= rounding_level(here)
        x[mine[down]], f[mine[down]] = here[down], left[down]
    return replace(rows, x=x, residual=f.norm(dim=-1))


def _first_guess(paths: _Paths, part, step, length, radius) -> Tensor:
    """Damping to try first: from how far the last prediction of this step was off."""
    last, size = paths.after[part], paths.length[part]
    off = (last - step).norm(dim=-1)
    guess = size * last.norm(dim=-1) / (off * length) * paths.damping[part]
    guess = torch.where(size > 0, guess.nan_to_num(1.0), 1.0)
    return torch.minimum(guess, radius / length).clamp(max=1.0)


def _repeat(system, correction, fast, x, f, step, before, u, target) -> None:
    """Further corrections with the same factors where they shrink fast, in place."""
    before = before.clone()
    for _ in range(REPEATS):
        length = step.norm(dim=-1)
        fast = fast & (length < AGAIN * before) & (f.norm(dim=-1) > target * rounding_level(x))
        now = fast.nonzero()[:, 0]
        if not len(now):
            return
        x_try = x[now] + step[now]
        f_try = system.root(x_try, None if u is None else u[now])
        better = f_try.norm(dim=-1) < f[now].norm(dim=-1)
        fast[now[~better]] = False
        now = now[better]
        x[now], f[now], before[now] = x_try[better], f_try[better], length[now]
        if len(now):
            step[now] = correction(f[now], slice(None) if len(now) == len(x) else now)
