# How do recurrent networks remember? The table of contents: everything else is under workflow/.
#
#   snakemake --cores 8 --resources gpu=2                        all figures at the quick scale
#   snakemake --cores 8 --resources gpu=2 --config scale=paper   ... at the authors' scale
#   snakemake --cores 8 fig4_map                                 one figure; slow_manifolds: one study

from snakemake.utils import min_version

min_version("9.13")


include: "workflow/rules/common.smk"
include: "workflow/rules/slow_manifolds/stimuli.smk"
include: "workflow/rules/slow_manifolds/training.smk"
include: "workflow/rules/slow_manifolds/mechanisms.smk"
include: "workflow/rules/slow_manifolds/dynamics.smk"
include: "workflow/rules/slow_manifolds/robustness.smk"
include: "workflow/rules/timescales/training.smk"
include: "workflow/rules/timescales/activity.smk"
include: "workflow/rules/timescales/robustness.smk"
include: "workflow/rules/timescales/tables.smk"
include: "workflow/rules/external.smk"
include: "workflow/rules/slow_manifolds/tables.smk"
include: "workflow/rules/slow_manifolds/figures.smk"
include: "workflow/rules/timescales/figures.smk"
include: "workflow/rules/bridge.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/slow_manifolds/network_page.smk"
include: "workflow/rules/slow_manifolds/atlas.smk"
include: "workflow/rules/costs.smk"
include: "workflow/rules/checks.smk"
include: "workflow/rules/benchmarks.smk"


# What takes seconds: on a cluster it runs where Snakemake does, not as a job of its own.
localrules:
    check_results,
    take_snapshot,
    collect_networks,
    collect_stress,
    collect_dynamics,
    collect_ends,
    collect_timescales,
    collect_slowness,
    collect_forgetting,
    collect_external,
    judge_claims,
    draw_claims,
    write_pages,
    draw_network,
    draw_external,
    fig1_task,
    fig2_mechanisms,
    fig3_landscape,
    fig4_map,
    fig5_robustness,
    fig1_model,
    fig2_curricula,
    fig3_progress,
    fig4_limits,
    fig5_network_timescales,
    fig6_weights,
    fig7_ablation,
    fig8_perturbation,
    figS1_gated,
    figS2_memory,
    figS3_variants,
    figS4_substeps,
    figX1_slowness,
    figX2_forgetting,


rule all:
    default_target: True
    input:
        rules.slow_manifolds.input,
        rules.timescales.input,
        rules.bridge.input,
        rules.claims.input,


include: "workflow/rules/report.smk"
include: "workflow/rules/kept.smk"
