"""Record what the atlas shows of each network of a shard."""

import json
import logging
from pathlib import Path

from memdyn.device import set_up
from memdyn.figures.recordings import part_of
from memdyn.files import load_arrays, read_table, write_atomically
from memdyn.jobs.start import start_job
from memdyn.landscape.arrays import ARRAYS
from memdyn.landscape.portrait import describe
from memdyn.slow_manifolds.atlas import page_of, row_of
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.portraits import record
from memdyn.slow_manifolds.tables import schema, votes_of
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training.finished import ready_networks
from memdyn.tables import of_network

KINDS = ("performance", "mechanisms", "votes", "delays", "noise", "points", "cycles", "memory")
start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params = snakemake.input, snakemake.params
dt, leak = params.network["dt"], params.network["dt"] / params.network["tau"]
task = load_task(inputs.stimuli, params.task, dt)
tables = {kind: read_table(inputs[kind], schema(kind)) for kind in KINDS}
found = {**load_arrays(inputs.run_arrays, ARRAYS["cycles"])[0]}
found |= load_arrays(inputs.point_arrays, ARRAYS["fixed_points"])[0]
votes, pages = votes_of(tables["votes"]), {}
for ready in ready_networks(inputs.networks, inputs.cases, params.network, device, only=votes):
    name = ready.network.name
    own = {kind: of_network(tables[kind], name) for kind in KINDS}
    arrays = record(ready, task, part_of(found, name), own["points"])
    fact = describe(own["points"], own["cycles"], own["memory"], votes[name])
    pages[name] = page_of(arrays, fact, own, dt, leak, task.epochs["delay 1"], task.n_types)
    logging.info("%s: %d points, %d cycles", name, len(own["points"]), len(own["cycles"]))
rows = (row_of(Network(*network), tables) for network in params.networks)
entries = [{"row": row, "page": pages.get(row["name"])} for row in rows]
with write_atomically(snakemake.output[0]) as path:
    Path(path).write_text(json.dumps(entries, separators=(",", ":"), allow_nan=False))
