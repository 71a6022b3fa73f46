"""Drive networks of study 2 with random bits: exponents, slowest modes; rest at constant inputs."""

import logging

from memdyn.bridge.slowness import measure
from memdyn.bridge.tables import schema
from memdyn.device import set_up
from memdyn.files import write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.tables import combine, with_network
from memdyn.timescales.robustness.cases import on
from memdyn.timescales.training.checkpoints import open_snapshots

start_job(snakemake)
device = set_up(0, snakemake.threads)
settings = snakemake.params.settings
tables = {"driven": [], "points": [], "modes": []}
snapshots = open_snapshots(snakemake.input.networks)
for network in snapshots.networks:
    if network.condition not in settings["conditions"]:
        continue
    cell = snapshots.cell(network)
    for N in sorted(set(snapshots.solved(network)) & set(settings["N"])):
        params = on(device, snapshots.parameters(network, N))
        found = measure(cell, params, network.seed, settings)
        leading, carriers = (found["driven"][key] for key in ("exponent_1", "participation"))
        logging.info("%s, N = %d: exponent %.3g, %.3g units", network.name, N, leading, carriers)
        for name, rows in found.items():
            tables[name].append(with_network(network, rows).assign(N=N))
for name, rows in tables.items():
    metadata = {"schema": schema(name), "provenance": provenance(device=device)}
    write_table(snakemake.output[name], combine(rows), metadata)
