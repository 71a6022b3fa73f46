"""Figure 8 of study 2: perturbed weights and time constants, and retraining."""

from memdyn.figures.style import save
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.timescales.figures import fig8_perturbation as figure
from memdyn.timescales.figures.conditions import scale_note, standing_in
from memdyn.timescales.tables import schema

start_job(snakemake)
params = snakemake.params
perturbation, retraining = (
    standing_in(read_table(snakemake.input[kind], schema(kind)))
    for kind in ("perturbation", "retraining")
)
drawn = figure.draw(
    perturbation,
    retraining,
    n_units=params.n_units,
    note=scale_note(params.scale, params.n_units, params.units, perturbation, retraining),
)
save(*drawn, snakemake.output)
