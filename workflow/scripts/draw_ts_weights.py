"""Figure 6 of study 2: recurrent weights and dimension against N."""

from memdyn.figures.style import save
from memdyn.figures.timescales import weights as figure
from memdyn.figures.timescales.common import scale_note
from memdyn.files import read_table
from memdyn.logs import start_log
from memdyn.tables import SCHEMAS2

start_log(snakemake.log[0])
params = snakemake.params
weights, dimension = (
    read_table(snakemake.input[kind], SCHEMAS2[kind]) for kind in ("weights", "dimension")
)
drawn = figure.draw(
    weights,
    dimension,
    note=scale_note(params.scale, params.n_units),
)
save(*drawn, snakemake.output)
