"""How every job begins: as its one writer, under the code that it was planned with, and watched."""

from __future__ import annotations

import sys
from pathlib import Path

from memdyn.jobs import plan, provenance, watch, writers
from memdyn.jobs.logs import start_log
from memdyn.jobs.partial import clear_half_written


def start_job(snakemake) -> None:
    """Begin a job; call it first in a script, with the ``snakemake`` object.

    Log lines go to the rule's log from here on (``logs.start_log``), and ``provenance`` knows what
    the job was asked to do.

    Raises:
        StillWritten: another process runs this job.
        MixedCode: the code was changed after the run was planned.
    """
    path, params = Path(snakemake.log[0]), dict(snakemake.params.items())
    try:
        writers.hold(path)
    except writers.StillWritten as problem:
        sys.exit(f"StillWritten: {problem}")  # its log belongs to the other
    clear_half_written(snakemake.output)
    start_log(path, writers.header())
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script is not None and "code" in params:
        plan.refuse_mixed(Path(script), params["code"])
    provenance.note_job(code=params.get("code", ""), asked=plan.asked(params))
    watch.start(plan.main_here(plan.read()))
