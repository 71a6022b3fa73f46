"""Are results those of the code and the configuration that stand now? Asked of the files alone.

Snakemake knows what it ran, in its folder ``.snakemake``. Where that folder is gone it goes by
times, and takes results of another code or configuration for done. Each table and each array file
says itself what its job was asked to do (``provenance``), and that is compared here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from memdyn.files import FileProblem, read_metadata
from memdyn.jobs import plan

GOOD, OTHER_CODE, OTHER_CONFIG, UNREADABLE = "good", "other code", "other config", "unreadable"


class Asked(NamedTuple):
    """What a file would be made with now.

    Attributes:
        path: the file.
        rule: the rule that makes it.
        code: digest of the rule's script and of what that imports.
        params: digest of all params, ``code`` among them.
    """

    path: str
    rule: str
    code: str
    params: str


def asked_of(path: str, rule: str, params: Mapping) -> Asked:
    """What a file would be made with now, from the params of its job."""
    return Asked(path, rule, params.get("code", ""), plan.asked(params))


def check(files: Iterable[Asked]) -> pd.DataFrame:
    """One row per file: ``path``, ``rule``, ``verdict``, and ``detail`` where that is not good."""
    rows = [{"path": one.path, "rule": one.rule, **_verdict(one)} for one in files]
    return pd.DataFrame(rows, columns=["path", "rule", "verdict", "detail"])


def _verdict(one: Asked) -> dict[str, str]:
    try:
        made = read_metadata(one.path).get("provenance", {})
    except FileProblem as problem:
        return {"verdict": UNREADABLE, "detail": str(problem)}
    if made.get("code") != one.code:
        return {"verdict": OTHER_CODE, "detail": f"made at commit {made.get('commit', 'unknown')}"}
    if made.get("asked") != one.params:
        return {"verdict": OTHER_CONFIG, "detail": f"made at {made.get('time', 'unknown')}"}
    return {"verdict": GOOD, "detail": ""}


def as_text(table: pd.DataFrame) -> str:
    """What ``check`` found, for people, with what to do."""
    bad = table[table["verdict"] != GOOD]
    lines = [f"{row.verdict:14}{row.path} {row.detail}" for row in bad.itertuples()]
    good = len(table) - len(bad)
    lines.append(f"{good} of {len(table)} files are of this code and configuration")
    if len(bad):
        rules = " ".join(dict.fromkeys(bad["rule"]))
        lines.append(f"make the others and what follows again: snakemake --forcerun {rules}")
    return "\n".join(lines)
