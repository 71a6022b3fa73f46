"""Figure 5: forgetting and noise per mechanism."""

from memdyn.figures.style import save, scale_note
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.figures import fig5_robustness as figure
from memdyn.slow_manifolds.tables import fully_trained, of_the_grid, schema

start_job(snakemake)
params = snakemake.params
networks, delays, noise = (
    fully_trained(read_table(snakemake.input[kind], schema(kind)))
    for kind in ("networks", "delays", "noise")
)
drawn = figure.draw(
    of_the_grid(networks),
    delays,
    noise,
    nominal=params.delay,
    note=scale_note(params.scale, params.n_units, params.n_trials),
)
save(*drawn, snakemake.output)
