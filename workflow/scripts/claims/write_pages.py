"""The authors' numbers beside ours, what is open, and the counts of mechanisms, to be read."""

from memdyn.claims.bands_page import bands_page
from memdyn.claims.judge import read
from memdyn.claims.open_page import open_page
from memdyn.files import read_table, write_atomically
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.counts import count, counts_page
from memdyn.slow_manifolds.tables import schema

start_job(snakemake)
counts = count(read_table(snakemake.input.networks, schema("networks")))
claims = read(snakemake.input.claims)
pages = {
    snakemake.output.counts: counts.to_csv(index=False, float_format="%.4g", lineterminator="\n"),
    snakemake.output.mechanisms: counts_page(counts),
    snakemake.output.bands: bands_page(claims),
    snakemake.output.open: open_page(claims),
}
for path, text in pages.items():
    with write_atomically(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
