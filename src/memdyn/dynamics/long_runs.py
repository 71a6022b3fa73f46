"""Long autonomous runs: where does a network end when nothing more comes in?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from memdyn.dynamics.simulate import FrozenNetwork, run, velocity


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
    stop_early: bool = True,
) -> LongRun:
    """Run states autonomously for ``n_blocks`` blocks of ``block`` steps.

    The run stops early once it provably rests: the step is a function of the state alone, so when
    one step changes no bit of any state, no later step will, and all that would follow is known.

    Args:
        network: frozen network.
        x: (M, n_units) starting states.
        block: steps per block (one trial length).
        n_blocks: blocks to run.
        tail_blocks: blocks at the end whose outputs are kept.
        marks: numbers of blocks (0 = start) after which outputs and speed are noted.
        stop_early: whether to stop at rest; the result is the same bits either way.
    """
    outputs: list[torch.Tensor] = []
    noted = {0: _note(network, x)}
    done = n_blocks
    for number in range(1, n_blocks + 1):
        before = x
        x, trace = run(network, x, block)
        outputs = [*outputs, trace][-tail_blocks:]
        if number in marks:
            noted[number] = _note(network, x)
        # Within a block that ends at rest the last step is the test; run one more to see it.
        if stop_early and torch.equal(x, before) and torch.equal(run(network, x, 1)[0], x):
            done = number
            break
    resting = _note(network, x)
    still = outputs[-1][-1:].expand(block, -1, -1)
    outputs = [*outputs, *[still] * (n_blocks - done)][-tail_blocks:]
    chosen = [noted.get(number, resting) for number in marks]
    return LongRun(
        tail=torch.cat(outputs),
        marked=torch.stack([note[0] for note in chosen]) if chosen else x.new_empty(0),
        speed=torch.stack([note[1] for note in chosen]) if chosen else x.new_empty(0),
        n_steps=done * block,
    )


def _note(network: FrozenNetwork, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tanh(x) @ network.readout_t, velocity(network, x).norm(dim=1)
