"""Put the shards of each table together."""

from memdyn.files import read_table, write_table
from memdyn.logs import start_log
from memdyn.provenance import provenance
from memdyn.tables import SCHEMAS, combine

start_log(snakemake.log[0])
for name, path in snakemake.output.items():
    rows = combine([read_table(shard, SCHEMAS[name]) for shard in snakemake.input[name]])
    write_table(path, rows, {"schema": SCHEMAS[name], "provenance": provenance()})
