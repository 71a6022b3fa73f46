"""The ``snakemake`` object of any job, to step through its script in an editor.

A script begins to work as soon as this stands above it in an interactive session, started in the
folder that holds the results::

    from memdyn.jobs.mock import mock_snakemake

    snakemake = mock_snakemake("find_cycles", shard="gauss_pg0.4_seed0")

The rule is read from the workflow itself, so paths, parameters and resources are those of the job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

SNAKEFILE = Path(__file__).parents[3] / "Snakefile"


def mock_snakemake(
    rule: str,
    config: Mapping | None = None,
    configfiles: Sequence[Path | str] = (),
    snakefile: Path | str = SNAKEFILE,
    **wildcards: str,
):
    """What Snakemake would hand to a rule's script.

    Nothing is run or made, and inputs need not exist: ask ``snakemake <file>`` for them.

    Args:
        rule: the rule's name.
        config: what would follow ``--config``, as in {"scale": "paper"}.
        configfiles: what would follow ``--configfile``.
        snakefile: the workflow.
        wildcards: a value for each wildcard in the rule's output.

    Returns:
        Snakemake's own object, with ``input``, ``output``, ``params``, ``wildcards``, ``threads``,
        ``resources``, ``log``, ``config`` and ``rule``; paths are relative to the work folder.

    Raises:
        ValueError: no such rule, a rule without script, or wildcards that are not the rule's.
    """
    from snakemake.api import SnakemakeApi
    from snakemake.dag import DAG
    from snakemake.jobs import Job
    from snakemake.script import Snakemake
    from snakemake.settings.types import ConfigSettings, DAGSettings, ResourceSettings

    asked = ConfigSettings(
        config=dict(config or {}), configfiles=[Path(file).absolute() for file in configfiles]
    )
    with SnakemakeApi() as api:
        workflow = api.workflow(
            ResourceSettings(cores=1), asked, snakefile=Path(snakefile)
        )._workflow
        workflow.dag_settings = DAGSettings()
        names = sorted(each.name for each in workflow.rules if each.script)
        if rule not in names:
            known = ", ".join(names)
            raise ValueError(f"no rule with a script is called '{rule}'; those are {known}")
        found = workflow.get_rule(rule)
        if set(wildcards) != found.wildcard_names:
            wanted = ", ".join(sorted(found.wildcard_names)) or "no wildcard"
            raise ValueError(f"rule {rule} takes {wanted}, not {', '.join(wildcards) or 'none'}")
        job = Job(found, DAG(workflow, rules=[]), wildcards)
        return Snakemake(
            *(job.input, job.output, job.params, job.wildcards, job.threads, job.resources),
            *(job.log, workflow.globals["config"], rule, None),
        )
