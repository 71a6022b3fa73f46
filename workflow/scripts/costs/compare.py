"""Print and write how far the prediction was off."""

from memdyn.costs.prediction import compare, errors_as_text, read_jobs, read_prediction
from memdyn.jobs.start import start_job

start_job(snakemake)
params = snakemake.params
table = compare(read_prediction(params.prediction), read_jobs(params.by_job), params.logs)
table.to_csv(snakemake.output[0], index=False, float_format="%.4g")
print(errors_as_text(table), flush=True)
