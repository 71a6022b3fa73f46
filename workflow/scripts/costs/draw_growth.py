"""Draw how time and memory grow with the sizes of the work."""

from memdyn.costs.growth import read_points
from memdyn.costs.growth_figure import draw
from memdyn.figures.style import save
from memdyn.jobs.logs import start_log

start_log(snakemake.log[0])
save(*draw(read_points(snakemake.input[0])), snakemake.output)
