# The sections of the configuration that decide what training makes of a network.
TRAINED_BY = {
    key: TIMESCALES[key]
    for key in (
        *("network", "training", "curriculum", "max_N", "conditions", "side_by_side"),
    )
}


# Tables of training histories, and tables that the stages write for each shard.
TS_TRAINED = ("epochs", "heads", "networks")
TS_MEASURED = (
    *("timescales", "curves", "dimension", "weights", "memory"),
    *("ablation", "perturbation", "retraining", "substeps"),
)


rule train_curricula:
    output:
        f"{TS_RESULTS}/networks/{{part}}.safetensors",
    log:
        f"{TS_LOGS}/train_curricula/{{part}}.log",
    benchmark:
        f"{TS_LOGS}/train_curricula/{{part}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=lambda wildcards: part_memory("train_curricula", wildcards),
        runtime=4320,
    params:
        members=lambda wildcards: [list(member) for member in TS_SHARDS[wildcards.part]],
        study=TRAINED_BY,
        code=code("train_curricula"),
    script:
        "../scripts/train_curricula.py"


rule measure_timescales:
    input:
        networks=rules.train_curricula.output[0],
    output:
        timescales=f"{TS_RESULTS}/timescales/{{part}}.parquet",
        curves=f"{TS_RESULTS}/curves/{{part}}.parquet",
        dimension=f"{TS_RESULTS}/dimension/{{part}}.parquet",
    log:
        f"{TS_LOGS}/measure_timescales/{{part}}.log",
    benchmark:
        f"{TS_LOGS}/measure_timescales/{{part}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["measure_timescales"],
        runtime=1440,
    params:
        settings=TIMESCALES["stimulation"],
        code=code("measure_timescales"),
    script:
        "../scripts/measure_timescales.py"


rule measure_weights:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/weights/{{part}}.parquet",
    log:
        f"{TS_LOGS}/measure_weights/{{part}}.log",
    benchmark:
        f"{TS_LOGS}/measure_weights/{{part}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        mem_mb=MEMORY["measure_weights"],
        runtime=60,
    params:
        code=code("measure_weights"),
    script:
        "../scripts/measure_weights.py"


rule test_memory:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/memory/{{part}}.parquet",
    log:
        f"{TS_LOGS}/test_memory/{{part}}.log",
    benchmark:
        f"{TS_LOGS}/test_memory/{{part}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["test_memory"],
        runtime=240,
    params:
        settings=TIMESCALES["memory"],
        accuracy=TIMESCALES["accuracy"],
        code=code("test_memory"),
    script:
        "../scripts/test_memory.py"


rule ablate_neurons:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/ablation/{{part}}.parquet",
    log:
        f"{TS_LOGS}/ablate_neurons/{{part}}.log",
    benchmark:
        f"{TS_LOGS}/ablate_neurons/{{part}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["ablate_neurons"],
        runtime=240,
    params:
        settings=TIMESCALES["ablation"],
        accuracy=TIMESCALES["accuracy"],
        code=code("ablate_neurons"),
    script:
        "../scripts/ablate_neurons.py"


rule perturb_networks:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/perturbation/{{part}}.parquet",
    log:
        f"{TS_LOGS}/perturb_networks/{{part}}.log",
    benchmark:
        f"{TS_LOGS}/perturb_networks/{{part}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["perturb_networks"],
        runtime=240,
    params:
        settings=TIMESCALES["perturbation"],
        accuracy=TIMESCALES["accuracy"],
        code=code("perturb_networks"),
    script:
        "../scripts/perturb_networks.py"


rule retrain_networks:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/retraining/{{part}}.parquet",
    log:
        f"{TS_LOGS}/retrain_networks/{{part}}.log",
    benchmark:
        f"{TS_LOGS}/retrain_networks/{{part}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=lambda wildcards: part_memory("retrain_networks", wildcards),
        runtime=4320,
    params:
        settings=TIMESCALES["retraining"],
        accuracy=TIMESCALES["accuracy"],
        study=TRAINED_BY,
        code=code("retrain_networks"),
    script:
        "../scripts/retrain_networks.py"


rule change_steps:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/substeps/{{part}}.parquet",
    log:
        f"{TS_LOGS}/change_steps/{{part}}.log",
    benchmark:
        f"{TS_LOGS}/change_steps/{{part}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["change_steps"],
        runtime=240,
    params:
        settings=TIMESCALES["substeps"],
        accuracy=TIMESCALES["accuracy"],
        code=code("change_steps"),
    script:
        "../scripts/change_steps.py"


# The histories of training come from the checkpoints, the other tables from the stages above.
rule collect_timescales:
    input:
        **{
            name: expand(f"{TS_RESULTS}/{name}/{{part}}.parquet", part=TS_SHARDS)
            for name in TS_MEASURED
        },
        snapshots=expand(f"{TS_RESULTS}/networks/{{part}}.safetensors", part=TS_SHARDS),
    output:
        **{
            name: f"{TS_RESULTS}/tables/{name}.parquet"
            for name in (*TS_TRAINED, *TS_MEASURED)
        },
    log:
        f"{TS_LOGS}/collect_timescales.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        n_units=TIMESCALES["network"]["n_units"],
        measured=TS_MEASURED,
        code=code("collect_timescales"),
    script:
        "../scripts/collect_timescales.py"
