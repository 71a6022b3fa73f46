"""CONTRIBUTING.md and the hooks before a commit are true to what is there."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def test_files_to_touch_are_there():
    quoted = re.findall(r"`([\w./<>*-]+)`", TEXT)
    paths = {word for word in quoted if word.startswith(("src/", "workflow/", "tests/", ".", "C"))}
    assert len(paths) > 25
    for path in paths:
        for study in ("slow_manifolds", "timescales"):
            name = path.replace("<study>", study).replace("figX_name", "*")
            if "pre-commit" not in name:
                assert any(ROOT.glob(name.rstrip("/"))), f"{path} is not there"


def test_it_is_one_page():
    assert len(TEXT.splitlines()) < 90


def test_the_hooks_call_what_make_lint_calls():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    entries = [hook["entry"].replace(".venv/bin/", "").removesuffix(" .") for hook in hooks]
    recipe = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    lines = [line.strip() for line in recipe.splitlines()[1:]]
    commands = [line.split("&& ")[-1].replace("$(BIN)/", "").removesuffix(" .") for line in lines]
    assert entries == commands
