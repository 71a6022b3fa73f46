"""Measure what the operations of a run cost on this machine."""

import json
from pathlib import Path

from memdyn.costs.calibration import calibrate
from memdyn.device import set_up
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job

start_job(snakemake)
set_up(0, snakemake.threads)
seconds = calibrate(snakemake.params.config)
facts = {"seconds": seconds, "provenance": provenance(device="cpu")}
Path(snakemake.output[0]).write_text(json.dumps(facts, indent=1))
