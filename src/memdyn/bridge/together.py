"""What is asked of the bridge's tables: numbers of both studies side by side, without torch."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

#: Failed fraction that counts as forgetting.
HALF = 0.5
#: Fewer networks are not ranked.
MIN_RANKED = 4


def with_tau_net(driven: pd.DataFrame, timescales: pd.DataFrame) -> pd.DataFrame:
    """The table ``slowness``: rows of ``driven`` with ``tau_net`` of the same network and N.

    Args:
        driven: as of ``measure``, with networks; may be empty.
        timescales: study 2's table of that name; tau_net is missing (not a number) where it was
            not measured.
    """
    if driven.empty:
        return driven
    columns = {"tau_net_mean": "tau_net", "tau_net_corrected_mean": "tau_net_corrected"}
    if timescales.empty:
        return driven.assign(**dict.fromkeys(columns.values(), np.nan))
    own = timescales[["network", "N", *columns]].rename(columns=columns)
    return driven.merge(own, on=["network", "N"], how="left", validate="one_to_one")


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
