"""Figure X1 of the bridge: where slowness sits in networks of study 2."""

from memdyn.bridge.figures import figX1_slowness as figure
from memdyn.bridge.tables import schema
from memdyn.figures.style import save
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.timescales.figures.conditions import scale_note

start_job(snakemake)
params = snakemake.params
slowness, points, modes = (
    read_table(snakemake.input[name], schema(name)) for name in ("slowness", "points", "modes")
)
note = scale_note(params.scale, params.n_units, params.units, slowness)
save(*figure.draw(slowness, points, modes, note=note), snakemake.output)
