"""Draw how time and memory grow with the sizes of the work."""

from memdyn.costs.growth import read_points
from memdyn.costs.growth_figure import draw
from memdyn.figures.style import save
from memdyn.jobs.start import start_job

start_job(snakemake)
save(*draw(read_points(snakemake.input[0])), snakemake.output)
