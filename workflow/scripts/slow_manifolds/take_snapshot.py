"""A shard as it stood after some trials of its training, as a shard of its own."""

from memdyn.jobs.logs import start_log
from memdyn.jobs.provenance import provenance
from memdyn.slow_manifolds.training.checkpoints import save_snapshot

start_log(snakemake.log[0])
trial = int(snakemake.wildcards.trial)
facts = {"provenance": provenance()}
save_snapshot(snakemake.output[0], snakemake.input.networks, trial, facts)
