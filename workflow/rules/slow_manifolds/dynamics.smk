# Study 1: cycles, fixed points and exponents of what was trained, and the vote on the mechanism.
# In: stimuli, networks/, performance/ and ends/ of a shard.
# Out: per shard runs/, cycles/, points/, memory/, exponents/ and votes/.


rule find_cycles:
    input:
        stimuli=stimuli_of,
        networks=TRAINED,
        cases=rules.test_performance.output.cases,
        performance=rules.test_performance.output.table,
    output:
        runs=f"{SM_RESULTS}/runs/{{shard}}.parquet",
        cycles=f"{SM_RESULTS}/cycles/{{shard}}.parquet",
        arrays=f"{SM_RESULTS}/cycles/{{shard}}.safetensors",
    log:
        f"{SM_LOGS}/find_cycles/{{shard}}.log",
    benchmark:
        f"{SM_LOGS}/find_cycles/{{shard}}.benchmark.tsv"
    priority: turn(SM_TRAINED, 2)
    group:
        "analysis"
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["find_cycles"]),
        runtime=minutes("find_cycles"),
    params:
        task=SLOW_MANIFOLDS["task"],
        network=SLOW_MANIFOLDS["network"],
        settings=SLOW_MANIFOLDS["dynamics"],
        code=code("slow_manifolds/find_cycles"),
    script:
        "../../scripts/slow_manifolds/find_cycles.py"


rule find_fixed_points:
    input:
        networks=TRAINED,
        cases=rules.test_performance.output.cases,
        performance=rules.test_performance.output.table,
        runs=rules.find_cycles.output.arrays,
    output:
        points=f"{SM_RESULTS}/points/{{shard}}.parquet",
        memory=f"{SM_RESULTS}/memory/{{shard}}.parquet",
        arrays=f"{SM_RESULTS}/points/{{shard}}.safetensors",
    log:
        f"{SM_LOGS}/find_fixed_points/{{shard}}.log",
    benchmark:
        f"{SM_LOGS}/find_fixed_points/{{shard}}.benchmark.tsv"
    priority: turn(SM_TRAINED, 1)
    group:
        "analysis"
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["find_fixed_points"]),
        runtime=minutes("find_fixed_points"),
    params:
        delay=SLOW_MANIFOLDS["task"]["delay"],
        network=SLOW_MANIFOLDS["network"],
        settings=SLOW_MANIFOLDS["dynamics"],
        code=code("slow_manifolds/find_fixed_points"),
    script:
        "../../scripts/slow_manifolds/find_fixed_points.py"


rule find_exponents:
    input:
        networks=TRAINED,
        cases=rules.test_performance.output.cases,
        performance=rules.test_performance.output.table,
        runs=rules.find_cycles.output.arrays,
    output:
        f"{SM_RESULTS}/exponents/{{shard}}.parquet",
    log:
        f"{SM_LOGS}/find_exponents/{{shard}}.log",
    benchmark:
        f"{SM_LOGS}/find_exponents/{{shard}}.benchmark.tsv"
    priority: turn(SM_TRAINED)
    group:
        "analysis"
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["find_exponents"]),
        runtime=minutes("find_exponents"),
    params:
        network=SLOW_MANIFOLDS["network"],
        settings=SLOW_MANIFOLDS["dynamics"],
        code=code("slow_manifolds/find_exponents"),
    script:
        "../../scripts/slow_manifolds/find_exponents.py"


rule vote_mechanisms:
    input:
        ends=rules.find_attractors.output[0],
        runs=rules.find_cycles.output.runs,
        cycles=rules.find_cycles.output.cycles,
        run_arrays=rules.find_cycles.output.arrays,
        points=rules.find_fixed_points.output.points,
        point_arrays=rules.find_fixed_points.output.arrays,
        exponents=rules.find_exponents.output[0],
    output:
        f"{SM_RESULTS}/votes/{{shard}}.parquet",
    log:
        f"{SM_LOGS}/vote_mechanisms/{{shard}}.log",
    benchmark:
        f"{SM_LOGS}/vote_mechanisms/{{shard}}.benchmark.tsv"
    priority: turn(SM_TRAINED)
    group:
        "analysis"
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("vote_mechanisms"),
    params:
        attractors=SLOW_MANIFOLDS["attractors"],
        settings=SLOW_MANIFOLDS["dynamics"],
        dt=DT,
        code=code("slow_manifolds/vote_mechanisms"),
    script:
        "../../scripts/slow_manifolds/vote_mechanisms.py"
