"""The authors' numbers beside ours, and the counts of mechanisms, as tables to read."""

from memdyn.claims.bands_page import bands_page
from memdyn.claims.judge import read
from memdyn.files import read_table, write_atomically
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.counts import count, counts_page
from memdyn.slow_manifolds.tables import schema

start_job(snakemake)
counts = count(read_table(snakemake.input.networks, schema("networks")))
bands = bands_page(read(snakemake.input.claims))
pages = {
    snakemake.output.counts: counts.to_csv(index=False, float_format="%.4g", lineterminator="\n"),
    snakemake.output.mechanisms: counts_page(counts),
    snakemake.output.bands: bands,
}
for path, text in pages.items():
    with write_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
