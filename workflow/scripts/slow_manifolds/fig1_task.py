"""Figure 1: the task, its stimuli, the network, and a trained network's outputs."""

from memdyn.figures.recordings import EXAMPLES_SCHEMA
from memdyn.figures.style import save, scale_note
from memdyn.files import load_arrays
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.figures import fig1_task as figure
from memdyn.slow_manifolds.tasks.pattern_matching import LATENTS_SCHEMA, load_task

start_job(snakemake)
inputs, params = snakemake.input, snakemake.params
stimuli, facts = load_arrays(inputs.stimuli, LATENTS_SCHEMA)
examples, about = load_arrays(inputs.examples, EXAMPLES_SCHEMA)
drawn = figure.draw(
    task=load_task(inputs.stimuli, params.task, params.dt),
    classes=params.task["classes"],
    dt=params.dt,
    stimuli=stimuli,
    facts=facts,
    examples=examples,
    example_facts=about["examples"],
    note=scale_note(params.scale, params.n_units, params.n_trials),
)
save(*drawn, snakemake.output)
