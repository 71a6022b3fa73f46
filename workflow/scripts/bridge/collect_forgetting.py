"""Put the shards' tau_net together, each network with its mechanism and when it forgets."""

from memdyn.bridge.tables import schema
from memdyn.bridge.together import put_together
from memdyn.files import read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds import tables as slow_manifolds
from memdyn.tables import combine

start_job(snakemake)
activity = combine([read_table(path, schema("activity")) for path in snakemake.input.activity])
delays, networks = (
    slow_manifolds.fully_trained(read_table(snakemake.input[name], slow_manifolds.schema(name)))
    for name in ("delays", "networks")
)
activity = slow_manifolds.fully_trained(activity)
metadata = {"schema": schema("forgetting"), "provenance": provenance()}
write_table(snakemake.output[0], put_together(activity, delays, networks), metadata)
