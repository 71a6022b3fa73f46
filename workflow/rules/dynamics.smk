# Fixed points, cycles, exponents of what was trained, and the vote on the mechanism.
rule find_cycles:
    input:
        stimuli=rules.make_stimuli.output[0],
        networks=rules.train_networks.output[0],
        cases=rules.test_performance.output.cases,
        performance=rules.test_performance.output.table,
    output:
        runs=f"{RESULTS}/runs/{{shard}}.parquet",
        cycles=f"{RESULTS}/cycles/{{shard}}.parquet",
        arrays=f"{RESULTS}/cycles/{{shard}}.safetensors",
    log:
        f"{LOGS}/find_cycles/{{shard}}.log",
    benchmark:
        f"{LOGS}/find_cycles/{{shard}}.benchmark.tsv"
    priority: 2  # longest chain first: then cores end their work together
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["find_cycles"],
        runtime=240,
    params:
        task=STUDY["task"],
        network=STUDY["network"],
        settings=STUDY["dynamics"],
        code=code("find_cycles"),
    script:
        "../scripts/find_cycles.py"


rule find_fixed_points:
    input:
        networks=rules.train_networks.output[0],
        cases=rules.test_performance.output.cases,
        performance=rules.test_performance.output.table,
        runs=rules.find_cycles.output.arrays,
    output:
        points=f"{RESULTS}/points/{{shard}}.parquet",
        memory=f"{RESULTS}/memory/{{shard}}.parquet",
        arrays=f"{RESULTS}/points/{{shard}}.safetensors",
    log:
        f"{LOGS}/find_fixed_points/{{shard}}.log",
    benchmark:
        f"{LOGS}/find_fixed_points/{{shard}}.benchmark.tsv"
    priority: 1
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["find_fixed_points"],
        runtime=240,
    params:
        delay=STUDY["task"]["delay"],
        network=STUDY["network"],
        settings=STUDY["dynamics"],
        code=code("find_fixed_points"),
    script:
        "../scripts/find_fixed_points.py"


rule find_exponents:
    input:
        networks=rules.train_networks.output[0],
        cases=rules.test_performance.output.cases,
        performance=rules.test_performance.output.table,
        runs=rules.find_cycles.output.arrays,
    output:
        f"{RESULTS}/exponents/{{shard}}.parquet",
    log:
        f"{LOGS}/find_exponents/{{shard}}.log",
    benchmark:
        f"{LOGS}/find_exponents/{{shard}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["find_exponents"],
        runtime=240,
    params:
        network=STUDY["network"],
        settings=STUDY["dynamics"],
        code=code("find_exponents"),
    script:
        "../scripts/find_exponents.py"


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
        f"{RESULTS}/votes/{{shard}}.parquet",
    log:
        f"{LOGS}/vote_mechanisms/{{shard}}.log",
    benchmark:
        f"{LOGS}/vote_mechanisms/{{shard}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        attractors=STUDY["attractors"],
        settings=STUDY["dynamics"],
        dt=DT,
        code=code("vote_mechanisms"),
    script:
        "../scripts/vote_mechanisms.py"
