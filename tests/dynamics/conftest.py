"""Networks trained once per session, and one thread for all."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))  # known.py and flipflop.py, used by tests only

from flipflop import train_flip_flop


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def flip_flop():
    """flip_flop("rnn") -> trained module and 128 of its states."""
    trained = {}

    def get(cell: str):
        if cell not in trained:
            module, states, loss = train_flip_flop(cell)
            assert loss < 0.02, f"the {cell} did not learn the flip-flop (loss {loss:.3f})"
            generator = torch.Generator().manual_seed(0)
            trained[cell] = module, states[torch.randperm(len(states), generator=generator)[:128]]
        return trained[cell]

    return get
