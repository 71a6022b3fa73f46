"""Record the landscape of the example networks for figure 3."""

import logging

from memdyn.device import set_up
from memdyn.figures.recordings import EXAMPLES_SCHEMA, LANDSCAPES_SCHEMA, part_of
from memdyn.files import load_arrays, read_table, save_arrays
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.landscape.arrays import ARRAYS
from memdyn.landscape.portrait import describe
from memdyn.slow_manifolds.portraits import degree_sum, record
from memdyn.slow_manifolds.tables import schema, votes_of
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training.finished import ready_networks
from memdyn.tables import of_network

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params = snakemake.input, snakemake.params
task = load_task(inputs.stimuli, params.task, params.network["dt"])
examples = load_arrays(inputs.examples, EXAMPLES_SCHEMA)[1]["examples"]
wanted = {fact["network"]: name for name, fact in examples.items()}
tables = {kind: read_table(inputs[kind], schema(kind)) for kind in ("points", "cycles", "memory")}
votes = votes_of(read_table(inputs.votes, schema("votes")))

arrays, facts = {}, {}
for shard in zip(
    inputs.networks, inputs.cases, inputs.run_arrays, inputs.point_arrays, strict=True
):
    found = {**load_arrays(shard[2], ARRAYS["cycles"])[0]}
    found |= load_arrays(shard[3], ARRAYS["fixed_points"])[0]
    for ready in ready_networks(*shard[:2], params.network, device, only=wanted):
        network = ready.network.name
        name = wanted[network]
        own = [of_network(table, network) for table in tables.values()]
        for key, array in record(ready, task, part_of(found, network), own[0]).items():
            arrays[f"{name}.{key}"] = array
        facts[name] = {**examples[name], **describe(*own, votes.get(network))}
        facts[name]["degree_sum"] = degree_sum(own[0])
        logging.info("%s: %s, %d points, %d cycles", network, name, len(own[0]), len(own[1]))
order = {name: facts[name] for name in examples}
metadata = {"schema": LANDSCAPES_SCHEMA, "examples": order}
save_arrays(snakemake.output[0], arrays, {**metadata, "provenance": provenance(device=device)})
