# Study 2: what the activity and the weights of the trained networks are like.
# In: networks/ of a shard.
# Out: per shard timescales/, curves/, dimension/ and weights/.


rule measure_timescales:
    input:
        networks=rules.train_curricula.output[0],
    output:
        timescales=f"{TS_RESULTS}/timescales/{{shard}}.parquet",
        curves=f"{TS_RESULTS}/curves/{{shard}}.parquet",
        dimension=f"{TS_RESULTS}/dimension/{{shard}}.parquet",
    log:
        f"{TS_LOGS}/measure_timescales/{{shard}}.log",
    benchmark:
        f"{TS_LOGS}/measure_timescales/{{shard}}.benchmark.tsv"
    priority: turn(TS_SHARDS)
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["measure_timescales"]),
        runtime=minutes("measure_timescales"),
    params:
        settings=TIMESCALES["stimulation"],
        code=code("timescales/measure_timescales"),
    script:
        "../../scripts/timescales/measure_timescales.py"


rule measure_weights:
    input:
        networks=rules.train_curricula.output[0],
    output:
        f"{TS_RESULTS}/weights/{{shard}}.parquet",
    log:
        f"{TS_LOGS}/measure_weights/{{shard}}.log",
    benchmark:
        f"{TS_LOGS}/measure_weights/{{shard}}.benchmark.tsv"
    priority: turn(TS_SHARDS)
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(MEMORY["measure_weights"]),
        runtime=minutes("measure_weights"),
    params:
        code=code("timescales/measure_weights"),
    script:
        "../../scripts/timescales/measure_weights.py"
