# Study 1: FORCE training in shards of networks that share J, then the test with frozen weights.
# In: the stimuli of a shard.
# Out: per shard networks/ (checkpoint) and performance/ (a row per network; states that runs start from).

# A finished shard of study 1: trained, or a snapshot of one.
TRAINED = f"{SM_RESULTS}/networks/{{shard}}.safetensors"


rule train_networks:
    input:
        stimuli=stimuli_of,
    output:
        f"{SM_RESULTS}/networks/{{shard}}.safetensors",
    log:
        f"{SM_LOGS}/train_networks/{{shard}}.log",
    benchmark:
        f"{SM_LOGS}/train_networks/{{shard}}.benchmark.tsv"
    wildcard_constraints:
        shard="|".join(SM_TRAINED),
    priority: turn(SM_TRAINED)
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["train_networks"]),
        runtime=minutes("train_networks"),
    params:
        networks=lambda wildcards: [
            list(network) for network in SM_TRAINED[wildcards.shard]
        ],
        task=SLOW_MANIFOLDS["task"],
        network=SLOW_MANIFOLDS["network"],
        training=lambda wildcards: training_of(wildcards.shard),
        code=code("slow_manifolds/train_networks"),
    script:
        "../../scripts/slow_manifolds/train_networks.py"


rule take_snapshot:
    input:
        networks=TRAINED,
    output:
        f"{SM_RESULTS}/networks/{{shard}}_trial{{trial}}.safetensors",
    log:
        f"{SM_LOGS}/take_snapshot/{{shard}}_trial{{trial}}.log",
    wildcard_constraints:
        shard="|".join(SM_TRAINED),
        trial=r"\d+",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("take_snapshot"),
    params:
        code=code("slow_manifolds/take_snapshot"),
    script:
        "../../scripts/slow_manifolds/take_snapshot.py"


rule test_performance:
    input:
        stimuli=stimuli_of,
        networks=TRAINED,
    output:
        table=f"{SM_RESULTS}/performance/{{shard}}.parquet",
        cases=f"{SM_RESULTS}/performance/{{shard}}.safetensors",
    log:
        f"{SM_LOGS}/test_performance/{{shard}}.log",
    benchmark:
        f"{SM_LOGS}/test_performance/{{shard}}.benchmark.tsv"
    priority: turn(SM_TRAINED)
    group:
        "analysis"
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["test_performance"]),
        runtime=minutes("test_performance"),
    params:
        task=SLOW_MANIFOLDS["task"],
        network=SLOW_MANIFOLDS["network"],
        performance=SLOW_MANIFOLDS["performance"],
        saturation=SLOW_MANIFOLDS["saturation"],
        code=code("slow_manifolds/test_performance"),
    script:
        "../../scripts/slow_manifolds/test_performance.py"
