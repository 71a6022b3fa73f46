rule collect_networks:
    input:
        performance=expand(f"{RESULTS}/performance/{{shard}}.parquet", shard=SHARDS),
        mechanisms=expand(f"{RESULTS}/mechanisms/{{shard}}.parquet", shard=SHARDS),
    output:
        f"{RESULTS}/tables/networks.parquet",
    log:
        f"{LOGS}/collect_networks.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code("collect_networks"),
    script:
        "../scripts/collect_networks.py"


# One table per question: what runs end in, longer delays, noise; and what the dynamics are made of,
# apart, so that figures that do not need them do not wait for the search for fixed points.
ROWS = ("ends", "delays", "noise")
DYNAMICS_ROWS = ("runs", "cycles", "points", "memory", "exponents", "votes")


rule collect_rows:
    input:
        **{
            name: expand(f"{RESULTS}/{name}/{{shard}}.parquet", shard=SHARDS)
            for name in ROWS
        },
    output:
        **{name: f"{RESULTS}/tables/{name}.parquet" for name in ROWS},
    log:
        f"{LOGS}/collect_rows.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code("collect_rows"),
    script:
        "../scripts/collect_rows.py"


use rule collect_rows as collect_dynamics with:
    input:
        **{
            name: expand(f"{RESULTS}/{name}/{{shard}}.parquet", shard=SHARDS)
            for name in DYNAMICS_ROWS
        },
    output:
        **{name: f"{RESULTS}/tables/{name}.parquet" for name in DYNAMICS_ROWS},
    log:
        f"{LOGS}/collect_dynamics.log",
