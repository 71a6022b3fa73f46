"""Figure 8 of study 2: perturbed weights and time constants, and retraining."""

from memdyn.figures.style import save
from memdyn.figures.timescales import perturbation as figure
from memdyn.figures.timescales.common import scale_note
from memdyn.files import read_table
from memdyn.logs import start_log
from memdyn.tables import SCHEMAS2

start_log(snakemake.log[0])
params = snakemake.params
perturbation, retraining = (
    read_table(snakemake.input[kind], SCHEMAS2[kind]) for kind in ("perturbation", "retraining")
)
drawn = figure.draw(
    perturbation,
    retraining,
    n_units=params.n_units,
    note=scale_note(params.scale, params.n_units),
)
save(*drawn, snakemake.output)
