"""Take units of the shortest and the longest time constants out of networks, one at a time."""

import logging

from memdyn.device import set_up
from memdyn.files import write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.tables import combine, with_network
from memdyn.timescales.robustness.ablation import ablate
from memdyn.timescales.robustness.cases import cases
from memdyn.timescales.tables import schema
from memdyn.timescales.training.checkpoints import open_snapshots

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, tables = snakemake.params, []
snapshots = open_snapshots(snakemake.input[0])
for case in cases(snapshots, params.settings, device):
    name = case.network.name
    if not case.cell.trains_tau:
        logging.info("%s: no time constants that differ, left out", name)
        continue
    ablated = ablate(case, params.settings["n_ablated"], params.accuracy)
    means = ablated.groupby("group")["relative"].mean()
    logging.info(
        "%s, N = %d: relative accuracy without %s",
        *(
            name,
            case.N,
            ", ".join(f"{group} time constants {mean:.3f}" for group, mean in means.items()),
        ),
    )
    tables.append(with_network(case.network, ablated))
metadata = {"schema": schema("ablation"), "provenance": provenance(device=device)}
write_table(snakemake.output[0], combine(tables), metadata)
