# Study 1, first stage: what the networks see.
# In: the source of images that the configuration names.
# Out: stimuli.safetensors, 2-D latents per class; stimuli_<variant>.safetensors for each variant.

# What all networks see but those of a product of the grid that names a variant.
STIMULI = f"{SM_RESULTS}/stimuli.safetensors"


rule make_stimuli:
    output:
        f"{SM_RESULTS}/stimuli{{variant}}.safetensors",
    log:
        f"{SM_LOGS}/make_stimuli{{variant}}.log",
    benchmark:
        f"{SM_LOGS}/make_stimuli{{variant}}.benchmark.tsv"
    wildcard_constraints:
        variant="|".join(
            ["", *(f"_{name}" for name in SLOW_MANIFOLDS["stimuli"]["variants"])]
        ),
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(MEMORY["make_stimuli"]),
        runtime=minutes("make_stimuli"),
    params:
        settings=lambda wildcards: stimuli_settings(wildcards.variant[1:]),
        classes=SLOW_MANIFOLDS["task"]["classes"],
        code=code("slow_manifolds/make_stimuli"),
    script:
        "../../scripts/slow_manifolds/make_stimuli.py"
