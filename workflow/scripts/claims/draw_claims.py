"""The claims of both papers: in one figure with their numbers, and on one screen without."""

from types import SimpleNamespace

from memdyn.claims.judge import read
from memdyn.figures import claims, verdicts
from memdyn.figures.style import save
from memdyn.jobs.start import start_job

start_job(snakemake)
output, params = snakemake.output, snakemake.params
rows = read(snakemake.input[0])
save(*claims.draw(rows, claims.note(params.scale, params.n_units)), output)
ends = {end: getattr(output, f"verdicts_{end}") for end in ("pdf", "png", "csv", "json")}
save(*verdicts.draw(rows, verdicts.note(params.scale)), SimpleNamespace(**ends))
