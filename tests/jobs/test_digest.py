"""The code digest, on a small package that each test writes."""

from pathlib import Path

import pytest

from memdyn.jobs import digest
from memdyn.jobs.digest import code_digest, modules_in_digest

FILES = {
    "memdyn/__init__.py": '"""The package."""\n',
    "memdyn/deep.py": "def area(r):\n    '''Area.'''\n    return 3 * r * r\n",
    "memdyn/tasks/__init__.py": "",
    "memdyn/tasks/spm.py": "import memdyn.deep\n\ndef run(x):\n    return memdyn.deep.area(x)\n",
    "memdyn/tasks/other.py": "VALUE = 1\n",
    "memdyn/tasks/near.py": "from ..deep import area\nfrom . import other\n",
    "memdyn/bare/__init__.py": "from .inner import thing\n",
    "memdyn/bare/inner.py": "thing = 1\n",
    "script.py": "from memdyn.tasks import spm\n\nspm.run(2)\n",
}


@pytest.fixture
def tree(tmp_path) -> Path:
    for name, text in FILES.items():
        write(tmp_path / name, text)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def digest_of(tree: Path, script: str = "script.py") -> str:
    digest._read.cache_clear()  # two edits may share one time stamp
    return code_digest(tree / script, root=tree / "memdyn")


def changes(tree: Path, name: str, text: str, script: str = "script.py") -> bool:
    before = digest_of(tree, script)
    write(tree / name, text)
    return digest_of(tree, script) != before


def test_comments_docstrings_and_layout_do_not_count(tree):
    deep = "# new\n\ndef area(r):\n    '''Area of\n    a disc.'''\n    return (3 * r * r)  # pi\n"
    assert not changes(tree, "memdyn/deep.py", deep)
    assert not changes(tree, "memdyn/deep.py", "def area(r):\n    return 3*r*r\n")
    assert not changes(tree, "script.py", "# why\n" + FILES["script.py"])


def test_a_string_that_is_no_docstring_counts(tree):
    assert changes(tree, "memdyn/deep.py", FILES["memdyn/deep.py"] + "\n'''text'''\n")


def test_code_of_an_indirect_import_counts(tree):
    assert changes(tree, "memdyn/deep.py", FILES["memdyn/deep.py"].replace("3", "4"))


@pytest.mark.parametrize(
    ("before", "after"),
    [("a = 1\n", "a = '1'\n"), ("a = 1\n", "a = 1.0\n"), ("f(a, b)\n", "f((a, b))\n")],
)
def test_like_looking_code_differs(tree, before, after):
    write(tree / "script.py", before)
    assert changes(tree, "script.py", after)


def test_unrelated_modules_do_not_count(tree):
    assert not changes(tree, "memdyn/tasks/other.py", "VALUE = 2\n")
    assert not changes(tree, "memdyn/bare/inner.py", "thing = 2\n")


def test_package_inits_count_only_for_names_taken_from_them(tree):
    assert not changes(tree, "memdyn/tasks/__init__.py", "x = 1\n")
    write(tree / "script.py", "from memdyn.tasks import x\n")
    assert changes(tree, "memdyn/tasks/__init__.py", "x = 2\n")


def test_names_attached_late_cannot_be_taken(tree):
    write(tree / "memdyn/tasks/__init__.pyi", "from .spm import run as run\n")
    write(tree / "script.py", "from memdyn.tasks import run\n")
    with pytest.raises(ImportError, match="import it from the module that defines it"):
        digest_of(tree)
    write(tree / "script.py", "from memdyn.tasks import spm\n")  # a module is no such name
    assert len(digest_of(tree)) == 64


def move(tree: Path, old: str, new: str, *importers: tuple[str, str, str]) -> None:
    target = tree / new
    target.parent.mkdir(parents=True, exist_ok=True)
    (tree / old).rename(target)
    for name, before, after in importers:
        text = (tree / name).read_text()
        assert before in text
        write(tree / name, text.replace(before, after))


def test_moving_or_renaming_a_module_changes_nothing(tree):
    before = digest_of(tree)
    move(
        *(tree, "memdyn/tasks/spm.py", "memdyn/wing/room/matching.py"),
        ("script.py", "from memdyn.tasks import spm\n", "from memdyn.wing.room import matching\n"),
        ("script.py", "spm.run", "matching.run"),
    )
    move(
        *(tree, "memdyn/deep.py", "memdyn/areas.py"),
        ("memdyn/wing/room/matching.py", "import memdyn.deep\n", "from memdyn import areas\n"),
        ("memdyn/wing/room/matching.py", "memdyn.deep.area", "areas.area"),
    )
    write(tree / "memdyn/deep.py", FILES["memdyn/deep.py"])
    write(tree / "memdyn/other.py", "from memdyn.deep import area\n\narea(1)\n")
    own = digest_of(tree, "memdyn/other.py")
    move(
        *(tree, "memdyn/deep.py", "memdyn/tasks/round.py"),
        ("memdyn/other.py", "from memdyn.deep import", "from memdyn.tasks.round import"),
    )
    assert digest_of(tree, "memdyn/other.py") == own
    # `import memdyn.deep` spells the place out in the code that uses it, so this one did change.
    assert digest_of(tree) != before
    aliased = "import memdyn.{} as deep\n\ndef run(x):\n    return deep.area(x)\n"
    write(tree / "memdyn/wing/room/matching.py", aliased.format("areas"))
    before = digest_of(tree)
    move(tree, "memdyn/areas.py", "memdyn/wing/areas.py")
    write(tree / "memdyn/wing/room/matching.py", aliased.format("wing.areas"))
    assert digest_of(tree) == before


def test_the_order_of_own_imports_does_not_count(tree):
    one, two = "from memdyn.deep import area\n", "from memdyn.tasks import other\n"
    write(tree / "script.py", one + two + "area(other.VALUE)\n")
    assert not changes(tree, "script.py", two + one + "area(other.VALUE)\n")
    assert changes(tree, "script.py", two + one.replace("area", "area as a") + "area(1)\n")


def test_jobs_and_log_lines_do_not_count(tree):
    write(tree / "memdyn/jobs/logs.py", "LINE = 1\n")
    write(
        tree / "script.py",
        "import logging\nfrom memdyn.jobs.logs import LINE\nfrom memdyn.jobs import logs\n"
        "logging.info('before %s', LINE)\n",
    )
    assert not changes(tree, "memdyn/jobs/logs.py", "LINE = 2\n")
    text = (tree / "script.py").read_text()
    assert not changes(tree, "script.py", text.replace("before", "after"))
    assert changes(tree, "script.py", text + "x = logging.info('kept')\n"), "its value is used"


def test_imports_for_types_do_not_count(tree):
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from memdyn.deep import area\n"
    write(tree / "script.py", text)
    assert not changes(tree, "memdyn/deep.py", "def area(r):\n    return 0\n")


def test_modules_in_digest_are_named(tree):
    digest._read.cache_clear()
    found = modules_in_digest(tree / "script.py", root=tree / "memdyn")
    assert found == {"memdyn.deep", "memdyn.tasks.spm"}


@pytest.mark.parametrize(
    ("script", "edited"),
    [
        ("import memdyn.tasks.spm as task\n", "memdyn/deep.py"),
        ("def late():\n    from memdyn.tasks.spm import run\n    return run\n", "memdyn/deep.py"),
        ("import memdyn.tasks.near\n", "memdyn/deep.py"),
        ("import memdyn.tasks.near\n", "memdyn/tasks/other.py"),
        ("from memdyn import bare\n", "memdyn/bare/inner.py"),
        ("import memdyn.tasks.spm\n", "memdyn/deep.py"),
        ("from memdyn.bare import *\n", "memdyn/bare/inner.py"),
    ],
)
def test_every_form_of_import_is_followed(tree, script, edited):
    write(tree / "script.py", script)
    assert changes(tree, edited, "CHANGED = True\n")


def test_a_module_has_a_digest_of_its_own(tree):
    before = digest_of(tree, "memdyn/tasks/near.py")
    write(tree / "memdyn/tasks/other.py", "VALUE = 2\n")
    assert digest_of(tree, "memdyn/tasks/near.py") != before


def test_circles_are_named(tree):
    write(tree / "memdyn/deep.py", "from memdyn.tasks import spm\n")
    with pytest.raises(ImportError, match="circle: spm imports deep imports spm"):
        digest_of(tree)


def test_the_digest_does_not_depend_on_the_place(tree, tmp_path_factory):
    clone = tmp_path_factory.mktemp("clone")
    for name, text in FILES.items():
        write(clone / name, text)
    assert digest_of(tree) == digest_of(clone)


def test_an_unknown_module_is_named(tree):
    write(tree / "script.py", "from memdyn.nothing import x\n")
    with pytest.raises(ModuleNotFoundError, match=r"script\.py imports memdyn\.nothing, which is"):
        digest_of(tree)


def test_invalid_python_is_named(tree):
    write(tree / "memdyn/deep.py", "def area(:\n")
    with pytest.raises(SyntaxError, match=r"deep\.py is not valid Python \(line 1\)"):
        digest_of(tree)


def test_a_missing_script_is_an_error(tree):
    with pytest.raises(FileNotFoundError):
        digest_of(tree, "nowhere.py")


def test_files_are_read_once(tree):
    digest_of(tree)
    misses = digest._read.cache_info().misses
    code_digest(tree / "script.py", root=tree / "memdyn")
    assert digest._read.cache_info().misses == misses


def test_the_real_package_can_be_read():
    for file in sorted(digest.PACKAGE.rglob("*.py")):
        assert len(code_digest(file)) == 64


SCRIPTS = sorted((digest.PACKAGE.parents[1] / "workflow/scripts").rglob("*.py"))
WINGS = {"slow_manifolds", "timescales"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_digest_holds_what_its_script_runs_and_no_more(path):
    """Names below memdyn: no other wing, no jobs, no figures but the drawn one."""
    names = {name.removeprefix("memdyn.") for name in modules_in_digest(path)}
    wing, folders = path.parent.name, {name.split(".")[0] for name in names}
    assert "jobs" not in folders
    if wing in WINGS:
        assert not folders & (WINGS - {wing} | {"costs", "external"})
    if wing in WINGS and not path.stem.startswith(("fig", "draw")):
        assert not {name for name in names if ".figures." in name}
        assert not {name for name in names if "claims" in name.split(".")}
    drawn = {name.split(".")[-1] for name in names if ".figures.fig" in name}
    assert drawn == ({path.stem} if path.stem.startswith("fig") else set())


@pytest.mark.parametrize("script", ["slow_manifolds/train_networks", "timescales/train_curricula"])
def test_training_depends_on_nothing_that_looks_at_what_was_trained(script):
    (path,) = (p for p in SCRIPTS if str(p).endswith(f"{script}.py"))
    names = {name.removeprefix("memdyn.") for name in modules_in_digest(path)}
    rooms = {name.split(".")[1] for name in names if name.startswith(script.split("/")[0])}
    assert rooms <= {"grid", "conditions", "tasks", "networks", "training"}
    others = {name for name in names if name.split(".")[0] not in WINGS}
    assert others <= {"settings", "cuda_graphs", "device", "files", "randomness"}


def test_what_runs_where_types_are_not_checked_counts(tree):
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    x = 1\nelse:\n    x = 2\n"
    write(tree / "script.py", text)
    assert changes(tree, "script.py", text.replace("x = 2", "x = 3"))
