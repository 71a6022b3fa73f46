"""Print and write what the run of a configuration will cost on this machine."""

from memdyn.costs.prediction import as_text, predict, predict_jobs
from memdyn.files import read_facts
from memdyn.jobs.start import start_job

start_job(snakemake)
seconds = read_facts(snakemake.input[0], "seconds")
table = predict(snakemake.params.config, seconds, snakemake.params.cores or 1)
table.to_csv(snakemake.output[0], index=False, float_format="%.4g")
by_job = predict_jobs(snakemake.params.config, seconds)
by_job.to_csv(snakemake.output[1], index=False, float_format="%.4g")
print(as_text(table), flush=True)
