"""The 3-bit flip-flop and networks trained on it in seconds (Sussillo & Barak 2013)."""

import torch
from torch import Tensor

CELLS = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
UPDATES = {"rnn": 600, "gru": 400, "lstm": 400}


def flip_flop(trials: int, steps: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Pulses (trials, steps, 3) in {-1, 0, 1}, and the last pulse of each channel as target."""
    pulse = torch.rand(trials, steps, 3, generator=generator) < 0.15
    sign = (torch.rand(trials, steps, 3, generator=generator) < 0.5).float() * 2 - 1
    inputs = pulse * sign
    inputs[:, 0] = sign[:, 0]
    last = (pulse * torch.arange(steps)[:, None]).cummax(dim=1).values
    return inputs, inputs.gather(1, last)


def train_flip_flop(cell: str, units: int = 128, seed: int = 0, updates: int | None = None):
    """A trained cell, its states (rows, units) on fresh trials ((h, c) for an LSTM), its loss."""
    updates = UPDATES[cell] if updates is None else updates
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = CELLS[cell](3, units, batch_first=True)
        readout = torch.nn.Linear(units, 3)
        if cell == "rnn":
            torch.nn.init.orthogonal_(network.weight_hh_l0)
        if cell == "gru":  # fast gates at first; else memories are slow drifts, not attractors
            torch.nn.init.constant_(network.bias_hh_l0[units : 2 * units], -2.0)
    parameters = [*network.parameters(), *readout.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, updates)
    for _ in range(updates):
        inputs, target = flip_flop(64, 20, generator)
        loss = (readout(network(inputs)[0]) - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
    inputs, _ = flip_flop(16, 40, generator)
    with torch.no_grad():
        states = _states(network, inputs)
    return network, states.double(), loss.item()


def _states(network: torch.nn.Module, inputs: Tensor) -> Tensor:
    """Every state of every trial as rows, step by step so that an LSTM shows its cell state."""
    hidden, rows = None, []
    for t in range(inputs.shape[1]):
        _, hidden = network(inputs[:, t : t + 1], hidden)
        rows.append(torch.cat(hidden, -1)[0] if isinstance(hidden, tuple) else hidden[0])
    return torch.cat(rows)
