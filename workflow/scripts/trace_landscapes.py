"""Record the landscape of the example networks for figure 3."""

import logging

import numpy as np

from memdyn.compute import set_up
from memdyn.figures import EXAMPLES_SCHEMA, LANDSCAPES_SCHEMA, part_of
from memdyn.files import load_arrays, read_table, save_arrays
from memdyn.landscape import ARRAYS
from memdyn.logs import start_log
from memdyn.portraits import portray
from memdyn.provenance import provenance
from memdyn.shard import ready_networks
from memdyn.tables import SCHEMAS, of_network, votes_of
from memdyn.tasks.spm import load_task

start_log(snakemake.log[0])
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params = snakemake.input, snakemake.params
task = load_task(inputs.stimuli, params.task, params.network["dt"])
examples = load_arrays(inputs.examples, EXAMPLES_SCHEMA)[1]["examples"]
wanted = {fact["network"]: name for name, fact in examples.items()}
tables = {kind: read_table(inputs[kind], SCHEMAS[kind]) for kind in ("points", "cycles", "memory")}
votes = votes_of(read_table(inputs.votes, SCHEMAS["votes"]))

arrays, facts = {}, {}
for shard in zip(
    inputs.networks, inputs.cases, inputs.run_arrays, inputs.point_arrays, strict=True
):
    found = {**load_arrays(shard[2], ARRAYS["cycles"])[0]}
    found |= load_arrays(shard[3], ARRAYS["fixed_points"])[0]
    for network, *ready in ready_networks(*shard[:2], params.network, device, only=wanted):
        own = part_of(found, network.name)
        name = wanted[network.name]
        recorded = portray(ready[0], task, *ready[1:], network.seed, own["states"], own["orbits"])
        spectra = {key: own[key] for key in own if key.startswith(("point_", "memory_"))}
        for key, array in {**recorded._asdict(), **spectra}.items():
            arrays[f"{name}.{key}"] = array
        points, cycles, memory = (of_network(tables[kind], network.name) for kind in tables)
        arrays[f"{name}.stable"] = points["stable"].to_numpy(dtype=bool)
        facts[name] = {
            **examples[name],
            "kinds": points["kind"].tolist(),
            "stable_cycles": cycles["stable"].tolist() if len(cycles) else [],
            "periods": cycles["period"].tolist() if len(cycles) else [],
            "vote": votes.get(network.name),
            **{key: float(memory[key].median()) for key in ("n_slow", "dimension", "drift")},
            "slowest": float(np.nan_to_num(memory["slowest"].median(), posinf=-1.0)),
        }
        logging.info("%s: %s, %d points, %d cycles", network.name, name, len(points), len(cycles))
order = {name: facts[name] for name in examples}
metadata = {"schema": LANDSCAPES_SCHEMA, "examples": order}
save_arrays(snakemake.output[0], arrays, {**metadata, "provenance": provenance(device=device)})
