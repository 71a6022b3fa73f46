"""The page of the gallery is the one that the captions make, and shows every picture once."""

import re
from pathlib import Path

from memdyn.figures.gallery import PAGE, ROOT, caption, gallery

COMMAND = "python -m memdyn.figures.gallery"


def test_the_page_is_up_to_date():
    assert (ROOT / PAGE).read_text() == gallery(), f"captions have changed: run {COMMAND}"


def test_every_picture_is_shown_once():
    shown = sorted(re.findall(r"!\[\w+\]\(([\w/.]+)\)", gallery()))
    kept = (ROOT / PAGE).parent.rglob("*.png")
    assert shown == sorted(str(path.relative_to((ROOT / PAGE).parent)) for path in kept)


def test_a_caption_has_the_values_of_its_scale():
    text = '{% set n = snakemake.config["n"] %}\n**A.** {{ n }} units, ``x.csv``, \\|r\\|\n'
    assert caption(text, {"n": 7}) == "**A.** 7 units, `x.csv`, \\|r\\|"


def test_nothing_of_another_markup_is_left():
    page = gallery()
    assert not re.search(r"\{[{%]|[}%]\}|``|:\w+:`", page)
    assert Path(ROOT / "workflow/report/claims.rst").exists() and page.count("](") > 30
