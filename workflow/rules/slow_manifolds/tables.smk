# Study 1: one table per question, over all shards.
# In: the tables of each shard, from the stages before.
# Out: tables/<name>.parquet: networks, delays, noise, ends, runs, cycles, points, memory, exponents, votes.


rule collect_networks:
    input:
        performance=expand(
            f"{SM_RESULTS}/performance/{{shard}}.parquet", shard=SM_SHARDS
        ),
        mechanisms=expand(f"{SM_RESULTS}/mechanisms/{{shard}}.parquet", shard=SM_SHARDS),
    output:
        f"{SM_RESULTS}/tables/networks.parquet",
    log:
        f"{SM_LOGS}/collect_networks.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(2000),
        runtime=minutes("collect_networks"),
    params:
        grid={
            key: value
            for key, value in SLOW_MANIFOLDS["grid"].items()
            if key != "also"
        },
        code=code("slow_manifolds/collect_networks"),
    script:
        "../../scripts/slow_manifolds/collect_networks.py"


# One table per question. What runs end in, stress, and what the dynamics are made of stand apart, so
# that figures wait, and are drawn again, for what they show only. Of snapshots
# only ends and forgetting are measured.
STRESS_ROWS = {"delays": SM_SHARDS, "noise": SM_TRAINED}
DYNAMICS_ROWS = ("runs", "cycles", "points", "memory", "exponents", "votes")


rule collect_stress:
    input:
        **{
            name: expand(f"{SM_RESULTS}/{name}/{{shard}}.parquet", shard=shards)
            for name, shards in STRESS_ROWS.items()
        },
    output:
        **{name: f"{SM_RESULTS}/tables/{name}.parquet" for name in STRESS_ROWS},
    log:
        f"{SM_LOGS}/collect_stress.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(2000),
        runtime=minutes("collect_stress"),
    params:
        code=code("slow_manifolds/collect_rows"),
    script:
        "../../scripts/slow_manifolds/collect_rows.py"


use rule collect_stress as collect_dynamics with:
    input:
        **{
            name: expand(f"{SM_RESULTS}/{name}/{{shard}}.parquet", shard=SM_TRAINED)
            for name in DYNAMICS_ROWS
        },
    output:
        **{name: f"{SM_RESULTS}/tables/{name}.parquet" for name in DYNAMICS_ROWS},
    log:
        f"{SM_LOGS}/collect_dynamics.log",


use rule collect_stress as collect_ends with:
    input:
        ends=expand(f"{SM_RESULTS}/ends/{{shard}}.parquet", shard=SM_SHARDS),
    output:
        ends=f"{SM_RESULTS}/tables/ends.parquet",
    log:
        f"{SM_LOGS}/collect_ends.log",
