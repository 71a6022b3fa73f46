"""Compare what results were made with, as they say themselves, with what is asked for now."""

from memdyn.files import write_atomically
from memdyn.jobs.checks import Asked, as_text, check
from memdyn.jobs.start import start_job

start_job(snakemake)
found = check([Asked(*row) for row in snakemake.params.asked])
with write_atomically(snakemake.output[0]) as path:
    found.to_csv(path, index=False)
print(as_text(found), flush=True)
