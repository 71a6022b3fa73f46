"""Work that repeats on the same tensors: on a GPU recorded once, then launched as one graph."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch

log = logging.getLogger(__name__)


class Replayed:
    """Work without arguments, called many times; its calls are those of ``work``.

    On a GPU the first call runs the work (libraries set themselves up), the second records it as a
    CUDA graph, and from then on a call replays the graph: one launch for thousands of operations.
    On the CPU, and where recording fails, each call runs the work itself.

    Args:
        work: does the same operations on the same tensors whenever it is called, and neither reads
            from nor waits for the device.
        device: of the tensors.
    """

    def __init__(self, work: Callable[[], None], device: torch.device | str):
        self.work = work
        self._call = self._first if torch.device(device).type == "cuda" else work

    def __call__(self) -> None:
        self._call()

    def _first(self) -> None:
        self.work()
        self._call = self._second

    def _second(self) -> None:
        try:
            self._call = record(self.work)
        except RuntimeError as problem:  # what torch and CUDA raise
            log.warning("no CUDA graph (%s): operations are launched one by one", problem)
            self._call = self.work
        self._call()


def record(work: Callable[[], None]) -> Callable[[], None]:
    """Record the operations of ``work``, without running them, as a CUDA graph to call."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay
