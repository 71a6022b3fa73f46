rule train_networks:
    input:
        stimuli=rules.make_stimuli.output[0],
    output:
        f"{RESULTS}/networks/{{shard}}.safetensors",
    log:
        f"{LOGS}/train_networks/{{shard}}.log",
    benchmark:
        f"{LOGS}/train_networks/{{shard}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["train_networks"],
        runtime=720,
    params:
        networks=lambda wildcards: [
            list(network) for network in SHARDS[wildcards.shard]
        ],
        task=STUDY["task"],
        network=STUDY["network"],
        training=STUDY["training"],
        code=code("train_networks"),
    script:
        "../scripts/train_networks.py"


rule test_performance:
    input:
        stimuli=rules.make_stimuli.output[0],
        networks=rules.train_networks.output[0],
    output:
        table=f"{RESULTS}/performance/{{shard}}.parquet",
        cases=f"{RESULTS}/performance/{{shard}}.safetensors",
    log:
        f"{LOGS}/test_performance/{{shard}}.log",
    benchmark:
        f"{LOGS}/test_performance/{{shard}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["test_performance"],
        runtime=120,
    params:
        task=STUDY["task"],
        network=STUDY["network"],
        performance=STUDY["performance"],
        saturation=STUDY["saturation"],
        code=code("test_performance"),
    script:
        "../scripts/test_performance.py"
