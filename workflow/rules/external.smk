# Networks from outside, listed under "external" in the configuration.
EXTERNAL = {entry["name"]: entry for entry in config["external"]}


rule analyse_external:
    input:
        weights=lambda wildcards: EXTERNAL[wildcards.name]["file"],
        states=lambda wildcards: EXTERNAL[wildcards.name]["states"].get("file", []),
    output:
        points=f"results/{SCALE}/external/{{name}}.points.parquet",
        cycles=f"results/{SCALE}/external/{{name}}.cycles.parquet",
        runs=f"results/{SCALE}/external/{{name}}.runs.parquet",
        summary=f"results/{SCALE}/external/{{name}}.summary.parquet",
    log:
        f"logs/{SCALE}/external/{{name}}.log",
    benchmark:
        f"logs/{SCALE}/external/{{name}}.benchmark.tsv"
    wildcard_constraints:
        name="|".join(EXTERNAL) or "none",
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=3000,
        runtime=240,
    params:
        entry=lambda wildcards: EXTERNAL[wildcards.name],
        settings=STUDY["dynamics"],
        code=code("analyse_external"),
    script:
        "../scripts/analyse_external.py"


rule external:
    input:
        expand(f"results/{SCALE}/external/{{name}}.summary.parquet", name=EXTERNAL),
