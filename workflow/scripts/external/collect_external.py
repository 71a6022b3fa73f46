"""Put the networks from outside together, one table per question."""

from memdyn.external.tables import schema
from memdyn.files import read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.tables import combine

start_job(snakemake)
for kind, path in snakemake.output.items():
    rows = combine([read_table(part, schema(kind)) for part in snakemake.input[kind]])
    write_table(path, rows, {"schema": schema(kind), "provenance": provenance()})
