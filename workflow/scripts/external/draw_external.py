"""The landscape of a network from outside."""

from memdyn.figures.network_page import draw_external
from memdyn.figures.recordings import LANDSCAPES_SCHEMA
from memdyn.figures.style import save
from memdyn.files import load_arrays
from memdyn.jobs.start import start_job

start_job(snakemake)
own, about = load_arrays(snakemake.input[0], LANDSCAPES_SCHEMA)
name = snakemake.wildcards.name
note = f"From {snakemake.params.file}."
save(*draw_external(name, own, about["examples"][name], note), snakemake.output)
