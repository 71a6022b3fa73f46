"""Supplementary figure 4 of study 2: networks in continuous time with other steps."""

from memdyn.figures.style import save
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.timescales.figures import figS4_substeps as figure
from memdyn.timescales.figures.conditions import scale_note, standing_in
from memdyn.timescales.tables import schema

start_job(snakemake)
params = snakemake.params
substeps, timescales = (
    standing_in(read_table(snakemake.input[kind], schema(kind)))
    for kind in ("substeps", "timescales")
)
drawn = figure.draw(
    substeps,
    timescales,
    trained=params.substeps,  # condition -> k of training
    note=scale_note(params.scale, params.n_units, params.units, substeps, timescales),
)
save(*drawn, snakemake.output)
