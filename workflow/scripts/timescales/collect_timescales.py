"""Put the shards of study 2 together: histories of training, and each table that was measured."""

import pandas as pd

from memdyn.files import read_table, write_table
from memdyn.jobs.partial import forget
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.tables import combine, with_network
from memdyn.timescales.tables import schema
from memdyn.timescales.training.checkpoints import open_snapshots

start_job(snakemake)
tables: dict[str, list[pd.DataFrame]] = {"epochs": [], "heads": [], "networks": []}
for path in snakemake.input.snapshots:
    snapshots = open_snapshots(path)
    for network in snapshots.networks:
        epochs, heads = snapshots.histories(network)
        row = {
            "n_units": snakemake.params.n_units[network.condition],
            "max_N": max(snapshots.solved(network), default=0),
            "n_epochs": len(epochs),
            "updates": int(epochs["updates"].max()),
            "status": snapshots.status(network),
        }
        for name, rows in (("epochs", epochs), ("heads", heads), ("networks", row)):
            tables[name].append(with_network(network, rows))
for name in snakemake.params.measured:
    tables[name] = [read_table(path, schema(name)) for path in snakemake.input[name]]
for path in snakemake.input.get("retraining", []):
    forget(path)
for name, rows in tables.items():
    metadata = {"schema": schema(name), "provenance": provenance()}
    write_table(snakemake.output[name], combine(rows), metadata)
