"""Supplementary figure 2 of study 2: which N a network answers after it has solved one."""

from memdyn.figures.style import save
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.timescales.figures import figS2_memory as figure
from memdyn.timescales.figures.conditions import scale_note, standing_in
from memdyn.timescales.tables import schema

start_job(snakemake)
params = snakemake.params
memory = standing_in(read_table(snakemake.input["memory"], schema("memory")))
drawn = figure.draw(
    memory,
    note=scale_note(params.scale, params.n_units, params.units, memory),
)
save(*drawn, snakemake.output)
