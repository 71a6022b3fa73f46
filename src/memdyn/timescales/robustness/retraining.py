"""Retraining: can a network that has solved one N learn a larger one at once?

Source: Khajehabdollahi et al., ICLR 2024, figure 8, and the authors' script that draws it. A
network that has solved ``N_from`` is trained on one larger N, single-head and without a curriculum,
for a number of epochs; how well it then answers is compared with how well it answered ``N_from``.

ASSUMPTIONS, since the code of the retraining itself is not published: every N starts from the same
network at ``N_from`` (not from the one before it); the head that answered ``N_from`` becomes the
only head; the optimiser starts afresh; all epochs are trained, also once the criterion is met; the
reference is the network at ``N_from`` before it is retrained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
import torch

from memdyn.files import keep_trying
from memdyn.randomness import Stream
from memdyn.timescales.conditions import Condition
from memdyn.timescales.networks.recurrent import Parameters
from memdyn.timescales.robustness.accuracy import accuracy, draw_sequences, reference_of, relative
from memdyn.timescales.robustness.cases import Case
from memdyn.timescales.training import gradient
from memdyn.timescales.training.curriculum import Curriculum


def with_one_head(params: Parameters, head: int) -> Parameters:
    """The same networks with one of their heads only."""
    chosen = {name: params[name][:, [head]] for name in ("heads", "head_bias")}
    return {**params, **chosen}


class Progress(Protocol):
    """Keeps where the copies stand, so that a killed job goes on."""

    def load(
        self, device: torch.device | str
    ) -> tuple[gradient.TrainingState, Parameters] | None: ...

    def __call__(self, state: gradient.TrainingState, copies: Parameters) -> None: ...

    def save(self, state: gradient.TrainingState, copies: Parameters) -> None: ...


def train_at(
    params: Parameters,
    condition: Condition,
    Ns: Sequence[int],
    seed: int,
    epochs: int,
    progress: Progress | None = None,
) -> Parameters:
    """Train copies of one network, each on one N, without a curriculum.

    Args:
        params: one network (B = 1) with one head.
        condition: that it was trained in; of its curriculum nothing is used.
        Ns: memory lengths, one copy each; they are trained side by side.
        seed: of the network: of the data of all copies.
        epochs: of each copy.
        progress: loads an earlier state, is called after each update, and saves the end.

    Returns:
        The copies after training (B = len(Ns)), also those that diverged (their values are then
        not finite).
    """
    # No accuracy is above this one: nothing stops before its last epoch.
    training = {**condition.training, "max_epochs": epochs, "accuracy": np.inf, "test_batches": 1}
    alone = condition._replace(curriculum=Curriculum("none", min(Ns), max(Ns)), training=training)
    device = params["heads"].device
    loaded = progress.load(device) if progress else None
    if loaded is None:
        copies = {
            name: value.repeat(len(Ns), *[1] * (value.ndim - 1)) for name, value in params.items()
        }
        found = {name: value.clone() for name, value in copies.items()}
        state = gradient.start(copies, alone, device)
        state.positions = [(N, N) for N in Ns]
    else:
        state, found = loaded

    def keep(state: gradient.TrainingState) -> None:
        # A copy leaves the state when it is done, so what it has become is taken before.
        if state.update == training["updates_per_epoch"]:
            for name, value in found.items():
                value[state.active] = state.params[name]
        if progress:
            progress(state, found)

    streams = (Stream.TS_RETRAINING, Stream.TS_TESTING)
    gradient.train(state, [seed] * len(Ns), alone, lambda *_: None, keep, streams)
    if progress:
        keep_trying(lambda: progress.save(state, found))
    return found


def retrain(
    case: Case,
    condition: Condition,
    settings: Mapping,
    accuracy_settings: Mapping,
    progress: Callable[[str], Progress | None] = lambda name: None,
) -> pd.DataFrame:
    """Accuracy at larger N after retraining from one network.

    Args:
        case: the network at ``N_from``.
        condition: that it was trained in.
        settings: the ``retraining`` section: ``to`` (list of N), ``epochs``, ``at_once`` (copies
            that are trained side by side; it changes nothing but memory and time).
        accuracy_settings: the ``accuracy`` section.
        progress: for copies of a name, what keeps where they stand.

    Returns:
        One row per N: ``N_from``, ``N``, ``epochs``, ``accuracy`` (mean over long sequences),
        ``relative`` to the accuracy at ``N_from`` before (NaN where that is near chance).
    """
    task, cell, seed = case.network.task, case.cell, case.network.seed
    one, warm_up = with_one_head(case.params, case.head), accuracy_settings["warm_up"]
    drawn = draw_sequences(cell, task, case.n_units, seed, accuracy_settings)

    def answer(network: Parameters, N: int) -> np.ndarray:
        return accuracy(cell, network, task, {N: 0}, *drawn, warm_up)[0, :, 0]

    reference = reference_of(answer(one, case.N), accuracy_settings)
    means, Ns = [], settings["to"]
    for first in range(0, len(Ns), settings["at_once"]):
        some = Ns[first : first + settings["at_once"]]
        name = f"{case.network.name}.from{case.N}to{some[0]}"
        trained = train_at(one, condition, some, seed, settings["epochs"], progress(name))
        for copy, N in enumerate(some):
            own = {name: value[copy, None] for name, value in trained.items()}
            means.append(answer(own, N).mean())
    return pd.DataFrame(
        {
            "N_from": case.N,
            "N": Ns,
            "epochs": settings["epochs"],
            "accuracy": means,
            "relative": relative(np.array(means), reference),
        }
    )
