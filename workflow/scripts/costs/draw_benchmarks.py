"""How fast the benchmarks found the work to be, in one figure."""

from memdyn.costs.speed_figure import draw, read_rows
from memdyn.figures.style import save
from memdyn.jobs.start import start_job

start_job(snakemake)
save(*draw(read_rows(snakemake.input)), snakemake.output)
