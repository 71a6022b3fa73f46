"""Figure 1 of study 2: the network, and the timescales of one neuron."""

from memdyn.figures.style import save
from memdyn.figures.timescales import model as figure
from memdyn.figures.timescales.common import scale_note
from memdyn.files import read_table
from memdyn.logs import start_log
from memdyn.tables import SCHEMAS2

start_log(snakemake.log[0])
params = snakemake.params
drawn = figure.draw(
    read_table(snakemake.input.curves, SCHEMAS2["curves"]),
    n_units=params.n_units,
    start_N=params.start_N,
    inside=False,
    note=scale_note(params.scale, params.n_units),
)
save(*drawn, snakemake.output)
