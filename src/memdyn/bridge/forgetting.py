"""Does tau_net foretell forgetting? Networks of study 1 in the hands of study 2's measure.

A network is driven by a stream of its trials, as in its life, and its units are recorded; the
autocorrelation of each gives its tau_net as in study 2. Beside it stands the delay at which half
of the network's trials fail. All times are in tau.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr

from memdyn.randomness import Stream, generator
from memdyn.settings import steps
from memdyn.slow_manifolds.networks.frozen import FrozenNetwork, run
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching, trial_order
from memdyn.timescales.activity import tau_net

#: Failed fraction that counts as forgetting.
HALF = 0.5
#: Fewer networks are not ranked.
MIN_RANKED = 4
# Index within streams whose first indices the tests of performance have used.
_OWN = 2**31


def draw_stream(
    task: SequentialPatternMatching, seed: int, n_streams: int, n_trials: int
) -> torch.Tensor:
    """Inputs (steps, n_streams, n_inputs) of trials that follow each other, types in random order.

    Args:
        task: sequential pattern matching.
        seed: of the network.
        n_streams: side by side.
        n_trials: of each.
    """
    order = generator(seed, Stream.TEST_ORDER, _OWN)
    types = np.stack([trial_order(n_trials, task.n_types, order) for _ in range(n_streams)], axis=1)
    drawn = task.draw(types.ravel(), generator(seed, Stream.TEST_STIMULI, _OWN))
    inputs = torch.zeros(n_trials, task.n_steps, n_streams, drawn.shape[3])
    drawn = torch.from_numpy(drawn).float().reshape(n_trials, n_streams, *drawn.shape[1:])
    for i, epoch in enumerate(("stimulus 1", "stimulus 2")):
        inputs[:, task.epochs[epoch]] = drawn[:, :, i].transpose(1, 2)
    return inputs.flatten(0, 1)


def record(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    trial_ends: torch.Tensor,
    seed: int,
    every: int,
    settings: Mapping,
) -> np.ndarray:
    """Rates (streams, samples, units) in streams of trials, one from the end of each type.

    Args:
        network: frozen network.
        task: sequential pattern matching.
        trial_ends: (n_types, n_units).
        seed: of the network.
        every: Euler steps between samples.
        settings: ``trials`` of each stream, after ``burn_in`` of them; ``units``, how many of the
            network's: the first, since all are drawn alike.
    """
    n_trials = settings["burn_in"] + settings["trials"]
    inputs = draw_stream(task, seed, len(trial_ends), n_trials).to(trial_ends)
    first, kept = settings["burn_in"] * task.n_steps, []

    def observe(step: int, x: torch.Tensor, r: torch.Tensor) -> None:
        if step >= first and (step - first) % every == 0:
            kept.append(r[:, : settings["units"]].cpu().clone())

    run(network, trial_ends, len(inputs), inputs, observe)
    return torch.stack(kept, dim=1).numpy()


def measure(
    network: FrozenNetwork,
    task: SequentialPatternMatching,
    trial_ends: torch.Tensor,
    seed: int,
    dt: float,
    settings: Mapping,
) -> dict[str, float]:
    """A row of the table ``activity``: what ``tau_net.summarise`` says, times in tau.

    Args:
        network, task, trial_ends, seed: as of ``record``.
        dt: Euler step (tau).
        settings: the section ``bridge.forgetting``; tau_net counts in ``sample`` there, its step.
    """
    every = steps(settings["sample"], dt)
    recording = record(network, task, trial_ends, seed, every, settings)
    moments = tau_net.of_recording(recording, settings["lags"])
    paper = tau_net.estimate(moments.autocorrelation())
    corrected = tau_net.estimate_corrected(moments, settings["lags"])
    row = tau_net.summarise(np.full(recording.shape[2], np.nan), paper, corrected)
    times = {name: settings["sample"] * row[name] for name in row if name.startswith("tau_net")}
    return times | {name: row[name] for name in row if name.startswith("n_")}


def half_forgetting(delays: pd.DataFrame) -> pd.DataFrame:
    """The added delay at which half of a network's trials fail, per network.

    Args:
        delays: study 1's table of that name: ``network``, ``extra`` (tau), ``failed``.

    Returns:
        ``half_delay``, between two tested delays on a straight line (from none failed at 0), and
        ``forgets``: False where fewer fail at every delay tested; ``half_delay`` is then the
        longest of them, a lower limit.
    """
    rows = []
    for name, own in delays.sort_values("extra").groupby("network", sort=False):
        extra, failed = own["extra"].to_numpy(float), own["failed"].to_numpy(float)
        over = np.flatnonzero(failed >= HALF)
        half = extra[-1]
        if len(over):
            i = over[0]
            before = (extra[i - 1], failed[i - 1]) if i else (0.0, 0.0)
            part = (HALF - before[1]) / (failed[i] - before[1])
            half = before[0] + part * (extra[i] - before[0])
        rows.append({"network": name, "half_delay": half, "forgets": bool(len(over))})
    return pd.DataFrame(rows, columns=["network", "half_delay", "forgets"])


def put_together(
    activity: pd.DataFrame, delays: pd.DataFrame, networks: pd.DataFrame
) -> pd.DataFrame:
    """The table ``forgetting``: rows of ``activity`` with the mechanism, by memories and by trial
    ends, and what ``half_forgetting`` says; networks without any of them are left out."""
    if activity.empty or delays.empty:
        return pd.DataFrame()
    labels = networks[["network", "mechanism", "mechanism_memory"]]
    table = activity.merge(labels, on="network", validate="one_to_one")
    return table.merge(half_forgetting(delays), on="network", validate="one_to_one")


def rank_correlation(table: pd.DataFrame, value: str, mechanism: str | None = None) -> pd.Series:
    """Spearman's rank correlation of a column with ``half_delay`` over networks, seed by seed.

    Networks that never forget share the highest rank. Seeds of fewer than ``MIN_RANKED`` networks,
    or whose networks are all alike in one of both, are left out.

    Args:
        table: ``forgetting``.
        value: column.
        mechanism: only networks of this label (by memories).
    """
    if mechanism is not None:
        table = table[table["mechanism_memory"] == mechanism]
    found = {}
    for seed, own in table.dropna(subset=[value, "half_delay"]).groupby("seed"):
        varied = min(own[value].nunique(), own["half_delay"].nunique()) > 1
        if len(own) >= MIN_RANKED and varied:
            found[seed] = float(spearmanr(own[value], own["half_delay"]).statistic)
    return pd.Series(found, dtype=float)
