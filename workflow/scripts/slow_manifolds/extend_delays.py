"""Make the first delay longer for each network of a shard that performs the task."""

import logging

from memdyn.device import set_up
from memdyn.files import read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.settings import extra_delays, steps
from memdyn.slow_manifolds.robustness.delays import extend_delays
from memdyn.slow_manifolds.tables import performing, schema
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training.finished import ready_networks
from memdyn.tables import combine, with_network

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params, tables = snakemake.input, snakemake.params, []
dt = params.network["dt"]
task = load_task(inputs.stimuli, params.task, dt)
able = performing(read_table(inputs.performance, schema("performance")))
extra = extra_delays(params.settings)
n_steps = [steps(delay, dt) for delay in extra]
for network, *ready in ready_networks(
    inputs.networks, inputs.cases, params.network, device, only=able
):
    frozen, trial_ends, _ = ready
    failures = extend_delays(frozen, task, trial_ends, network.seed, n_steps, params.settings)
    failures.insert(0, "extra", extra)
    logging.info("%s: %d delays", network.name, len(extra))
    tables.append(with_network(network, failures))
metadata = {"schema": schema("delays"), "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
