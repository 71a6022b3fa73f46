"""The code digest, on a small package that each test writes."""

from pathlib import Path

import pytest

from memdyn import digest
from memdyn.digest import code_digest

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


def test_package_inits_count(tree):
    assert changes(tree, "memdyn/tasks/__init__.py", "x = 1\n")
    assert changes(tree, "memdyn/__init__.py", "x = 1\n")


@pytest.mark.parametrize(
    ("script", "edited"),
    [
        ("import memdyn.tasks.spm as task\n", "memdyn/deep.py"),
        ("def late():\n    from memdyn.tasks.spm import run\n    return run\n", "memdyn/deep.py"),
        ("import memdyn.tasks.near\n", "memdyn/deep.py"),
        ("import memdyn.tasks.near\n", "memdyn/tasks/other.py"),
        ("from memdyn import bare\n", "memdyn/bare/inner.py"),
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


def test_cycles_end(tree):
    write(tree / "memdyn/deep.py", "from memdyn.tasks import spm\n")
    assert changes(tree, "memdyn/deep.py", "from memdyn.tasks import spm\n\nx = 1\n")


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
