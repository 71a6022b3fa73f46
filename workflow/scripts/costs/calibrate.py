"""Measure what the operations of a run cost on this machine."""

import json
from pathlib import Path

from memdyn.costs.calibration import calibrate
from memdyn.device import set_up
from memdyn.jobs.logs import start_log
from memdyn.jobs.provenance import provenance

start_log(snakemake.log[0])
set_up(0, snakemake.threads)
seconds = calibrate(snakemake.params.config)
facts = {"seconds": seconds, "provenance": provenance(device="cpu")}
Path(snakemake.output[0]).write_text(json.dumps(facts, indent=1))
