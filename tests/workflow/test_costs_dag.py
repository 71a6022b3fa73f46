"""The order of jobs that `predict` schedules by is the order that the rules have."""

import re

from test_dag import ROOT, snakemake

from memdyn.costs import work

TARGETS = {"all", "slow_manifolds", "timescales", "bridge", "claims"}


def waits(graph):
    """Rule -> all rules that are done before it, near or far."""

    def before(rule):
        return set(graph.get(rule, ())).union(*(before(other) for other in graph.get(rule, ())))

    rules = set(graph).union(*graph.values()) - TARGETS
    return {rule: before(rule) for rule in rules}


def test_jobs_wait_for_each_other_as_the_rules_say():
    code, text = snakemake(ROOT, "--forceall", "--rulegraph", "dot")
    assert code == 0, text
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)', text, re.M))
    graph = {name: set() for name in names.values()}
    for earlier, later in re.findall(r"^\s*(\d+) -> (\d+)", text, re.M):
        graph[names[later]].add(names[earlier])
    rules = waits(graph)
    # Snapshots are taken where they are asked for only, which the quick scale does not.
    asked = {rule: {w for w in before if w in rules} for rule, before in waits(work.AFTER).items()}
    ours = {rule: set() for rule in rules} | {r: b for r, b in asked.items() if r in rules}
    figures = {*work.SM_FIGURES, *work.TS_FIGURES, *work.BRIDGE_FIGURES}
    assert figures == {rule for rule in rules if rule.startswith("fig")}
    for figure in figures:  # they wait for no less
        assert rules.pop(figure) <= ours.pop(figure)
    assert ours == rules
