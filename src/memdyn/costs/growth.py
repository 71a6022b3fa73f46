"""Exponents by which time and memory grow with a size, from points that were measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from memdyn.files import read_benchmark

#: Of the points: ``rest`` says what stayed as it was, ``memory`` (MB) is counted from a tiny size.
COLUMNS = (
    *("work", "grows", "rest", "size", "cpu", "memory", "expected_cpu", "expected_memory"),
    *("command", "cpu_name", "cores", "device", "torch", "commit", "time"),
)
#: Memory of less (MB) is lost in what the allocator keeps, time of less (s) in what starting takes.
LEAST = {"cpu": 1e-3, "memory": 16.0}


def read_points(path: Path | str) -> pd.DataFrame:
    """Points of the benchmark ``bench_growth``.

    Raises:
        FileProblem: another file, or none.
    """
    return read_benchmark(path, COLUMNS).fillna({"rest": ""})


def slope(size: np.ndarray, value: np.ndarray, least: float) -> float:
    """Exponent of value ~ size^p by least squares of logarithms; NaN with fewer than two points.

    Args:
        size, value: positive.
        least: points of a smaller value say nothing and are left out.
    """
    used = np.asarray(value) >= least
    if used.sum() < 2:
        return float("nan")
    return float(np.polyfit(np.log(np.asarray(size)[used]), np.log(np.asarray(value)[used]), 1)[0])


def exponents(points: pd.DataFrame) -> pd.DataFrame:
    """One row per series: ``work``, ``grows``, ``rest``, ``first`` and ``last`` size.

    ``cpu`` and ``memory`` are the exponents fitted to all points, ``last_cpu`` and ``last_memory``
    those between the two largest sizes, with the expected beside them; NaN where too few values are
    large enough to tell.
    """
    rows = []
    for key, own in points.groupby(["work", "grows", "rest"], sort=False):
        row = dict(zip(("work", "grows", "rest"), key, strict=True))
        row |= {"first": own["size"].min(), "last": own["size"].max()}
        for kind, least in LEAST.items():
            row[f"expected_{kind}"] = own[f"expected_{kind}"].iloc[0]
            size, value = own["size"].to_numpy(), own[kind].to_numpy()
            row[kind] = slope(size, value, least)
            row[f"last_{kind}"] = slope(size[-2:], value[-2:], least)
        rows.append(row)
    return pd.DataFrame(rows)
