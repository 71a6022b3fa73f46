"""Figure 2 of study 2: tasks and curricula, as the configuration has them."""

from memdyn.figures.style import save
from memdyn.jobs.logs import start_log
from memdyn.timescales.figures import fig2_curricula as figure
from memdyn.timescales.figures.conditions import scale_note

start_log(snakemake.log[0])
params = snakemake.params
drawn = figure.draw(params.study, note=scale_note(params.scale, params.n_units))
save(*drawn, snakemake.output)
