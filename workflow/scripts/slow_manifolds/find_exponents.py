"""Leading Lyapunov exponents of what the memory runs of each network of a shard end in."""

import logging

import torch

from memdyn.device import set_up
from memdyn.files import load_arrays, read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.landscape.arrays import ARRAYS
from memdyn.landscape.exponents import find_exponents
from memdyn.slow_manifolds.networks.system import step_of
from memdyn.slow_manifolds.tables import analysed, schema
from memdyn.slow_manifolds.training.finished import ready_networks
from memdyn.tables import combine, with_network

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params, tables = snakemake.input, snakemake.params, []
able = analysed(read_table(inputs.performance, schema("performance")), params.settings)
runs, _ = load_arrays(inputs.runs, ARRAYS["cycles"])
for network, *ready in ready_networks(
    inputs.networks, inputs.cases, params.network, device, only=able
):
    frozen, _, delay_states = ready
    ends = torch.as_tensor(runs[f"{network.name}.ends"][: len(delay_states)], device=device)
    found = find_exponents(step_of(frozen, params.network["tau"]), ends, settings=params.settings)
    found.insert(0, "index", range(len(found)))
    logging.info("%s: largest exponent %.3g", network.name, found["exponent_1"].max())
    tables.append(with_network(network, found))
metadata = {"schema": schema("exponents"), "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
