"""What SLURM would refuse, or let wait for ever, said before the first job is submitted."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from typing import NamedTuple

from memdyn.jobs.watch import seconds

#: How a value of the profile is given.
_AMONG = "among the --default-resources"


class Partition(NamedTuple):
    """A partition: the longest time of a job (min; may be infinite), and whether it has GPUs."""

    minutes: float
    gpu: bool


def problems(partition: str, account: str, minutes: float, gpus: int) -> list[str]:
    """One sentence, with its remedy, for each thing with which no job could run on this SLURM.

    Args:
        partition: asked for; several with commas between them, or "" for the default one.
        account: asked for, or "".
        minutes: longest time limit that a job may ask for.
        gpus: of a job that can use one.

    Returns:
        Nothing where there is no SLURM, or where it does not answer.
    """
    found, default = partitions(_ask("sinfo", "--noheader", "--format", "%P|%l|%G"))
    if not found:
        return []
    asked = [name for name in (partition or default).split(",") if name]
    told = [
        f"SLURM has no partition {name!r}, but {', '.join(found)}: name one of them "
        f"(slurm_partition=<name> {_AMONG})"
        for name in asked
        if name not in found
    ]
    if asked and not told:
        longest = max(found[name].minutes for name in asked)
        if minutes > longest:
            told.append(
                f"max_runtime={minutes:g} is more than the {longest:g} minutes that partition "
                f"{','.join(asked)} gives to a job, so jobs would wait for ever: "
                f"give max_runtime={longest:g} {_AMONG}"
            )
        if gpus and not any(found[name].gpu for name in asked):
            told.append(
                f"partition {','.join(asked)} has no GPU, so jobs that ask for one would never "
                f"start: give max_gpu=0 {_AMONG}"
            )
    own = accounts()
    if account and own and account not in own:
        told.append(
            f"account {account!r} is none of yours, which are {', '.join(own)}: name one of them "
            f"(slurm_account=<name> {_AMONG})"
        )
    return told


def partitions(text: str) -> tuple[dict[str, Partition], str]:
    """Partitions by name, and the default one's name, from lines ``name|time limit|gres``."""
    found, default = {}, ""
    for line in text.splitlines():
        name, limit, gres = line.strip().split("|")
        if name.endswith("*"):
            name = default = name[:-1]
        before = found.get(name, Partition(0.0, False))  # a line for each kind of node
        given = seconds(limit)
        own = float("inf") if given is None else given / 60
        found[name] = Partition(max(before.minutes, own), before.gpu or "gpu" in gres)
    return found, default


def accounts() -> list[str]:
    """Accounts of this user; none where SLURM keeps no accounts."""
    user = os.environ.get("USER") or getpass.getuser()
    command = ("--noheader", "--parsable2", "show", "associations", f"user={user}")
    return sorted({*_ask("sacctmgr", *command, "format=account").split()})


def _ask(command: str, *arguments: str) -> str:
    if shutil.which(command) is None:
        return ""
    try:
        asked = subprocess.run(
            [command, *arguments], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout
