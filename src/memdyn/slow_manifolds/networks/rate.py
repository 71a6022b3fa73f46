"""Rate networks of study 1: tanh units, a random recurrent matrix, and two trained feedback loops.

    tau dx/dt = -x + g J r + (w_f z + W_fd z_d) / fb + W_i u,    r = tanh(x),
    z = w_o . r,    z_d = W_d r

(Ghazizadeh & Ching 2021; scales and distributions as in the authors' code,
Lham71/Working-Memory-Modeling). Only the readouts w_o and W_d are trained. Networks of one
(distribution, pg, seed) share J, w_f, W_fd and W_i up to the scales g and 1 / fb.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from memdyn.randomness import Stream, generator


@dataclass(frozen=True)
class FixedWeights:
    """What training never changes, shared by all networks of a shard (float64).

    Attributes:
        recurrent: (n_units, n_units) J before the gain g: density pg, nonzeros N(0, 1 / (pg n)).
        feedback: (n_outputs, n_units) rows w_f and W_fd before the factor 1 / fb.
        input: (n_inputs, n_units) W_i.
        initial_state: (n_units,) x at the start of training.
    """

    recurrent: np.ndarray
    feedback: np.ndarray
    input: np.ndarray
    initial_state: np.ndarray

    def digest(self) -> str:
        """SHA-256 of all bytes: a checkpoint stores it instead of the weights."""
        sha = hashlib.sha256()
        for array in (self.recurrent, self.feedback, self.input, self.initial_state):
            sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()


def fixed_weights(
    seed: int,
    distribution: str,
    pg: float,
    n_units: int,
    input_scale: float,
    initial_state_sd: float,
    n_inputs: int = 2,
    n_memory: int = 2,
) -> FixedWeights:
    """Draw the fixed weights of a seed.

    Args:
        seed: of the network.
        distribution: of feedback and input weights, ``gauss`` N(0, 1) or ``uniform`` U(-1, 1).
        pg: density of J.
        n_units: number of units.
        input_scale: input weights are divided by it.
        initial_state_sd: SD of the first state; ``uniform``: its half-width.
        n_inputs: dimension of the input.
        n_memory: dimension of the memory output z_d.

    Raises:
        ValueError: unknown distribution.
    """
    shape = (n_units, n_units)
    mask = generator(seed, Stream.RECURRENT_MASK).random(shape) < pg
    recurrent = generator(seed, Stream.RECURRENT_WEIGHTS).standard_normal(shape)
    recurrent *= mask / np.sqrt(pg * n_units)

    def weights(stream: Stream, rows: int) -> np.ndarray:
        rng = generator(seed, stream)
        if distribution == "gauss":
            return rng.standard_normal((rows, n_units))
        if distribution == "uniform":
            return rng.uniform(-1.0, 1.0, (rows, n_units))
        raise ValueError(f"unknown distribution '{distribution}': use 'gauss' or 'uniform'")

    first = generator(seed, Stream.INITIAL_STATE)
    if distribution == "gauss":
        initial_state = initial_state_sd * first.standard_normal(n_units)
    else:
        initial_state = initial_state_sd * first.uniform(-1.0, 1.0, n_units)
    return FixedWeights(
        recurrent=recurrent,
        feedback=np.concatenate(
            [weights(Stream.FEEDBACK_OUTPUT, 1), weights(Stream.FEEDBACK_MEMORY, n_memory)]
        ),
        input=weights(Stream.INPUT_WEIGHTS, n_inputs) / input_scale,
        initial_state=initial_state,
    )


def closed_loop(fixed: FixedWeights, g: float, fb: float, readout: np.ndarray) -> np.ndarray:
    """(n_units, n_units) matrix A = g J + w_f w_o^T / fb + W_fd W_d^T / fb of a trained network.

    Args:
        fixed: its fixed weights.
        g: recurrent gain.
        fb: inverse feedback scale.
        readout: (n_outputs, n_units) rows w_o and W_d.
    """
    return g * fixed.recurrent + fixed.feedback.T @ readout.astype(np.float64) / fb
