# What the small print of every figure states.
SMALL_PRINT = {
    "scale": SCALE,
    "n_units": STUDY["network"]["n_units"],
    "n_trials": STUDY["training"]["n_trials"],
}


rule trace_examples:
    input:
        stimuli=rules.make_stimuli.output[0],
        table=rules.collect_networks.output[0],
        ends=f"{RESULTS}/tables/ends.parquet",
        networks=expand(f"{RESULTS}/networks/{{shard}}.safetensors", shard=SHARDS),
        cases=expand(f"{RESULTS}/performance/{{shard}}.safetensors", shard=SHARDS),
    output:
        f"{RESULTS}/examples.safetensors",
    log:
        f"{LOGS}/trace_examples.log",
    benchmark:
        f"{LOGS}/trace_examples.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["trace_examples"],
        runtime=30,
    params:
        task=STUDY["task"],
        network=STUDY["network"],
        n_test_trials=STUDY["performance"]["n_test_trials"],
        run_length=STUDY["attractors"]["run_length"],
        code=code("trace_examples"),
    script:
        "../scripts/trace_examples.py"


rule draw_task:
    input:
        stimuli=rules.make_stimuli.output[0],
        examples=rules.trace_examples.output[0],
    output:
        pdf=f"{FIGURES}/fig1_task.pdf",
        png=report(
            f"{FIGURES}/fig1_task.png",
            caption="../report/fig1_task.rst",
            category="Study 1: slow manifolds",
            labels={"figure": "1", "shows": "task, stimuli, network, outputs"},
        ),
        csv=f"{FIGURES}/fig1_task.csv",
        json=f"{FIGURES}/fig1_task.json",
    log:
        f"{LOGS}/draw_task.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **SMALL_PRINT,
        task=STUDY["task"],
        dt=DT,
        code=code("draw_task"),
    script:
        "../scripts/draw_task.py"


rule draw_mechanisms:
    input:
        stimuli=rules.make_stimuli.output[0],
        examples=rules.trace_examples.output[0],
    output:
        pdf=f"{FIGURES}/fig2_mechanisms.pdf",
        png=report(
            f"{FIGURES}/fig2_mechanisms.png",
            caption="../report/fig2_mechanisms.rst",
            category="Study 1: slow manifolds",
            labels={"figure": "2", "shows": "an example of each mechanism"},
        ),
        csv=f"{FIGURES}/fig2_mechanisms.csv",
        json=f"{FIGURES}/fig2_mechanisms.json",
    log:
        f"{LOGS}/draw_mechanisms.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **SMALL_PRINT,
        task=STUDY["task"],
        dt=DT,
        code=code("draw_mechanisms"),
    script:
        "../scripts/draw_mechanisms.py"


rule trace_landscapes:
    input:
        stimuli=rules.make_stimuli.output[0],
        examples=rules.trace_examples.output[0],
        votes=f"{RESULTS}/tables/votes.parquet",
        points=f"{RESULTS}/tables/points.parquet",
        cycles=f"{RESULTS}/tables/cycles.parquet",
        memory=f"{RESULTS}/tables/memory.parquet",
        networks=expand(f"{RESULTS}/networks/{{shard}}.safetensors", shard=SHARDS),
        cases=expand(f"{RESULTS}/performance/{{shard}}.safetensors", shard=SHARDS),
        run_arrays=expand(f"{RESULTS}/cycles/{{shard}}.safetensors", shard=SHARDS),
        point_arrays=expand(f"{RESULTS}/points/{{shard}}.safetensors", shard=SHARDS),
    output:
        f"{RESULTS}/landscapes.safetensors",
    log:
        f"{LOGS}/trace_landscapes.log",
    benchmark:
        f"{LOGS}/trace_landscapes.benchmark.tsv"
    conda:
        "../../envs/memdyn.yaml"
    threads: 1
    resources:
        gpu=GPU,
        mem_mb=MEMORY["trace_landscapes"],
        runtime=30,
    params:
        task=STUDY["task"],
        network=STUDY["network"],
        code=code("trace_landscapes"),
    script:
        "../scripts/trace_landscapes.py"


rule draw_landscape:
    input:
        stimuli=rules.make_stimuli.output[0],
        landscapes=rules.trace_landscapes.output[0],
    output:
        pdf=f"{FIGURES}/fig3_landscape.pdf",
        png=report(
            f"{FIGURES}/fig3_landscape.png",
            caption="../report/fig3_landscape.rst",
            category="Study 1: slow manifolds",
            labels={"figure": "3", "shows": "attractor landscapes and spectra"},
        ),
        csv=f"{FIGURES}/fig3_landscape.csv",
        json=f"{FIGURES}/fig3_landscape.json",
    log:
        f"{LOGS}/draw_landscape.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **SMALL_PRINT,
        task=STUDY["task"],
        dt=DT,
        tau=STUDY["network"]["tau"],
        code=code("draw_landscape"),
    script:
        "../scripts/draw_landscape.py"


rule draw_map:
    input:
        networks=rules.collect_networks.output[0],
    output:
        pdf=f"{FIGURES}/fig4_map.pdf",
        png=report(
            f"{FIGURES}/fig4_map.png",
            caption="../report/fig4_map.rst",
            category="Study 1: slow manifolds",
            labels={"figure": "4", "shows": "mechanisms over gain and feedback"},
        ),
        csv=f"{FIGURES}/fig4_map.csv",
        json=f"{FIGURES}/fig4_map.json",
    log:
        f"{LOGS}/draw_map.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **SMALL_PRINT,
        max_error=STUDY["performance"]["max_error"],
        code=code("draw_map"),
    script:
        "../scripts/draw_map.py"


rule draw_robustness:
    input:
        networks=rules.collect_networks.output[0],
        delays=f"{RESULTS}/tables/delays.parquet",
        noise=f"{RESULTS}/tables/noise.parquet",
    output:
        pdf=f"{FIGURES}/fig5_robustness.pdf",
        png=report(
            f"{FIGURES}/fig5_robustness.png",
            caption="../report/fig5_robustness.rst",
            category="Study 1: slow manifolds",
            labels={"figure": "5", "shows": "forgetting and noise"},
        ),
        csv=f"{FIGURES}/fig5_robustness.csv",
        json=f"{FIGURES}/fig5_robustness.json",
    log:
        f"{LOGS}/draw_robustness.log",
    conda:
        "../../envs/memdyn.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **SMALL_PRINT,
        delay=STUDY["task"]["delay"],
        code=code("draw_robustness"),
    script:
        "../scripts/draw_robustness.py"


rule fig1:
    input:
        rules.draw_task.output,


rule fig2:
    input:
        rules.draw_mechanisms.output,


rule fig3:
    input:
        rules.draw_landscape.output,


rule fig4:
    input:
        rules.draw_map.output,


rule fig5:
    input:
        rules.draw_robustness.output,


rule slow_manifolds:
    input:
        rules.fig1.input,
        rules.fig2.input,
        rules.fig3.input,
        rules.fig4.input,
        rules.fig5.input,
