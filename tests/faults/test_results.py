"""The table of a campaign finds its place in the page, and replaces the earlier one."""

import pytest
import results

KILLS = "<!-- table: kills -->\n<!-- end: kills -->\n"
PAGE = f"# Page\n\n{KILLS}between\n<!-- table: runs -->\nold\n<!-- end: runs -->\nend\n"


def test_a_table_replaces_the_earlier_one_and_nothing_else(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    results.write("runs", [results.Row("Ctrl-C", 3, 2, 1, 0, 12.34)], page=page)
    once = page.read_text()
    assert "| Ctrl-C | 3 | 2 | 1 | 0 | 12.3 s |\n" in once and "old" not in once
    assert once.startswith(PAGE[: PAGE.index("<!-- table: runs")]) and once.endswith(
        "<!-- end: runs -->\nend\n"
    )
    results.write("runs", [results.Row("Ctrl-C", 3, 2, 1, 0, 12.34)], page=page)
    assert page.read_text() == once
    results.write("runs", [results.Row("NaN", 3, 3, 0, 0)], "A note.", page)
    assert "| NaN | 3 | 3 | 0 | 0 |\n\nA note.\n" in page.read_text()  # no column of times
    with pytest.raises(ValueError, match="no place for the table 'files'"):
        results.write("files", [], page=page)


def test_lost_and_wrong_are_bad():
    assert not results.bad([results.Row("a", 2, 2, 0, 0)])
    assert results.bad([results.Row("a", 2, 1, 1, 0)])
    assert results.bad([results.Row("a", 2, 1, 0, 1)])


def test_the_docs_page_has_a_place_for_each_campaign(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(results.PAGE.read_text())
    for campaign in ("kills", "runs", "configs", "files"):
        results.write(campaign, [results.Row(f"some {campaign}", 1, 1, 0, 0)], page=page)
        assert f"| some {campaign} | 1 |" in page.read_text()
