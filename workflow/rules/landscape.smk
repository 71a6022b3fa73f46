# The landscape of one network, asked for: --config network=<name> -- landscape
from memdyn.choice import shard_of

NETWORK = config["network"]
try:
    NETWORK_SHARD = shard_of(NETWORK, SHARDS, EXTERNAL) if NETWORK else None
except ConfigError as problem:
    raise WorkflowError(str(problem))


rule trace_network:
    input:
        stimuli=rules.make_stimuli.output[0],
        networks=f"{RESULTS}/networks/{NETWORK_SHARD}.safetensors",
        cases=f"{RESULTS}/performance/{NETWORK_SHARD}.safetensors",
        run_arrays=f"{RESULTS}/cycles/{NETWORK_SHARD}.safetensors",
        point_arrays=f"{RESULTS}/points/{NETWORK_SHARD}.safetensors",
        points=f"{RESULTS}/points/{NETWORK_SHARD}.parquet",
        cycles=f"{RESULTS}/cycles/{NETWORK_SHARD}.parquet",
        memory=f"{RESULTS}/memory/{NETWORK_SHARD}.parquet",
        exponents=f"{RESULTS}/exponents/{NETWORK_SHARD}.parquet",
        votes=f"{RESULTS}/votes/{NETWORK_SHARD}.parquet",
        performance=f"{RESULTS}/performance/{NETWORK_SHARD}.parquet",
        mechanisms=f"{RESULTS}/mechanisms/{NETWORK_SHARD}.parquet",
    output:
        f"{RESULTS}/landscapes/{{network}}.safetensors",
    log:
        f"{LOGS}/trace_network/{{network}}.log",
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["trace_network"],
        runtime=30,
    params:
        task=STUDY["task"],
        network=STUDY["network"],
        code=code("trace_network"),
    script:
        "../scripts/trace_network.py"


rule draw_network:
    input:
        stimuli=rules.make_stimuli.output[0],
        landscape=rules.trace_network.output[0],
    output:
        pdf=f"{FIGURES}/landscapes/{{network}}.pdf",
        png=f"{FIGURES}/landscapes/{{network}}.png",
        csv=f"{FIGURES}/landscapes/{{network}}.csv",
        json=f"{FIGURES}/landscapes/{{network}}.json",
    log:
        f"{LOGS}/draw_network/{{network}}.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **SMALL_PRINT,
        task=STUDY["task"],
        dt=DT,
        tau=STUDY["network"]["tau"],
        code=code("draw_network"),
    script:
        "../scripts/draw_network.py"


rule landscape:
    input:
        landscape_figure,
