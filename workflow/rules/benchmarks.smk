# How fast the work is: `make bench` measures, on a machine at rest, and then asks for `benchmarks`.
# In: results/benchmarks/*.csv, as far as it has measured; no other target makes or draws them.
# Out: figures/benchmarks/speed.


rule draw_benchmarks:
    input:
        benchmark_rows,
    output:
        pdf="figures/benchmarks/speed.pdf",
        png="figures/benchmarks/speed.png",
        csv="figures/benchmarks/speed.csv",
        json="figures/benchmarks/speed.json",
    log:
        "logs/benchmarks/draw_benchmarks.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("draw_benchmarks"),
    params:
        code=code("costs/draw_benchmarks"),
    script:
        "../scripts/costs/draw_benchmarks.py"


rule benchmarks:
    input:
        rules.draw_benchmarks.output,
