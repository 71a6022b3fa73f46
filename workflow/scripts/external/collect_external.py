"""Put the networks from outside together, one table per question."""

from memdyn.external.tables import schema
from memdyn.files import read_table, write_table
from memdyn.jobs.logs import start_log
from memdyn.jobs.provenance import provenance
from memdyn.tables import combine

start_log(snakemake.log[0])
for kind, path in snakemake.output.items():
    rows = combine([read_table(part, schema(kind)) for part in snakemake.input[kind]])
    write_table(path, rows, {"schema": schema(kind), "provenance": provenance()})
