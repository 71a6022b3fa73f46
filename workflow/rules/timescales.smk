rule train_curricula:
    output:
        f"{TS_RESULTS}/networks/{{part}}.safetensors",
    log:
        f"{TS_LOGS}/train_curricula/{{part}}.log",
    benchmark:
        f"{TS_LOGS}/train_curricula/{{part}}.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=8000,
        runtime=4320,
    params:
        members=lambda wildcards: [list(member) for member in TS_SHARDS[wildcards.part]],
        study={
            key: TIMESCALES[key]
            for key in (
                "network",
                "training",
                "curriculum",
                "max_N",
                "conditions",
                "side_by_side",
            )
        },
        code=code("train_curricula"),
    script:
        "../scripts/train_curricula.py"
