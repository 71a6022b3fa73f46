# Both studies: what the papers say, and what the bridge asks, judged.
# In: tables/ of both studies and of the bridge.
# Out: results/<scale>/claims.csv, a row per sentence; bands.md, open.md and mechanisms.md, to be read; and
# figures/<scale>/claims, and all of the papers' sentences on one screen, figures/<scale>/verdicts.

# What the claims of both papers are judged by: the tables that memdyn.claims reads.
CLAIMS_OF = {
    "slow_manifolds": ("networks", "delays", "noise", "points", "votes", "memory"),
    "timescales": (
        *("networks", "epochs", "heads", "timescales", "weights"),
        *("dimension", "memory", "ablation", "perturbation", "retraining"),
    ),
    "bridge": ("slowness", "points", "forgetting"),
}
# What the tables do not hold.
CLAIMS_FACTS = {
    "slow_manifolds": SM_FACTS,
    "timescales": {
        "n_units": TIMESCALES["network"]["n_units"],
        "steps": TIMESCALES["stimulation"]["steps"],
        "trials": TIMESCALES["stimulation"]["trials"],
    },
    "bridge": {},
}
CLAIMS_N_UNITS = {
    study: facts["n_units"] for study, facts in CLAIMS_FACTS.items() if facts
}


rule judge_claims:
    input:
        slow_manifolds=tables_of_claims("slow_manifolds"),
        timescales=tables_of_claims("timescales"),
        bridge=tables_of_claims("bridge"),
    output:
        report(
            f"results/{SCALE}/claims.csv",
            caption="../report/claims.rst",
            category="Claims",
            labels={"figure": "table: every claim, check and band"},
        ),
    log:
        f"logs/{SCALE}/judge_claims.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(2000),
        runtime=minutes("judge_claims"),
    params:
        scale=SCALE,
        facts=CLAIMS_FACTS,
        code=code("claims/judge_claims"),
    script:
        "../scripts/claims/judge_claims.py"


rule draw_claims:
    input:
        rules.judge_claims.output[0],
    output:
        pdf=f"figures/{SCALE}/claims.pdf",
        png=report(
            f"figures/{SCALE}/claims.png",
            caption="../report/claims.rst",
            category="Claims",
            labels={"figure": "what the papers say, and what holds"},
        ),
        csv=f"figures/{SCALE}/claims.csv",
        json=f"figures/{SCALE}/claims.json",
        verdicts_pdf=f"figures/{SCALE}/verdicts.pdf",
        verdicts_png=report(
            f"figures/{SCALE}/verdicts.png",
            caption="../report/verdicts.rst",
            category="Claims",
            labels={"figure": "every sentence and its verdict"},
        ),
        verdicts_csv=f"figures/{SCALE}/verdicts.csv",
        verdicts_json=f"figures/{SCALE}/verdicts.json",
    log:
        f"logs/{SCALE}/draw_claims.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("draw_claims"),
    params:
        scale=SCALE,
        n_units=CLAIMS_N_UNITS,
        code=code("claims/draw_claims"),
    script:
        "../scripts/claims/draw_claims.py"


rule write_pages:
    input:
        claims=rules.judge_claims.output[0],
        networks=f"{SM_SOURCE}/tables/networks.parquet",
    output:
        bands=f"results/{SCALE}/bands.md",
        open=f"results/{SCALE}/open.md",
        mechanisms=f"results/{SCALE}/mechanisms.md",
        counts=f"results/{SCALE}/mechanisms.csv",
    log:
        f"logs/{SCALE}/write_pages.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("write_pages"),
    params:
        code=code("claims/write_pages"),
    script:
        "../scripts/claims/write_pages.py"


rule claims:
    input:
        rules.draw_claims.output,
        rules.write_pages.output,
