"""What is measured of the trained networks of study 2: rules, their settings, their tables."""

from __future__ import annotations

from typing import NamedTuple


class Measurement(NamedTuple):
    """What one rule measures, from the checkpoint of a shard.

    Attributes:
        section: of the configuration; its ``conditions`` are measured. None: all conditions are.
        tables: kinds of tables that the rule writes, one file of each per shard.
    """

    section: str | None
    tables: tuple[str, ...]


#: Every rule that measures.
MEASUREMENTS = {
    "measure_timescales": Measurement("stimulation", ("timescales", "curves", "dimension")),
    "measure_weights": Measurement(None, ("weights",)),
    "test_memory": Measurement("memory", ("memory",)),
    "ablate_neurons": Measurement("ablation", ("ablation",)),
    "perturb_networks": Measurement("perturbation", ("perturbation",)),
    "retrain_networks": Measurement("retraining", ("retraining",)),
    "change_steps": Measurement("substeps", ("substeps",)),
}
#: Sections that say which conditions are measured.
SECTIONS = tuple(one.section for one in MEASUREMENTS.values() if one.section)
