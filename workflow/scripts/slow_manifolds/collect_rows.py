"""Put the shards of each table together."""

from memdyn.files import read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.tables import schema
from memdyn.tables import combine

start_job(snakemake)
for name, path in snakemake.output.items():
    rows = combine([read_table(shard, schema(name)) for shard in snakemake.input[name]])
    write_table(path, rows, {"schema": schema(name), "provenance": provenance()})
