"""The landscape of one network that was asked for by name."""

from memdyn.figures.recordings import LANDSCAPES_SCHEMA
from memdyn.figures.style import save, scale_note
from memdyn.files import load_arrays
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.figures.network_page import draw_network
from memdyn.slow_manifolds.tasks.pattern_matching import load_task

start_job(snakemake)
inputs, params, name = snakemake.input, snakemake.params, snakemake.wildcards.network
own, about = load_arrays(inputs.landscape, LANDSCAPES_SCHEMA)
drawn = draw_network(
    name=name,
    task=load_task(inputs.stimuli, params.task, params.dt),
    classes=params.task["classes"],
    dt=params.dt,
    leak=params.dt / params.tau,
    own=own,
    fact=about["examples"][name],
    note=scale_note(params.scale, params.n_units, params.n_trials),
)
save(*drawn, snakemake.output)
