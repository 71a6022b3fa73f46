"""Conditions of study 2: what the configuration says about a network, put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from memdyn.timescales.grid import Network
from memdyn.timescales.networks.recurrent import Cell
from memdyn.timescales.training.curriculum import Curriculum


class Condition(NamedTuple):
    """All that decides the training of a network, its seed apart.

    Attributes:
        task: ``parity`` or ``dms``.
        cell: kind of network, as in training.
        curriculum: which N, in which order.
        repeats: steps per item of each update in turn; more than one in continuous time only.
        initial_tau: limits between which trained time constants start.
        training: section ``training.leaky`` or ``training.gated``, with what the condition sets.
    """

    task: str
    cell: Cell
    curriculum: Curriculum
    repeats: tuple[int, ...]
    initial_tau: tuple[float, float]
    training: Mapping


def condition_of(network: Network, study: Mapping) -> Condition:
    """The condition of a network; ``study`` is the section ``timescales`` of the configuration."""
    entry = study["conditions"][network.condition]
    training = dict(study["training"]["leaky" if "leaky" in network.cell else "gated"])
    training |= {key: entry[key] for key in ("max_epochs", "plateau") if key in entry}
    training |= {key: study["curriculum"][key] for key in ("accuracy", "shortest", "longest")}
    repeats = tuple(entry.get("substeps") or (network.repeat,))
    low, high = study["network"]["initial_tau"]
    shift = network.repeat - 1 if "repeat" in entry else 0  # ASSUMPTION: U(k, k + 1) for k copies
    cell = Cell(
        kind=network.cell,
        nonlinearity=entry.get("nonlinearity", "leaky_relu"),
        fixed_tau=network.fixed_tau,
        repeat=network.repeat,
        scale_tau="substeps" in entry,
        signed=training["signed"],
    )
    max_N = network.start_N if network.curriculum == "none" else entry.get("max_N", study["max_N"])
    curriculum = Curriculum(
        network.curriculum, network.start_N, max_N, entry.get("heads", 1), entry.get("step", 1)
    )
    return Condition(network.task, cell, curriculum, repeats, (low + shift, high + shift), training)
