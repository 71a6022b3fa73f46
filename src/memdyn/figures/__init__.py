"""Figures: tables and recordings in, pages out; nothing here computes science or needs torch."""

#: Kind and version of the file of examples, written by ``memdyn.examples`` for the figures.
EXAMPLES_SCHEMA = "slow_manifolds.examples/1"
#: ... of the file of their landscapes, written by the rule ``trace_landscapes``.
LANDSCAPES_SCHEMA = "slow_manifolds.landscapes/1"
