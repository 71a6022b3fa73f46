"""Test networks in continuous time with other steps than they were trained with."""

import logging

from memdyn.device import set_up
from memdyn.files import write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.tables import combine, with_network
from memdyn.timescales.robustness.cases import cases
from memdyn.timescales.robustness.substeps import change_steps
from memdyn.timescales.tables import schema
from memdyn.timescales.training.checkpoints import open_snapshots

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, tables = snakemake.params, []
snapshots = open_snapshots(snakemake.input[0])
for case in cases(snapshots, params.settings, device):
    if not case.cell.scale_tau:
        logging.info("%s: not in continuous time, left out", case.network.name)
        continue
    changed = change_steps(case, params.settings["k"], params.accuracy)
    found = dict(zip(changed["k"], changed["accuracy"].round(3), strict=True))
    logging.info(
        "%s, N = %d: accuracy %s",
        *(case.network.name, case.N, ", ".join(f"{of:.3f} (k = {k})" for k, of in found.items())),
    )
    tables.append(with_network(case.network, changed))
metadata = {"schema": schema("substeps"), "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
