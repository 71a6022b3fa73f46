"""Recursive least squares with its updates kept aside until a window ends.

An update changes the inverse correlation matrix P by a rank-one term. With the terms of one window
as the columns of K,

    P = P0 - K K^T,   P r = P0 r - K (K^T r),

so P0 is only read until the terms are folded into it: the same update up to rounding, with a
fraction of the traffic. P is symmetric, and on the CPU only one of its triangles is ever read and
written (BLAS symv, syrk).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch


class Window:
    """The updates of several networks between two folds.

    Args:
        p: matrices (n_units, n_units) of B networks: a tensor, then all networks are one batch (on
            a GPU, where launches count), or a list, then they take turns.
        k: (B, n_updates, n_units) room for the columns of K; what is in it is lost.
    """

    def __init__(self, p: torch.Tensor | Sequence[torch.Tensor], k: torch.Tensor):
        self.p, self.k, self.done = p, k, 0
        self.batched = isinstance(p, torch.Tensor)
        if not self.batched:
            from scipy.linalg import get_blas_funcs  # late: most jobs import this and never train

            # A row-major symmetric matrix is its own column-major transpose: no copy is made.
            self.matrices, self.columns = [q.numpy().T for q in p], [q.numpy().T for q in k]
            self.symv, self.syrk, self.gemv = get_blas_funcs(
                ("symv", "syrk", "gemv"), self.matrices
            )

    def gain(self, r: torch.Tensor) -> torch.Tensor:
        """(B, n_units) P r / (1 + r . P r) for rates r (B, n_units); then update P."""
        pr = self._batch_product(r) if self.batched else self._product(r)
        gain = 1.0 / (1.0 + (r * pr).sum(1, keepdim=True))
        torch.mul(pr, gain.sqrt(), out=self.k[:, self.done])
        self.done += 1
        return pr.mul_(gain)

    def fold(self) -> None:
        """P0 <- P0 - K K^T, in place."""
        if isinstance(self.p, torch.Tensor):
            k = self.k[:, : self.done]
            self.p.baddbmm_(k.mT, k, alpha=-1.0)
        else:
            for p, k in zip(self.matrices, self.columns, strict=True):
                self.syrk(-1.0, k[:, : self.done], beta=1.0, c=p, lower=1, overwrite_c=1)
        self.done = 0

    def _batch_product(self, r: torch.Tensor) -> torch.Tensor:
        assert isinstance(self.p, torch.Tensor)  # as in a batch
        r, k = r[:, :, None], self.k[:, : self.done]
        return torch.bmm(self.p, r).baddbmm_(k.mT, torch.bmm(k, r), alpha=-1.0)[:, :, 0]

    def _product(self, r: torch.Tensor) -> torch.Tensor:
        product = torch.empty_like(r)
        for p, k, rates, out in zip(
            self.matrices, self.columns, r.numpy(), product.numpy(), strict=True
        ):
            out[:] = self.symv(1.0, p, rates, lower=1)
            if self.done:
                k = k[:, : self.done]
                self.gemv(-1.0, k, self.gemv(1.0, k, rates, trans=1), 1.0, out, overwrite_y=1)
        return product
