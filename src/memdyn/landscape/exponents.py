"""Leading Lyapunov exponents of what each run of a network ended in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from memdyn.dynamics.lyapunov import lyapunov_exponents
from memdyn.dynamics.return_map import coarse_dtype
from memdyn.dynamics.systems import System
from memdyn.landscape.starts import first_of_alike


def find_exponents(
    system: System, ends: Tensor, inputs: Tensor | None = None, *, settings: Mapping
) -> pd.DataFrame:
    """Leading Lyapunov exponents of what each run ended in.

    Args:
        system: a map.
        ends: (rows, n_units) ends of long runs.
        inputs: (n_inputs,) constant input, None for zero.
        settings: the ``dynamics`` section of the configuration.

    Returns:
        One row per run: ``exponent_#`` and ``error_#`` (1 / tau), ``trend`` and ``trend_error`` of
        the speed (1 / tau; see ``lyapunov.Exponents``), and ``counted``, the time (tau) that they
        were averaged over, and ``one_way``, the net motion in it as a part of the path; NaN where
        the run diverged. Runs that rest at one place are followed once.

    Raises:
        ValueError: too few steps, or a run that leaves the finite.
    """
    k = min(settings["n_exponents"], system.n_units)
    exponents, error = np.full((2, len(ends), k), np.nan)
    trend, (counted, one_way) = np.full((2, len(ends)), np.nan), np.full((2, len(ends)), np.nan)
    finite = np.flatnonzero(ends.isfinite().all(1).cpu())
    if len(finite):
        first, member = first_of_alike(ends[finite].cpu().numpy())
        # Signs and sizes of the leading exponents of a large network need no more than float32; a
        # bare function computes in the precision that it was written in.
        dtype = coarse_dtype(system, torch.float64)
        found = lyapunov_exponents(
            system.to(dtype) if system.casts else system,
            ends[finite][first].to(dtype),
            None if inputs is None else inputs.to(dtype),
            k=k,
            steps=settings["exponent_steps"],
            transient=0,
            until_clear=True,
        )
        exponents[finite], error[finite] = found.exponents[member], found.error[member]
        trend[:, finite] = found.trend[member], found.trend_error[member]
        counted[finite], one_way[finite] = found.counted[member], found.one_way[member]
    columns = [("exponent", exponents), ("error", error)]
    table = pd.DataFrame({f"{n}_{i + 1}": v[:, i] for i in range(k) for n, v in columns})
    more = {"trend": trend[0], "trend_error": trend[1], "counted": counted, "one_way": one_way}
    return table.assign(**more)
