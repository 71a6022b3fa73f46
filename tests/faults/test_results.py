"""The table of a campaign finds its place in the page, and replaces the earlier one."""

import pytest
import results

PAGE = (
    "# Page\n\n<!-- kills -->\n<!-- /kills -->\nbetween\n<!-- runs -->\nold\n<!-- /runs -->\nend\n"
)


def test_a_table_replaces_the_earlier_one_and_nothing_else(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    results.write("runs", [results.Row("Ctrl-C", 3, 2, 1, 0, 12.34)], page)
    once = page.read_text()
    assert "| Ctrl-C | 3 | 2 | 1 | 0 | 12.3 s |\n" in once and "old" not in once
    assert once.startswith(PAGE[: PAGE.index("<!-- runs")]) and once.endswith(
        "<!-- /runs -->\nend\n"
    )
    results.write("runs", [results.Row("Ctrl-C", 3, 2, 1, 0, 12.34)], page)
    assert page.read_text() == once
    with pytest.raises(ValueError, match="no place for the table 'files'"):
        results.write("files", [], page)


def test_lost_and_wrong_are_bad():
    assert not results.bad([results.Row("a", 2, 2, 0, 0)])
    assert results.bad([results.Row("a", 2, 1, 1, 0)])
    assert results.bad([results.Row("a", 2, 1, 0, 1)])


def test_the_docs_page_has_a_place_for_each_campaign(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(results.PAGE.read_text())
    for campaign in ("kills", "runs", "configs", "files"):
        results.write(campaign, [results.Row(f"some {campaign}", 1, 1, 0, 0)], page)
        assert f"| some {campaign} | 1 |" in page.read_text()
