"""What a job computes on: its device, its threads, and how it treats numbers near zero."""

from __future__ import annotations

import logging

import torch
from threadpoolctl import threadpool_limits

from memdyn.gpu import claim_gpu


def set_up(gpus: int = 0, threads: int = 1) -> torch.device:
    """Prepare this process for its job; call it once, first.

    Numbers too small for full precision are flushed to zero: a network that decays to the origin
    would otherwise run ten times slower (measured), for nothing that anyone could see.

    Args:
        gpus: 1 takes a GPU if there is one, 0 none.
        threads: of the CPU, for every numerical library.
    """
    device = torch.device(claim_gpu(gpus))
    torch.set_num_threads(threads)
    threadpool_limits(threads)
    torch.set_flush_denormal(True)
    logging.getLogger(__name__).info("on %s, %d thread(s)", device, threads)
    return device
