"""A trained rate network as the instrument sees it."""

from __future__ import annotations

import numpy as np

from memdyn.dynamics.cells import RateNetwork
from memdyn.dynamics.systems import EulerMap, System
from memdyn.landscape.points import Readout
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork


def step_of(network: FrozenNetwork, tau: float) -> System:
    """The map that a trained rate network steps by, float64."""
    return EulerMap(
        RateNetwork(
            network.matrix_t.T.double(), network.input.T.double(), tau=tau, dt=network.leak * tau
        )
    )


def rate_readout(network: FrozenNetwork) -> Readout:
    """Outputs z, z_d of a trained rate network from its states."""
    readout = network.readout_t.double().cpu().numpy()
    return lambda states: np.tanh(states) @ readout
