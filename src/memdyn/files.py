"""Reading and writing the files that stages hand to each other: tables and arrays.

A table is Parquet, a set of arrays is safetensors. Both carry metadata, a JSON object whose key
``schema`` names the kind of file and its version ("networks/1"), so that a stale or foreign file
is refused in one sentence instead of failing somewhere later.
"""

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import safetensors
import safetensors.numpy

_KEY = "memdyn"  # where both formats hold our metadata, as JSON


class FileProblem(Exception):
    """A file is missing, truncated or foreign; the message says which and what to do."""


@contextmanager
def write_atomically(path: Path | str) -> Iterator[Path]:
    """Write a file so that nobody ever sees half of it, not even after a crash.

    Yields a temporary path in the same folder with the same suffix; what was written there is
    flushed to disk and renamed to ``path``. The temporary file is removed if the block raises.

    Raises:
        FileProblem: the block wrote nothing.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(6)}{path.suffix}")
    try:
        yield temporary
        if not temporary.exists():
            raise FileProblem(f"nothing was written for {path}")
        _flush(temporary)
        os.replace(temporary, path)
        _flush(path.parent)  # the new name as well as the content
    finally:
        temporary.unlink(missing_ok=True)


def write_table(path: Path | str, table: pd.DataFrame, metadata: Mapping[str, Any]) -> None:
    """Write a data frame as Parquet, without its index.

    Args:
        path: the file.
        table: columns of plain types.
        metadata: JSON-able; its key "schema" names the table's kind and version.
    """
    text = _as_json(metadata)
    content = pa.Table.from_pandas(table, preserve_index=False)
    content = content.replace_schema_metadata({**(content.schema.metadata or {}), _KEY: text})
    with write_atomically(path) as temporary:
        pa.parquet.write_table(content, temporary)


def read_table(path: Path | str, schema: str) -> pd.DataFrame:
    """Read a Parquet file written by :func:`write_table`.

    Raises:
        FileProblem: missing, truncated, foreign, or of another schema than ``schema``.
    """
    content = _read_parquet(Path(path))
    _check_schema(Path(path), _metadata_of(Path(path), content.schema.metadata), schema)
    return content.to_pandas()


def read_table_metadata(path: Path | str) -> dict[str, Any]:
    """The metadata of a table, without a check of its schema.

    Raises:
        FileProblem: missing, truncated or foreign.
    """
    return _metadata_of(Path(path), _read_parquet(Path(path), columns=[]).schema.metadata)


def read_benchmark(path: Path | str, columns: Iterable[str]) -> pd.DataFrame:
    """The CSV of a benchmark, which must have ``columns``.

    Raises:
        FileProblem: another file, or none.
    """
    try:
        rows = pd.read_csv(path)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError):
        raise FileProblem(f"{path} cannot be read as CSV: run `make bench` again") from None
    missing = [name for name in columns if name not in rows]
    if missing:
        raise FileProblem(
            f"{path} is no CSV of a benchmark (no column {missing[0]!r}): "
            "remove it and run `make bench` again"
        )
    return rows


def save_arrays(
    path: Path | str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]
) -> None:
    """Write named arrays as safetensors.

    Args:
        path: the file.
        arrays: numbers or booleans, any shapes.
        metadata: JSON-able; its key "schema" names the file's kind and version.

    Raises:
        TypeError: an array of a type that safetensors cannot hold (text, objects, complex128).
    """
    text = _as_json(metadata)
    for name, array in arrays.items():
        if np.asarray(array).dtype.kind not in "biuf":
            raise TypeError(f"array {name!r} for {path} has type {array.dtype}: only numbers fit")
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    with write_atomically(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode
        safetensors.numpy.save_file(plain, temporary, metadata={_KEY: text})
        temporary.chmod(mode)  # safetensors would leave it readable by its owner only


def load_arrays(
    path: Path | str, schema: str, under: str = ""
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read arrays and metadata written by :func:`save_arrays`.

    Args:
        path: the file.
        schema: kind and version that it must have.
        under: only arrays whose names start so are read; this start is taken off.

    Raises:
        FileProblem: missing, truncated, foreign, or of another schema than ``schema``.
    """
    path = Path(path)
    _check_is_file(path)
    try:
        with safetensors.safe_open(path, framework="np") as content:
            raw = {key.encode(): text.encode() for key, text in (content.metadata() or {}).items()}
            metadata = _metadata_of(path, raw)
            _check_schema(path, metadata, schema)
            names = [name for name in content.keys() if name.startswith(under)]  # noqa: SIM118
            arrays = {name.removeprefix(under): content.get_tensor(name) for name in names}
            return arrays, metadata
    except (safetensors.SafetensorError, OSError) as problem:
        raise FileProblem(_unreadable(path, "safetensors", problem)) from None


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_parquet(path: Path, columns: list[str] | None = None) -> pa.Table:
    _check_is_file(path)
    try:
        return pa.parquet.read_table(path, columns=columns, partitioning=None)
    except (pa.ArrowException, OSError) as problem:
        raise FileProblem(_unreadable(path, "Parquet", problem)) from None


def _as_json(metadata: Mapping[str, Any]) -> str:
    if not isinstance(metadata.get("schema"), str):
        raise ValueError(
            'metadata needs a key "schema" that names the kind of file, as "networks/1"'
        )
    return json.dumps(metadata, allow_nan=False)


def _metadata_of(path: Path, raw: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    text = (raw or {}).get(_KEY.encode())
    if text is None:
        raise FileProblem(f"{path} was not written by memdyn: give the file that its rule makes")
    return json.loads(text)


def _check_schema(path: Path, metadata: Mapping[str, Any], schema: str) -> None:
    if metadata["schema"] != schema:
        raise FileProblem(
            f"{path} holds {metadata['schema']!r} where {schema!r} is needed: "
            "delete it and run its rule again"
        )


def _check_is_file(path: Path) -> None:
    if not path.is_file():
        raise FileProblem(f"{path} does not exist: run the rule that makes it")


def _unreadable(path: Path, kind: str, problem: Exception) -> str:
    reason = str(problem).splitlines()[0]
    return f"{path} is not a complete {kind} file ({reason}): delete it and run its rule again"
