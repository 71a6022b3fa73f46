"""Drive networks of a shard with random bits: timescales of their units, dimension of activity."""

import logging

import torch

from memdyn.device import set_up
from memdyn.files import write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.tables import combine, with_network
from memdyn.timescales.activity import dimension, tau_net
from memdyn.timescales.robustness.cases import on
from memdyn.timescales.tables import schema
from memdyn.timescales.training.checkpoints import open_snapshots

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
settings = snakemake.params.settings
tables = {"timescales": [], "curves": [], "dimension": []}
snapshots = open_snapshots(snakemake.input.networks)
for network in snapshots.networks:
    wanted = tau_net.wanted(snapshots.solved(network), settings["N"])
    if network.condition not in settings["conditions"] or not wanted:
        logging.info("%s: not asked for, or nothing solved: left out", network.name)
        continue
    cell = snapshots.cell(network)
    # Snapshots side by side fill a device, and their curves are fitted together: within memory.
    n_units = snapshots.parameters(network, wanted[0])["heads"].shape[-1]
    together = max(1, tau_net.TOGETHER // n_units)
    for first in range(0, len(wanted), together):
        Ns = wanted[first : first + together]
        each = [on(device, snapshots.parameters(network, N)) for N in Ns]
        params = {name: torch.cat([one[name] for one in each]) for name in each[0]}
        recorded = tau_net.stimulate(cell, params, [network.seed] * len(Ns), settings)
        measured = tau_net.measure(each, recorded, settings["fitted_lags"])
        for N, rows, moments in zip(Ns, measured, recorded, strict=True):
            rows["dimension"] = dimension.measure(moments.covariance())
            net = rows["timescales"]["tau_net_mean"]
            logging.info("%s, N = %d: mean tau_net %.3g", network.name, N, net)
            for name, found in rows.items():
                tables[name].append(with_network(network, found).assign(N=N))
for name, rows in tables.items():
    metadata = {"schema": schema(name), "provenance": provenance(device=device)}
    write_table(snakemake.output[name], combine(rows), metadata)
