"""The pages of the documentation are true to the code."""

import importlib.util
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def hooks():
    spec = importlib.util.spec_from_file_location("hooks", DOCS / "hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_key_of_the_configuration_has_its_line():
    page = hooks().configuration_keys()
    values = yaml.safe_load((ROOT / "config.yaml").read_text())

    def keys(section, at=""):
        for name, value in section.items():
            if isinstance(value, dict) and name not in ("conditions", "variants", "scales"):
                yield from keys(value, f"{at}{name}.")
            else:
                yield at.rstrip("."), name

    for section, key in keys(values):
        part = page.partition(f"## `{section}`\n")[2].partition("\n## ")[0] if section else page
        assert f"| `{key}` |" in part, f"{section}.{key}"
    assert "| `n_trials` | `3500` | integer |" in page


def test_each_line_says_what_the_key_is():
    silent = re.findall(r"^\| `(\w+)` .*\|  \|$", hooks().configuration_keys(), re.M)
    assert not silent


def test_the_example_prints_what_the_page_says(capsys):
    page = (DOCS / "your-network.md").read_text()
    code, printed = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", page, re.S).groups()
    exec(code, {})
    assert capsys.readouterr().out == printed


def test_pages_name_what_is_there():
    for path in DOCS.glob("*.md"):
        for name in re.findall(r"^::: ([\w.]+)$", path.read_text(), re.M):
            module, _, member = name.rpartition(".")
            whole = ROOT / "src" / name.replace(".", "/")
            part = (ROOT / "src" / module.replace(".", "/")).with_suffix(".py")
            assert (
                whole.with_suffix(".py").exists()
                or whole.is_dir()
                or re.search(rf"^(def|class) {member}\b", part.read_text(), re.M)
            ), f"{path.name}: {name}"
    shown = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    assert {page for one in shown for page in one.values()} == {p.name for p in DOCS.glob("*.md")}


def test_tables_of_a_kept_run_stand_in_the_page():
    page = hooks().on_page_markdown((DOCS / "claims.md").read_text())
    assert "<!--" not in page
    for head in ("### Largest N solved", "### Mean tau_net", "By memory states", "By trial ends"):
        assert page.count(head) == 1
    assert re.search(r"`figures/gallery/\w+/bands.md`, written by the workflow", page)
