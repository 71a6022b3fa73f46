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


# One table per question. What runs end in, stress, and what the dynamics are made of stand apart, so
# that figures wait, and are drawn again, for what they show only.
STRESS_ROWS = ("delays", "noise")
DYNAMICS_ROWS = ("runs", "cycles", "points", "memory", "exponents", "votes")


rule collect_stress:
    input:
        **{
            name: expand(f"{RESULTS}/{name}/{{shard}}.parquet", shard=SHARDS)
            for name in STRESS_ROWS
        },
    output:
        **{name: f"{RESULTS}/tables/{name}.parquet" for name in STRESS_ROWS},
    log:
        f"{LOGS}/collect_stress.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code("collect_rows"),
    script:
        "../scripts/collect_rows.py"


use rule collect_stress as collect_dynamics with:
    input:
        **{
            name: expand(f"{RESULTS}/{name}/{{shard}}.parquet", shard=SHARDS)
            for name in DYNAMICS_ROWS
        },
    output:
        **{name: f"{RESULTS}/tables/{name}.parquet" for name in DYNAMICS_ROWS},
    log:
        f"{LOGS}/collect_dynamics.log",


use rule collect_stress as collect_ends with:
    input:
        ends=expand(f"{RESULTS}/ends/{{shard}}.parquet", shard=SHARDS),
    output:
        ends=f"{RESULTS}/tables/ends.parquet",
    log:
        f"{LOGS}/collect_ends.log",
