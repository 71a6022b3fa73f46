"""The instrument knows neither study: ``dynamics`` imports nothing else of memdyn."""

import ast
from pathlib import Path

import pytest

import memdyn.dynamics.systems

FOLDER = Path(memdyn.dynamics.systems.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))


def imported(file: Path) -> set[str]:
    """Full names of all modules that a file of the instrument imports, wherever it does so."""
    package = ("memdyn", "dynamics", *file.parent.relative_to(FOLDER).parts)
    found = set()
    for node in ast.walk(ast.parse(file.read_bytes(), file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            source = ".".join([*above, *filter(None, [node.module])])
            found |= {f"{source}.{alias.name}" for alias in node.names}
    return found


def test_the_instrument_is_there():
    assert {"systems", "fixed_points", "limit_cycles", "lyapunov"} <= {m.stem for m in MODULES}


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.stem)
def test_dynamics_imports_nothing_else_of_memdyn(file):
    others = {name for name in imported(file) if name.split(".")[0] == "memdyn"}
    assert not {name for name in others if not name.startswith("memdyn.dynamics.")}
