"""Find the fixed and slow points of each network of a shard, and how it holds its memories."""

import logging

import torch

from memdyn.device import set_up
from memdyn.files import load_arrays, read_table, save_arrays, write_table
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.landscape.arrays import ARRAYS, parts_of_spectrum
from memdyn.landscape.memory import measure_memory
from memdyn.landscape.points import find_points
from memdyn.landscape.starts import after, choose_seeds, evenly, task_speed
from memdyn.settings import steps
from memdyn.slow_manifolds.networks.system import rate_readout, step_of
from memdyn.slow_manifolds.tables import analysed, schema
from memdyn.slow_manifolds.training.finished import ready_networks
from memdyn.tables import combine, with_network

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params, settings = snakemake.input, snakemake.params, snakemake.params.settings
able = analysed(read_table(inputs.performance, schema("performance")), settings)
runs, _ = load_arrays(inputs.runs, ARRAYS["cycles"])
arrays, points, memory = {}, [], []
for network, *ready in ready_networks(
    inputs.networks, inputs.cases, params.network, device, only=able
):
    frozen, trial_ends, starts = ready
    system = step_of(frozen, params.network["tau"])
    late = after(system, starts, n_steps=steps(params.delay, params.network["dt"]))
    ends = torch.as_tensor(runs[f"{network.name}.ends"], device=device)
    # Without bias the network is odd: the origin is a fixed point, points have mirror images.
    others = [torch.zeros_like(starts[:1]), -ends[:1], trial_ends, late, starts]
    seeds = choose_seeds(ends, others, settings["n_seeds"])
    speed = task_speed(system, starts)
    found = find_points(system, seeds, speed=speed, settings=settings, readout=rate_readout(frozen))
    points.append(with_network(network, found.table.assign(degree_sum=found.degree_sum)))
    held = evenly(late, settings["memory_states"])  # of all trial types: both memories are in it
    table, spectrum = measure_memory(
        system, held, delay=params.delay, speed=speed, settings=settings
    )
    memory.append(with_network(network, table))
    arrays[f"{network.name}.states"] = found.states
    for name, values in (("point", found.eigenvalues), ("memory", spectrum)):
        arrays |= parts_of_spectrum(f"{network.name}.{name}", values)
    kinds = ", ".join(f"{n} {kind}" for kind, n in found.table["kind"].value_counts().items())
    logging.info("%s: %s points, degree sum %s", network.name, kinds or "no", found.degree_sum)
facts = {"provenance": provenance(device=device)}
write_table(snakemake.output.points, combine(points), {"schema": schema("points"), **facts})
write_table(snakemake.output.memory, combine(memory), {"schema": schema("memory"), **facts})
save_arrays(snakemake.output.arrays, arrays, {"schema": ARRAYS["fixed_points"], **facts})
