"""Put the tables of all shards together: one row per network, and one table per question."""

from memdyn.files import read_table, write_table
from memdyn.logs import start_log
from memdyn.provenance import provenance
from memdyn.tables import SCHEMAS, combine, join_networks

start_log(snakemake.log[0])


def read_all(kind):
    return combine([read_table(path, SCHEMAS[kind]) for path in snakemake.input[kind]])


def write(kind, table):
    metadata = {"schema": SCHEMAS[kind], "provenance": provenance()}
    write_table(snakemake.output[kind], table, metadata)


write("networks", join_networks(read_all("performance"), read_all("mechanisms")))
for kind in ("ends", "delays", "noise"):
    write(kind, read_all(kind))
