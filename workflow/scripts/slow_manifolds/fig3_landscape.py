"""Figure 3: attractor landscapes and spectra, one example network per mechanism."""

from memdyn.figures.recordings import LANDSCAPES_SCHEMA
from memdyn.figures.style import save, scale_note
from memdyn.files import load_arrays
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.figures.fig3_landscape import draw
from memdyn.slow_manifolds.tasks.pattern_matching import load_task

start_job(snakemake)
inputs, params = snakemake.input, snakemake.params
landscapes, about = load_arrays(inputs.landscapes, LANDSCAPES_SCHEMA)
drawn = draw(
    task=load_task(inputs.stimuli, params.task, params.dt),
    classes=params.task["classes"],
    dt=params.dt,
    leak=params.dt / params.tau,
    landscapes=landscapes,
    facts=about["examples"],
    note=scale_note(params.scale, params.n_units, params.n_trials),
)
save(*drawn, snakemake.output)
