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
        mem_mb=MEMORY["make_stimuli"],
        runtime=60,
    params:
        settings=STUDY["stimuli"],
        classes=STUDY["task"]["classes"],
        code=code("make_stimuli"),
    script:
        "../scripts/make_stimuli.py"
