"""Put the networks from outside together, one table per question."""

from memdyn.files import read_table, write_table
from memdyn.logs import start_log
from memdyn.provenance import provenance
from memdyn.tables import SCHEMAS, combine

start_log(snakemake.log[0])
kind = snakemake.wildcards.kind
schema = SCHEMAS.get(kind, f"external.{kind}/1")
rows = combine([read_table(path, schema) for path in snakemake.input])
write_table(snakemake.output[0], rows, {"schema": schema, "provenance": provenance()})
