"""One job of the workflow as a process of its own, without the seconds that Snakemake takes.

    python tests/faults/run_job.py JOB.json

``JOB.json`` is written by ``kills.job``: script, input, output, params, wildcards, log. The state
of training is saved every 0.05 s instead of every minute, so that kills find many states.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from memdyn.slow_manifolds.training.progress import Progress
from memdyn.timescales.training.progress import CurriculumProgress, RetrainingProgress

SAVE_EVERY = 0.05


class Named(list):
    """Files or params, by place and by name, as Snakemake hands them to scripts."""

    def __init__(self, named: dict):
        super().__init__(named.values())
        self.__dict__.update(named)

    def items(self):
        return self.__dict__.items()


class Files(Named):
    """Files that may have no name; those that have none are called 0, 1, ..."""


asked = json.loads(Path(sys.argv[1]).read_text())
for kind in (Progress, CurriculumProgress, RetrainingProgress):
    kind.__init__.__defaults__ = (*kind.__init__.__defaults__[:-1], SAVE_EVERY)
snakemake = SimpleNamespace(
    input=Files(asked["input"]),
    output=Files(asked["output"]),
    params=Named(asked["params"]),
    wildcards=SimpleNamespace(**asked["wildcards"]),
    log=[asked["log"]],
    threads=1,
    resources=SimpleNamespace(gpu=0, mem_mb=1000, runtime=10),
)
__file__ = asked["script"]
exec(compile(Path(__file__).read_text(), __file__, "exec"))
