"""Figure 4 of study 2: the largest N with trained and fixed tau, and tau against N."""

from memdyn.figures.style import save
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.timescales.figures import fig4_limits as figure
from memdyn.timescales.figures.conditions import scale_note, standing_in
from memdyn.timescales.tables import schema

start_job(snakemake)
params = snakemake.params
networks, timescales = (
    standing_in(read_table(snakemake.input[kind], schema(kind)))
    for kind in ("networks", "timescales")
)
drawn = figure.draw(
    networks,
    timescales,
    n_units=params.n_units,
    note=scale_note(
        params.scale,
        params.n_units,
        params.units,
        networks,
        timescales,
        shown=figure.limits(networks)["condition"],
    ),
)
save(*drawn, snakemake.output)
