# What the report opens with; `make report` asks for it, and then writes report.html.
# In: claims, and the pictures that say most, verdicts first.
# Out: results/<scale>/report/front.rst and numbers.yaml.

REPORT_FRONT = f"results/{SCALE}/report/front.rst"
REPORT_PICTURES = {
    "What the papers say, and what holds here": f"figures/{SCALE}/verdicts.png",
    "Study 1: which mechanism emerges where": f"{SM_FIGURES}/fig4_map.png",
    "Study 1: attractor landscapes": f"{SM_FIGURES}/fig3_landscape.png",
    "Study 2: timescales of the activity": f"{TS_FIGURES}/fig5_network_timescales.png",
}


rule write_front:
    input:
        claims=rules.judge_claims.output[0],
        networks=rules.collect_networks.output[0],
        pictures=list(REPORT_PICTURES.values()),
    output:
        page=REPORT_FRONT,
        numbers=f"results/{SCALE}/report/numbers.yaml",
    log:
        f"logs/{SCALE}/write_front.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("write_front"),
    params:
        scale=SCALE,
        captions=list(REPORT_PICTURES),
        n_networks={
            "networks of study 1": sum(map(len, SM_TRAINED.values())),
            "networks of study 2": sum(map(len, TS_SHARDS.values())),
        },
        code=code("report/write_front"),
    script:
        "../scripts/report/write_front.py"


# All that the report shows, with its front page.
rule report_parts:
    input:
        rules.all.input,
        rules.write_front.output,


# The front page of a finished run, else a few sentences.
report: report_front()
