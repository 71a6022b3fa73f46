"""A shard as it stood after some trials of its training, as a shard of its own."""

from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.training.checkpoints import save_snapshot

start_job(snakemake)
trial = int(snakemake.wildcards.trial)
facts = {"provenance": provenance()}
save_snapshot(snakemake.output[0], snakemake.input.networks, trial, facts)
