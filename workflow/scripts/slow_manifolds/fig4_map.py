"""Figure 4: mechanisms and performance over the grid of networks."""

from memdyn.figures.style import save, scale_note
from memdyn.files import read_table
from memdyn.jobs.logs import start_log
from memdyn.slow_manifolds.figures import fig4_map as figure
from memdyn.slow_manifolds.tables import fully_trained, schema

start_log(snakemake.log[0])
params = snakemake.params
drawn = figure.draw(
    fully_trained(read_table(snakemake.input.networks, schema("networks"))),
    failed=f"failed_{params.max_error:g}",
    note=scale_note(params.scale, params.n_units, params.n_trials),
)
save(*drawn, snakemake.output)
