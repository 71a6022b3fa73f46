"""The claims of study 1's paper by number: apart, so that the figure of claims takes no more."""

#: The paper's claims, which the rows are parts of.
HEADINGS = {
    "1": "Four distinct mechanisms emerge",
    "2": "The prevalent one holds memories on slow manifolds, phasically",
    "3": "Direct attractors keep memories, slow manifolds forget",
    "4": "Slow manifolds are efficient, and robust to noise",
    "controls": "Controls: what else shifts the mechanisms (no sentence of theirs)",
}
