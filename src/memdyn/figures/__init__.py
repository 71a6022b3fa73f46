"""Figures: tables and recordings in, pages out; nothing here computes science or needs torch."""

#: Kind and version of the file of examples, written by ``memdyn.examples`` for the figures.
EXAMPLES_SCHEMA = "slow_manifolds.examples/1"
