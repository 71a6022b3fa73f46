"""Judge every claim of both papers, and the bridge's, by the tables of this run."""

import logging
from pathlib import Path

import pandas as pd

from memdyn.bridge import claims as bridge
from memdyn.claims.intervals import numbers
from memdyn.claims.judge import Evidence, judge, write
from memdyn.files import read_table
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.claims import claims as slow_manifolds
from memdyn.slow_manifolds.tables import fully_trained
from memdyn.timescales.claims import claims as timescales

start_job(snakemake)
params, found = snakemake.params, []
for study, claims in (
    ("slow_manifolds", slow_manifolds.CLAIMS),
    ("timescales", timescales.CLAIMS),
    ("bridge", bridge.CLAIMS),
):
    files = {Path(file).stem: file for file in snakemake.input.get(study, [])}
    tables = {name: read_table(file, f"{study}.{name}/1") for name, file in files.items()}
    if study == "slow_manifolds":
        every = {slow_manifolds.EVERY: tables["networks"]} if "networks" in tables else {}
        tables = {name: fully_trained(table) for name, table in tables.items()} | every
    evidence = Evidence(tables, params.facts[study])
    found.append(
        judge(study, claims, evidence, params.scale, leave_out=True, names=timescales.NAMES)
    )
table = pd.concat(found, ignore_index=True)
for row in table[table["kind"] == "claim"].itertuples():
    number = numbers(row.estimate, row.low, row.high)
    told = f"{row.statistic} = {number}, n = {row.n}" if row.n else row.detail
    logging.info("%s: %s (%s)", row.verdict, row.sentence, told)
write(snakemake.output[0], table)
