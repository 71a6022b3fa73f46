"""Figure 1 of study 2: the network, and the timescales of one neuron."""

from memdyn.figures.style import save
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.timescales.figures import fig1_model as figure
from memdyn.timescales.figures.conditions import scale_note, standing_in
from memdyn.timescales.tables import schema

start_job(snakemake)
params = snakemake.params
curves = standing_in(read_table(snakemake.input.curves, schema("curves")))
drawn = figure.draw(
    curves,
    n_units=params.n_units,
    start_N=params.start_N,
    inside=False,
    note=scale_note(params.scale, params.n_units, params.units, figure.choose_example(curves)),
)
save(*drawn, snakemake.output)
