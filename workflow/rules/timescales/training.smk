# Study 2: curricula, a snapshot at every N that is solved.
# In: nothing but the configuration.
# Out: per shard networks/ (checkpoint with its snapshots and history).


rule train_curricula:
    output:
        f"{TS_RESULTS}/networks/{{shard}}.safetensors",
    log:
        f"{TS_LOGS}/train_curricula/{{shard}}.log",
    benchmark:
        f"{TS_LOGS}/train_curricula/{{shard}}.benchmark.tsv"
    priority: turn(TS_SHARDS)
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(shard_memory("train_curricula")),
        runtime=minutes("train_curricula"),
    params:
        networks=lambda wildcards: [
            list(network) for network in TS_SHARDS[wildcards.shard]
        ],
        study=training_decided_by,
        code=code("timescales/train_curricula"),
    script:
        "../../scripts/timescales/train_curricula.py"
