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

from memdyn.dynamics.results import Table
from memdyn.dynamics.spectrum import eigenvalues, time_constants
from memdyn.dynamics.systems import System, advance


@dataclass(frozen=True, eq=False)
class SlowManifold(Table):
    """One row per late-delay state.

    states (rows, n); relative_speed (rows,): |drift| over the task's; n_slow (rows,): modes that
    last a delay or longer; dimension (rows,): modes before the widest gap among the ``leading``
    time constants; slowest (rows,): longest time constant, inf for a mode that grows; drift
    (rows,): distance covered in one more delay, over the spread of the states; persistence (rows,):
    median over noisy copies of that drift, divided by ``drift`` of the intact network; eigenvalues
    (rows, n) of the Jacobian there. Scalar delay, in time.
    """

    schema = "memdyn.slow_manifold"
    version = 2

    states: np.ndarray
    relative_speed: np.ndarray
    n_slow: np.ndarray
    dimension: np.ndarray
    slowest: np.ndarray
    drift: np.ndarray
    persistence: np.ndarray
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
        task_speed: typical |drift| during the task.
        leading: how many time constants the gap is looked for in.
        noise: SD of the weight noise, relative to the RMS weight.
        copies: noisy networks; 0 leaves persistence NaN.
        seed: of the weight noise.

    Raises:
        ValueError: a delay or task speed that is not positive.

    >>> from memdyn.dynamics import Map
    >>> fades = Map(lambda x, u: x * torch.tensor([0.99, 0.5]).to(x), n_units=2)
    >>> states = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    >>> held = slow_manifold(fades, states, delay=20, task_speed=0.1, copies=0)
    >>> held.n_slow.tolist(), held.slowest.round(1).tolist(), held.drift.round(2).tolist()
    ([1, 1], [99.5, 99.5], [0.18, 0.18])
    """
    if not delay > 0 or not task_speed > 0:
        raise ValueError(f"delay and task_speed must be positive, got {delay} and {task_speed}")
    system = system.to(torch.float64)
    x = states.detach().to(torch.float64)
    values = eigenvalues(system, x, inputs)
    lasting = time_constants(values, system.is_flow, system.dt)
    lasting = np.sort(np.where(lasting < 0, np.inf, lasting), axis=1)[:, ::-1]
    generator = torch.Generator().manual_seed(seed)
    own = _drift(system, x, inputs, delay)
    noisy = [_drift(system.perturbed(noise, generator), x, inputs, delay) for _ in range(copies)]
    floor = torch.finfo(x.dtype).eps * (1 + x.norm(dim=-1))  # a resting state does not drift
    worse = torch.stack(noisy).median(0).values if noisy else own * torch.nan
    spread = (x - x.mean(0)).norm(dim=-1).square().mean().sqrt()
    return SlowManifold(
        states=x.cpu().numpy(),
        relative_speed=(system.drift(x, inputs).norm(dim=-1) / task_speed).cpu().numpy(),
        n_slow=(lasting >= delay).sum(1),
        dimension=_before_widest_gap(lasting[:, : leading + 1]),
        slowest=lasting[:, 0],
        drift=(own / spread).cpu().numpy(),
        persistence=(worse / own.clamp(min=floor)).cpu().numpy(),
        eigenvalues=values,
        delay=delay,
    )


def _drift(system: System, x: Tensor, u: Tensor | None, delay: float) -> Tensor:
    """Distance between each state and itself one delay later, (rows,)."""
    later = advance(system, x, u, n_steps=round(delay / system.dt))
    return (later - x).norm(dim=-1)


def _before_widest_gap(lasting: np.ndarray) -> np.ndarray:
    """Modes before the largest ratio of neighbouring time constants, growing ones counted in."""
    finite = np.where(np.isinf(lasting), np.finfo(float).max, lasting).clip(min=1e-12)
    ratio = np.log(finite[:, :-1]) - np.log(finite[:, 1:])
    return ratio.argmax(1) + 1 if ratio.shape[1] else np.ones(len(lasting), dtype=int)
