"""Figure 7 of study 2: accuracy when one neuron is taken out."""

from memdyn.figures.style import save
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.timescales.figures import fig7_ablation as figure
from memdyn.timescales.figures.conditions import scale_note, standing_in
from memdyn.timescales.tables import schema

start_job(snakemake)
params = snakemake.params
ablation = standing_in(read_table(snakemake.input["ablation"], schema("ablation")))
drawn = figure.draw(
    ablation,
    n_units=params.n_units,
    note=scale_note(params.scale, params.n_units, params.units, ablation),
)
save(*drawn, snakemake.output)
