"""Write the page that the report opens with, and the numbers beside it."""

import yaml

from memdyn.claims.judge import read
from memdyn.figures.front_page import front_page
from memdyn.files import read_table_metadata, write_atomically
from memdyn.jobs.start import start_job

start_job(snakemake)
inputs, params = snakemake.input, snakemake.params
facts = read_table_metadata(inputs.networks)["provenance"] | {"scale": params.scale}
pictures = dict(zip(params.captions, inputs.pictures, strict=True))
with write_atomically(snakemake.output.page) as path:
    path.write_text(front_page(read(inputs.claims), pictures, facts), encoding="utf-8")
# With numbers beside it the report opens with this page, else with the graph of rules.
with write_atomically(snakemake.output.numbers) as path:
    path.write_text(yaml.safe_dump(params.n_networks, sort_keys=False))
