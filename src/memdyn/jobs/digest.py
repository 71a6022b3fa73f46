"""Digest of the code that a script runs, for rules to carry in ``params``.

Snakemake reruns a job when its own script changed, but does not follow imports. This digest does:
it changes with the code of the script and of every memdyn module that it imports, directly or not.
It goes by content, as git's trees do, so that moving or renaming a module changes nothing;
comments, docstrings, formatting and log lines do not count, nor does ``memdyn.jobs``, which cannot
change a number. Only the standard library is used and no module is imported, because Snakefiles
call this while they are parsed.
"""

import ast
import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parents[1]
#: Folder of the package that is left out of every digest.
LEFT_OUT = "jobs"


def code_digest(path: Path | str, root: Path = PACKAGE) -> str:
    """Digest of a Python file and of the modules of one package that it imports, transitively.

    Imports are read from the source, wherever they stand in it, but for those that only serve the
    checking of types. Each counts with the names taken and with the digest of the module that they
    come from, not with that module's own name. Modules named only at run time (importlib) are not
    seen. The digest may differ between Python versions.

    Args:
        path: the script, or a module inside ``root``.
        root: folder of the package; its name is the package's name.

    Returns:
        64 hexadecimal digits.

    Raises:
        FileNotFoundError: no file at ``path``.
        ModuleNotFoundError: an import names a module that the package does not have.
        ImportError: modules import each other in a circle, or a name is taken from a package whose
            names are only attached when it is used.
        SyntaxError: a file is not valid Python.
    """
    return _digests(Path(path).resolve(), Path(root).resolve())[Path(path).resolve()]


def modules_in_digest(path: Path | str, root: Path = PACKAGE) -> set[str]:
    """Modules of the package that the digest of a file depends on, as ``memdyn.a.b``; see there."""
    root = Path(root).resolve()
    files = set(_digests(Path(path).resolve(), root)) - {Path(path).resolve()}
    return {".".join(file.relative_to(root.parent).with_suffix("").parts) for file in files}


def training_key(*parts: object) -> str:
    """Digest of all that decides how a training goes (JSON-able); it resumes only under this."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _digests(path: Path, root: Path) -> dict[Path, str]:
    """Digest of a file and of every module that it reaches."""
    known: dict[Path, str] = {}
    _digest(path, root, known, ())
    return known


def _digest(file: Path, root: Path, known: dict[Path, str], importers: tuple[Path, ...]) -> str:
    if file in importers:
        circle = " imports ".join(f.stem for f in (*importers[importers.index(file) :], file))
        raise ImportError(f"modules import each other in a circle: {circle}")
    if file not in known:
        stamp = file.stat()
        state = (file, root.name, stamp.st_mtime_ns, stamp.st_size)
        _, imports = _read(*state)
        taken, modules = set(), {}
        for one in imports:
            for name, source, is_module in _sources(root, file, one):
                if source.relative_to(root).parts[0] == LEFT_OUT:
                    continue
                digest = _digest(source, root, known, (*importers, file))
                if is_module:  # its name is whatever the importer calls it
                    modules[f"Name {name}"] = digest
                    taken.add(("module", "", digest))
                else:
                    taken.add((*name.split(" as "), digest))
        whole = (_body(*state, frozenset(modules.items())), sorted(taken))
        known[file] = hashlib.sha256(repr(whole).encode()).hexdigest()
    return known[file]


class _Import(NamedTuple):
    """One name that an import statement binds: dots, module, name taken ("" for all), alias."""

    level: int
    module: str
    name: str
    alias: str


@cache
def _read(
    file: Path, package: str, modified: int, size: int
) -> tuple[tuple[str, ...], tuple[_Import, ...]]:
    """Content and imports of a file; time and size are there to make the cache notice edits."""
    try:
        tree = ast.parse(file.read_bytes(), file)
    except (SyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", None)
        raise SyntaxError(f"{file} is not valid Python (line {line}): {problem.args[0]}") from None
    words: list[str] = []
    imports: list[_Import] = []
    _collect(tree, package, words, imports)
    return tuple(words), tuple(imports)


@cache
def _body(
    file: Path, package: str, modified: int, size: int, modules: frozenset[tuple[str, str]]
) -> str:
    """Digest of a file's content, with the digests of modules where their names stand."""
    words, named = _read(file, package, modified, size)[0], dict(modules)
    return hashlib.sha256("\n".join(named.get(word, word) for word in words).encode()).hexdigest()


def _collect(node: ast.AST, package: str, words: list[str], imports: list[_Import]) -> None:
    """Append the tree's content to ``words`` and its imports from the package to ``imports``."""
    kind = type(node)
    # Every node comes by here, each time that Snakemake parses: what is rare is asked last.
    if isinstance(node, ast.Name):
        words.append(f"Name {node.id}")
        return
    if isinstance(node, ast.stmt):
        if own := _own_imports(node, package):
            imports.extend(own)
            return
        if _is_logging(node) or _is_for_types(node):
            return
    words.append(kind.__name__)
    for field in kind._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            if field == "body" and kind in _WITH_DOCSTRING and _is_docstring(value):
                value = value[1:]
            words.append("[")
            for item in value:
                if isinstance(item, ast.AST):
                    _collect(item, package, words, imports)
                else:
                    words.append(repr(item))
            words.append("]")
        elif isinstance(value, ast.AST):
            _collect(value, package, words, imports)
        else:
            words.append(repr(value))


def _own_imports(node: ast.AST, package: str) -> list[_Import]:
    """What a statement imports from the package; nothing if it is no such statement."""
    if type(node) is ast.Import:
        found = [_Import(0, a.name, "", a.asname or a.name) for a in node.names]
        return [one for one in found if one.module.split(".")[0] == package]
    if type(node) is ast.ImportFrom:
        module = node.module or ""
        if node.level or module.split(".")[0] == package:
            return [_Import(node.level, module, a.name, a.asname or a.name) for a in node.names]
    return []


_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_LEVELS = ("debug", "info", "warning", "error", "exception")


def _is_docstring(body: list[ast.stmt]) -> bool:
    return (
        bool(body)
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )


def _is_logging(node: ast.AST) -> bool:
    """``logging.info(...)`` or ``log.info(...)`` as a statement of its own."""
    called = (
        node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    )
    return (
        isinstance(called, ast.Attribute)
        and called.attr in _LEVELS
        and isinstance(called.value, ast.Name)
        and called.value.id in ("log", "logging")
    )


def _is_for_types(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
        and not node.orelse
    )


def _sources(root: Path, importer: Path, one: _Import) -> list[tuple[str, Path, bool]]:
    """Name bound ("name as alias" of what a module defines), its file, and whether it is a module.

    Packages' own ``__init__`` count only for names that are taken from them.
    """
    parts = tuple(one.module.split(".")) if one.module else ()
    if one.level:
        if not importer.is_relative_to(root):
            return []  # relative to something that is not the package
        package = importer.relative_to(root.parent).parent.parts
        parts = package[: len(package) - one.level + 1] + parts
    if parts[:1] != (root.name,):
        return []
    if one.name:
        file = _file_of(root.parent.joinpath(*parts, one.name))
        if file is not None:  # a module or package under a name
            return [(one.alias, file, True)]
    file = _file_of(root.parent.joinpath(*parts))
    if file is None:
        raise ModuleNotFoundError(
            f"{importer} imports {'.'.join(parts)}, which is not under {root}: correct the import"
        )
    if not one.name:
        return [(one.alias, file, True)]
    if file.with_suffix(".pyi").is_file():
        raise ImportError(
            f"{importer} takes {one.name} from {'.'.join(parts)}, which attaches its names when "
            "they are used: import it from the module that defines it"
        )
    return [(f"{one.name} as {one.alias}", file, False)]


def _file_of(module: Path) -> Path | None:
    for file in (f"{module}.py", f"{module}/__init__.py"):
        if os.path.isfile(file):  # pathlib takes several times as long
            return Path(file)
    return None
