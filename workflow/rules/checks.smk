# Whether results are those of the code and configuration that stand now: asked of the files alone.
# In: all tables and arrays under results/<scale> that there are.
# Out: check.csv.


rule check_results:
    output:
        f"results/{SCALE}/check.csv",
    log:
        f"logs/{SCALE}/check_results.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("check_results"),
    params:
        asked=lambda wildcards: asked_now(),
        at=lambda wildcards: time.time(),  # it is asked anew each time
        code=code("checks/check_results"),
    script:
        "../scripts/checks/check_results.py"
