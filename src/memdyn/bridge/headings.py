"""The questions of the bridge by number: apart, so that the figure of claims takes no more."""

#: The questions, which the rows are parts of.
HEADINGS = {
    "1": "Where does slowness sit in networks that learn to remember bits?",
    "2": "Do slow units foretell how long a memory lasts?",
}
