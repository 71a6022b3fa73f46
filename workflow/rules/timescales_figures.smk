# What the small print of every figure of study 2 states.
TS_SMALL_PRINT = {"scale": SCALE, "n_units": TIMESCALES["network"]["n_units"]}


rule draw_ts_model:
    input:
        curves=f"{TS_RESULTS}/tables/curves.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig1_model.pdf",
        png=report(
            f"{TS_FIGURES}/fig1_model.png",
            caption="../report/ts_model.rst",
            category="Study 2: timescales",
            labels={
                "figure": "1",
                "shows": "the network, and a neuron's two timescales",
            },
        ),
        csv=f"{TS_FIGURES}/fig1_model.csv",
        json=f"{TS_FIGURES}/fig1_model.json",
    log:
        f"{TS_LOGS}/draw_ts_model.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        start_N=TIMESCALES["curriculum"]["start_N"],
        code=code("draw_ts_model"),
    script:
        "../scripts/draw_ts_model.py"


rule draw_ts_curricula:
    output:
        pdf=f"{TS_FIGURES}/fig2_curricula.pdf",
        png=report(
            f"{TS_FIGURES}/fig2_curricula.png",
            caption="../report/ts_curricula.rst",
            category="Study 2: timescales",
            labels={"figure": "2", "shows": "tasks and curricula"},
        ),
        csv=f"{TS_FIGURES}/fig2_curricula.csv",
        json=f"{TS_FIGURES}/fig2_curricula.json",
    log:
        f"{TS_LOGS}/draw_ts_curricula.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        study={
            key: TIMESCALES[key]
            for key in ("conditions", "run", "curriculum", "training", "max_N")
        },
        code=code("draw_ts_curricula"),
    script:
        "../scripts/draw_ts_curricula.py"


rule draw_ts_progress:
    input:
        epochs=f"{TS_RESULTS}/tables/epochs.parquet",
        networks=f"{TS_RESULTS}/tables/networks.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig3_progress.pdf",
        png=report(
            f"{TS_FIGURES}/fig3_progress.png",
            caption="../report/ts_progress.rst",
            category="Study 2: timescales",
            labels={"figure": "3", "shows": "what each curriculum reaches, and when"},
        ),
        csv=f"{TS_FIGURES}/fig3_progress.csv",
        json=f"{TS_FIGURES}/fig3_progress.json",
    log:
        f"{TS_LOGS}/draw_ts_progress.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        accuracy=TIMESCALES["curriculum"]["accuracy"],
        code=code("draw_ts_progress"),
    script:
        "../scripts/draw_ts_progress.py"


rule draw_ts_limits:
    input:
        networks=f"{TS_RESULTS}/tables/networks.parquet",
        timescales=f"{TS_RESULTS}/tables/timescales.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig4_limits.pdf",
        png=report(
            f"{TS_FIGURES}/fig4_limits.png",
            caption="../report/ts_limits.rst",
            category="Study 2: timescales",
            labels={"figure": "4", "shows": "largest N; time constants"},
        ),
        csv=f"{TS_FIGURES}/fig4_limits.csv",
        json=f"{TS_FIGURES}/fig4_limits.json",
    log:
        f"{TS_LOGS}/draw_ts_limits.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        code=code("draw_ts_limits"),
    script:
        "../scripts/draw_ts_limits.py"


rule draw_ts_network_timescales:
    input:
        timescales=f"{TS_RESULTS}/tables/timescales.parquet",
        curves=f"{TS_RESULTS}/tables/curves.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig5_network_timescales.pdf",
        png=report(
            f"{TS_FIGURES}/fig5_network_timescales.png",
            caption="../report/ts_network_timescales.rst",
            category="Study 2: timescales",
            labels={"figure": "5", "shows": "timescales of the activity"},
        ),
        csv=f"{TS_FIGURES}/fig5_network_timescales.csv",
        json=f"{TS_FIGURES}/fig5_network_timescales.json",
    log:
        f"{TS_LOGS}/draw_ts_network_timescales.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        code=code("draw_ts_network_timescales"),
    script:
        "../scripts/draw_ts_network_timescales.py"


rule draw_ts_weights:
    input:
        weights=f"{TS_RESULTS}/tables/weights.parquet",
        dimension=f"{TS_RESULTS}/tables/dimension.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig6_weights.pdf",
        png=report(
            f"{TS_FIGURES}/fig6_weights.png",
            caption="../report/ts_weights.rst",
            category="Study 2: timescales",
            labels={"figure": "6", "shows": "weights and dimension"},
        ),
        csv=f"{TS_FIGURES}/fig6_weights.csv",
        json=f"{TS_FIGURES}/fig6_weights.json",
    log:
        f"{TS_LOGS}/draw_ts_weights.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        code=code("draw_ts_weights"),
    script:
        "../scripts/draw_ts_weights.py"


rule draw_ts_ablation:
    input:
        ablation=f"{TS_RESULTS}/tables/ablation.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig7_ablation.pdf",
        png=report(
            f"{TS_FIGURES}/fig7_ablation.png",
            caption="../report/ts_ablation.rst",
            category="Study 2: timescales",
            labels={"figure": "7", "shows": "neurons taken out"},
        ),
        csv=f"{TS_FIGURES}/fig7_ablation.csv",
        json=f"{TS_FIGURES}/fig7_ablation.json",
    log:
        f"{TS_LOGS}/draw_ts_ablation.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        code=code("draw_ts_ablation"),
    script:
        "../scripts/draw_ts_ablation.py"


rule draw_ts_perturbation:
    input:
        perturbation=f"{TS_RESULTS}/tables/perturbation.parquet",
        retraining=f"{TS_RESULTS}/tables/retraining.parquet",
    output:
        pdf=f"{TS_FIGURES}/fig8_perturbation.pdf",
        png=report(
            f"{TS_FIGURES}/fig8_perturbation.png",
            caption="../report/ts_perturbation.rst",
            category="Study 2: timescales",
            labels={"figure": "8", "shows": "perturbed and retrained networks"},
        ),
        csv=f"{TS_FIGURES}/fig8_perturbation.csv",
        json=f"{TS_FIGURES}/fig8_perturbation.json",
    log:
        f"{TS_LOGS}/draw_ts_perturbation.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        code=code("draw_ts_perturbation"),
    script:
        "../scripts/draw_ts_perturbation.py"


rule draw_ts_gated:
    input:
        epochs=f"{TS_RESULTS}/tables/epochs.parquet",
        networks=f"{TS_RESULTS}/tables/networks.parquet",
    output:
        pdf=f"{TS_FIGURES}/figS1_gated.pdf",
        png=report(
            f"{TS_FIGURES}/figS1_gated.png",
            caption="../report/ts_gated.rst",
            category="Study 2: timescales",
            labels={"figure": "S1", "shows": "GRU and LSTM"},
        ),
        csv=f"{TS_FIGURES}/figS1_gated.csv",
        json=f"{TS_FIGURES}/figS1_gated.json",
    log:
        f"{TS_LOGS}/draw_ts_gated.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        code=code("draw_ts_gated"),
    script:
        "../scripts/draw_ts_gated.py"


rule draw_ts_memory:
    input:
        memory=f"{TS_RESULTS}/tables/memory.parquet",
    output:
        pdf=f"{TS_FIGURES}/figS2_memory.pdf",
        png=report(
            f"{TS_FIGURES}/figS2_memory.png",
            caption="../report/ts_memory.rst",
            category="Study 2: timescales",
            labels={"figure": "S2", "shows": "which N are kept"},
        ),
        csv=f"{TS_FIGURES}/figS2_memory.csv",
        json=f"{TS_FIGURES}/figS2_memory.json",
    log:
        f"{TS_LOGS}/draw_ts_memory.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        code=code("draw_ts_memory"),
    script:
        "../scripts/draw_ts_memory.py"


rule draw_ts_variants:
    input:
        networks=f"{TS_RESULTS}/tables/networks.parquet",
        timescales=f"{TS_RESULTS}/tables/timescales.parquet",
        heads=f"{TS_RESULTS}/tables/heads.parquet",
    output:
        pdf=f"{TS_FIGURES}/figS3_variants.pdf",
        png=report(
            f"{TS_FIGURES}/figS3_variants.png",
            caption="../report/ts_variants.rst",
            category="Study 2: timescales",
            labels={"figure": "S3", "shows": "other cells and curricula"},
        ),
        csv=f"{TS_FIGURES}/figS3_variants.csv",
        json=f"{TS_FIGURES}/figS3_variants.json",
    log:
        f"{TS_LOGS}/draw_ts_variants.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        code=code("draw_ts_variants"),
    script:
        "../scripts/draw_ts_variants.py"


rule draw_ts_substeps:
    input:
        substeps=f"{TS_RESULTS}/tables/substeps.parquet",
        timescales=f"{TS_RESULTS}/tables/timescales.parquet",
    output:
        pdf=f"{TS_FIGURES}/figS4_substeps.pdf",
        png=report(
            f"{TS_FIGURES}/figS4_substeps.png",
            caption="../report/ts_substeps.rst",
            category="Study 2: timescales",
            labels={"figure": "S4", "shows": "continuous time"},
        ),
        csv=f"{TS_FIGURES}/figS4_substeps.csv",
        json=f"{TS_FIGURES}/figS4_substeps.json",
    log:
        f"{TS_LOGS}/draw_ts_substeps.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **TS_SMALL_PRINT,
        substeps={
            name: entry["substeps"]
            for name, entry in TIMESCALES["conditions"].items()
            if "substeps" in entry
        },
        code=code("draw_ts_substeps"),
    script:
        "../scripts/draw_ts_substeps.py"


rule timescales:
    input:
        rules.draw_ts_model.output,
        rules.draw_ts_curricula.output,
        rules.draw_ts_progress.output,
        rules.draw_ts_limits.output,
        rules.draw_ts_network_timescales.output,
        rules.draw_ts_weights.output,
        rules.draw_ts_ablation.output,
        rules.draw_ts_perturbation.output,
        rules.draw_ts_gated.output,
        rules.draw_ts_memory.output,
        rules.draw_ts_variants.output,
        rules.draw_ts_substeps.output,
