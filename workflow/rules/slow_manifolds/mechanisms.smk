# Study 1: where long autonomous runs end, and the label that follows from it.
# In: stimuli, networks/ and performance/ of a shard.
# Out: per shard ends/ (a row per run) and mechanisms/ (a row per network).


rule find_attractors:
    input:
        stimuli=stimuli_of,
        networks=TRAINED,
        cases=rules.test_performance.output.cases,
    output:
        f"{SM_RESULTS}/ends/{{shard}}.parquet",
    log:
        f"{SM_LOGS}/find_attractors/{{shard}}.log",
    benchmark:
        f"{SM_LOGS}/find_attractors/{{shard}}.benchmark.tsv"
    priority: turn(SM_TRAINED)
    group:
        "analysis"
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["find_attractors"]),
        runtime=minutes("find_attractors"),
    params:
        task=SLOW_MANIFOLDS["task"],
        network=SLOW_MANIFOLDS["network"],
        settings=SLOW_MANIFOLDS["attractors"],
        code=code("slow_manifolds/find_attractors"),
    script:
        "../../scripts/slow_manifolds/find_attractors.py"


rule classify_mechanisms:
    input:
        stimuli=stimuli_of,
        ends=rules.find_attractors.output[0],
    output:
        f"{SM_RESULTS}/mechanisms/{{shard}}.parquet",
    log:
        f"{SM_LOGS}/classify_mechanisms/{{shard}}.log",
    benchmark:
        f"{SM_LOGS}/classify_mechanisms/{{shard}}.benchmark.tsv"
    priority: turn(SM_TRAINED)
    group:
        "analysis"
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("classify_mechanisms"),
    params:
        task=SLOW_MANIFOLDS["task"],
        dt=DT,
        settings=SLOW_MANIFOLDS["attractors"],
        code=code("slow_manifolds/classify_mechanisms"),
    script:
        "../../scripts/slow_manifolds/classify_mechanisms.py"
