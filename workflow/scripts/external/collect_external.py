"""Put the networks from outside together, one table per question."""

from memdyn.files import read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.tables import SCHEMAS
from memdyn.tables import combine

start_job(snakemake)
for kind, path in snakemake.output.items():
    schema = SCHEMAS.get(kind, f"external.{kind}/1")
    rows = combine([read_table(part, schema) for part in snakemake.input[kind]])
    write_table(path, rows, {"schema": schema, "provenance": provenance()})
