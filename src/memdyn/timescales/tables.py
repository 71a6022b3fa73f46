"""Tables of study 2: their schemas."""

from __future__ import annotations

#: the same for study 2
SCHEMAS2 = {
    name: f"timescales.{name}/1"
    for name in (
        *("epochs", "heads", "networks", "timescales", "curves", "dimension", "weights"),
        *("memory", "ablation", "perturbation", "retraining", "substeps"),
    )
}
