"""States on their way to a root: one row each, with its input, its group and its residual."""

from dataclasses import dataclass, fields, replace

import torch
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from memdyn.dynamics.systems import System

#: A residual below ROUNDING eps (1 + |x|) is rounding error: the row is an exact root.
ROUNDING = 1e4


#: Up to so many units, products of a batch are faster than one triangle after the other.
BLOCK = 256


@dataclass(frozen=True)
class Rows:
    """Rows of a search. x (rows, n); u (rows, inputs) or None; the rest (rows,).

    Rows of different ``group`` (different input) never merge. ``residual`` is |f| of the last
    descent, ``slope`` the length of the gradient of |f|, ``landed`` the number of seeds that ended
    in a row.
    """

    x: Tensor
    u: Tensor | None
    group: Tensor
    residual: Tensor
    slope: Tensor
    landed: Tensor

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows) -> "Rows":
        """These rows only: a slice, a mask or indices."""
        return self._map(lambda name: getattr(self, name)[rows])

    def join(self, other: "Rows") -> "Rows":
        return self._map(lambda name: torch.cat([getattr(self, name), getattr(other, name)]))

    def _map(self, change) -> "Rows":
        names = [f.name for f in fields(self) if getattr(self, f.name) is not None]
        return replace(self, **{name: change(name) for name in names})

    @property
    def is_root(self) -> Tensor:
        """Whether |f| is at rounding level, (rows,)."""
        return self.residual <= rounding_level(self.x)


def start_rows(
    system: System, states: Tensor, inputs: Tensor | None = None, *, group: Tensor | None = None
) -> Rows:
    """Seeds of a search.

    Args:
        system: one network.
        states: (rows, n).
        inputs: (rows, inputs), or None for zero.
        group: (rows,) index of the input of each; None if all have the same.
    """
    residual = system.root(states, inputs).norm(dim=-1)
    if group is None:
        group = torch.zeros(len(states), dtype=torch.long, device=states.device)
    unknown = torch.full_like(residual, torch.inf)
    return Rows(states, inputs, group, residual, unknown, torch.ones_like(group))


def rounding_level(x: Tensor) -> Tensor:
    """|f| below which a row counts as an exact root, (rows, n) -> (rows,)."""
    return ROUNDING * torch.finfo(x.dtype).eps * (1 + x.norm(dim=-1))


def distances(a: Rows, b: Rows, odd: bool = False) -> Tensor:
    """Euclidean distance of every row of a to every row of b; inf between groups.

    Where ``odd``, x and -x are one place. By a matrix product on centred rows: exact to 1e-7 of
    their spread, far finer than any tolerance here, and much faster than subtracting pairs.
    """
    center = b.x.mean(0) if len(b) and not odd else 0
    x, y = a.x - center, b.x - center
    product = x @ y.mT
    product = product.abs() if odd else product
    square = x.square().sum(-1)[:, None] + y.square().sum(-1) - 2 * product
    return square.clamp(min=0).sqrt().masked_fill(a.group[:, None] != b.group, torch.inf)


def merge(rows: Rows, distance: float, odd: bool = False) -> Rows:
    """One row per chain of rows linked within ``distance``: the one with the smallest residual.

    Single linkage does not depend on the order of the rows. ``odd`` as in ``distances``.
    """
    return merge_with_index(rows, distance, odd)[0]


def merge_with_index(rows: Rows, distance: float, odd: bool = False) -> tuple[Rows, Tensor]:
    """Merged rows, and which rows they were."""
    if len(rows) < 2:
        return rows, torch.arange(len(rows), device=rows.x.device)
    near = (distances(rows, rows, odd) <= distance).cpu().numpy()
    count, label = connected_components(near, directed=False)
    label = torch.as_tensor(label, dtype=torch.long, device=rows.x.device)
    order = torch.argsort(rows.residual, stable=True)
    order = order[torch.argsort(label[order], stable=True)]  # by chain, smallest residual first
    first = torch.searchsorted(label[order], torch.arange(count, device=label.device))
    landed = torch.zeros_like(first).index_add_(0, label, rows.landed)
    best = order[first]
    return replace(rows[best], landed=landed), best


def directions(n: int, count: int, like: Tensor) -> Tensor:
    """(count, n) unit vectors, the same at every call."""
    drawn = torch.randn(count, n, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return (drawn / drawn.norm(dim=1, keepdim=True)).to(like)
