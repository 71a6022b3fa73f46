"""Supplementary figure of study 2: the curricula with GRU and LSTM."""

from memdyn.figures.style import save
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.timescales.figures import figS1_gated as figure
from memdyn.timescales.figures.conditions import scale_note, standing_in
from memdyn.timescales.tables import schema

start_job(snakemake)
params = snakemake.params
epochs, networks = (
    standing_in(read_table(snakemake.input[kind], schema(kind))) for kind in ("epochs", "networks")
)
drawn = figure.draw(
    epochs,
    networks,
    note=scale_note(params.scale, params.n_units, params.units, epochs, shown=figure.CONDITIONS),
)
save(*drawn, snakemake.output)
