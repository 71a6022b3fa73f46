"""Put the shards' exponents together, each with tau_net of the same network."""

from memdyn.bridge.tables import schema
from memdyn.bridge.together import with_tau_net
from memdyn.files import read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.tables import combine
from memdyn.timescales import tables as timescales

start_job(snakemake)
found = {
    name: combine([read_table(path, schema(name)) for path in snakemake.input[name]])
    for name in ("driven", "points", "modes")
}
measured = read_table(snakemake.input.timescales, timescales.schema("timescales"))
found["slowness"] = with_tau_net(found.pop("driven"), measured)
for name, table in found.items():
    metadata = {"schema": schema(name), "provenance": provenance()}
    write_table(snakemake.output[name], table, metadata)
