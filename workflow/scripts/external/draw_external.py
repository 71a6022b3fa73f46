"""The landscape of a network from outside."""

from memdyn.figures.network_page import draw_external
from memdyn.figures.recordings import LANDSCAPES_SCHEMA
from memdyn.figures.style import save
from memdyn.files import load_arrays
from memdyn.jobs.logs import start_log

start_log(snakemake.log[0])
own, about = load_arrays(snakemake.input[0], LANDSCAPES_SCHEMA)
name = snakemake.wildcards.name
note = f"From {snakemake.params.file}."
save(*draw_external(name, own, about["examples"][name], note), snakemake.output)
