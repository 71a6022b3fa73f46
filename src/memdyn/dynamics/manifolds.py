"""Is a memory held on a slow manifold (Ghazizadeh & Ching 2021)? Measured late in the delay.

Slow is relative: to the speed of the task, and to the length of the delay. A mode counts as slow if
its time constant is at least one delay (or if it grows); the dimension is where the spectrum of
time constants has its widest gap. Persistence asks whether the manifold survives small noise on the
weights (Ságodi et al. 2024: a perturbed continuous attractor leaves a slow manifold behind).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.kinds import Held
from memdyn.dynamics.results import Table
from memdyn.dynamics.rows import rounding_level
from memdyn.dynamics.spectrum import eigenvalues, time_constants
from memdyn.dynamics.systems import System, advance

#: A memory is held if it drifts by no more than this in a delay, relative to the spread.
HOLDS = 0.1
#: It rests if it moves less than this in a delay, relative to 1 + |x|.
REST = 1e-6


@dataclass(frozen=True, eq=False)
class SlowManifold(Table):
    """One row per late-delay state.

    states (rows, n); relative_speed (rows,): |drift| over the task's; n_slow (rows,): modes that
    last a delay or longer; dimension (rows,): modes before the widest gap among the ``leading``
    time constants; slowest (rows,): longest time constant, inf for a mode that grows; drift
    (rows,): distance covered in one more delay, over the spread of the states; noisy_drift (rows,):
    the same as the median over noisy copies; persistence (rows,): their ratio; held (rows,): a
    ``Held``; reason (rows,): why a number is NaN, "" if none is; eigenvalues (rows, n) of the
    Jacobian there. Scalar delay, in time.

    A ratio of roundings is no measurement: persistence is NaN where the intact state rests, drift
    where all states are at one place, relative_speed where nothing moved during the task.
    """

    schema = "memdyn.slow_manifold"
    version = 3

    states: np.ndarray
    relative_speed: np.ndarray
    n_slow: np.ndarray
    dimension: np.ndarray
    slowest: np.ndarray
    drift: np.ndarray
    noisy_drift: np.ndarray
    persistence: np.ndarray
    held: np.ndarray
    reason: np.ndarray
    eigenvalues: np.ndarray
    delay: float


def slow_manifold(
    system: System,
    states: Tensor,
    inputs: Tensor | None = None,
    *,
    delay: float,
    task_speed: float,
    leading: int = 10,
    noise: float = 0.01,
    copies: int = 8,
    seed: int = 0,
) -> SlowManifold:
    """Slow modes, drift and persistence at late-delay states of one network.

    Args:
        system: one network whose weights can be ``perturbed``, a map or a flow.
        states: (rows, n) at the end of the delay, any float dtype.
        inputs: constant input, (inputs,) or (rows, inputs), None for zero.
        delay: length of the memory period, in the network's time (steps of a map).
        task_speed: typical |drift| during the task; 0 if nothing moves.
        leading: how many time constants the gap is looked for in.
        noise: SD of the weight noise, relative to the RMS weight.
        copies: noisy networks; 0 leaves persistence NaN.
        seed: of the weight noise.

    Raises:
        ValueError: a delay that is not positive or shorter than a step, or a negative speed.

    >>> from memdyn.dynamics import Map
    >>> fades = Map(lambda x, u: x * torch.tensor([0.99, 0.5]).to(x), n_units=2)
    >>> states = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    >>> held = slow_manifold(fades, states, delay=20, task_speed=0.1, copies=0)
    >>> held.n_slow.tolist(), held.slowest.round(1).tolist(), held.drift.round(2).tolist()
    ([1, 1], [99.5, 99.5], [0.18, 0.18])
    """
    if not delay > 0 or not task_speed >= 0:
        raise ValueError(f"delay and task_speed must be positive, got {delay} and {task_speed}")
    if round(delay / system.dt) < 1:
        raise ValueError(
            f"the delay {delay:g} is shorter than one step ({system.dt:g}): give a longer one"
        )
    system = system.to(torch.float64)
    x = states.detach().to(torch.float64)
    values = eigenvalues(system, x, inputs)
    lasting = time_constants(values, system.is_flow, system.dt)
    lasting = np.sort(np.where(lasting < 0, np.inf, lasting), axis=1)[:, ::-1]
    generator = torch.Generator().manual_seed(seed)
    own = _drift(system, x, inputs, delay)
    noisy = [_drift(system.perturbed(noise, generator), x, inputs, delay) for _ in range(copies)]
    size = 1 + x.norm(dim=-1)
    rests, still = ((own <= level).cpu().numpy() for level in (REST * size, rounding_level(x)))
    worse = torch.stack(noisy).median(0).values if noisy else own * torch.nan
    spread = float((x - x.mean(0)).norm(dim=-1).square().mean().sqrt())
    alone = spread <= float(rounding_level(x).max())
    own, worse = own.cpu().numpy(), worse.cpu().numpy()
    n_slow = (lasting >= delay).sum(1)
    unit = np.nan if alone else spread
    drift, noisy_drift = np.where(still & (not alone), 0.0, own / unit), worse / unit
    return SlowManifold(
        states=x.cpu().numpy(),
        relative_speed=system.drift(x, inputs).norm(dim=-1).cpu().numpy() / (task_speed or np.nan),
        n_slow=n_slow,
        dimension=_before_widest_gap(lasting[:, : leading + 1]),
        slowest=lasting[:, 0],
        drift=drift,
        noisy_drift=noisy_drift,
        persistence=worse / np.where(rests, np.nan, own),
        held=_held(rests, n_slow, drift, noisy_drift),
        reason=np.where(rests, _reason(alone, task_speed, True), _reason(alone, task_speed, False)),
        eigenvalues=values,
        delay=delay,
    )


def _held(rests, n_slow, drift, noisy_drift) -> np.ndarray:
    """A ``Held`` per row."""
    with np.errstate(invalid="ignore"):
        stays, lasts = drift <= HOLDS, noisy_drift <= HOLDS
    slow = np.where(lasts, Held.PERSISTENT, np.where(np.isnan(noisy_drift), "", Held.FINE_TUNED))
    moves = np.where(np.isnan(drift), "", np.where(stays, slow, Held.DRIFTING))
    return np.where((rests | stays) & (n_slow == 0), Held.POINT, moves).astype(str)


def _reason(alone: bool, task_speed: float, rests: bool) -> str:
    reasons = {
        "it rests: noisy copies have no drift to be compared with": rests,
        "all states are at one place: there is no spread to measure drift by": alone,
        "nothing moves at the starts: no speed is relative to that": not task_speed,
    }
    return "; ".join(reason for reason, holds in reasons.items() if holds)


def _drift(system: System, x: Tensor, u: Tensor | None, delay: float) -> Tensor:
    """Distance between each state and itself one delay later, (rows,)."""
    later = advance(system, x, u, n_steps=round(delay / system.dt))
    return (later - x).norm(dim=-1)


def _before_widest_gap(lasting: np.ndarray) -> np.ndarray:
    """Modes before the largest ratio of neighbouring time constants, growing ones counted in."""
    finite = np.where(np.isinf(lasting), np.finfo(float).max, lasting).clip(min=1e-12)
    ratio = np.log(finite[:, :-1]) - np.log(finite[:, 1:])
    return ratio.argmax(1) + 1 if ratio.shape[1] else np.ones(len(lasting), dtype=int)
