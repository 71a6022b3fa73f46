"""The front page of the report: the answer first, then what it rests on."""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Mapping
from html import escape
from pathlib import Path
from textwrap import indent

import pandas as pd

from memdyn.claims.judge import VERDICTS, fragile
from memdyn.figures.claims import COLOURS, MARKS, STUDIES

#: What each paper asks and says, in two sentences.
PAPERS = {
    "slow_manifolds": (
        "Ghazizadeh & Ching, PLoS Comput Biol 17(9): e1009366 (2021)",
        "Random rate networks whose readouts alone are trained on a working-memory task come to "
        "hold memories by four mechanisms. The most frequent is said to be the slow manifold, "
        "which forgets when the delay grows, but is efficient and robust to noise.",
    ),
    "timescales": (
        "Khajehabdollahi et al., ICLR 2024 (arXiv 2309.12927)",
        "Networks whose neurons each learn a time constant are trained to remember ever longer "
        "input. Trained on one length at a time they are said to slow down their neurons and to "
        "forget shorter lengths; trained on all together, to keep fast neurons, to find long "
        "timescales in their connections, and to be faster to train and more robust for it.",
    ),
}
#: Facts of a run's provenance that the page states, and what they are called there.
FACTS = {
    "scale": "scale",
    "cpu": "processor",
    "platform": "system",
    "memdyn": "memdyn",
    "commit": "commit",
    "python": "Python",
    "torch": "torch",
    "numpy": "numpy",
    "scipy": "scipy",
    "time": "date",
}


def front_page(
    claims: pd.DataFrame, pictures: Mapping[str, Path | str], facts: Mapping[str, object]
) -> str:
    """The page as the reStructuredText that Snakemake's report opens with.

    Args:
        claims: rows as of ``memdyn.claims.judge``.
        pictures: caption -> PNG, in order; they are put into the page.
        facts: provenance of the results, and ``scale``; keys of ``FACTS`` are stated.
    """
    parts = ["<h1>How do recurrent networks remember?</h1>"]
    for study, (paper, says) in PAPERS.items():
        title = escape(STUDIES[study][0])
        parts.append(f"<h2>{title}</h2><p>{escape(says)}<br><em>{escape(paper)}</em></p>")
    parts += ["<h2>What holds here</h2>", _counts(claims)]
    parts.append(
        "<p>A sentence holds if the whole 95 % interval over networks lies in the claimed range, "
        "fails if none of it does, and is undecided otherwise.</p>"
    )
    parts += [_picture(caption, path) for caption, path in pictures.items()]
    known = [(name, facts[key]) for key, name in FACTS.items() if key in facts]
    rows = "".join(f"<tr><th>{name}</th><td>{escape(str(fact))}</td></tr>" for name, fact in known)
    parts.append(f"<h2>This run</h2><table>{rows}</table>")
    parts.append(
        "<p>Every figure with its caption, and every claim with its statistic, is in the menu on "
        "the left; each picture's numbers lie beside it as CSV.</p>"
    )
    # Jinja is to leave the page as it is.
    return "{% raw %}\n.. raw:: html\n\n" + indent("\n".join(parts), "    ") + "\n{% endraw %}\n"


def _counts(claims: pd.DataFrame) -> str:
    own = claims[claims["kind"] == "claim"]
    head = "".join(
        f'<th style="color:{COLOURS[name]}">{MARKS[name]} {name}</th>' for name in VERDICTS
    )
    rows = [f"<tr><th>sentences</th>{head}</tr>"]
    for study, (title, _) in STUDIES.items():
        found = own.loc[own["study"] == study, "verdict"].value_counts()
        cells = "".join(f"<td>{found.get(name, 0)}</td>" for name in VERDICTS)
        rows.append(f"<tr><th>{escape(title)}</th>{cells}</tr>")
    n = int(fragile(own).sum())
    hang = f"<p>{n} of these verdicts would be another without one of their seeds.</p>" if n else ""
    return f"<table>{''.join(rows)}</table>{hang}"


def _picture(caption: str, path: Path | str) -> str:
    # docutils refuses a text with lines of more than 10 000 characters.
    data = encodebytes(Path(path).read_bytes()).decode()
    text = escape(caption)
    image = f'<img alt="{text}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{text}</figcaption></figure>"
