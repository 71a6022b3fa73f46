"""Figure 6 of study 2: recurrent weights and dimension against N."""

from memdyn.figures.style import save
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.timescales.figures import fig6_weights as figure
from memdyn.timescales.figures.conditions import MAIN, scale_note, standing_in
from memdyn.timescales.tables import schema

start_job(snakemake)
params = snakemake.params
weights, dimension = (
    standing_in(read_table(snakemake.input[kind], schema(kind)))
    for kind in ("weights", "dimension")
)
drawn = figure.draw(
    weights,
    dimension,
    note=scale_note(
        params.scale,
        params.n_units,
        params.units,
        weights,
        dimension,
        shown=MAIN,
    ),
)
save(*drawn, snakemake.output)
