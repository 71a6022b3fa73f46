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
        gpu=GPU,
        mem_mb=MEMORY["test_memory"],
        runtime=240,
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
        gpu=GPU,
        mem_mb=MEMORY["ablate_neurons"],
        runtime=240,
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
        gpu=GPU,
        mem_mb=MEMORY["perturb_networks"],
        runtime=240,
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
        gpu=GPU,
        mem_mb=lambda wildcards: shard_memory("retrain_networks", wildcards),
        runtime=4320,
    params:
        settings=TIMESCALES["retraining"],
        accuracy=TIMESCALES["accuracy"],
        study=TRAINED_BY,
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
        gpu=GPU,
        mem_mb=MEMORY["change_steps"],
        runtime=240,
    params:
        settings=TIMESCALES["substeps"],
        accuracy=TIMESCALES["accuracy"],
        code=code("timescales/change_steps"),
    script:
        "../../scripts/timescales/change_steps.py"
