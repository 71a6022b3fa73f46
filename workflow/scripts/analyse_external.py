"""Take a network from outside apart: runs, cycles, points, exponents."""

import logging

import pandas as pd
import torch

from memdyn.compute import set_up
from memdyn.external import (
    build_system,
    constant_input,
    load_weights,
    starting_states,
    summarise,
)
from memdyn.files import write_table
from memdyn.landscape import choose_seeds, find_exponents, find_points, find_runs, task_speed
from memdyn.logs import start_log
from memdyn.provenance import provenance

start_log(snakemake.log[0])
device = set_up(snakemake.resources.gpu, snakemake.threads)
entry, settings, outputs = snakemake.params.entry, snakemake.params.settings, snakemake.output
name = entry["name"]
system = build_system(entry, load_weights(entry["file"]))
starts, u = starting_states(entry, system).to(device), constant_input(entry)
system, u = system.to(device), None if u is None else u.to(device)
runs = find_runs(system, starts, settings, u)
seeds = choose_seeds(torch.as_tensor(runs.ends, device=device), [starts], settings["n_seeds"])
points = find_points(system, seeds, task_speed(system, starts, u), settings, inputs=u)
exponents = find_exponents(system, torch.as_tensor(runs.ends, device=device), settings, u)
row = summarise(name, runs, points, exponents)
logging.info("%s: %s", name, ", ".join(f"{key} {value}" for key, value in row.items()))
tables = {
    "points": points.table.assign(degree_sum=points.degree_sum),
    "cycles": runs.cycles,
    "runs": runs.table.join(exponents),
    "summary": pd.DataFrame([row]),
}
for kind, table in tables.items():
    facts = {"schema": f"external.{kind}/1", "provenance": provenance(device=device)}
    table = table if "network" in table else table.assign(network=name)
    write_table(outputs[kind], table, facts)
