# Study 2: curricula, a snapshot at every N that is solved.
# In: nothing but the configuration.
# Out: per shard networks/ (checkpoint with its snapshots and history).


def training_decided_by(wildcards):
    """What of the configuration decides what training makes of a shard's networks."""
    sections = ("network", "training", "curriculum", "max_N", "side_by_side")
    own = {network.condition for network in TS_SHARDS[wildcards.shard]}
    conditions = {name: TIMESCALES["conditions"][name] for name in sorted(own)}
    return {key: TIMESCALES[key] for key in sections} | {"conditions": conditions}


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
