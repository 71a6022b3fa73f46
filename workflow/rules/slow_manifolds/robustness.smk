# Study 1: stress, for the networks that perform.
# In: stimuli, networks/ and performance/ of a shard.
# Out: per shard delays/ and noise/ (a row per network and setting).


rule extend_delays:
    input:
        stimuli=stimuli_of,
        networks=TRAINED,
        cases=rules.test_performance.output.cases,
        performance=rules.test_performance.output.table,
    output:
        f"{SM_RESULTS}/delays/{{shard}}.parquet",
    log:
        f"{SM_LOGS}/extend_delays/{{shard}}.log",
    benchmark:
        f"{SM_LOGS}/extend_delays/{{shard}}.benchmark.tsv"
    priority: turn(SM_TRAINED)
    group:
        "analysis"
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["extend_delays"]),
        runtime=minutes("extend_delays"),
    params:
        task=SLOW_MANIFOLDS["task"],
        network=SLOW_MANIFOLDS["network"],
        settings=SLOW_MANIFOLDS["delays"],
        code=code("slow_manifolds/extend_delays"),
    script:
        "../../scripts/slow_manifolds/extend_delays.py"


rule add_noise:
    input:
        stimuli=stimuli_of,
        networks=TRAINED,
        cases=rules.test_performance.output.cases,
        performance=rules.test_performance.output.table,
    output:
        f"{SM_RESULTS}/noise/{{shard}}.parquet",
    log:
        f"{SM_LOGS}/add_noise/{{shard}}.log",
    benchmark:
        f"{SM_LOGS}/add_noise/{{shard}}.benchmark.tsv"
    priority: turn(SM_TRAINED)
    group:
        "analysis"
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["add_noise"]),
        runtime=minutes("add_noise"),
    params:
        task=SLOW_MANIFOLDS["task"],
        network=SLOW_MANIFOLDS["network"],
        settings=SLOW_MANIFOLDS["noise"],
        code=code("slow_manifolds/add_noise"),
    script:
        "../../scripts/slow_manifolds/add_noise.py"
