"""What a job computes on: its device, its threads, and how it treats numbers near zero."""

from __future__ import annotations

import ctypes
import logging

import torch
from threadpoolctl import threadpool_limits

from memdyn.jobs.gpu import claim_gpu

# Options of glibc's malloc (malloc.h), and what they are set to here (bytes).
MMAP_THRESHOLD, TRIM_THRESHOLD, KEPT = -3, -1, 2**28


def set_up(gpus: int = 0, threads: int = 1) -> torch.device:
    """Prepare this process for its job; call it once, first.

    Numbers too small for full precision are flushed to zero: a network that decays to the origin
    would otherwise run ten times slower (measured), for nothing that anyone could see.

    Args:
        gpus: 1 takes a GPU if there is one that torch can use, 0 none.
        threads: of the CPU, for every numerical library.
    """
    claimed = claim_gpu(gpus)
    if claimed == "cuda" and not torch.cuda.is_available():
        logging.getLogger(__name__).warning(
            "there is a GPU, but torch %s cannot use it, so this runs on the CPU: install a torch "
            "for CUDA, or ask for no GPU (max_gpu=0 in the profile)",
            torch.__version__,
        )
        claimed = "cpu"
    device = torch.device(claimed)
    torch.set_num_threads(threads)
    threadpool_limits(threads)
    torch.set_flush_denormal(True)
    torch.backends.cudnn.allow_tf32 = False  # float32 is float32, as on a CPU
    keep_freed_memory()
    logging.getLogger(__name__).info("on %s, %d thread(s)", device, threads)
    return device


def keep_freed_memory() -> None:
    """Let glibc use freed memory again, up to 256 MB at a time; elsewhere nothing happens.

    It hands large arrays back to the system otherwise, which clears each page before it gives it
    out again: up to a tenth of the time of an update of study 2 (measured).
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(MMAP_THRESHOLD, KEPT)
        libc.mallopt(TRIM_THRESHOLD, KEPT)
