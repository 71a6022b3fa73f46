"""The authors' numbers beside ours, and the counts of mechanisms, as tables to read."""

from pathlib import Path

from memdyn.claims.bands_page import bands_page
from memdyn.claims.judge import read
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.counts import count, counts_page
from memdyn.slow_manifolds.tables import schema

start_job(snakemake)
counts = count(read_table(snakemake.input.networks, schema("networks")))
counts.to_csv(snakemake.output.counts, index=False, float_format="%.4g")
Path(snakemake.output.mechanisms).write_text(counts_page(counts), encoding="utf-8")
bands = bands_page(read(snakemake.input.claims))
Path(snakemake.output.bands).write_text(bands, encoding="utf-8")
