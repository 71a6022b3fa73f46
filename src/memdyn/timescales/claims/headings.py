"""The claims of study 2's paper by number: apart, so that the figure of claims takes no more."""

#: The paper's claims, which the rows are parts of.
HEADINGS = {
    "1": "Longer timescales develop with N in both tasks",
    "2": "Single-head: time constants grow, earlier N are forgotten",
    "3": "Multi-head: time constants stay short, recurrence makes timescales long",
    "4": "Multi-head trains faster and further, is more robust, generalises better",
    "5": "Multi-head helps gated networks too",
}
