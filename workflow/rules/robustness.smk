rule extend_delays:
    input:
        stimuli=rules.make_stimuli.output[0],
        networks=rules.train_networks.output[0],
        cases=rules.test_performance.output.cases,
        performance=rules.test_performance.output.table,
    output:
        f"{RESULTS}/delays/{{shard}}.parquet",
    log:
        f"{LOGS}/extend_delays/{{shard}}.log",
    benchmark:
        f"{LOGS}/extend_delays/{{shard}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["extend_delays"],
        runtime=240,
    params:
        task=STUDY["task"],
        network=STUDY["network"],
        settings=STUDY["delays"],
        code=code("extend_delays"),
    script:
        "../scripts/extend_delays.py"


rule add_noise:
    input:
        stimuli=rules.make_stimuli.output[0],
        networks=rules.train_networks.output[0],
        cases=rules.test_performance.output.cases,
        performance=rules.test_performance.output.table,
    output:
        f"{RESULTS}/noise/{{shard}}.parquet",
    log:
        f"{LOGS}/add_noise/{{shard}}.log",
    benchmark:
        f"{LOGS}/add_noise/{{shard}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["add_noise"],
        runtime=240,
    params:
        task=STUDY["task"],
        network=STUDY["network"],
        settings=STUDY["noise"],
        code=code("add_noise"),
    script:
        "../scripts/add_noise.py"
