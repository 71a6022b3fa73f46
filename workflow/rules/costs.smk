# What a run costs, asked for: -- predict before it, -- compare after it.
# In: the configuration; the logs of a run; what the benchmark of growth has measured.
# Out: prediction.csv, prediction_jobs.csv, prediction_error.csv, and figures/benchmarks/growth.

import platform

PREDICTION = f"results/{SCALE}/prediction.csv"
PREDICTED_JOBS = f"results/{SCALE}/prediction_jobs.csv"


rule calibrate:
    output:
        f"results/{SCALE}/calibration.json",
    log:
        f"logs/{SCALE}/calibrate.log",
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(max(MEMORY.values())),
        runtime=minutes("calibrate"),
    params:
        config=COSTED,
        machine=platform.node(),
        code=code("costs/calibrate"),
    script:
        "../scripts/costs/calibrate.py"


rule predict:
    input:
        rules.calibrate.output[0],
    output:
        PREDICTION,
        PREDICTED_JOBS,
    log:
        f"logs/{SCALE}/predict.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("predict"),
    params:
        config=COSTED,
        cores=lambda wildcards: workflow.cores,
        code=code("costs/predict"),
    script:
        "../scripts/costs/predict.py"


# The prediction is no input: it must be from before the run.
rule compare:
    output:
        f"results/{SCALE}/prediction_error.csv",
    log:
        f"logs/{SCALE}/compare.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("compare"),
    params:
        prediction=PREDICTION,
        by_job=PREDICTED_JOBS,
        logs=f"logs/{SCALE}",
        written=all_logs,
        code=code("costs/compare"),
    script:
        "../scripts/costs/compare.py"


# How costs grow: `make bench` measures it.
rule draw_growth:
    input:
        growth_points,
    output:
        pdf="figures/benchmarks/growth.pdf",
        png="figures/benchmarks/growth.png",
        csv="figures/benchmarks/growth.csv",
        json="figures/benchmarks/growth.json",
    log:
        "logs/benchmarks/draw_growth.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("draw_growth"),
    params:
        code=code("costs/draw_growth"),
    script:
        "../scripts/costs/draw_growth.py"
