"""Make the latents that the stimuli are drawn from."""

import logging

from memdyn.files import save_arrays
from memdyn.jobs.provenance import provenance
from memdyn.jobs.start import start_job
from memdyn.slow_manifolds.tasks.latents import make_latents, refuse_collapsed

start_job(snakemake)
arrays, metadata = make_latents(snakemake.params.settings, snakemake.params.classes)
for label in metadata["classes"]:
    logging.info("class %s: %d latents", label, len(arrays[f"latents_{label}"]))
logging.info(
    "source %s: single draws separate the classes with d' = %.2f, balanced accuracy %.3f",
    metadata["source"],
    metadata["d_prime"],
    metadata["balanced_accuracy"],
)
logging.info(
    "class means: norms %s, at least %.0f degrees and %.2f apart",
    ", ".join(f"{norm:.2f}" for norm in metadata["norms"]),
    metadata["angle"],
    metadata["distance"],
)
refuse_collapsed(metadata)
metadata["provenance"] = provenance(device="cpu")
save_arrays(snakemake.output[0], arrays, metadata)
