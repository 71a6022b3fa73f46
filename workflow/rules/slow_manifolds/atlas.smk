# Study 1: every network on one page that turns, sorts and filters, on request: -- atlas
# In: all that each shard has made.
# Out: atlas/<shard>.json, and figures/<scale>/atlas.html.


rule trace_atlas:
    input:
        **{
            kind: f"{SM_RESULTS}/{kind}/{{shard}}.parquet"
            for kind in (
                *("performance", "mechanisms", "votes", "delays"),
                *("noise", "points", "cycles", "memory"),
            )
        },
        stimuli=stimuli_of,
        networks=f"{SM_RESULTS}/networks/{{shard}}.safetensors",
        cases=f"{SM_RESULTS}/performance/{{shard}}.safetensors",
        run_arrays=f"{SM_RESULTS}/cycles/{{shard}}.safetensors",
        point_arrays=f"{SM_RESULTS}/points/{{shard}}.safetensors",
    output:
        f"{SM_RESULTS}/atlas/{{shard}}.json",
    log:
        f"{SM_LOGS}/trace_atlas/{{shard}}.log",
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["trace_network"]),
        runtime=minutes("trace_atlas", 60),
    params:
        task=SLOW_MANIFOLDS["task"],
        network=SLOW_MANIFOLDS["network"],
        networks=lambda wildcards: [
            list(network) for network in SM_TRAINED[wildcards.shard]
        ],
        code=code("slow_manifolds/trace_atlas"),
    script:
        "../../scripts/slow_manifolds/trace_atlas.py"


rule write_atlas:
    input:
        stimuli=STIMULI,
        shards=expand(f"{SM_RESULTS}/atlas/{{shard}}.json", shard=SM_TRAINED),
    output:
        f"figures/{SCALE}/atlas.html",
    log:
        f"{SM_LOGS}/write_atlas.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(2000),
        runtime=minutes("write_atlas"),
    params:
        scale=SCALE,
        task=SLOW_MANIFOLDS["task"],
        dt=DT,
        code=code("slow_manifolds/write_atlas"),
    script:
        "../../scripts/slow_manifolds/write_atlas.py"


rule atlas:
    input:
        rules.write_atlas.output,
