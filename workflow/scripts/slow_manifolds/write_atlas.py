"""Put all networks into one page that needs nothing beside it."""

import json
from itertools import chain
from pathlib import Path

import numpy as np
from plotly.offline import get_plotlyjs

import memdyn.slow_manifolds.atlas as atlas
from memdyn.files import write_atomically
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.tasks.pattern_matching import load_task

start_job(snakemake)
params = snakemake.params
task = load_task(snakemake.input.stimuli, params.task, params.dt)
groups = np.asarray(task.pair(np.arange(task.n_types))[0])
shared = atlas.legend(params.scale, params.task["classes"], groups, task.n_delay * params.dt)
template = Path(atlas.__file__).with_suffix(".html").read_text(encoding="utf-8")
entries = chain.from_iterable(json.loads(Path(path).read_text()) for path in snakemake.input.shards)
with write_atomically(snakemake.output[0]) as path:
    page = atlas.assemble(template, get_plotlyjs(), shared, entries)
    path.write_text(page, encoding="utf-8")
