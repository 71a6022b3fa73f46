"""Leave each network of a shard alone, from all starts that matter, and see where it ends."""

import logging
import time

from memdyn.device import set_up
from memdyn.files import write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.mechanisms.attractors import find_ends
from memdyn.slow_manifolds.tables import schema
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training.finished import ready_networks
from memdyn.tables import combine, with_network

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params, tables = snakemake.input, snakemake.params, []
task = load_task(inputs.stimuli, params.task, params.network["dt"])
for network, *ready in ready_networks(inputs.networks, inputs.cases, params.network, device):
    began = time.monotonic()
    frozen, trial_ends, delay_states = ready
    ends = find_ends(frozen, task, trial_ends, delay_states, network.seed, params.settings)
    kinds = ", ".join(f"{count} {kind}" for kind, count in ends["kind"].value_counts().items())
    seconds = time.monotonic() - began
    logging.info("%s: %s (%d steps, %.1f s)", network.name, kinds, ends["n_steps"].iloc[0], seconds)
    tables.append(with_network(network, ends))
metadata = {"schema": schema("ends"), "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
