"""Figure 2 of study 2: tasks and curricula, as the configuration has them."""

from memdyn.figures.style import save
from memdyn.jobs.start import start_job
from memdyn.timescales.figures import fig2_curricula as figure
from memdyn.timescales.figures.conditions import scale_note

start_job(snakemake)
params = snakemake.params
drawn = figure.draw(params.study, note=scale_note(params.scale, params.n_units, params.units))
save(*drawn, snakemake.output)
