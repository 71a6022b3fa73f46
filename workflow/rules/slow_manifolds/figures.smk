# Study 1: one rule per figure, named as its script, module, caption and files.
# In: tables/; stimuli; the checkpoints of the example networks, which are run again.
# Out: figures/<scale>/slow_manifolds/<figure> as pdf, png, plotted numbers (csv), summary (json).

# Shards that examples are chosen from: no snapshots, nothing shorter, no other stimuli.
SM_DRAWN = [
    shard
    for shard, networks in SM_TRAINED.items()
    if not (networks[0].trials or networks[0].stimuli)
]
# What the small print of every figure states.
SM_SMALL_PRINT = {
    "scale": SCALE,
    "n_units": SLOW_MANIFOLDS["network"]["n_units"],
    "n_trials": SLOW_MANIFOLDS["training"]["n_trials"],
}


rule trace_examples:
    input:
        stimuli=STIMULI,
        table=rules.collect_networks.output[0],
        votes=f"{SM_RESULTS}/tables/votes.parquet",
        ends=f"{SM_RESULTS}/tables/ends.parquet",
        networks=expand(f"{SM_RESULTS}/networks/{{shard}}.safetensors", shard=SM_DRAWN),
        cases=expand(f"{SM_RESULTS}/performance/{{shard}}.safetensors", shard=SM_DRAWN),
    output:
        f"{SM_RESULTS}/examples.safetensors",
    log:
        f"{SM_LOGS}/trace_examples.log",
    benchmark:
        f"{SM_LOGS}/trace_examples.benchmark.tsv"
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["trace_examples"]),
        runtime=minutes("trace_examples"),
    params:
        task=SLOW_MANIFOLDS["task"],
        network=SLOW_MANIFOLDS["network"],
        n_test_trials=SLOW_MANIFOLDS["performance"]["n_test_trials"],
        run_length=SLOW_MANIFOLDS["attractors"]["run_length"],
        code=code("slow_manifolds/trace_examples"),
    script:
        "../../scripts/slow_manifolds/trace_examples.py"


rule fig1_task:
    input:
        stimuli=f"{SM_SOURCE}/stimuli.safetensors",
        examples=f"{SM_SOURCE}/examples.safetensors",
    output:
        pdf=f"{SM_FIGURES}/fig1_task.pdf",
        png=report(
            f"{SM_FIGURES}/fig1_task.png",
            caption="../../report/slow_manifolds/fig1_task.rst",
            category="Study 1: slow manifolds",
            labels={"figure": "1: task, stimuli, network, outputs"},
        ),
        csv=f"{SM_FIGURES}/fig1_task.csv",
        json=f"{SM_FIGURES}/fig1_task.json",
    log:
        f"{SM_LOGS}/fig1_task.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig1_task"),
    params:
        **SM_SMALL_PRINT,
        task=SLOW_MANIFOLDS["task"],
        dt=DT,
        code=code("slow_manifolds/fig1_task"),
    script:
        "../../scripts/slow_manifolds/fig1_task.py"


rule fig2_mechanisms:
    input:
        stimuli=f"{SM_SOURCE}/stimuli.safetensors",
        examples=f"{SM_SOURCE}/examples.safetensors",
    output:
        pdf=f"{SM_FIGURES}/fig2_mechanisms.pdf",
        png=report(
            f"{SM_FIGURES}/fig2_mechanisms.png",
            caption="../../report/slow_manifolds/fig2_mechanisms.rst",
            category="Study 1: slow manifolds",
            labels={"figure": "2: an example of each mechanism"},
        ),
        csv=f"{SM_FIGURES}/fig2_mechanisms.csv",
        json=f"{SM_FIGURES}/fig2_mechanisms.json",
    log:
        f"{SM_LOGS}/fig2_mechanisms.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig2_mechanisms"),
    params:
        **SM_SMALL_PRINT,
        task=SLOW_MANIFOLDS["task"],
        dt=DT,
        code=code("slow_manifolds/fig2_mechanisms"),
    script:
        "../../scripts/slow_manifolds/fig2_mechanisms.py"


rule trace_landscapes:
    input:
        stimuli=STIMULI,
        examples=rules.trace_examples.output[0],
        votes=f"{SM_RESULTS}/tables/votes.parquet",
        points=f"{SM_RESULTS}/tables/points.parquet",
        cycles=f"{SM_RESULTS}/tables/cycles.parquet",
        memory=f"{SM_RESULTS}/tables/memory.parquet",
        networks=expand(f"{SM_RESULTS}/networks/{{shard}}.safetensors", shard=SM_DRAWN),
        cases=expand(f"{SM_RESULTS}/performance/{{shard}}.safetensors", shard=SM_DRAWN),
        run_arrays=expand(f"{SM_RESULTS}/cycles/{{shard}}.safetensors", shard=SM_DRAWN),
        point_arrays=expand(
            f"{SM_RESULTS}/points/{{shard}}.safetensors", shard=SM_DRAWN
        ),
    output:
        f"{SM_RESULTS}/landscapes.safetensors",
    log:
        f"{SM_LOGS}/trace_landscapes.log",
    benchmark:
        f"{SM_LOGS}/trace_landscapes.benchmark.tsv"
    conda:
        "../../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=gpus,
        mem_mb=megabytes(MEMORY["trace_landscapes"]),
        runtime=minutes("trace_landscapes"),
    params:
        task=SLOW_MANIFOLDS["task"],
        network=SLOW_MANIFOLDS["network"],
        code=code("slow_manifolds/trace_landscapes"),
    script:
        "../../scripts/slow_manifolds/trace_landscapes.py"


rule fig3_landscape:
    input:
        stimuli=f"{SM_SOURCE}/stimuli.safetensors",
        landscapes=f"{SM_SOURCE}/landscapes.safetensors",
    output:
        pdf=f"{SM_FIGURES}/fig3_landscape.pdf",
        png=report(
            f"{SM_FIGURES}/fig3_landscape.png",
            caption="../../report/slow_manifolds/fig3_landscape.rst",
            category="Study 1: slow manifolds",
            labels={"figure": "3: attractor landscapes and spectra"},
        ),
        csv=f"{SM_FIGURES}/fig3_landscape.csv",
        json=f"{SM_FIGURES}/fig3_landscape.json",
    log:
        f"{SM_LOGS}/fig3_landscape.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig3_landscape"),
    params:
        **SM_SMALL_PRINT,
        task=SLOW_MANIFOLDS["task"],
        dt=DT,
        tau=SLOW_MANIFOLDS["network"]["tau"],
        code=code("slow_manifolds/fig3_landscape"),
    script:
        "../../scripts/slow_manifolds/fig3_landscape.py"


rule fig4_map:
    input:
        networks=f"{SM_SOURCE}/tables/networks.parquet",
        points=f"{SM_SOURCE}/tables/points.parquet",
        memory=f"{SM_SOURCE}/tables/memory.parquet",
        ends=f"{SM_SOURCE}/tables/ends.parquet",
    output:
        pdf=f"{SM_FIGURES}/fig4_map.pdf",
        png=report(
            f"{SM_FIGURES}/fig4_map.png",
            caption="../../report/slow_manifolds/fig4_map.rst",
            category="Study 1: slow manifolds",
            labels={"figure": "4: mechanisms over gain and feedback"},
        ),
        csv=f"{SM_FIGURES}/fig4_map.csv",
        json=f"{SM_FIGURES}/fig4_map.json",
    log:
        f"{SM_LOGS}/fig4_map.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig4_map"),
    params:
        **SM_SMALL_PRINT,
        max_error=SLOW_MANIFOLDS["performance"]["max_error"],
        facts=SM_FACTS,
        code=code("slow_manifolds/fig4_map"),
    script:
        "../../scripts/slow_manifolds/fig4_map.py"


rule fig5_robustness:
    input:
        networks=f"{SM_SOURCE}/tables/networks.parquet",
        delays=f"{SM_SOURCE}/tables/delays.parquet",
        noise=f"{SM_SOURCE}/tables/noise.parquet",
    output:
        pdf=f"{SM_FIGURES}/fig5_robustness.pdf",
        png=report(
            f"{SM_FIGURES}/fig5_robustness.png",
            caption="../../report/slow_manifolds/fig5_robustness.rst",
            category="Study 1: slow manifolds",
            labels={"figure": "5: forgetting and noise"},
        ),
        csv=f"{SM_FIGURES}/fig5_robustness.csv",
        json=f"{SM_FIGURES}/fig5_robustness.json",
    log:
        f"{SM_LOGS}/fig5_robustness.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes("fig5_robustness"),
    params:
        **SM_SMALL_PRINT,
        delay=SLOW_MANIFOLDS["task"]["delay"],
        code=code("slow_manifolds/fig5_robustness"),
    script:
        "../../scripts/slow_manifolds/fig5_robustness.py"


rule slow_manifolds:
    input:
        rules.fig1_task.output,
        rules.fig2_mechanisms.output,
        rules.fig3_landscape.output,
        rules.fig4_map.output,
        rules.fig5_robustness.output,
