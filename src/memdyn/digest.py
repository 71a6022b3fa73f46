"""Digest of the code that a script runs, for rules to carry in ``params``.

Snakemake reruns a job when its own script changed, but does not follow imports. This digest does:
it changes with the code of the script and of every memdyn module that it imports, directly or not,
and with nothing else. Comments, docstrings and formatting do not count. Only the standard library
is used and no module is imported, because Snakefiles call this while they are parsed.
"""

import ast
import hashlib
import os
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent


def code_digest(path: Path, root: Path = PACKAGE) -> str:
    """Digest of a Python file and of the modules of one package that it imports, transitively.

    Imports are read from the source, wherever they stand in it, packages' ``__init__`` included;
    modules named only at run time (importlib) are not seen. The digest may differ between Python
    versions.

    Args:
        path: the script, or a module inside ``root``.
        root: folder of the package; its name is the package's name.

    Returns:
        64 hexadecimal digits.

    Raises:
        FileNotFoundError: no file at ``path``.
        ModuleNotFoundError: an import names a module that the package does not have.
        SyntaxError: a file is not valid Python.
    """
    path, root = Path(path).resolve(), Path(root).resolve()
    found: dict[str, str] = {}  # file, named so that the digest is the same in any clone -> digest
    waiting = [path]
    while waiting:
        file = waiting.pop()
        inside = file.is_relative_to(root)
        name = file.relative_to(root).as_posix() if inside else "script"
        if name in found:
            continue
        stamp = file.stat()
        found[name], imports = _read(file, stamp.st_mtime_ns, stamp.st_size)
        for level, module, names in imports:
            waiting += _files_of_import(root, file, level, module, names)
    return hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()


# One import as written: how many dots, the module's name, the names taken from it.
_Import = tuple[int, str, tuple[str, ...]]


@cache
def _read(file: Path, modified: int, size: int) -> tuple[str, tuple[_Import, ...]]:
    """Digest and imports of one file; time and size are there to make the cache notice edits."""
    try:
        tree = ast.parse(file.read_bytes(), file)
    except (SyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", None)
        raise SyntaxError(f"{file} is not valid Python (line {line}): {problem.args[0]}") from None
    words: list[str] = []
    imports: list[_Import] = []
    _collect(tree, words, imports)
    return hashlib.sha256("\n".join(words).encode()).hexdigest(), tuple(imports)


def _collect(node: ast.AST, words: list[str], imports: list[_Import]) -> None:
    """Append the tree's content to ``words`` (no positions, no docstrings) and its imports."""
    kind = type(node)
    if kind is ast.Import:
        imports.extend((0, alias.name, ()) for alias in node.names)
    elif kind is ast.ImportFrom:
        names = tuple(alias.name for alias in node.names)
        imports.append((node.level, node.module or "", names))
    words.append(kind.__name__)
    for field in kind._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            if field == "body" and kind in _WITH_DOCSTRING and _is_docstring(value):
                value = value[1:]
            words.append("[")
            for item in value:
                if isinstance(item, ast.AST):
                    _collect(item, words, imports)
                else:
                    words.append(repr(item))
            words.append("]")
        elif isinstance(value, ast.AST):
            _collect(value, words, imports)
        else:
            words.append(repr(value))


_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _is_docstring(body: list[ast.stmt]) -> bool:
    return (
        bool(body)
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )


def _files_of_import(
    root: Path, importer: Path, level: int, module: str, names: tuple[str, ...]
) -> list[Path]:
    """Files that one import statement runs, those outside the package left out."""
    if level:
        if not importer.is_relative_to(root):
            return []  # relative to something that is not the package
        package = importer.relative_to(root.parent).parent.parts
        parts = package[: len(package) - level + 1] + tuple(module.split(".") if module else ())
    else:
        parts = tuple(module.split("."))
    if parts[:1] != (root.name,):
        return []
    files = []
    for depth in range(1, len(parts) + 1):
        file = _file_of(root.parent.joinpath(*parts[:depth]))
        if file is None:
            missing = ".".join(parts[:depth])
            raise ModuleNotFoundError(
                f"{importer} imports {missing}, which is not under {root}: correct the import"
            )
        files.append(file)
    for name in names:  # a name may be a module of the package, or something defined in it
        file = _file_of(root.parent.joinpath(*parts, name))
        if file is not None:
            files.append(file)
    return files


def _file_of(module: Path) -> Path | None:
    for file in (f"{module}.py", f"{module}/__init__.py"):
        if os.path.isfile(file):  # pathlib takes several times as long
            return Path(file)
    return None
