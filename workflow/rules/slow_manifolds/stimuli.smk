# Study 1, first stage: what the networks see.
# In: the source of images that the configuration names.
# Out: stimuli.safetensors, 2-D latents per class.


rule make_stimuli:
    output:
        f"{SM_RESULTS}/stimuli.safetensors",
    log:
        f"{SM_LOGS}/make_stimuli.log",
    benchmark:
        f"{SM_LOGS}/make_stimuli.benchmark.tsv"
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(MEMORY["make_stimuli"]),
        runtime=minutes("make_stimuli"),
    params:
        settings=SLOW_MANIFOLDS["stimuli"],
        classes=SLOW_MANIFOLDS["task"]["classes"],
        code=code("slow_manifolds/make_stimuli"),
    script:
        "../../scripts/slow_manifolds/make_stimuli.py"
