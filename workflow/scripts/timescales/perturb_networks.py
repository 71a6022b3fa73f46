"""Perturb the recurrent weights and the time constants of networks."""

import logging

from memdyn.device import set_up
from memdyn.files import write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.tables import combine, with_network
from memdyn.timescales.robustness.cases import cases
from memdyn.timescales.robustness.perturbation import perturb, sizes_of
from memdyn.timescales.tables import schema
from memdyn.timescales.training.checkpoints import open_snapshots

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, tables = snakemake.params, []
snapshots = open_snapshots(snakemake.input[0])
for case in cases(snapshots, params.settings, device):
    name, targets = case.network.name, case.cell.targets
    if not targets:
        logging.info("%s: nothing to perturb, left out", name)
    for target in targets:
        perturbed = perturb(case, target, sizes_of(params.settings[target]), params.accuracy)
        relative = perturbed.groupby("size")["relative"].mean()
        logging.info(
            "%s, N = %d, %s perturbed: relative accuracy %s",
            *(name, case.N, target, " ".join(f"{mean:.2f}" for mean in relative)),
        )
        tables.append(with_network(case.network, perturbed))
metadata = {"schema": schema("perturbation"), "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
