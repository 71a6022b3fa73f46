# The bridge: networks of study 2 in the hands of study 1's instrument, and the other way round.
# In: networks/ of both studies; performance/, delays and labels of study 1, timescales of study 2.
# Out: per shard driven/, points/, modes/ and activity/; tables/; figures/<scale>/bridge, with names as in
# the studies.

from memdyn.bridge import grid as bridge_grid

BRIDGE = config["bridge"]
BR_RESULTS = f"results/{SCALE}/bridge"
BR_FIGURES = f"figures/{SCALE}/bridge"
BR_LOGS = f"logs/{SCALE}/bridge"
BR_SOURCE = f"{SOURCE}/bridge"
BR_SLOWNESS = ("driven", "points", "modes")


rule measure_slowness:
    input:
        networks=rules.train_curricula.output[0],
    output:
        **{name: f"{BR_RESULTS}/{name}/{{shard}}.parquet" for name in BR_SLOWNESS},
    log:
        f"{BR_LOGS}/measure_slowness/{{shard}}.log",
    benchmark:
        f"{BR_LOGS}/measure_slowness/{{shard}}.benchmark.tsv"
    priority: turn(TS_SHARDS)
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        mem_mb=megabytes(MEMORY["measure_slowness"]),
        runtime=minutes("measure_slowness"),
    params:
        settings=BRIDGE["slowness"],
        code=code("bridge/measure_slowness"),
    script:
        "../scripts/bridge/measure_slowness.py"


rule measure_forgetting:
    input:
        stimuli=stimuli_of,
        networks=TRAINED,
        cases=rules.test_performance.output.cases,
        performance=rules.test_performance.output.table,
    output:
        f"{BR_RESULTS}/activity/{{shard}}.parquet",
    log:
        f"{BR_LOGS}/measure_forgetting/{{shard}}.log",
    benchmark:
        f"{BR_LOGS}/measure_forgetting/{{shard}}.benchmark.tsv"
    priority: turn(SM_TRAINED)
    group:
        "analysis"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["measure_forgetting"]),
        runtime=minutes("measure_forgetting"),
    params:
        task=SLOW_MANIFOLDS["task"],
        network=SLOW_MANIFOLDS["network"],
        settings=BRIDGE["forgetting"],
        code=code("bridge/measure_forgetting"),
    script:
        "../scripts/bridge/measure_forgetting.py"


rule collect_slowness:
    input:
        **{
            name: expand(
                f"{BR_RESULTS}/{name}/{{shard}}.parquet",
                shard=bridge_grid.slowness_shards(config),
            )
            for name in BR_SLOWNESS
        },
        timescales=f"{TS_RESULTS}/tables/timescales.parquet",
    output:
        **{
            name: f"{BR_RESULTS}/tables/{name}.parquet"
            for name in ("slowness", "points", "modes")
        },
    log:
        f"{BR_LOGS}/collect_slowness.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(2000),
        runtime=minutes("collect_slowness"),
    params:
        code=code("bridge/collect_slowness"),
    script:
        "../scripts/bridge/collect_slowness.py"


rule collect_forgetting:
    input:
        activity=expand(
            f"{BR_RESULTS}/activity/{{shard}}.parquet",
            shard=bridge_grid.forgetting_shards(config),
        ),
        delays=f"{SM_RESULTS}/tables/delays.parquet",
        networks=f"{SM_RESULTS}/tables/networks.parquet",
    output:
        f"{BR_RESULTS}/tables/forgetting.parquet",
    log:
        f"{BR_LOGS}/collect_forgetting.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(2000),
        runtime=minutes("collect_forgetting"),
    params:
        code=code("bridge/collect_forgetting"),
    script:
        "../scripts/bridge/collect_forgetting.py"


rule figX1_slowness:
    input:
        **{
            name: f"{BR_SOURCE}/tables/{name}.parquet"
            for name in ("slowness", "points", "modes")
        },
    output:
        pdf=f"{BR_FIGURES}/figX1_slowness.pdf",
        png=report(
            f"{BR_FIGURES}/figX1_slowness.png",
            caption="../report/bridge/figX1_slowness.rst",
            category="The bridge",
            labels={"figure": "X1: where slowness sits"},
        ),
        csv=f"{BR_FIGURES}/figX1_slowness.csv",
        json=f"{BR_FIGURES}/figX1_slowness.json",
    log:
        f"{BR_LOGS}/figX1_slowness.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("figX1_slowness"),
    params:
        **TS_SMALL_PRINT,
        code=code("bridge/figX1_slowness"),
    script:
        "../scripts/bridge/figX1_slowness.py"


rule figX2_forgetting:
    input:
        f"{BR_SOURCE}/tables/forgetting.parquet",
    output:
        pdf=f"{BR_FIGURES}/figX2_forgetting.pdf",
        png=report(
            f"{BR_FIGURES}/figX2_forgetting.png",
            caption="../report/bridge/figX2_forgetting.rst",
            category="The bridge",
            labels={"figure": "X2: slow units and forgetting"},
        ),
        csv=f"{BR_FIGURES}/figX2_forgetting.csv",
        json=f"{BR_FIGURES}/figX2_forgetting.json",
    log:
        f"{BR_LOGS}/figX2_forgetting.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("figX2_forgetting"),
    params:
        **SM_SMALL_PRINT,
        code=code("bridge/figX2_forgetting"),
    script:
        "../scripts/bridge/figX2_forgetting.py"


rule bridge:
    input:
        rules.figX1_slowness.output,
        rules.figX2_forgetting.output,
