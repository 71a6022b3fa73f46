"""Which mechanism emerges where: a multinomial model of the label on gain, feedback and density."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from memdyn.claims.intervals import of_mean
from memdyn.landscape.labels import MECHANISMS

#: Predictors, as they are written at an axis.
PREDICTORS = {"g": "gain g", "log_fb": "feedback, log 1/fb", "pg": "density pg"}


def model(networks: pd.DataFrame, label: str = "mechanism_memory") -> pd.DataFrame:
    """Coefficients of softmax regression in each seed, and their mean over seeds.

    A seed is one value (see ``claims.statistics``), so the model is fitted in each by itself, with
    scikit-learn's default ridge, which keeps coefficients finite where a mechanism is rare.

    Args:
        networks: one row per network, with ``performs``, ``g``, ``fb``, ``pg``, ``seed`` and
            ``label``; those that perform count.
        label: column with the mechanism.

    Returns:
        Rows of ``mechanism``, ``predictor``, ``estimate`` (change of the log-odds against the mean
        of all mechanisms, per SD of the predictor over the grid), ``low``, ``high`` (95 % over
        seeds) and ``seeds``. None for a predictor that does not vary, or a mechanism that no seed
        with another one has.
    """
    able = networks[networks["performs"]].assign(log_fb=-np.log(networks["fb"]))
    varied = [name for name in PREDICTORS if len(able[name].unique()) > 1]
    columns = ["mechanism", "predictor", "estimate", "low", "high", "seeds"]
    if not varied:
        return pd.DataFrame(columns=columns)
    scaled = StandardScaler().fit_transform(able[varied])
    found: dict[tuple[str, str], list[float]] = {}
    for seed in sorted(able["seed"].unique()):
        own = (able["seed"] == seed).to_numpy()
        labels = able.loc[own, label].to_numpy()
        if len(set(labels)) < 2:
            continue
        fit = LogisticRegression(max_iter=1000).fit(scaled[own], labels)
        # Of two classes scikit-learn gives one row, that of the second against the first.
        rows = fit.coef_ if len(fit.classes_) > 2 else np.stack([-fit.coef_[0], fit.coef_[0]]) / 2
        for mechanism, row in zip(fit.classes_, rows, strict=True):
            for name, value in zip(varied, row, strict=True):
                found.setdefault((mechanism, name), []).append(float(value))
    return pd.DataFrame(
        (
            (mechanism, name, *of_mean(values)[:3], len(values))
            for mechanism in MECHANISMS
            for name in varied
            if (values := found.get((mechanism, name)))
        ),
        columns=columns,
    )
