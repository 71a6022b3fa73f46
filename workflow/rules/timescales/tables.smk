# Study 2: one table per question, over all shards.
# In: the tables of each shard; the histories in the checkpoints.
# Out: tables/<name>.parquet, as listed below.

from memdyn.timescales.measurements import MEASUREMENTS

# Tables of training histories, and tables that the stages write for each shard that is asked for.
TS_TRAINED = ("epochs", "heads", "networks")
TS_MEASURED = {
    table: timescales.measured_shards(TIMESCALES, one.section)
    for one in MEASUREMENTS.values()
    for table in one.tables
}


# The histories of training come from the checkpoints, the other tables from the stages above.
rule collect_timescales:
    input:
        **{
            name: expand(f"{TS_RESULTS}/{name}/{{shard}}.parquet", shard=shards)
            for name, shards in TS_MEASURED.items()
        },
        snapshots=expand(
            f"{TS_RESULTS}/networks/{{shard}}.safetensors", shard=TS_SHARDS
        ),
    output:
        **{
            name: f"{TS_RESULTS}/tables/{name}.parquet"
            for name in (*TS_TRAINED, *TS_MEASURED)
        },
    log:
        f"{TS_LOGS}/collect_timescales.log",
    conda:
        "../../../envs/memdyn.yaml"
    resources:
        mem_mb=megabytes(4000),
        runtime=minutes("collect_timescales"),
    params:
        n_units={
            name: timescales.units_of(TIMESCALES, name) for name in TIMESCALES["run"]
        },
        measured=list(TS_MEASURED),
        code=code("timescales/collect_timescales"),
    script:
        "../../scripts/timescales/collect_timescales.py"
