"""Put the shards together: one row per network, with its performance its mechanism and votes."""

from memdyn.files import read_table, write_table
from memdyn.logs import start_log
from memdyn.provenance import provenance
from memdyn.tables import SCHEMAS, combine, join_networks

start_log(snakemake.log[0])
performance, mechanisms, votes = (
    combine([read_table(path, SCHEMAS[kind]) for path in snakemake.input[kind]])
    for kind in ("performance", "mechanisms", "votes")
)
write_table(
    snakemake.output[0],
    join_networks(performance, mechanisms, votes),
    {"schema": SCHEMAS["networks"], "provenance": provenance()},
)
