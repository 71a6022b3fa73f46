"""Where does slowness sit? Networks of study 2 in the hands of study 1's instrument.

Held at a constant input, a network that comes to rest at one point whatever it has seen keeps no
memory there: all that it remembers is on the way. How long that is, is asked while random bits
drive it: the leading Lyapunov exponent of the driven run, and the mode that goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from memdyn.dynamics.cells import GRU, LSTM, LeakyNetwork
from memdyn.dynamics.driven import DrivenExponents, driven_exponents, participation
from memdyn.dynamics.fixed_points import EXACT, find_fixed_points
from memdyn.dynamics.spectrum import modes, time_constants
from memdyn.dynamics.systems import System, advance
from memdyn.randomness import Stream, generator
from memdyn.timescales.networks.recurrent import Cell, Parameters
from memdyn.timescales.tasks.binary import sequences

N_EXPONENTS = 2  # the second says whether the slowest mode stands alone
LISTED = 20  # units of the slowest mode that the table names


def system_of(cell: Cell, params: Parameters) -> System:
    """A network of study 2 (with a network axis of one) as the instrument steps it, float64."""
    own = {name: value[0].double() for name, value in params.items()}
    if gated := {"gru": GRU, "lstm": LSTM}.get(cell.kind):
        return gated(own["weight_hh"], own["weight_ih"], own["bias_ih"], own["bias_hh"])
    return LeakyNetwork(
        own["recurrent"],
        own["input"],
        own["bias"],
        own["input_bias"],
        tau=own["tau"] * cell.steps_per_tau,
        nonlinearity=cell.nonlinearity,
        inside=cell.model.name == "leaky_inside",
    )


def forgetting_time(exponent: float) -> float:
    """-1 / exponent: how long a difference lasts; infinite where differences do not shrink."""
    return -1 / exponent if exponent < 0 else float("inf")


class Driven(NamedTuple):
    """A network while random bits drive it.

    Attributes:
        system: the network.
        start: (trials, n) states where the runs began.
        found: exponents and slowest mode of each trial.
    """

    system: System
    start: torch.Tensor
    found: DrivenExponents


def drive(cell: Cell, params: Parameters, seed: int, settings: Mapping) -> Driven:
    """Exponents of a network that is driven by random bits, as for tau_net; args as ``measure``."""
    system, rng = system_of(cell, params), generator(seed, Stream.TS_STIMULATION)
    n_trials, n_units = settings["trials"], params["heads"].shape[-1]
    device = params["heads"].device
    states = torch.from_numpy(cell.model.initial_states(rng, n_trials, n_units))
    n_items = -(-(settings["burn_in"] + settings["steps"]) // cell.repeat)
    items = torch.from_numpy(sequences(rng, "parity", n_trials, n_items))
    shown = (2 * items - 1 if cell.signed else items).repeat_interleave(cell.repeat, dim=1)
    start = torch.zeros(n_trials, system.n_units, dtype=torch.float64, device=device)
    start[:, :n_units] = states.to(start)  # an LSTM's cell state begins at zero
    found = driven_exponents(
        system,
        start,
        shown.T[..., None].to(start),
        k=min(N_EXPONENTS, system.n_units),
        transient=settings["burn_in"],
    )
    return Driven(system, start, found)


def measure(
    cell: Cell, params: Parameters, seed: int, settings: Mapping
) -> dict[str, dict | pd.DataFrame]:
    """Rows of the tables ``driven`` (one), ``points`` (one per item) and ``modes``, all in steps.

    Args:
        cell: its kind.
        params: one network, with a network axis of one.
        seed: of the network; networks of one seed meet the same bits.
        settings: the section ``bridge.slowness``.

    Returns:
        ``driven``: ``exponent_1``, ``exponent_2``, mean over trials; ``exponent_sd``, SD of the
        first over trials; ``forgetting_time``; ``participation`` of the slowest mode and
        ``mode_tau``, the mean tau of its units, each by its part; ``tau_mean``, ``tau_max``.
        ``points``: ``item`` that is held; ``n_points``, ``n_stable``, ``n_failed`` seeds that ended
        nowhere; of the stable point with the slowest mode its ``time`` and ``participation``.
        ``modes``: ``rank``, ``part`` and ``tau`` of the units that carry most of the slowest mode.
    """
    system, start, found = drive(cell, params, seed, settings)
    tau = np.full(system.n_units, np.nan)
    if "tau" in params:
        tau = params["tau"][0].double().cpu().numpy() * cell.steps_per_tau
    profile, exponents = found.profile.mean(0), found.exponents.mean(0)
    driven = {
        **{f"exponent_{i + 1}": value for i, value in enumerate(exponents)},
        "exponent_sd": found.exponents[:, 0].std(),
        "forgetting_time": forgetting_time(exponents[0]),
        "participation": found.participation.mean(),
        "mode_tau": profile @ tau,
        "tau_mean": tau.mean(),
        "tau_max": tau.max(),
    }
    largest = np.argsort(-profile, kind="stable")[:LISTED]
    listed = {"rank": np.arange(1, len(largest) + 1), "part": profile[largest], "tau": tau[largest]}
    shown_as = (-1.0, 1.0) if cell.signed else (0.0, 1.0)
    points = [
        {"item": item, **rest_points(system, value, start, settings["n_seeds"])}
        for item, value in enumerate(shown_as)
    ]
    return {
        "driven": {name: float(value) for name, value in driven.items()},
        "points": pd.DataFrame(points),
        "modes": pd.DataFrame(listed),
    }


def rest_points(
    system: System, value: float, states: torch.Tensor, n_seeds: int
) -> dict[str, float]:
    """Where a network can rest while one input is held, and its slowest mode there.

    Searched from ``n_seeds`` places: where states (rows, n) have come to, and random ones.
    """
    u = torch.full((1,), value).to(states)
    after = advance(system, states, u, n_steps=10)  # near the activity, of any size
    more = max(0, n_seeds - len(after))
    noise = torch.randn(
        more, system.n_units, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    seeds = torch.cat([after, after.std() * noise.to(after)])[:n_seeds]
    found = find_fixed_points(system, seeds, u, rounds=1)
    exact = found[np.isin(found.kind, EXACT)]
    stable = exact[exact.stable]
    row = {"n_points": len(exact), "n_stable": len(stable), "n_failed": found.n_failed}
    row |= {"time": np.nan, "participation": np.nan}
    if len(stable):
        times = time_constants(stable.eigenvalues[:, 0], is_flow=False, dt=1)
        slowest = stable[int(np.argmax(times))]
        mode = modes(system, torch.from_numpy(slowest.states).to(states), u).right[0, :, 0]
        row |= {"time": float(times.max()), "participation": float(participation(mode))}
    return row
