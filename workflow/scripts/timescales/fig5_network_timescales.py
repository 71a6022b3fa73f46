"""Figure 5 of study 2: autocorrelations and the timescales of activity."""

from memdyn.figures.style import save
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.timescales.figures import fig5_network_timescales as figure
from memdyn.timescales.figures.conditions import MAIN, scale_note, standing_in
from memdyn.timescales.tables import schema

start_job(snakemake)
params = snakemake.params
timescales, curves = (
    standing_in(read_table(snakemake.input[kind], schema(kind)))
    for kind in ("timescales", "curves")
)
drawn = figure.draw(
    timescales,
    curves,
    n_units=params.n_units,
    note=scale_note(params.scale, params.n_units, params.units, timescales, curves, shown=MAIN),
)
save(*drawn, snakemake.output)
