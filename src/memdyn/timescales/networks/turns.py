"""Which networks are computed together: on a CPU each alone, on a GPU all.

On a CPU networks take turns: every product and sum of a network then has a shape, and its operands
an alignment, that its company does not change, and so it has the same bits in any. (A product over
several networks takes another kernel for another number of them, which rounds otherwise.)
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

_ALIGNED = 64  # bytes: how torch aligns a new tensor


def together(x: torch.Tensor) -> bool:
    """Whether all networks are computed together, where ``x`` is."""
    return x.is_cuda


def parts(x: torch.Tensor) -> list[slice]:
    """Networks, on the leading axis of ``x``, that are computed together."""
    n = len(x)
    return [slice(0, n)] if together(x) else [slice(b, b + 1) for b in range(n)]


def of_part(params: dict[str, torch.Tensor], part: slice) -> dict[str, torch.Tensor]:
    """Some networks, as aligned as if they were alone: kernels may begin otherwise elsewhere."""
    own = {name: value[part] for name, value in params.items()}
    return {name: x.clone() if x.data_ptr() % _ALIGNED else x for name, x in own.items()}


def joined(found: Sequence[torch.Tensor]) -> torch.Tensor:
    """What was found in parts, along the axis of networks."""
    return found[0] if len(found) == 1 else torch.cat(tuple(found))
