"""Leading Lyapunov exponents by QR of the products of step Jacobians.

The sign of the largest tells a fixed point (< 0), a cycle of a flow (= 0) and chaos (> 0) apart
without looking for either; a map may jump around a stable cycle of whole steps, where it is < 0
though the run moves on. Zero is hard to tell from a slow spiral by the exponents alone, whose error
falls only as 1 / time. There the run itself says more: on a cycle it never slows down, on a spiral
its speed falls by the same factor again and again.

Benettin et al. 1980; Geist, Parlitz & Lauterborn 1990 for the QR form.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.results import Table
from memdyn.dynamics.systems import System, advance

#: A run stands still if a step moves it less than this many rounding errors.
STILL = 32


@dataclass(frozen=True, eq=False)
class Exponents(Table):
    """Per starting row: exponents (rows, k), largest first, in 1 / time, and error (rows, k), the
    standard error of each from eight blocks of the time that counts, ``counted`` (rows,), the
    second half of the run; trend (rows,), the rate at which the speed |x[t+1] - x[t]| grows over
    that half (-inf where the run stands still), and trend_error (rows,); one_way (rows,), how far
    the run got in that half as a part of its path (1 on a straight way, 0 where it stands). Rows
    of a batch of networks follow each other, ``network`` (rows,) says which. Scalar dt.
    """

    schema = "memdyn.lyapunov"
    version = 4

    exponents: np.ndarray
    error: np.ndarray
    trend: np.ndarray
    trend_error: np.ndarray
    counted: np.ndarray
    one_way: np.ndarray
    network: np.ndarray
    dt: float


def lyapunov_exponents(
    system: System,
    states: Tensor,
    inputs: Tensor | None = None,
    *,
    k: int = 2,
    steps: int = 4000,
    transient: int = 1000,
    every: int = 10,
    seed: int = 0,
    until_clear: bool = False,
) -> Exponents:
    """The k leading exponents of ``system.step`` along the run from each state.

    A run must have reached its attractor within ``transient`` steps; the first half of ``steps``
    then only aligns the tangent vectors. A flow is followed by its Euler steps, as trained.

    Args:
        system: one network with states (rows, n), or a batch with (B, rows, n).
        inputs: constant input, (inputs,) or (rows, inputs), None for zero.
        k: how many exponents.
        steps: length of the run after ``transient``.
        transient: steps before anything is measured.
        every: steps between two QR decompositions; small enough that vectors do not collapse.
        seed: of the first tangent vectors.
        until_clear: follow a run for an eighth, a quarter or half of the steps only if the sign of
            its largest exponent is clear by then: three errors and 1.5 / (time counted) from 0.

    Raises:
        ValueError: k larger than the network, steps too few, ``until_clear`` of a batch, or a run
            that leaves the finite.

    >>> from memdyn.dynamics import Map
    >>> shrink = Map(lambda x, u: x * torch.tensor([0.5, 0.25]), n_units=2)
    >>> found = lyapunov_exponents(shrink, torch.ones(1, 2), steps=160, transient=0)
    >>> found.exponents.round(3).tolist()  # -ln 2 and -ln 4
    [[-0.693, -1.386]]
    """
    n = states.shape[-1]
    blocks = 8
    if not 1 <= k <= n:
        raise ValueError(f"k must be between 1 and {n} units, got {k}")
    if steps < 2 * blocks * every:
        raise ValueError(f"steps must be at least {2 * blocks * every}, got {steps}")
    if until_clear and states.ndim != 2:
        raise ValueError("until_clear takes one network and states (rows, units)")
    x = states.detach()
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(k, n, generator=generator, dtype=torch.float64).to(x)
    v = torch.linalg.qr(start.mT)[0].mT.expand(*x.shape[:-1], k, n)
    x = advance(system, x, inputs, n_steps=transient)

    last = steps // every
    stops = {last} | ({last // d for d in (8, 4, 2)} if until_clear else set())
    left = np.arange(x[..., 0].numel())  # rows still followed
    exponents, error = np.full((2, len(left), k), np.nan)
    trend, trend_error, counted, one_way = np.full((4, len(left)), np.nan)
    growth, speeds, paths, middles = [], [], [], {0: x}
    for turn in range(1, last + 1):
        fastest, path = x.new_zeros(2, *x.shape[:-1])
        for _ in range(every):
            v = system.step_tangent(x, inputs, v)
            before, x = x, system.step(x, inputs)
            moved = (x - before).norm(dim=-1)
            fastest, path = torch.maximum(fastest, moved), path + moved
        q, r = torch.linalg.qr(v.mT)
        v = q.mT
        growth.append(r.diagonal(dim1=-2, dim2=-1).abs().log() / (every * system.dt))
        speeds.append(fastest)
        paths.append(path)
        if 2 * turn in stops or 2 * turn + 1 in stops:
            middles[turn] = x
        if turn not in stops or turn < 2 * blocks:
            continue
        rates = torch.stack(growth)[turn // 2 :].to(torch.float64)
        time = len(rates) * every * system.dt
        mean = rates.mean(0)
        spread = torch.stack([b.mean(0) for b in rates.tensor_split(blocks)]).std(0) / blocks**0.5
        clear = mean[..., 0].abs() > 3 * spread[..., 0] + 1.5 / time
        done = torch.ones_like(clear) if turn == last else clear
        rows = left[done.flatten().cpu().numpy()]
        counted[rows] = time
        exponents[rows], error[rows] = mean[done].cpu().numpy(), spread[done].cpu().numpy()
        slope = _trend(torch.stack(speeds)[turn // 2 :], every * system.dt, x)
        trend[rows], trend_error[rows] = (part[done].cpu().numpy() for part in slope)
        whole = torch.stack(paths)[turn // 2 :].sum(0).clamp(min=torch.finfo(x.dtype).tiny)
        net = (x - middles[turn // 2]).norm(dim=-1) / whole
        one_way[rows] = net[done].cpu().numpy()
        if done.all():
            break
        left, x, v = left[~done.cpu().numpy()], x[~done], v[~done]
        if inputs is not None and inputs.ndim == 2:
            inputs = inputs[~done]
        parts = (growth, speeds, paths)
        growth, speeds, paths = ([part[~done] for part in each] for each in parts)
        middles = {at: part[~done] for at, part in middles.items()}
    if not x.isfinite().all():
        raise ValueError("a run grew without bound: drop its starting state or lower dt")
    return Exponents(
        exponents=exponents,
        error=error,
        trend=trend,
        trend_error=trend_error,
        counted=counted,
        one_way=one_way,
        network=np.repeat(np.arange(states[..., 0, 0].numel()), states.shape[-2]),
        dt=system.dt,
    )


def _trend(speeds: Tensor, dt: float, x: Tensor) -> tuple[Tensor, Tensor]:
    """Growth rate of the speed (times, rows...), ``dt`` apart, and its error.

    From the largest speed in each quarter: a run that settles to rest slows down by the same factor
    from each to the next, one on a cycle by none, if a turn takes no longer than a quarter. The
    middle of the three ratios counts, half their range is the error.
    """
    still = speeds[-1] <= STILL * torch.finfo(x.dtype).eps * (1 + x.norm(dim=-1))
    tiny = torch.finfo(torch.float64).tiny
    quarters = speeds.double().clamp(min=tiny).tensor_split(4)
    peaks = torch.stack([q.max(0).values.log() for q in quarters])
    rates = peaks.diff(dim=0).sort(dim=0).values / (len(speeds) / 4 * dt)
    trend, error = rates[1], (rates[2] - rates[0]) / 2
    return torch.where(still, -torch.inf, trend), torch.where(still, 0.0, error)
