"""Figure 2 of study 2: tasks and curricula, as the configuration has them."""

from memdyn.figures.style import save
from memdyn.figures.timescales import curricula as figure
from memdyn.figures.timescales.common import scale_note
from memdyn.logs import start_log

start_log(snakemake.log[0])
params = snakemake.params
drawn = figure.draw(params.study, note=scale_note(params.scale, params.n_units))
save(*drawn, snakemake.output)
