# Networks from outside, listed under "external" in the configuration.
# In: their weights and, if a file is named, the states that runs start from.
# Out: results/<scale>/external/tables/, with study 1's columns, and a page of each network.

EXTERNAL = {entry["name"]: entry for entry in config["external"]}
# The tables of study 1, with the same columns, and one row of counts per network.
EXTERNAL_TABLES = (
    "runs",
    "cycles",
    "points",
    "memory",
    "exponents",
    "votes",
    "summary",
)
OUTSIDE = f"results/{SCALE}/external"


rule analyse_external:
    input:
        weights=lambda wildcards: EXTERNAL[wildcards.name]["file"],
        states=lambda wildcards: EXTERNAL[wildcards.name]["states"].get("file", []),
    output:
        **{kind: f"{OUTSIDE}/{{name}}.{kind}.parquet" for kind in EXTERNAL_TABLES},
        landscape=f"{OUTSIDE}/{{name}}.safetensors",
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
        gpu=gpus,
        mem_mb=megabytes(external_memory),
        runtime=minutes("analyse_external", 240),
    params:
        entry=lambda wildcards: EXTERNAL[wildcards.name],
        settings=SLOW_MANIFOLDS["dynamics"],
        attractors=SLOW_MANIFOLDS["attractors"],
        code=code("external/analyse_external"),
    script:
        "../scripts/external/analyse_external.py"


rule collect_external:
    input:
        **{
            kind: [f"{OUTSIDE}/{name}.{kind}.parquet" for name in EXTERNAL]
            for kind in EXTERNAL_TABLES
        },
    output:
        **{kind: f"{OUTSIDE}/tables/{kind}.parquet" for kind in EXTERNAL_TABLES},
    log:
        f"logs/{SCALE}/external/collect.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("collect_external"),
    params:
        code=code("external/collect_external"),
    script:
        "../scripts/external/collect_external.py"


rule draw_external:
    input:
        rules.analyse_external.output.landscape,
    output:
        pdf=f"figures/{SCALE}/external/{{name}}.pdf",
        png=f"figures/{SCALE}/external/{{name}}.png",
        csv=f"figures/{SCALE}/external/{{name}}.csv",
        json=f"figures/{SCALE}/external/{{name}}.json",
    log:
        f"logs/{SCALE}/external/draw_{{name}}.log",
    wildcard_constraints:
        name="|".join(EXTERNAL) or "none",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("draw_external"),
    params:
        file=lambda wildcards: EXTERNAL[wildcards.name]["file"],
        code=code("external/draw_external"),
    script:
        "../scripts/external/draw_external.py"


rule external:
    input:
        external_results,
