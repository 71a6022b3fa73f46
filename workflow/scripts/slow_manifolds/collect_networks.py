"""Put the shards together: one row per network, with its performance and its mechanism."""

from memdyn.files import read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.tables import join_networks, schema
from memdyn.tables import combine

start_job(snakemake)
performance, mechanisms = (
    combine([read_table(path, schema(kind)) for path in snakemake.input[kind]])
    for kind in ("performance", "mechanisms")
)
write_table(
    snakemake.output[0],
    join_networks(performance, mechanisms, snakemake.params.grid),
    {"schema": schema("networks"), "provenance": provenance()},
)
