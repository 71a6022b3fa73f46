"""Take a network from outside apart: runs, cycles, points, exponents, and the vote."""

import logging

from memdyn.device import set_up
from memdyn.external.analysis import analyse
from memdyn.external.reading import (
    build_system,
    constant_input,
    load_weights,
    starting_memory,
    starting_states,
)
from memdyn.external.tables import schema
from memdyn.figures.recordings import LANDSCAPES_SCHEMA
from memdyn.files import save_arrays, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
params, outputs = snakemake.params, snakemake.output
entry = params.entry
logging.info("takes up to %d MB", snakemake.resources.mem_mb)
system = build_system(entry, load_weights(entry["file"]))
starts, u = starting_states(entry, system), constant_input(entry)
memory = starting_memory(entry, len(starts))
tables, arrays, facts = analyse(
    entry,
    system.to(device),
    starts.to(device),
    None if u is None else u.to(device),
    memory,
    params.settings,
    params.attractors,
)
row = tables["summary"].iloc[0]
logging.info("%s", ", ".join(f"{key} {value}" for key, value in row.items()))
about = {"provenance": provenance(device=device)}
for kind, table in tables.items():
    write_table(outputs[kind], table, {"schema": schema(kind), **about})
metadata = {"schema": LANDSCAPES_SCHEMA, "examples": {entry["name"]: facts}, **about}
save_arrays(outputs.landscape, arrays, metadata)
