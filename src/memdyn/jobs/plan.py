"""What a run was planned with, handed down to its jobs: its Snakemake, and the code of each script.

A job refuses to start under other code than it was planned with: an edit while a run is under way
would leave tables of both codes, and Snakemake would not notice. On a cluster each job parses the
workflow again, so the plan travels in the environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from memdyn.jobs.digest import code_digest

_VARIABLE = "MEMDYN_PLAN"
_DIGITS = 16  # of each digest, so that the environment stays small


class MixedCode(Exception):
    """A job's code is not that with which its run was planned."""


class Plan(NamedTuple):
    """A run.

    Attributes:
        main: process of its Snakemake.
        host: where that runs.
        slurm_job: SLURM job in which that runs itself; "" if it does not.
        code: script (``<study>/<script>``) -> start of its digest.
    """

    main: int
    host: str
    slurm_job: str
    code: dict[str, str]


def begin() -> None:
    """Make a new plan in this process, Snakemake's; its jobs inherit it."""
    _write(Plan(os.getpid(), socket.gethostname(), os.environ.get("SLURM_JOB_ID", ""), {}))


def note_code(script: str, digest: str) -> None:
    """Book the digest of a script, unless the plan knows one already."""
    plan = read()
    if plan is not None and script not in plan.code:
        _write(plan._replace(code={**plan.code, script: digest[:_DIGITS]}))


def read() -> Plan | None:
    """The plan that this process belongs to; None if there is none."""
    try:
        return Plan(*json.loads(os.environ[_VARIABLE]))
    except (KeyError, ValueError, TypeError):
        return None


def main_here(plan: Plan | None) -> int | None:
    """Process of the run's Snakemake if it runs on this machine and in this allocation."""
    if plan is None or plan.main == os.getpid():
        return None
    here = (socket.gethostname(), os.environ.get("SLURM_JOB_ID", ""))
    return plan.main if (plan.host, plan.slurm_job) == here else None


def refuse_mixed(script: Path, planned: str) -> None:
    """Refuse to run a script whose code is not what its run was planned with.

    Args:
        script: its file, ``.../<study>/<script>.py``.
        planned: digest in the params of its job.

    Raises:
        MixedCode: it, or a module that it imports, was changed meanwhile.
    """
    plan, now = read(), code_digest(script)
    name = f"{script.parent.name}/{script.stem}"
    expected = {planned[:_DIGITS], (plan.code if plan else {}).get(name, planned[:_DIGITS])}
    if expected != {now[:_DIGITS]}:
        raise MixedCode(
            f"the code of {name} was changed after this run was planned: start the run again, "
            "which makes everything anew that the change touches"
        )


def asked(params: Mapping) -> str:
    """Digest of all that a job is asked to do: its params, with the digest of its code."""
    text = json.dumps(params, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _write(plan: Plan) -> None:
    os.environ[_VARIABLE] = json.dumps(plan, separators=(",", ":"))
