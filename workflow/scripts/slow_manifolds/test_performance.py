"""Test each network of a shard with frozen weights; keep the states that later tests start from."""

import logging

import numpy as np
import torch

from memdyn.device import set_up
from memdyn.files import save_arrays, write_table
from memdyn.jobs.partial import forget
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.networks.mediators import measure_weights, rightmost
from memdyn.slow_manifolds.performance import find_trial_ends, measure, run_cases
from memdyn.slow_manifolds.tables import schema
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training.checkpoints import load_trained
from memdyn.slow_manifolds.training.finished import CASES_SCHEMA, frozen_networks
from memdyn.slow_manifolds.training.force import STATUS
from memdyn.tables import combine, with_network

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
params = snakemake.params
task = load_task(snakemake.input.stimuli, params.task, params.network["dt"])
shard = load_trained(snakemake.input.networks, params.network)
forget(snakemake.input.networks)
rows, ends, delays = [], [], []
before = rightmost(shard.fixed.recurrent)
for i, (network, frozen) in enumerate(frozen_networks(shard, params.network, device)):
    x = torch.as_tensor(shard.x[i], dtype=torch.float32, device=device)
    n_test_trials = params.performance["n_test_trials"]
    trial_ends = find_trial_ends(frozen, task, x, network.seed, n_test_trials)
    cases = run_cases(frozen, task, trial_ends, network.seed, params.saturation["threshold"])
    row = {
        "status": STATUS[int(shard.status[i])],
        "n_trials": int(shard.n_trials[i]),
        **measure(frozen, task, trial_ends, network.seed, params.performance),
        "saturation_delay": cases.saturation_delay.mean(),
        "saturation_response": cases.saturation_response.mean(),
        "change_in_delay": cases.change_in_delay.mean(),
        "speed_in_delay": cases.speed_in_delay.mean(),
        **measure_weights(shard.fixed, network, shard.readout[i], before),
    }
    logging.info("%s: RMSE %.3f, performs: %s", network.name, row["rmse"], row["performs"])
    rows.append(with_network(network, row))
    ends.append(trial_ends.cpu().numpy())
    delays.append(cases.delay_states.cpu().numpy())

facts = {"provenance": provenance(device=device)}
write_table(snakemake.output.table, combine(rows), {"schema": schema("performance"), **facts})
save_arrays(
    snakemake.output.cases,
    {"trial_ends": np.stack(ends), "delay_states": np.stack(delays)},
    {"schema": CASES_SCHEMA, **facts},
)
