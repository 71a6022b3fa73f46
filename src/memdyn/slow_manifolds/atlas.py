"""The atlas of networks: what one page needs of each network of study 1, small enough for hundreds.

Paths are thinned and numbers rounded to what a screen shows; nothing is computed that the finished
tables and arrays do not hold.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from memdyn.figures.scene import EPOCH_COLOURS, SLOWEST_SHOWN, point_kinds
from memdyn.figures.style import MECHANISM_COLOURS, MECHANISM_NAMES, class_colours
from memdyn.slow_manifolds.grid import Network
from memdyn.tables import of_network

#: Points kept of each path, and cycles and points kept of a network, the first of each table.
TRIAL, HELD, LONG, SPEED, MOST = 120, 30, 240, 120, 40
#: Delays that memories left alone are shown for: over more, what turns would have corners.
DELAYS = 4
#: Digits of a number.
DIGITS = 3
#: Columns that a row takes from each table.
ROW = {
    "performance": ("status", "performs", "rmse"),
    "mechanisms": ("mechanism", "mechanism_memory"),
    "votes": ("vote", "vote_runs", "vote_solver", "vote_exponents"),
}
#: Where the page's template takes each of its parts.
PLACES = ("LIBRARY", "DATA")


def row_of(network: Network, tables: Mapping[str, pd.DataFrame]) -> dict:
    """A network's row in the atlas' table; what was not measured is None.

    Args:
        network: its place in the grid.
        tables: ``performance``, ``mechanisms``, ``votes``, ``delays``, ``noise``, of any networks.

    Returns:
        The network's ``name`` and fields, the columns of ``ROW``, and the failed fraction of trials
        in the mean over added delays (``failed_delay``) and over noise levels (``failed_noise``).
    """
    row: dict = {"name": network.name, **network._asdict()}
    for kind, columns in ROW.items():
        found = of_network(tables[kind], network.name)
        row |= {name: found[name].iloc[0] if len(found) else None for name in columns}
    for kind, level in (("delays", "extra"), ("noise", "level")):
        found = of_network(tables[kind], network.name)
        mean = found.loc[found[level] > 0, "failed"].mean() if len(found) else None
        row["failed_" + ("delay" if kind == "delays" else kind)] = mean
    return plain(row)


def page_of(
    own: Mapping[str, np.ndarray],
    fact: Mapping,
    tables: Mapping,
    dt: float,
    leak: float,
    held: slice,
    n_cases: int,
) -> dict:
    """What a network's own page shows.

    Args:
        own: arrays as of ``portraits.record``.
        fact: as of ``landscape.portrait.describe``.
        tables: ``delays`` and ``noise``, of any networks.
        dt: of a step (tau).
        leak: dt / tau.
        held: steps of a trial in which its first stimulus is remembered.
        n_cases: how many cases are shown, the first.

    Returns:
        ``trials``, ``held``, ``alone`` (cases of (points, 3)), ``time`` and ``speed``, ``points``
        and ``kinds``, ``orbits`` and ``stable_cycles``, ``explained``; ``spectrum``: growth rates
        (1/tau) at memories, stable and unstable points as [re, im]; ``curves``: name ->
        [x, failed].
    """
    kinds = point_kinds(own["stable"], list(fact["kinds"]))
    spectrum = {"memory": _rates(own["memory_re"], own["memory_im"], leak)}
    for kind in ("stable", "unstable"):
        chosen = np.array([name == kind for name in kinds], dtype=bool)
        spectrum[kind] = _rates(own["point_re"][chosen], own["point_im"][chosen], leak)
    trials, alone, speed = (own[name][:n_cases] for name in ("trials", "alone", "speed"))
    alone = alone[:, : DELAYS * (held.stop - held.start)]
    shown = _thin(speed.shape[1], SPEED)
    curves = {}
    for what, table in (("delays", tables["delays"]), ("noise", tables["noise"])):
        level = "extra" if what == "delays" else "level"
        groups = [("added delay", table)] if what == "delays" or table.empty else None
        for name, rows in groups or table.groupby("noise", sort=False):
            if len(rows):
                curves[str(name)] = [rows[level].to_numpy(), rows["failed"].to_numpy()]
    told = ("n_slow", "dimension", "drift", "slowest", "periods")
    return plain(
        {
            "trials": trials[:, _thin(trials.shape[1], TRIAL)],
            "held": trials[:, held][:, _thin(held.stop - held.start, HELD)],
            "alone": alone[:, _thin(alone.shape[1], LONG)],
            "time": (shown + 1) * dt,
            "speed": speed[:, shown],
            "points": own["points"][:MOST],
            "kinds": kinds[:MOST],
            "orbits": own["orbits"][:MOST],
            "stable_cycles": list(fact["stable_cycles"])[:MOST],
            "explained": own["explained"],
            "spectrum": spectrum,
            "curves": curves,
            **{name: fact.get(name) for name in told},
        }
    )


def _thin(n: int, most: int) -> np.ndarray:
    """At most so many of n steps, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))


def _rates(re: np.ndarray, im: np.ndarray, leak: float) -> np.ndarray:
    """(eigenvalues, 2) growth rates of a step's eigenvalues, without the bulk."""
    rates = ((re + 1j * im - 1) / leak).ravel()
    rates = rates[(rates.real >= SLOWEST_SHOWN) & (rates.imag >= 0)]
    return np.stack([rates.real, rates.imag], axis=-1)


def legend(scale: str, classes: list, case_groups: np.ndarray, delay: float) -> dict:
    """What all pages share: names and colours.

    Args:
        scale: of the run.
        classes: names of what is remembered.
        case_groups: (cases,) which of them each case remembers.
        delay: how long (tau).
    """
    return plain(
        {
            "scale": scale,
            "delay": delay,
            "classes": [str(name) for name in classes],
            "case_groups": case_groups,
            "class_colours": [_hex(colour) for colour in class_colours(len(classes))],
            "colours": MECHANISM_COLOURS,
            "names": {**MECHANISM_NAMES, "fixed": "fixed points"},
            "delay_colour": EPOCH_COLOURS["delay"],
        }
    )


def assemble(template: str, library: str, shared: Mapping, entries: Iterable[Mapping]) -> str:
    """The atlas: a page that needs nothing beside it.

    Args:
        template: HTML with ``<!--LIBRARY-->`` and ``<!--DATA-->`` where these belong.
        library: the drawing library's JavaScript.
        shared: as of ``legend``.
        entries: ``{"row": row_of(...), "page": page_of(...) or None}`` of each network.

    Raises:
        ValueError: the template lacks a place, or has it more than once.
    """
    data = json.dumps({**shared, "networks": list(entries)}, separators=(",", ":"), allow_nan=False)
    parts = (library.replace("</script", "<\\/script"), data.replace("</", "<\\/"))
    for place in PLACES:
        if template.count(f"<!--{place}-->") != 1:
            raise ValueError(f"the atlas' template must hold <!--{place}--> once")
    first, _, rest = template.partition("<!--LIBRARY-->")
    middle, _, last = rest.partition("<!--DATA-->")
    return "".join([first, parts[0], middle, parts[1], last])


def plain(value) -> Any:
    """The same in types that JSON has, numbers rounded; what is no number is None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def _hex(colour) -> str:
    if isinstance(colour, str):
        return colour
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour[:3])
