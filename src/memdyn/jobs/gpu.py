"""Which GPU a process takes on a shared machine, by lock files.

Snakemake counts GPUs but does not say which one a job may use: two jobs of ``--resources gpu=2``
would both take device 0. A job therefore calls :func:`claim_gpu` before it imports torch. It takes
a GPU of its own, or one of as many places on it as MEMDYN_JOBS_PER_GPU says: our jobs do not fill
a large one. Only the standard library is used here.
"""

import fcntl
import logging
import os
import random
import re
import subprocess
import tempfile
import time
from pathlib import Path

from memdyn.jobs.locks import Held

log = logging.getLogger(__name__)

LONGEST_PAUSE = 2.0  # seconds between two rounds over the slots

_held: Held[str] = Held()  # by GPU id


def jobs_per_gpu() -> int:
    """Jobs that may use one GPU at a time: MEMDYN_JOBS_PER_GPU, or 1.

    Raises:
        ValueError: it is no whole number above 0.
    """
    given = os.environ.get("MEMDYN_JOBS_PER_GPU", "1")
    if not re.fullmatch(r"[1-9]\d*", given):
        raise ValueError(
            f"MEMDYN_JOBS_PER_GPU is '{given}': give a whole number above 0, or unset it"
        )
    return int(given)


def visible_gpus() -> list[str]:
    """Ids of the physical GPUs that this process may use.

    An existing CUDA_VISIBLE_DEVICES decides (indices or UUIDs; empty or -1 means none; as in CUDA,
    the list ends at its first entry that is no id). Without it the driver's GPUs are counted.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return [str(index) for index in range(_driver_gpu_count())]
    ids = []
    for entry in named.split(","):
        if not re.fullmatch(r"\d+|(GPU|MIG)-[\w/-]+", entry.strip()):
            break
        ids.append(entry.strip())
    return ids


def claim_gpu(wanted: int) -> str:
    """Take one free GPU for the rest of this process's life, waiting for it if need be.

    Call it before torch is imported: the choice is made through CUDA_VISIBLE_DEVICES. The lock goes
    by the physical id and is the kernel's (flock): it ends with the process, even on ``kill -9``,
    and no child process keeps it. A child that uses its parent's GPU must not claim again.

    Args:
        wanted: 0 hides every GPU; 1 takes one.

    Returns:
        "cuda" or "cpu" (no GPU wanted, or none there).

    Raises:
        ValueError: wanted is neither 0 nor 1, or MEMDYN_JOBS_PER_GPU is no number of jobs.
        PermissionError: the folder of the lock files belongs to another user.
    """
    if wanted not in (0, 1):
        raise ValueError(
            f"a job uses one GPU or none, not {wanted}: set its `resources: gpu` to 0 or 1"
        )
    if wanted == 0:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        return "cpu"
    pool = visible_gpus()
    if not pool:
        return "cpu"
    if "SLURM_JOB_ID" in os.environ and "CUDA_VISIBLE_DEVICES" in os.environ:
        return "cuda"  # the scheduler has pinned it already
    if not _held:
        gpu = _wait_for_slot(pool)
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
        log.info("holding GPU %s", gpu)
    return "cuda"


def _driver_gpu_count() -> int:
    try:
        listing = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        folder = Path("/proc/driver/nvidia/gpus")
        return len(list(folder.iterdir())) if folder.is_dir() else 0
    return sum(line.startswith("GPU ") for line in listing.splitlines())


def _wait_for_slot(pool: list[str]) -> str:
    folder = _lock_folder()
    chance = random.Random()  # its own generator: the caller's random numbers stay as they were
    order = chance.sample(pool, len(pool))
    # The first place on every GPU before the second on any.
    places = [(gpu, place) for place in range(jobs_per_gpu()) for gpu in order]
    pause = 0.05
    started = None
    while True:
        for gpu, place in places:
            if _try_lock(folder, gpu, place):
                if started is not None:
                    log.info("waited %.0f s for a GPU", time.monotonic() - started)
                return gpu
        if started is None:
            started = time.monotonic()
            log.info("all GPUs (%s) are taken: waiting for one (%s)", ", ".join(pool), folder)
        time.sleep(chance.uniform(0.5, 1.0) * pause)  # jitter, so that waiters do not march in step
        pause = min(2 * pause, LONGEST_PAUSE)


def _lock_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"memdyn-gpu-locks-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(
            f"{folder} belongs to another user: remove it or set TMPDIR elsewhere"
        )
    return folder


def _try_lock(folder: Path, gpu: str, place: int) -> bool:
    name = gpu.replace("/", "_") + (f".{place}" if place else "")
    # Never unlinked: a new file under an old name would be a second lock on the same GPU.
    handle = os.open(folder / f"gpu-{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)  # closed on exec
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    _held[gpu] = handle
    return True
