# Both studies: what the papers say, judged.
# In: tables/ of both studies.
# Out: results/<scale>/claims.csv, a row per sentence, and figures/<scale>/claims.

# What the claims of both papers are judged by: the tables that memdyn.claims reads.
CLAIMS_OF = {
    "slow_manifolds": ("networks", "delays", "noise", "ends", "votes", "memory"),
    "timescales": (
        *("networks", "epochs", "heads", "timescales", "weights"),
        *("dimension", "memory", "ablation", "perturbation", "retraining"),
    ),
}
CLAIMS_N_UNITS = {
    "slow_manifolds": SLOW_MANIFOLDS["network"]["n_units"],
    "timescales": TIMESCALES["network"]["n_units"],
}


rule judge_claims:
    input:
        slow_manifolds=expand(
            f"{SM_RESULTS}/tables/{{table}}.parquet", table=CLAIMS_OF["slow_manifolds"]
        ),
        timescales=expand(
            f"{TS_RESULTS}/tables/{{table}}.parquet", table=CLAIMS_OF["timescales"]
        ),
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
        mem_mb=2000,
        runtime=10,
    params:
        scale=SCALE,
        n_units=CLAIMS_N_UNITS,
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
    log:
        f"logs/{SCALE}/draw_claims.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        scale=SCALE,
        n_units=CLAIMS_N_UNITS,
        code=code("claims/draw_claims"),
    script:
        "../scripts/claims/draw_claims.py"


rule claims:
    input:
        rules.draw_claims.output,
