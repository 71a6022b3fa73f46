"""Run one network of each mechanism again and record what the figures show of it."""

import logging

import torch

from memdyn.device import set_up
from memdyn.figures.recordings import EXAMPLES_SCHEMA
from memdyn.files import load_arrays, read_table, save_arrays
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.examples import choose_examples, describe, trace, trial_end_kinds
from memdyn.slow_manifolds.tables import fully_trained, schema, votes_of
from memdyn.slow_manifolds.tasks.pattern_matching import load_task
from memdyn.slow_manifolds.training.checkpoints import load_trained
from memdyn.slow_manifolds.training.finished import CASES_SCHEMA, frozen_networks

start_job(snakemake)
device = set_up(snakemake.resources.gpu, snakemake.threads)
inputs, params = snakemake.input, snakemake.params
task = load_task(inputs.stimuli, params.task, params.network["dt"])
networks = fully_trained(read_table(inputs.table, schema("networks")))
chosen = choose_examples(networks, votes_of(read_table(inputs.votes, schema("votes"))))
wanted = chosen.set_index("network")
kinds = trial_end_kinds(read_table(inputs.ends, schema("ends")))

arrays, facts = {}, {}
for checkpoint, cases in zip(inputs.networks, inputs.cases, strict=True):
    shard = load_trained(checkpoint, params.network)
    if not {network.name for network in shard.networks} & set(wanted.index):
        continue
    stored = load_arrays(cases, CASES_SCHEMA)[0]["trial_ends"]
    for i, (network, frozen) in enumerate(frozen_networks(shard, params.network, device)):
        if network.name not in wanted.index:
            continue
        row = wanted.loc[network.name]
        x = torch.as_tensor(shard.x[i], dtype=torch.float32, device=device)
        recorded, ends = trace(
            frozen, task, x, network.seed, params.n_test_trials, params.run_length
        )
        drift = float((ends.cpu() - torch.as_tensor(stored[i])).abs().max())
        logging.info("%s: %s, drift of the replay %.2g", network.name, row["shown"], drift)
        if drift > 1e-3:
            logging.warning("the replayed trials of %s differ from those tested", network.name)
        for name, array in recorded._asdict().items():
            arrays[f"{row['shown']}.{name}"] = array
        facts[row["shown"]] = describe(network, row, kinds[network.name], params.run_length)
if not facts:
    logging.warning("no network that performs has a mechanism on which label and vote agree")
order = {name: facts[name] for name in chosen["shown"]}
save_arrays(
    snakemake.output[0],
    arrays,
    {"schema": EXAMPLES_SCHEMA, "examples": order, "provenance": provenance(device=device)},
)
