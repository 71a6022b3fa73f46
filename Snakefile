# How do recurrent networks remember? The table of contents: everything else is under workflow/.
#
#   snakemake --cores 8 --resources gpu=2                        all figures at the quick scale
#   snakemake --cores 8 --resources gpu=2 --config scale=paper   ... at the authors' scale
#   snakemake --cores 8 fig4                                     one figure; slow_manifolds: one study

from snakemake.utils import min_version

min_version("9.13")


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/stimuli.smk"
include: "workflow/rules/networks.smk"
include: "workflow/rules/mechanisms.smk"
include: "workflow/rules/dynamics.smk"
include: "workflow/rules/robustness.smk"
include: "workflow/rules/timescales.smk"
include: "workflow/rules/external.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/timescales_figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/landscape.smk"
include: "workflow/rules/costs.smk"
include: "workflow/rules/benchmarks.smk"


rule all:
    default_target: True
    input:
        rules.slow_manifolds.input,
        rules.timescales.input,
        rules.claims.input,
