"""The pieces every search shares: rows, their distances and merging, and descent on |f|.

In ``descend`` each row goes by itself and stops by itself; f is ``System.root``, or
``System.drift`` where a minimum of the speed is wanted. A row starts with Newton steps; when one
fails to halve |f| or leaves the trust radius, it changes to Levenberg-Marquardt,
``(J'J + damping I) s = -J'f``, and returns to Newton once a step cuts |f| well. Linear algebra may
run in float32 while residuals stay in float64: that is inexact Newton, whose error per step is
about 1e-7 times the condition number, at half the cost or less. Rows that fall together are merged
on the way. The search for roots itself is in ``newton_path``.

Nocedal & Wright 2006, ch. 10 and 11.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from memdyn.dynamics.rows import BLOCK, Rows, merge, merge_with_index, rounding_level
from memdyn.dynamics.systems import System

#: A row stands at a minimum of |f| once the gradient of |f|, J'f / |f|, is this small.
FLAT = 1e-6
#: A row is given up if in so many steps neither |f| falls by this part nor its slope by half.
PATIENCE, GAIN = 6, 0.05
_WORKSPACE_BYTES = 2**24  # Jacobians held at once


def descend(
    system: System,
    rows: Rows,
    *,
    radius: float,
    target: float,
    dtype: torch.dtype,
    iterations: int,
    merge_distance: float = 0.0,
    speed: bool = False,
) -> Rows:
    """Lower |f| of each row until it is at ``target`` x rounding level, flat, or out of steps.

    Args:
        system: one network in float64.
        rows: where to start; they are not changed.
        radius: longest step that is trusted.
        target: residual to stop at, in units of ``rounding_level``.
        dtype: precision of the linear algebra (a bare function keeps its own).
        iterations: most steps of one row.
        merge_distance: rows this close on the way become one; with 0 all rows come back in order.
        speed: lower the speed |drift| itself, not |root|.
    """
    f_of = system.drift if speed else system.root
    if merge_distance:
        rows = merge(rows, merge_distance)
    dtype = dtype if system.casts else rows.x.dtype
    solver = system.to(dtype)
    jacobian_of = solver.drift_jacobian if speed else solver.root_jacobian
    f = f_of(rows.x, rows.u)
    rows = replace(rows, x=rows.x.clone(), residual=f.norm(dim=-1), slope=rows.slope.clone())
    damping = torch.zeros_like(rows.residual)  # 0 is Newton
    before = torch.full((2, len(rows)), torch.inf).to(rows.residual)  # |f| and slope at a check
    scale = torch.zeros_like(rows.residual)
    active = rows.residual > target * rounding_level(rows.x)

    for iteration in range(iterations):
        now = active.nonzero()[:, 0]
        if not len(now):
            break
        u = None if rows.u is None else rows.u[now]
        step, rows.slope[now], scale[now] = _steps(
            jacobian_of, dtype, rows.x[now], u, f[now], damping[now], scale[now]
        )
        x_new = rows.x[now] + step
        f_new = f_of(x_new, u)
        ratio = f_new.norm(dim=-1) / rows.residual[now]
        newton = damping[now] == 0
        # Comparisons with NaN are False: a step that is not finite is never better.
        better = (step.norm(dim=-1) <= radius) & (ratio < torch.where(newton, 0.5, 1.0))

        moved = now[better]
        rows.x[moved], f[moved] = x_new[better], f_new[better]
        rows.residual[moved] = f[moved].norm(dim=-1)
        damping[now] = _next_damping(damping[now], ratio, better)

        level = rounding_level(rows.x[now])
        at_target = rows.residual[now] <= target * level
        at_rounding = ~better & (rows.residual[now] <= level)
        flat = (rows.slope[now] <= FLAT) | (damping[now] > 1e10)
        active[now] = ~(at_target | at_rounding | flat)
        if iteration % PATIENCE == PATIENCE - 1:
            gains = (rows.residual < (1 - GAIN) * before[0]) | (rows.slope < before[1] / 2)
            active &= gains
            before = torch.stack([rows.residual, rows.slope])

        if merge_distance and iteration % 2:
            merged, kept = merge_with_index(rows, merge_distance)
            if len(kept) < len(rows):
                rows, f, damping, before = merged, f[kept], damping[kept], before[:, kept]
                scale, active = scale[kept], active[kept]
    return rows


def _steps(
    jacobian_of: Callable,
    dtype: torch.dtype,
    x: Tensor,
    u: Tensor | None,
    f: Tensor,
    damping: Tensor,
    scale: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Newton or LM step, slope of |f|, and the largest mean square of Jacobian columns so far."""
    n = x.shape[-1]
    at_once = max(1, _WORKSPACE_BYTES // (n * n * dtype.itemsize))
    step, slope, scale = torch.empty_like(x), torch.empty_like(damping), scale.clone()
    newton = damping == 0
    parts = [p for kind in (newton, ~newton) for p in kind.nonzero()[:, 0].split(at_once) if len(p)]
    for part in parts:
        u_part = None if u is None else u[part].to(dtype)
        size = f[part].norm(dim=-1, keepdim=True).clamp(min=torch.finfo(f.dtype).tiny)
        unit = (f[part] / size).to(dtype)  # of length 1, so that float32 cannot underflow
        jacobian = jacobian_of(x[part].to(dtype), u_part)
        gradient = (unit.unsqueeze(-2) @ jacobian).squeeze(-2)
        slope[part] = gradient.norm(dim=-1).to(x.dtype)
        if newton[part[0]]:
            out = torch.linalg.solve_ex(jacobian, -unit)[0]
        else:
            normal = _gram(jacobian)
            diagonal = normal.diagonal(dim1=-2, dim2=-1)
            scale[part] = torch.maximum(scale[part], diagonal.mean(-1).to(x.dtype))
            diagonal.add_((damping[part] * scale[part]).to(dtype).unsqueeze(-1))
            factor, failed = torch.linalg.cholesky_ex(normal)
            out = torch.cholesky_solve(-gradient.unsqueeze(-1), factor).squeeze(-1)
            out[failed > 0] = torch.nan
        step[part] = out.to(x.dtype) * size
    return step, slope, scale


def _gram(jacobian: Tensor) -> Tensor:
    """J'J of each row, (rows, n, n); above BLOCK units on a CPU only its lower triangle is right.

    That triangle is half the work, which torch has no function for.
    """
    if jacobian.is_cuda or jacobian.shape[-1] <= BLOCK:
        return jacobian.mT @ jacobian
    from scipy.linalg import get_blas_funcs  # late: most jobs import this and descend nowhere

    syrk = get_blas_funcs("syrk", dtype=jacobian.numpy().dtype)
    # BLAS counts by columns: it reads J as J', and fills the triangle above the diagonal.
    out = torch.empty_like(jacobian)
    for product, j in zip(out, jacobian.numpy(), strict=True):
        product.copy_(torch.from_numpy(syrk(1.0, j.T).T))
    return out


def _next_damping(damping: Tensor, ratio: Tensor, better: Tensor) -> Tensor:
    """Newton stays Newton while it works; LM relaxes when it works, stiffens when it does not."""
    relaxed = torch.where((ratio < 0.3) | (damping == 0), 0.0, (damping / 4).clamp(min=1e-6))
    stiffer = torch.where(damping == 0, 0.1, damping * 5)
    return torch.where(better, relaxed, stiffer)


def determinant_sign(system: System, rows: Rows) -> tuple[Tensor, Tensor]:
    """Sign of det(-Df) at each row, and a vector (rows, n) that Df maps almost to zero, if any.

    The vector is Df^-1 b for a fixed unit vector b: its length is about 1 / (smallest singular
    value) and, where that is huge, its direction is the null direction.
    """
    n = rows.x.shape[-1]
    generator = torch.Generator().manual_seed(0)
    b = torch.randn(n, 1, generator=generator, dtype=torch.float64).to(rows.x)
    b /= b.norm()
    signs, vectors = torch.empty_like(rows.residual), torch.empty_like(rows.x)
    for i in range(len(rows)):
        u = None if rows.u is None else rows.u[i : i + 1]
        jacobian = system.root_jacobian(rows.x[i : i + 1], u)[0]
        # A shift far below any real eigenvalue keeps an exactly singular matrix invertible.
        jacobian.diagonal().add_(1e-11 * jacobian.abs().max().clamp(min=1e-30))
        factor, pivots = torch.linalg.lu_factor(jacobian)
        swaps = (pivots.cpu() != torch.arange(1, n + 1)).sum()
        signs[i] = factor.diagonal().sign().prod() * (-1) ** int(swaps + n)
        vectors[i] = torch.linalg.lu_solve(factor, pivots, b).squeeze(-1)
    return signs, vectors
