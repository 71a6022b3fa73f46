"""The landscape of a network from outside."""

from memdyn.figures import sheet
from memdyn.figures.recordings import LANDSCAPES_SCHEMA
from memdyn.figures.style import save
from memdyn.files import load_arrays
from memdyn.logs import start_log

start_log(snakemake.log[0])
own, about = load_arrays(snakemake.input[0], LANDSCAPES_SCHEMA)
name = snakemake.wildcards.name
note = f"From {snakemake.params.file}."
save(*sheet.draw_external(name, own, about["examples"][name], note), snakemake.output)
