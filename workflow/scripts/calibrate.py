"""Measure what the operations of a run cost on this machine."""

import json
from pathlib import Path

from memdyn.compute import set_up
from memdyn.costs.calibration import calibrate
from memdyn.logs import start_log
from memdyn.provenance import provenance

start_log(snakemake.log[0])
set_up(0, snakemake.threads)
seconds = calibrate(snakemake.params.config)
facts = {"seconds": seconds, "provenance": provenance(device="cpu")}
Path(snakemake.output[0]).write_text(json.dumps(facts, indent=1))
