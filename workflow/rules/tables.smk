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


# One table per question: what runs end in, longer delays, noise, points, cycles, votes, ...
rule collect_rows:
    input:
        expand(f"{RESULTS}/{{{{kind}}}}/{{shard}}.parquet", shard=SHARDS),
    output:
        f"{RESULTS}/tables/{{kind}}.parquet",
    log:
        f"{LOGS}/collect_rows/{{kind}}.log",
    wildcard_constraints:
        kind="ends|delays|noise|runs|cycles|points|memory|exponents|votes",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code("collect_rows"),
    script:
        "../scripts/collect_rows.py"
