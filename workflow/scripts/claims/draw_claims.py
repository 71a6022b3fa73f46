"""The claims of both papers and their verdicts, in one figure."""

from memdyn.claims.judge import read
from memdyn.figures import claims as figure
from memdyn.figures.style import save
from memdyn.jobs.logs import start_log

start_log(snakemake.log[0])
params = snakemake.params
drawn = figure.draw(read(snakemake.input[0]), figure.note(params.scale, params.n_units))
save(*drawn, snakemake.output)
