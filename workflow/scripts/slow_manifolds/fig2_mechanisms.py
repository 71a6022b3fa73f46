"""Figure 2: one example network per mechanism."""

from memdyn.figures.recordings import EXAMPLES_SCHEMA
from memdyn.figures.style import save, scale_note
from memdyn.files import load_arrays
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.figures import fig2_mechanisms as figure
from memdyn.slow_manifolds.tasks.pattern_matching import load_task

start_job(snakemake)
inputs, params = snakemake.input, snakemake.params
examples, about = load_arrays(inputs.examples, EXAMPLES_SCHEMA)
drawn = figure.draw(
    task=load_task(inputs.stimuli, params.task, params.dt),
    classes=params.task["classes"],
    dt=params.dt,
    examples=examples,
    example_facts=about["examples"],
    note=scale_note(params.scale, params.n_units, params.n_trials),
)
save(*drawn, snakemake.output)
