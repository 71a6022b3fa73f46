# Study 2: older N, neurons taken out, changed weights, further training, other time steps.
# In: networks/ of a shard.
# Out: per shard memory/, ablation/, perturbation/, retraining/ and substeps/.


rule test_memory:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/memory/{{shard}}.parquet",
    log:
        f"{TS_LOGS}/test_memory/{{shard}}.log",
    benchmark:
        f"{TS_LOGS}/test_memory/{{shard}}.benchmark.tsv"
    priority: turn(TS_SHARDS)
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["test_memory"]),
        runtime=minutes("test_memory"),
    params:
        settings=TIMESCALES["memory"],
        accuracy=TIMESCALES["accuracy"],
        code=code("timescales/test_memory"),
    script:
        "../../scripts/timescales/test_memory.py"


rule ablate_neurons:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/ablation/{{shard}}.parquet",
    log:
        f"{TS_LOGS}/ablate_neurons/{{shard}}.log",
    benchmark:
        f"{TS_LOGS}/ablate_neurons/{{shard}}.benchmark.tsv"
    priority: turn(TS_SHARDS)
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["ablate_neurons"]),
        runtime=minutes("ablate_neurons"),
    params:
        settings=TIMESCALES["ablation"],
        accuracy=TIMESCALES["accuracy"],
        code=code("timescales/ablate_neurons"),
    script:
        "../../scripts/timescales/ablate_neurons.py"


rule perturb_networks:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/perturbation/{{shard}}.parquet",
    log:
        f"{TS_LOGS}/perturb_networks/{{shard}}.log",
    benchmark:
        f"{TS_LOGS}/perturb_networks/{{shard}}.benchmark.tsv"
    priority: turn(TS_SHARDS)
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["perturb_networks"]),
        runtime=minutes("perturb_networks"),
    params:
        settings=TIMESCALES["perturbation"],
        accuracy=TIMESCALES["accuracy"],
        code=code("timescales/perturb_networks"),
    script:
        "../../scripts/timescales/perturb_networks.py"


rule retrain_networks:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/retraining/{{shard}}.parquet",
    log:
        f"{TS_LOGS}/retrain_networks/{{shard}}.log",
    benchmark:
        f"{TS_LOGS}/retrain_networks/{{shard}}.benchmark.tsv"
    priority: turn(TS_SHARDS)
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(shard_memory("retrain_networks")),
        runtime=minutes("retrain_networks"),
    params:
        settings=TIMESCALES["retraining"],
        accuracy=TIMESCALES["accuracy"],
        study=training_decided_by,
        code=code("timescales/retrain_networks"),
    script:
        "../../scripts/timescales/retrain_networks.py"


rule change_steps:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/substeps/{{shard}}.parquet",
    log:
        f"{TS_LOGS}/change_steps/{{shard}}.log",
    benchmark:
        f"{TS_LOGS}/change_steps/{{shard}}.benchmark.tsv"
    priority: turn(TS_SHARDS)
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["change_steps"]),
        runtime=minutes("change_steps"),
    params:
        settings=TIMESCALES["substeps"],
        accuracy=TIMESCALES["accuracy"],
        code=code("timescales/change_steps"),
    script:
        "../../scripts/timescales/change_steps.py"
