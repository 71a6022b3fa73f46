"""Figure 4: mechanisms and performance over the grid of networks."""

from memdyn.claims.judge import Evidence
from memdyn.figures.style import save, scale_note
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.claims.controls import EVERY
from memdyn.slow_manifolds.figures import fig4_map as figure
from memdyn.slow_manifolds.tables import fully_trained, schema

start_job(snakemake)
inputs, params = snakemake.input, snakemake.params
kinds = ("networks", "points", "memory", "ends")
read = {kind: read_table(inputs[kind], schema(kind)) for kind in kinds}
tables = {kind: fully_trained(table) for kind, table in read.items()}
drawn = figure.draw(
    tables["networks"],
    failed=f"failed_{params.max_error:g}",
    note=scale_note(params.scale, params.n_units, params.n_trials),
    evidence=Evidence(tables | {EVERY: read["networks"]}, params.facts),
)
save(*drawn, snakemake.output)
