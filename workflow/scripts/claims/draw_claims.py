"""The claims of both papers and their verdicts, in one figure."""

from memdyn.claims.judge import read
from memdyn.figures import claims as figure
from memdyn.figures.style import save
from memdyn.jobs.start import start_job

start_job(snakemake)
params = snakemake.params
drawn = figure.draw(read(snakemake.input[0]), figure.note(params.scale, params.n_units))
save(*drawn, snakemake.output)
