rule make_stimuli:
    output:
        f"{RESULTS}/stimuli.safetensors",
    log:
        f"{LOGS}/make_stimuli.log",
    benchmark:
        f"{LOGS}/make_stimuli.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=STUDY["stimuli"],
        classes=STUDY["task"]["classes"],
        code=code("make_stimuli"),
    script:
        "../scripts/make_stimuli.py"
