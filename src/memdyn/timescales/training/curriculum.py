"""Curricula of study 2: which N are trained now, which come when they are solved, on which heads.

Source: Khajehabdollahi et al., ICLR 2024, figure 2 (single-head, multi-head) and appendix D (all
heads at once); "sliding" from the authors' code (LevinaLab/rnn_timescale_public,
training/train.py). A position is (smallest N, largest N) in training.
"""

from __future__ import annotations

from typing import NamedTuple

CURRICULA = ("single", "multi", "sliding", "none")


class Curriculum(NamedTuple):
    """A curriculum.

    Attributes:
        kind: ``single`` trains one N after the other on one head; ``multi`` adds a head for each
            new N and keeps the old; ``sliding`` moves a window of heads, so that a head changes
            its N; ``none`` trains one N from scratch.
        start_N: smallest N at the start.
        max_N: training ends when this N is solved.
        heads: heads at the start (``multi``) or in the window (``sliding``).
        step: heads added (``multi``), or by how much the window moves (``sliding``).
    """

    kind: str
    start_N: int
    max_N: int
    heads: int = 1
    step: int = 1

    @property
    def n_heads(self) -> int:
        """Heads that a network needs in all."""
        if self.kind == "multi":
            return self.max_N - self.start_N + 1
        return self.heads if self.kind == "sliding" else 1

    def first(self) -> tuple[int, int]:
        """Where training starts."""
        if self.kind in ("single", "none"):
            return self.start_N, self.start_N
        return self.start_N, min(self.start_N + self.heads - 1, self.max_N)

    def advance(self, position: tuple[int, int]) -> tuple[int, int] | None:
        """Where training goes on once ``position`` is solved; None if it ends."""
        low, high = position
        if self.kind == "none" or high >= self.max_N:
            return None
        if self.kind == "single":
            return high + 1, high + 1
        new = min(high + self.step, self.max_N)
        return (low, new) if self.kind == "multi" else (low + new - high, new)

    def head(self, position: tuple[int, int], N: int) -> int | None:
        """Index of the head that answers N at ``position``; None if no head was trained on it."""
        low, high = position
        if not low <= N <= high:
            return None
        return N - low
