# Study 2: one rule per figure, named as its script, module, caption and files.
# In: tables/ (figure 2 needs nothing).
# Out: figures/<scale>/timescales/<figure> as pdf, png, plotted numbers (csv), summary (json).

# What the small print of every figure of study 2 states.
TS_SMALL_PRINT = {
    "scale": SCALE,
    "n_units": TIMESCALES["network"]["n_units"],
    "units": {
        name: timescales.units_of(TIMESCALES, name) for name in TIMESCALES["run"]
    },
}


rule fig1_model:
    input:
        curves=f"{TS_SOURCE}/tables/curves.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig1_model.pdf",
        png=report(
            f"{TS_FIGURES}/fig1_model.png",
            caption="../../report/timescales/fig1_model.rst",
            category="Study 2: timescales",
            labels={"figure": "1: the network, and a neuron's two timescales"},
        ),
        csv=f"{TS_FIGURES}/fig1_model.csv",
        json=f"{TS_FIGURES}/fig1_model.json",
    log:
        f"{TS_LOGS}/fig1_model.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig1_model"),
    params:
        **TS_SMALL_PRINT,
        start_N=TIMESCALES["curriculum"]["start_N"],
        code=code("timescales/fig1_model"),
    script:
        "../../scripts/timescales/fig1_model.py"


rule fig2_curricula:
    output:
        pdf=f"{TS_FIGURES}/fig2_curricula.pdf",
        png=report(
            f"{TS_FIGURES}/fig2_curricula.png",
            caption="../../report/timescales/fig2_curricula.rst",
            category="Study 2: timescales",
            labels={"figure": "2: tasks and curricula"},
        ),
        csv=f"{TS_FIGURES}/fig2_curricula.csv",
        json=f"{TS_FIGURES}/fig2_curricula.json",
    log:
        f"{TS_LOGS}/fig2_curricula.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig2_curricula"),
    params:
        **TS_SMALL_PRINT,
        study={
            key: TIMESCALES[key]
            for key in ("conditions", "run", "curriculum", "training", "max_N")
        },
        code=code("timescales/fig2_curricula"),
    script:
        "../../scripts/timescales/fig2_curricula.py"


rule fig3_progress:
    input:
        epochs=f"{TS_SOURCE}/tables/epochs.parquet",
        networks=f"{TS_SOURCE}/tables/networks.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig3_progress.pdf",
        png=report(
            f"{TS_FIGURES}/fig3_progress.png",
            caption="../../report/timescales/fig3_progress.rst",
            category="Study 2: timescales",
            labels={"figure": "3: what each curriculum reaches, and when"},
        ),
        csv=f"{TS_FIGURES}/fig3_progress.csv",
        json=f"{TS_FIGURES}/fig3_progress.json",
    log:
        f"{TS_LOGS}/fig3_progress.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig3_progress"),
    params:
        **TS_SMALL_PRINT,
        accuracy=TIMESCALES["curriculum"]["accuracy"],
        code=code("timescales/fig3_progress"),
    script:
        "../../scripts/timescales/fig3_progress.py"


rule fig4_limits:
    input:
        networks=f"{TS_SOURCE}/tables/networks.parquet",
        timescales=f"{TS_SOURCE}/tables/timescales.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig4_limits.pdf",
        png=report(
            f"{TS_FIGURES}/fig4_limits.png",
            caption="../../report/timescales/fig4_limits.rst",
            category="Study 2: timescales",
            labels={"figure": "4: largest N; time constants"},
        ),
        csv=f"{TS_FIGURES}/fig4_limits.csv",
        json=f"{TS_FIGURES}/fig4_limits.json",
    log:
        f"{TS_LOGS}/fig4_limits.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig4_limits"),
    params:
        **TS_SMALL_PRINT,
        code=code("timescales/fig4_limits"),
    script:
        "../../scripts/timescales/fig4_limits.py"


rule fig5_network_timescales:
    input:
        timescales=f"{TS_SOURCE}/tables/timescales.parquet",
        curves=f"{TS_SOURCE}/tables/curves.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig5_network_timescales.pdf",
        png=report(
            f"{TS_FIGURES}/fig5_network_timescales.png",
            caption="../../report/timescales/fig5_network_timescales.rst",
            category="Study 2: timescales",
            labels={"figure": "5: timescales of the activity"},
        ),
        csv=f"{TS_FIGURES}/fig5_network_timescales.csv",
        json=f"{TS_FIGURES}/fig5_network_timescales.json",
    log:
        f"{TS_LOGS}/fig5_network_timescales.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig5_network_timescales"),
    params:
        **TS_SMALL_PRINT,
        code=code("timescales/fig5_network_timescales"),
    script:
        "../../scripts/timescales/fig5_network_timescales.py"


rule fig6_weights:
    input:
        weights=f"{TS_SOURCE}/tables/weights.parquet",
        dimension=f"{TS_SOURCE}/tables/dimension.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig6_weights.pdf",
        png=report(
            f"{TS_FIGURES}/fig6_weights.png",
            caption="../../report/timescales/fig6_weights.rst",
            category="Study 2: timescales",
            labels={"figure": "6: weights and dimension"},
        ),
        csv=f"{TS_FIGURES}/fig6_weights.csv",
        json=f"{TS_FIGURES}/fig6_weights.json",
    log:
        f"{TS_LOGS}/fig6_weights.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig6_weights"),
    params:
        **TS_SMALL_PRINT,
        code=code("timescales/fig6_weights"),
    script:
        "../../scripts/timescales/fig6_weights.py"


rule fig7_ablation:
    input:
        ablation=f"{TS_SOURCE}/tables/ablation.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig7_ablation.pdf",
        png=report(
            f"{TS_FIGURES}/fig7_ablation.png",
            caption="../../report/timescales/fig7_ablation.rst",
            category="Study 2: timescales",
            labels={"figure": "7: neurons taken out"},
        ),
        csv=f"{TS_FIGURES}/fig7_ablation.csv",
        json=f"{TS_FIGURES}/fig7_ablation.json",
    log:
        f"{TS_LOGS}/fig7_ablation.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig7_ablation"),
    params:
        **TS_SMALL_PRINT,
        code=code("timescales/fig7_ablation"),
    script:
        "../../scripts/timescales/fig7_ablation.py"


rule fig8_perturbation:
    input:
        perturbation=f"{TS_SOURCE}/tables/perturbation.parquet",
        retraining=f"{TS_SOURCE}/tables/retraining.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig8_perturbation.pdf",
        png=report(
            f"{TS_FIGURES}/fig8_perturbation.png",
            caption="../../report/timescales/fig8_perturbation.rst",
            category="Study 2: timescales",
            labels={"figure": "8: perturbed and retrained networks"},
        ),
        csv=f"{TS_FIGURES}/fig8_perturbation.csv",
        json=f"{TS_FIGURES}/fig8_perturbation.json",
    log:
        f"{TS_LOGS}/fig8_perturbation.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig8_perturbation"),
    params:
        **TS_SMALL_PRINT,
        code=code("timescales/fig8_perturbation"),
    script:
        "../../scripts/timescales/fig8_perturbation.py"


rule figS1_gated:
    input:
        epochs=f"{TS_SOURCE}/tables/epochs.parquet",
        networks=f"{TS_SOURCE}/tables/networks.parquet",
    output:
        pdf=f"{TS_FIGURES}/figS1_gated.pdf",
        png=report(
            f"{TS_FIGURES}/figS1_gated.png",
            caption="../../report/timescales/figS1_gated.rst",
            category="Study 2: timescales",
            labels={"figure": "S1: GRU and LSTM"},
        ),
        csv=f"{TS_FIGURES}/figS1_gated.csv",
        json=f"{TS_FIGURES}/figS1_gated.json",
    log:
        f"{TS_LOGS}/figS1_gated.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("figS1_gated"),
    params:
        **TS_SMALL_PRINT,
        code=code("timescales/figS1_gated"),
    script:
        "../../scripts/timescales/figS1_gated.py"


rule figS2_memory:
    input:
        memory=f"{TS_SOURCE}/tables/memory.parquet",
    output:
        pdf=f"{TS_FIGURES}/figS2_memory.pdf",
        png=report(
            f"{TS_FIGURES}/figS2_memory.png",
            caption="../../report/timescales/figS2_memory.rst",
            category="Study 2: timescales",
            labels={"figure": "S2: which N are kept"},
        ),
        csv=f"{TS_FIGURES}/figS2_memory.csv",
        json=f"{TS_FIGURES}/figS2_memory.json",
    log:
        f"{TS_LOGS}/figS2_memory.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("figS2_memory"),
    params:
        **TS_SMALL_PRINT,
        code=code("timescales/figS2_memory"),
    script:
        "../../scripts/timescales/figS2_memory.py"


rule figS3_variants:
    input:
        networks=f"{TS_SOURCE}/tables/networks.parquet",
        timescales=f"{TS_SOURCE}/tables/timescales.parquet",
        heads=f"{TS_SOURCE}/tables/heads.parquet",
    output:
        pdf=f"{TS_FIGURES}/figS3_variants.pdf",
        png=report(
            f"{TS_FIGURES}/figS3_variants.png",
            caption="../../report/timescales/figS3_variants.rst",
            category="Study 2: timescales",
            labels={"figure": "S3: other cells and curricula"},
        ),
        csv=f"{TS_FIGURES}/figS3_variants.csv",
        json=f"{TS_FIGURES}/figS3_variants.json",
    log:
        f"{TS_LOGS}/figS3_variants.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("figS3_variants"),
    params:
        **TS_SMALL_PRINT,
        code=code("timescales/figS3_variants"),
    script:
        "../../scripts/timescales/figS3_variants.py"


rule figS4_substeps:
    input:
        substeps=f"{TS_SOURCE}/tables/substeps.parquet",
        timescales=f"{TS_SOURCE}/tables/timescales.parquet",
    output:
        pdf=f"{TS_FIGURES}/figS4_substeps.pdf",
        png=report(
            f"{TS_FIGURES}/figS4_substeps.png",
            caption="../../report/timescales/figS4_substeps.rst",
            category="Study 2: timescales",
            labels={"figure": "S4: continuous time"},
        ),
        csv=f"{TS_FIGURES}/figS4_substeps.csv",
        json=f"{TS_FIGURES}/figS4_substeps.json",
    log:
        f"{TS_LOGS}/figS4_substeps.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("figS4_substeps"),
    params:
        **TS_SMALL_PRINT,
        substeps={
            name: entry["substeps"]
            for name, entry in TIMESCALES["conditions"].items()
            if "substeps" in entry
        },
        code=code("timescales/figS4_substeps"),
    script:
        "../../scripts/timescales/figS4_substeps.py"


rule timescales:
    input:
        rules.fig1_model.output,
        rules.fig2_curricula.output,
        rules.fig3_progress.output,
        rules.fig4_limits.output,
        rules.fig5_network_timescales.output,
        rules.fig6_weights.output,
        rules.fig7_ablation.output,
        rules.fig8_perturbation.output,
        rules.figS1_gated.output,
        rules.figS2_memory.output,
        rules.figS3_variants.output,
        rules.figS4_substeps.output,
