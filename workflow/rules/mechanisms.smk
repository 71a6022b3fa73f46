rule find_attractors:
    input:
        stimuli=rules.make_stimuli.output[0],
        networks=rules.train_networks.output[0],
        cases=rules.test_performance.output.cases,
    output:
        f"{RESULTS}/ends/{{shard}}.parquet",
    log:
        f"{LOGS}/find_attractors/{{shard}}.log",
    benchmark:
        f"{LOGS}/find_attractors/{{shard}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["find_attractors"],
        runtime=240,
    params:
        task=STUDY["task"],
        network=STUDY["network"],
        settings=STUDY["attractors"],
        code=code("find_attractors"),
    script:
        "../scripts/find_attractors.py"


rule classify_mechanisms:
    input:
        stimuli=rules.make_stimuli.output[0],
        ends=rules.find_attractors.output[0],
    output:
        f"{RESULTS}/mechanisms/{{shard}}.parquet",
    log:
        f"{LOGS}/classify_mechanisms/{{shard}}.log",
    benchmark:
        f"{LOGS}/classify_mechanisms/{{shard}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        task=STUDY["task"],
        dt=DT,
        settings=STUDY["attractors"],
        code=code("classify_mechanisms"),
    script:
        "../scripts/classify_mechanisms.py"
