"""Let long runs, solver and exponents vote on the mechanism of each network of a shard."""

import logging

from memdyn.dynamics.kinds import PointKind
from memdyn.files import load_arrays, read_table, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.landscape.arrays import ARRAYS
from memdyn.landscape.evidence import arrivals, run_evidence, vote_on
from memdyn.slow_manifolds.grid import Network
from memdyn.slow_manifolds.tables import schema
from memdyn.tables import combine, of_network, with_network

start_job(snakemake)
inputs, params, votes = snakemake.input, snakemake.params, []
ends, runs, cycles, points, exponents = (
    read_table(inputs[kind], schema(kind))
    for kind in ("ends", "runs", "cycles", "points", "exponents")
)
run_ends, _ = load_arrays(inputs.run_arrays, ARRAYS["cycles"])
states, _ = load_arrays(inputs.point_arrays, ARRAYS["fixed_points"])
ends = ends[ends["start"] == "delay"] if len(ends) else ends
runs = runs[runs["start"] == "delay"] if len(runs) else runs
for identity, own in runs.groupby(list(Network._fields), sort=False) if len(runs) else ():
    network = Network(*identity)
    name = network.name
    found = of_network(points, name)
    exact = (found["kind"] != PointKind.SLOW).to_numpy()
    arrived = arrivals(
        run_ends[f"{name}.ends"][: len(own)],
        run_ends[f"{name}.starts"][: len(own)],
        states[f"{name}.states"][exact],
        found["stable"].to_numpy(dtype=bool)[exact],
    )
    outcome, place = run_evidence(
        of_network(ends, name).sort_values("index"), params.attractors["decimals_a"]
    )
    row = vote_on(
        own["memory"].to_numpy(),
        outcome,
        place,
        own,
        of_network(cycles, name),
        arrived,
        of_network(exponents, name),
    )
    logging.info("%s: %s", name, ", ".join(f"{key} {label}" for key, label in row.items()))
    votes.append(with_network(network, row))
metadata = {"schema": schema("votes"), "provenance": provenance()}
write_table(snakemake.output[0], combine(votes), metadata)
