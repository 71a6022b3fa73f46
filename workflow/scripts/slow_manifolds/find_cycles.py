"""Run each network of a shard on and solve, in float64, for the cycles on which runs end."""

import logging

from memdyn.device import set_up
from memdyn.files import read_table, save_arrays, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.landscape.arrays import ARRAYS
from memdyn.landscape.cycles import find_runs
from memdyn.slow_manifolds.networks.system import step_of
from memdyn.slow_manifolds.tables import analysed, schema
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training.finished import ready_networks, run_starts
from memdyn.tables import combine, with_network

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params = snakemake.input, snakemake.params
task = load_task(inputs.stimuli, params.task, params.network["dt"])
able = analysed(read_table(inputs.performance, schema("performance")), params.settings)
arrays, runs, cycles = {}, [], []
for network, *ready in ready_networks(
    inputs.networks, inputs.cases, params.network, device, only=able
):
    frozen, trial_ends, delay_states = ready
    table, starts = run_starts(task, trial_ends, delay_states)
    found = find_runs(step_of(frozen, params.network["tau"]), starts, settings=params.settings)
    runs.append(with_network(network, table.join(found.table)))
    cycles.append(with_network(network, found.cycles))
    arrays[f"{network.name}.starts"] = starts.cpu().numpy()
    arrays[f"{network.name}.ends"] = found.ends
    arrays[f"{network.name}.orbits"] = found.orbits.astype("float32")
    kinds = ", ".join(f"{n} {kind}" for kind, n in found.table["outcome"].value_counts().items())
    logging.info("%s: %s; %d cycles", network.name, kinds, len(found.cycles))
facts = {"provenance": provenance(device=device)}
write_table(snakemake.output.runs, combine(runs), {"schema": schema("runs"), **facts})
write_table(snakemake.output.cycles, combine(cycles), {"schema": schema("cycles"), **facts})
save_arrays(snakemake.output.arrays, arrays, {"schema": ARRAYS["cycles"], **facts})
