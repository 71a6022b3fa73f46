"""Linear dynamics at given states: eigenvalues, time constants, eigenvectors, non-normality.

A map is stable where every |l| < 1, a flow where every Re l < 0. Reading a map's stability from
D(F - x) misclassifies. Eigenvalues of CPU matrices come from NumPy: torch's CPU ``linalg.eig``
fails on exactly low-rank Jacobians.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.systems import System

#: What an eigenvalue is off by rounding alone, relative to the largest.
ROUNDING = 16 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class Modes:
    """Eigen-decomposition at each row; arrays are (rows, n) and (rows, n, n), modes along the last
    axis.

    right: J r = l r, unit norm, largest entry real and positive.
    left: l_i' J = l_i l_i', scaled so that left[:, :, i] . right[:, :, i] = 1 (no conjugation).
    condition: |left| |right| of each mode, 1 for a normal matrix.
    non_normality: Henrici's sqrt(|J|_F^2 - sum |l|^2) / |J|_F, in [0, 1), per row.
    """

    eigenvalues: np.ndarray
    time_constants: np.ndarray
    right: np.ndarray
    left: np.ndarray
    condition: np.ndarray
    non_normality: np.ndarray


def jacobians(system: System, states: Tensor, inputs: Tensor | None = None) -> np.ndarray:
    """DF of a map or Dv of a flow (1 / time) at each state in float64.

    Args:
        system: one network.
        states: (rows, n).
        inputs: (inputs,) for all states or (rows, inputs), None for zero.

    Returns:
        (rows, n, n).

    Raises:
        ValueError: a Jacobian that is not finite.
    """
    out = system.jacobian(states, inputs).to(torch.float64).cpu().numpy()
    if not np.isfinite(out).all():
        bad = np.flatnonzero(~np.isfinite(out).all((1, 2)))
        raise ValueError(f"the Jacobian is not finite at rows {bad.tolist()}: check their states")
    return out


def _leading_first(values: np.ndarray, is_flow: bool) -> np.ndarray:
    """Order by falling real part (flow) or modulus (map); ties by falling imaginary part."""
    size = np.real(values) if is_flow else np.abs(values)
    return np.lexsort((-np.imag(values), -size), axis=-1)


def eigenvalues(system: System, states: Tensor, inputs: Tensor | None = None) -> np.ndarray:
    """Eigenvalues at each state, leading first: of DF of a map, of Dv (1 / time) of a flow.

    Args:
        system: one network.
        states: (rows, n).
        inputs: (inputs,) for all states or (rows, inputs), None for zero.

    Returns:
        (rows, n) complex.

    Raises:
        ValueError: a Jacobian that is not finite.
    """
    u, values = None if inputs is None else inputs.expand(len(states), -1), []
    for i in range(len(states)):  # one by one: at 1000 units a Jacobian is 8 MB
        row = slice(i, i + 1)
        jacobian = jacobians(system, states[row], None if u is None else u[row])[0]
        found = np.linalg.eigvals(jacobian).astype(complex)
        values.append(found[_leading_first(found, system.is_flow)])
    return np.array(values, dtype=complex).reshape(len(states), states.shape[-1])


def time_constants(values: np.ndarray, is_flow: bool, dt: float) -> np.ndarray:
    """Of eigenvalues l of a map, -dt / ln|l|, or of a flow, -1 / Re l.

    Args:
        values: complex, any shape.
        is_flow: whether they are of a flow's Jacobian.
        dt: time of one step of the map.

    Returns:
        In the unit of ``dt``, shaped as ``values``; negative where a mode grows.
    """
    with np.errstate(divide="ignore"):
        return -1 / np.real(values) if is_flow else -dt / np.log(np.abs(values))


def is_stable(values: np.ndarray, is_flow: bool) -> np.ndarray:
    """Whether each eigenvalue decays: Re < 0 of a flow, modulus < 1 of a map.

    One that is neutral within ``ROUNDING``, as of a pure rotation, does not.
    """
    size = np.abs(values)
    largest = size.max(axis=-1, keepdims=True, initial=0.0)
    if is_flow:
        return np.real(values) < -ROUNDING * largest
    return size < 1 - ROUNDING * np.maximum(largest, 1)


def modes(system: System, states: Tensor, inputs: Tensor | None = None) -> Modes:
    """Full eigen-decomposition at each state; ten times the cost of ``eigenvalues``.

    Args:
        system: one network.
        states: (rows, n).
        inputs: (inputs,) for all states or (rows, inputs), None for zero.

    Raises:
        ValueError: a Jacobian that is not finite.
    """
    matrices = jacobians(system, states, inputs)
    values, right = np.linalg.eig(matrices)
    order = _leading_first(values, system.is_flow)
    values = np.take_along_axis(values, order, -1).astype(complex)
    right = np.take_along_axis(right, order[:, None, :], -1).astype(complex)
    largest = np.take_along_axis(right, np.abs(right).argmax(1)[:, None, :], 1)
    right = right * (np.abs(largest) / largest)  # the phase is arbitrary: fix it
    try:
        left = np.linalg.inv(right).swapaxes(1, 2)
    except np.linalg.LinAlgError:  # defective: least-squares left vectors
        left = np.linalg.pinv(right).swapaxes(1, 2)
    frobenius = np.square(matrices).sum((1, 2))
    excess = np.clip(frobenius - np.square(np.abs(values)).sum(1), 0, None)
    return Modes(
        eigenvalues=values,
        time_constants=time_constants(values, system.is_flow, system.dt),
        right=right,
        left=left,
        condition=np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1),
        non_normality=np.sqrt(excess / np.where(frobenius > 0, frobenius, 1)),
    )
