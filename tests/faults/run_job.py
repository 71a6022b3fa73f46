"""One job of the workflow in this process, without the seconds that Snakemake takes.

``kills.py`` forks a process for each: torch is imported once. The state of training is saved every
0.05 s instead of every minute, so that kills find many states.
"""

import os
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


def run(asked: dict, folder: Path) -> None:
    """Run a job that ``kills.job`` wrote down; the process should end afterwards.

    Args:
        asked: script, input, output, params, wildcards, log.
        folder: where its files lie.
    """
    os.chdir(folder)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    for kind in (Progress, CurriculumProgress, RetrainingProgress):
        kind.__init__.__defaults__ = (*kind.__init__.__defaults__[:-1], SAVE_EVERY)
    snakemake = SimpleNamespace(
        input=Named(asked["input"]),
        output=Named(asked["output"]),
        params=Named(asked["params"]),
        wildcards=SimpleNamespace(**asked["wildcards"]),
        log=[asked["log"]],
        threads=1,
        resources=SimpleNamespace(gpu=0),
    )
    script = asked["script"]
    sys.modules["__main__"].__file__ = script  # whose digest is compared with the planned one
    code = compile(Path(script).read_text(), script, "exec")
    exec(code, {"__name__": "__main__", "__file__": script, "snakemake": snakemake})
