"""How fast the benchmarks found the work to be, in one figure."""

from memdyn.costs.speed_figure import draw, read_rows
from memdyn.figures.style import save
from memdyn.jobs.logs import start_log

start_log(snakemake.log[0])
save(*draw(read_rows(snakemake.input)), snakemake.output)
