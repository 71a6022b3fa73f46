"""Record the landscape of one network that was asked for by name."""

import logging

from memdyn.device import set_up
from memdyn.figures.recordings import LANDSCAPES_SCHEMA, part_of
from memdyn.files import FileProblem, load_arrays, read_table, save_arrays
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.landscape.arrays import ARRAYS
from memdyn.landscape.portrait import describe
from memdyn.landscape.vote import ROUTES
from memdyn.slow_manifolds.portraits import degree_sum, record
from memdyn.slow_manifolds.tables import schema
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training.finished import ready_networks
from memdyn.tables import of_network

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params, name = snakemake.input, snakemake.params, snakemake.wildcards.network
task = load_task(inputs.stimuli, params.task, params.network["dt"])
LABELS = ("mechanism", "mechanism_memory", "authors_a", "authors_b")
kinds = ("points", "cycles", "memory", "votes", "exponents", "performance", "mechanisms")
tables = {kind: of_network(read_table(inputs[kind], schema(kind)), name) for kind in kinds}
if not len(tables["votes"]):
    raise FileProblem(
        f"{name} does not perform the task and was not taken apart: set "
        "slow_manifolds.dynamics.only_performing to false to see it"
    )
found = {**load_arrays(inputs.run_arrays, ARRAYS["cycles"])[0]}
found |= load_arrays(inputs.point_arrays, ARRAYS["fixed_points"])[0]
states = inputs.networks, inputs.cases
ready = next(ready_networks(*states, params.network, device, only={name}))
arrays = record(ready, task, part_of(found, name), tables["points"])
votes, rows = tables["votes"].iloc[0], (tables[kind] for kind in ("points", "cycles", "memory"))
facts = {
    **ready.network._asdict(),
    **describe(*rows, votes["vote"]),
    **{route: votes[f"vote_{route}"] for route in ROUTES},
    "performs": bool(tables["performance"]["performs"].iloc[0]),
    "rmse": float(tables["performance"]["rmse"].iloc[0]),
    **{key: tables["mechanisms"][key].iloc[0] for key in LABELS},
    "degree_sum": degree_sum(tables["points"]),
    "exponent": float(tables["exponents"]["exponent_1"].max()),
}
logging.info("%s: %s", name, ", ".join(f"{key} {value}" for key, value in facts.items()))
metadata = {"schema": LANDSCAPES_SCHEMA, "examples": {name: facts}}
save_arrays(snakemake.output[0], arrays, {**metadata, "provenance": provenance(device=device)})
