"""Long autonomous runs: where does a network end when nothing more comes in?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from memdyn.dynamics.cells import RateNetwork
from memdyn.dynamics.newton_path import follow
from memdyn.dynamics.rows import start_rows
from memdyn.dynamics.spectrum import eigenvalues
from memdyn.dynamics.systems import EulerMap
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, run, velocity

# A state is at a fixed point if its outputs are this near to the point's, and each of its units
# within SAME: far less than what tells two points apart, more than float32 leaves of a rest.
NEAR, SAME = 5e-5, 1e-2
# A point farther than this from the state is not where it rests.
REACH = 1.0
# Fixed points are looked for at most so often in one run: each attempt costs eigenvalues.
MAX_ATTEMPTS = 3


class LongRun(NamedTuple):
    """Ends of M autonomous runs of one network.

    Attributes:
        tail: (n_tail, M, n_outputs) outputs over the last ``n_tail`` steps.
        marked: (n_marks, M, n_outputs) outputs at the marked block ends.
        speed: (n_marks, M) norm of tau dx/dt there.
        n_steps: steps that were really computed.
    """

    tail: torch.Tensor
    marked: torch.Tensor
    speed: torch.Tensor
    n_steps: int


def run_long(
    network: FrozenNetwork,
    x: torch.Tensor,
    block: int,
    n_blocks: int,
    tail_blocks: int,
    marks: Sequence[int] = (),
    rest_variance: float = 0.0,
) -> LongRun:
    """Run states autonomously for ``n_blocks`` blocks of ``block`` steps.

    The run stops early once it has come to rest for good, by this rule: over one block the variance
    of every output of every state is at most ``rest_variance``; and every state lies at a fixed
    point that Newton's method confirms in float64 (outputs agree to ``NEAR``) and that is linearly
    stable under the Euler step. What would follow is the approach to those points, so the rest of
    the tail is filled with their outputs. A slow passage near a saddle or a ghost is not a rest.

    Args:
        network: frozen network.
        x: (M, n_units) starting states.
        block: steps per block (one trial length).
        n_blocks: blocks to run.
        tail_blocks: blocks at the end whose outputs are kept.
        marks: numbers of blocks (0 = start) after which outputs and speed are noted.
        rest_variance: see above; 0 never stops early.
    """
    noted = {0: _note(network, x)}
    outputs: list[torch.Tensor] = []
    attempts, resting = 0, None
    for number in range(1, n_blocks + 1):
        x, trace = run(network, x, block)
        outputs = [*outputs, trace][-tail_blocks:]
        if number in marks:
            noted[number] = _note(network, x)
        still = rest_variance > 0 and bool((trace.double().var(0) <= rest_variance).all())
        if still and attempts < MAX_ATTEMPTS:
            attempts += 1
            resting = stable_fixed_points(network, x)
            if resting is not None:
                break
    if resting is not None:
        at_rest = (resting @ network.readout_t.double().cpu()).to(x)
        outputs += [at_rest.expand(block, -1, -1)] * (n_blocks - number)
        for mark in marks:
            noted.setdefault(mark, (at_rest, torch.zeros_like(noted[0][1])))
    return LongRun(
        tail=torch.cat(outputs[-tail_blocks:]),
        marked=torch.stack([noted[mark][0] for mark in marks]) if marks else x.new_empty(0),
        speed=torch.stack([noted[mark][1] for mark in marks]) if marks else x.new_empty(0),
        n_steps=number * block,
    )


def stable_fixed_points(network: FrozenNetwork, x: torch.Tensor) -> torch.Tensor | None:
    """Rates (M, n_units; float64, CPU) at the stable fixed points where states rest.

    Args:
        network: frozen network.
        x: (M, n_units) states that seem to rest.

    Returns:
        None unless every state has one, as described in ``run_long``.
    """
    matrix, readout = network.matrix_t.double().cpu().T, network.readout_t.double().cpu()
    flow = RateNetwork(matrix, dt=network.leak)
    x = x.double().cpu()
    rates = torch.full_like(x, torch.nan)
    while bool((waiting := rates.isnan().any(1)).any()):
        start = start_rows(flow, x[waiting][:1])
        found = follow(flow, start, radius=REACH, target=1e-3, dtype=matrix.dtype, iterations=8)
        point = found.x[0]
        near = (torch.tanh(x) @ readout - torch.tanh(point) @ readout).abs().amax(1) <= NEAR
        near &= (x - point).abs().amax(1) <= SAME
        here = waiting & near
        if not found.is_root[0] or not here[waiting][0]:
            return None
        if not (np.abs(eigenvalues(EulerMap(flow), point[None])) < 1).all():
            return None
        rates[here] = torch.tanh(point)
    return rates


def _note(network: FrozenNetwork, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tanh(x) @ network.readout_t, velocity(network, x).norm(dim=1)
