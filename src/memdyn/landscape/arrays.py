"""The files of arrays that analyses leave beside their tables."""

from __future__ import annotations

import numpy as np

#: Kind and version of the file of arrays of each analysis.
ARRAYS = {name: f"slow_manifolds.{name}_arrays/1" for name in ("cycles", "fixed_points")}


def parts_of_spectrum(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """Complex eigenvalues as two arrays for a file: ``<name>_re`` and ``<name>_im``."""
    return {f"{name}_re": np.real(values), f"{name}_im": np.imag(values)}
