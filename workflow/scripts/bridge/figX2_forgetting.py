"""Figure X2 of the bridge: tau_net and forgetting in networks of study 1."""

from memdyn.bridge.figures import figX2_forgetting as figure
from memdyn.bridge.tables import schema
from memdyn.figures.style import save, scale_note
from memdyn.files import read_table
from memdyn.jobs.start import start_job

start_job(snakemake)
params = snakemake.params
table = read_table(snakemake.input[0], schema("forgetting"))
note = scale_note(params.scale, params.n_units, params.n_trials)
save(*figure.draw(table, note=note), snakemake.output)
