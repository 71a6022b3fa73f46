"""Supplementary figure 3 of study 2: other networks and curricula."""

from memdyn.figures.style import save
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.timescales.figures import figS3_variants as figure
from memdyn.timescales.figures.conditions import scale_note, standing_in
from memdyn.timescales.tables import schema

start_job(snakemake)
params = snakemake.params
networks, timescales, heads = (
    standing_in(read_table(snakemake.input[kind], schema(kind)))
    for kind in ("networks", "timescales", "heads")
)
drawn = figure.draw(
    networks,
    timescales,
    heads,
    n_units=params.n_units,
    note=scale_note(
        params.scale,
        params.n_units,
        params.units,
        *(networks, timescales, heads),
        shown=[*figure.REFERENCE, *figure.VARIANTS, *figure.conditions_with_repeats(networks)],
    ),
)
save(*drawn, snakemake.output)
