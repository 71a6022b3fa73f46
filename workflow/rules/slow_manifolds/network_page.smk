# Study 1: the page of one network, on request: --config network=<name> -- landscape
# In: all that the shard of this network has made.
# Out: landscapes/<network>.safetensors, and a figure beside it of the same name.

from memdyn.slow_manifolds.grid import shard_of

NETWORK = config["network"]
try:
    NETWORK_SHARD = shard_of(NETWORK, SM_SHARDS, EXTERNAL) if NETWORK else None
except ConfigError as problem:
    raise WorkflowError(str(problem))


rule trace_network:
    input:
        stimuli=stimuli_seen_by(NETWORK_SHARD),
        networks=f"{SM_RESULTS}/networks/{NETWORK_SHARD}.safetensors",
        cases=f"{SM_RESULTS}/performance/{NETWORK_SHARD}.safetensors",
        run_arrays=f"{SM_RESULTS}/cycles/{NETWORK_SHARD}.safetensors",
        point_arrays=f"{SM_RESULTS}/points/{NETWORK_SHARD}.safetensors",
        points=f"{SM_RESULTS}/points/{NETWORK_SHARD}.parquet",
        cycles=f"{SM_RESULTS}/cycles/{NETWORK_SHARD}.parquet",
        memory=f"{SM_RESULTS}/memory/{NETWORK_SHARD}.parquet",
        exponents=f"{SM_RESULTS}/exponents/{NETWORK_SHARD}.parquet",
        votes=f"{SM_RESULTS}/votes/{NETWORK_SHARD}.parquet",
        performance=f"{SM_RESULTS}/performance/{NETWORK_SHARD}.parquet",
        mechanisms=f"{SM_RESULTS}/mechanisms/{NETWORK_SHARD}.parquet",
    output:
        f"{SM_RESULTS}/landscapes/{{network}}.safetensors",
    log:
        f"{SM_LOGS}/trace_network/{{network}}.log",
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["trace_network"]),
        runtime=minutes("trace_network", 60),
    params:
        task=SLOW_MANIFOLDS["task"],
        network=SLOW_MANIFOLDS["network"],
        code=code("slow_manifolds/trace_network"),
    script:
        "../../scripts/slow_manifolds/trace_network.py"


rule draw_network:
    input:
        stimuli=stimuli_seen_by(NETWORK_SHARD),
        landscape=rules.trace_network.output[0],
    output:
        pdf=f"{SM_FIGURES}/landscapes/{{network}}.pdf",
        png=f"{SM_FIGURES}/landscapes/{{network}}.png",
        csv=f"{SM_FIGURES}/landscapes/{{network}}.csv",
        json=f"{SM_FIGURES}/landscapes/{{network}}.json",
    log:
        f"{SM_LOGS}/draw_network/{{network}}.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("draw_network"),
    params:
        **SM_SMALL_PRINT,
        task=SLOW_MANIFOLDS["task"],
        dt=DT,
        tau=SLOW_MANIFOLDS["network"]["tau"],
        code=code("slow_manifolds/draw_network"),
    script:
        "../../scripts/slow_manifolds/draw_network.py"


rule landscape:
    input:
        landscape_figure,
