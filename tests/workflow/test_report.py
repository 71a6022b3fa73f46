"""The report as a reader meets it: every item of it opens in a browser without a complaint."""

import base64
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from chromium import opened
from memdyn.claims.judge import COLUMNS, VERDICTS, read
from memdyn.figures.front_page import PAPERS, front_page

ROOT = Path(__file__).parents[2]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

# Click on all there is, in the page itself: a driver's clicks take a second each.
CLICKS = """async () => {
    const soon = () => new Promise(done => setTimeout(done, 40));
    const click = async place => { place.click(); await soon(); };
    const entries = () => [...document.querySelectorAll("li a, li")];
    const entry = text => entries().find(e => e.innerText.trim() === text);
    const names = Object.keys(categories), seen = [];
    for (const name of ["Workflow", "Statistics", "About", ...names]) {
        app.setView({ navbarMode: "menu" }); await soon();
        await click(entry(name));
        if (!names.includes(name)) continue;
        const rows = () => document.querySelectorAll("table.table-auto tbody tr");
        const wanted = Object.values(categories[name]).flat().length;
        for (let i = 0; i < wanted; i++) {
            app.setView({ content: "stats" }); app.showCategory(name); await soon();
            if (rows().length !== wanted) throw `${rows().length} of ${wanted} items of ${name}`;
            await click(rows()[i].querySelector("a"));
            const shown = document.querySelector("div.p-3 > img, iframe");
            if (!shown) throw `${name}: item ${i} shows nothing`;
            await click([...rows()[i].querySelectorAll("a")].at(-1));
            const told = /snakemake rule/i.test(document.body.innerText);
            if (!told) throw `${name}: nothing is said of item ${i}`;
            seen.push(app.state.resultPath);
        }
    }
    return Object.keys(results).filter(path => seen.includes(path));
}"""


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    """The gallery's claims as judge_claims writes them."""
    path = tmp_path_factory.mktemp("claims") / "claims.csv"
    table = pd.read_csv(ROOT / "figures/gallery/quick/claims.csv", dtype=str, keep_default_na=False)
    table[list(COLUMNS)].to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def report(claims, tmp_path_factory):
    """The report of a run whose figures are one pixel and whose claims are the gallery's."""
    folder = tmp_path_factory.mktemp("reported")
    captions = (ROOT / "workflow/report").glob("*/*.rst")
    names = [f"{path.parent.name}/{path.stem}" for path in captions]
    for name in (*names, "claims", "verdicts"):
        picture = folder / f"figures/quick/{name}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(PNG + bytes(30_000))  # as long as a real one
    front = folder / "results/quick/report"
    front.mkdir(parents=True)
    shutil.copy(claims, front.parent / "claims.csv")
    pictures = {"One": picture, "Two": picture}
    page = front_page(read(claims), pictures, {"scale": "quick", "cpu": "a <cpu>"})
    (front / "front.rst").write_text(page)
    (front / "numbers.yaml").write_text("networks of study 1: 21\n")
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "--report", "all.html"]
    command += ["--report-metadata", "results/quick/report/numbers.yaml"]
    command += ["--report-stylesheet", ROOT / "workflow/report/report.css"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "all.html"


def test_the_report_opens_with_the_answer(report, claims):
    table = read(claims)
    with opened(report) as (page, errors):
        page.wait_for_selector("text=How do recurrent networks remember?")
        # At the top, where a page that is taller than the window begins.
        assert 0 <= page.locator("h1").first.bounding_box()["y"] < 200
        for paper, _ in PAPERS.values():
            assert page.get_by_text(paper).is_visible()
        counts = [
            [cell.inner_text() for cell in row.query_selector_all("td")]
            for row in page.query_selector_all("table:first-of-type tr")
        ][1:3]
        own = table[table["kind"] == "claim"]
        for found, study in zip(counts, PAPERS, strict=True):
            said = own.loc[own["study"] == study, "verdict"].value_counts()
            assert [int(n) for n in found] == [said.get(name, 0) for name in VERDICTS]
        widths = "[...document.querySelectorAll('figure img')].map(image => image.naturalWidth)"
        assert page.evaluate(widths) == [1, 1]
        assert page.get_by_text("a <cpu>").is_visible() and page.get_by_text("quick").count()
        assert not page.evaluate("document.body.innerHTML.match(/(src|href)=.https?:/)")
    assert not errors


def test_every_item_of_the_report_opens(report):
    """Every category, every picture and table, and what is said of it."""
    with opened(report) as (page, errors):
        seen = page.evaluate(CLICKS)
        assert seen == page.evaluate("Object.keys(results)") and len(seen) > 15
    assert not errors


def test_items_have_one_label_each():
    """Of labels with two values each the report makes switches, half of which lead nowhere."""
    found = []
    for rules in (ROOT / "workflow/rules").rglob("*.smk"):
        found += re.findall(r"labels=(\{.*?\})", rules.read_text(), re.S)
    assert len(found) > 15
    assert all(len(re.findall(r'"\w+":', label)) == 1 for label in found)


def test_a_page_of_text_that_means_something_elsewhere(claims, tmp_path):
    """Neither HTML, reStructuredText nor Jinja reads what is only to be shown."""
    picture = tmp_path / "a.png"
    picture.write_bytes(PNG)
    page = front_page(read(claims), {"a <b>": picture}, {"scale": "{{ x }} `a`_", "nobody": 1})
    assert page.startswith("{% raw %}\n.. raw:: html\n\n") and page.endswith("{% endraw %}\n")
    assert "a &lt;b&gt;" in page and "{{ x }} `a`_" in page and "nobody" not in page
    body = page.splitlines()[3:-1]
    assert all(line.startswith("    ") for line in body)


def test_the_front_page_says_how_many_verdicts_hang_on_one_seed(claims):
    table = read(claims)
    own = table["kind"] == "claim"
    n = int((own & table["one_left_out"].str.contains(";")).sum())
    assert n and f"<p>{n} of these verdicts would be another" in front_page(table, {}, {})
    firm = front_page(table.assign(one_left_out="4 of 4"), {}, {})
    assert "would be another" not in firm
