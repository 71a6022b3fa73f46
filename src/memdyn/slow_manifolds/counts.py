"""How many networks perform and which mechanisms they have, after so many trials of training."""

from __future__ import annotations

import pandas as pd

from memdyn.claims.bands_page import table_row
from memdyn.claims.intervals import numbers, of_mean
from memdyn.landscape.labels import MECHANISMS
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.tables import of_the_grid

#: The two questions, never mixed: column of the table of networks -> its name.
LABELS = {"mechanism_memory": "memory states", "mechanism": "trial ends"}
#: Row of the networks that perform, whatever their mechanism.
SUCCESS = "performs"
#: What tells networks apart, however long they were trained.
_GRID = [name for name in Network._fields if name != "trials"]
COLUMNS = (
    *("trials", "label", "mechanism", "networks", "of"),
    *("share", "low", "high", "seeds"),
)


def count(networks: pd.DataFrame) -> pd.DataFrame:
    """Mechanisms over the grid after each length of training, and how many networks perform.

    Only networks of the grid itself that were looked at after each length count, so that lengths
    are compared and not grids. Shares are means over seeds, with the 95 % interval of the claims
    over seeds: of networks that perform among all, of mechanisms among those that perform.

    Args:
        networks: the table of networks, with snapshots (``trials``; 0: end of training) and other
            variants.

    Returns:
        Rows with ``COLUMNS``: ``trials`` (their number), ``label`` ("" for the row of success),
        ``mechanism`` or ``performs``, ``networks`` out of ``of``, ``share`` with ``low`` and
        ``high`` (not numbers with a single seed), ``seeds`` that have such networks.
    """
    rows = []
    for trials, own in _lengths(networks):
        able = own[own["performs"].astype(bool)]
        rows.append((trials, "", SUCCESS, *_share(own["performs"].astype(bool), own["seed"])))
        for column, label in LABELS.items():
            for name in MECHANISMS:
                rows.append((trials, label, name, *_share(able[column] == name, able["seed"])))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _lengths(networks: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    """The same networks after each number of trials, the fewest first."""
    grid = [name for name in _GRID if name in networks]
    networks = of_the_grid(networks)
    plain = networks[networks["stimuli"] == ""] if "stimuli" in networks else networks
    groups = {trials: own.set_index(grid) for trials, own in plain.groupby("trials")}
    if 0 not in groups:
        return []
    common = groups[0].index
    groups = {k: own for k, own in groups.items() if len(common.intersection(own.index))}
    for own in groups.values():
        common = common.intersection(own.index)
    found = [
        (int(trials or own["n_trials"].max()), own.loc[common].reset_index())
        for trials, own in groups.items()
    ]
    return sorted(found, key=lambda one: one[0])


def _share(hits: pd.Series, seeds: pd.Series) -> tuple[int, int, float, float, float, int]:
    """Hits, out of how many, their share over seeds with its interval, and seeds."""
    if hits.empty:
        return 0, 0, float("nan"), float("nan"), float("nan"), 0
    by_seed = hits.astype(float).groupby(seeds)
    found = of_mean(by_seed.mean(), step=1 / by_seed.size().min())
    # Clipped where there is an interval: max and min would swallow what is not a number.
    low, high = (
        float(end) if pd.isna(end) else min(max(float(end), 0.0), 1.0)
        for end in (found.low, found.high)
    )
    return int(hits.sum()), len(hits), found.estimate, low, high, found.units


def counts_page(counts: pd.DataFrame) -> str:
    """The counts as Markdown: a table per label, a column per length of training."""
    lengths = sorted(counts["trials"].unique())
    if not lengths:
        return "No network was trained to its end.\n"
    head = table_row("", *(f"{trials} trials" for trials in lengths))
    lines = [head, "|---" * (len(lengths) + 1) + "|"]
    parts = ["\n".join([*lines, _row(counts, "", SUCCESS, "perform the task")])]
    for label in LABELS.values():
        rows = [_row(counts, label, name, name.replace("_", " ")) for name in MECHANISMS]
        parts += [f"By {label}, of those that perform:", "\n".join([*lines, *rows])]
    seeds = int(counts["seeds"].max())
    parts.append(
        f"Networks, and their share with its 95 % interval over seeds (up to {seeds}). The same "
        "networks after each number of trials."
    )
    return "\n\n".join(parts) + "\n"


def _row(counts: pd.DataFrame, label: str, mechanism: str, name: str) -> str:
    own = counts[(counts["label"] == label) & (counts["mechanism"] == mechanism)]
    cells = [
        f"{row.networks} of {row.of}: {numbers(row.share, row.low, row.high)}" if row.of else "–"
        for row in own.sort_values("trials").itertuples()
    ]
    return table_row(name, *cells)
