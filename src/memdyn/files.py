"""Reading and writing the files that stages hand to each other: tables and arrays.

A table is Parquet, a set of arrays is safetensors. Both carry metadata, a JSON object whose key
``schema`` names the kind of file and its version ("networks/1"), so that a stale or foreign file
is refused in one sentence instead of failing somewhere later.

Both also carry the name they were written under and checksums, verified on reading: of each array,
with its name, type and shape, and of the metadata; of a table, of every byte of the file. A bit
that flipped on a disk, or a shard's file copied over another's, is refused, never read as numbers.
"""

import errno
import hashlib
import json
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import safetensors
import safetensors.numpy

_KEY = "memdyn"  # where both formats hold our metadata, as JSON
#: Keys of that JSON object that belong to this module; callers never see them.
_NAME, _ARRAYS, _SEAL = "written_as", "array_digests", "digest"
_DIGITS = 32  # hexadecimal, of a digest
#: A disk that is full, over quota, read-only, closed to us, or failing.
_DISK = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.EIO, errno.EFBIG, errno.ESTALE),
}

log = logging.getLogger(__name__)


class FileProblem(Exception):
    """A file is missing, truncated or foreign; the message says which and what to do."""


class DiskProblem(FileProblem):
    """A file could not be written: the disk is full, read-only or failing. Worth another try."""


@contextmanager
def write_atomically(path: Path | str) -> Iterator[Path]:
    """Write a file so that nobody ever sees half of it, not even after a crash.

    Yields a temporary path in the same folder with the same suffix; what was written there is
    flushed to disk and renamed to ``path``. The temporary file is removed if the block raises.

    Raises:
        DiskProblem: the disk is full, read-only or failing; what was at ``path`` is still there.
        FileProblem: the block wrote nothing.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(6)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if not temporary.exists():
            raise FileProblem(f"nothing was written for {path}")
        _flush(temporary)
        os.replace(temporary, path)
        _flush(path.parent)  # the new name as well as the content
    except (OSError, safetensors.SafetensorError) as problem:
        if isinstance(problem, OSError) and problem.errno not in _DISK:
            raise
        raise DiskProblem(_unwritable(path, problem)) from None
    finally:
        with suppress(OSError):  # a read-only disk: nothing to remove, and the reason is above
            temporary.unlink(missing_ok=True)


def keep_trying(save: Callable[[], None], for_seconds: float = 1800, every: float = 30) -> None:
    """Call ``save`` until the disk takes it: the last save of a long job waits for room.

    Args:
        save: writes files; it may be called again after it failed.
        for_seconds: how long in all. It ends below any time limit, with what to free in the log.
        every: seconds between tries.

    Raises:
        DiskProblem: the disk still does not take it.
    """
    until = time.monotonic() + for_seconds
    while True:
        try:
            return save()
        except DiskProblem as problem:
            left = until - time.monotonic()
            if left <= 0:
                raise
            log.warning("%s; waiting up to %.0f s more", problem, left)
            time.sleep(min(every, left))


def write_table(path: Path | str, table: pd.DataFrame, metadata: Mapping[str, Any]) -> None:
    """Write a data frame as Parquet, without its index.

    Args:
        path: the file.
        table: columns of plain types.
        metadata: JSON-able; its key "schema" names the table's kind and version.
    """
    _as_json(metadata)
    text = json.dumps({**metadata, _NAME: Path(path).name, _SEAL: "0" * _DIGITS}, allow_nan=False)
    content = pa.Table.from_pandas(table, preserve_index=False)
    content = content.replace_schema_metadata({**(content.schema.metadata or {}), _KEY: text})
    with write_atomically(path) as temporary:
        pa.parquet.write_table(content, temporary)
        # The digest of the file with zeros in its own place is put into that place.
        digest, at = _seal_of(temporary.read_bytes())
        with temporary.open("r+b") as file:
            file.seek(at)
            file.write(digest)


def read_table(path: Path | str, schema: str) -> pd.DataFrame:
    """Read a Parquet file written by :func:`write_table`.

    Raises:
        FileProblem: missing, truncated, damaged, foreign, another's, or of another schema.
    """
    content = _read_parquet(Path(path))
    _check_schema(Path(path), _metadata_of(Path(path), content.schema.metadata), schema)
    return content.to_pandas()


def read_table_metadata(path: Path | str) -> dict[str, Any]:
    """The metadata of a table, without a check of its schema.

    Raises:
        FileProblem: missing, truncated, damaged, foreign, or another's.
    """
    return _metadata_of(Path(path), _read_parquet(Path(path), columns=[]).schema.metadata)


def read_metadata(path: Path | str) -> dict[str, Any]:
    """The metadata of a table or of a file of arrays, whose values are not read.

    Raises:
        FileProblem: missing, truncated, damaged, foreign, or another's.
    """
    path = Path(path)
    if path.suffix == ".parquet":
        return read_table_metadata(path)
    _check_is_file(path)
    try:
        with safetensors.safe_open(path, framework="np") as content:
            raw = {key.encode(): text.encode() for key, text in (content.metadata() or {}).items()}
    except (safetensors.SafetensorError, OSError, ValueError, TypeError) as problem:
        raise FileProblem(_unreadable(path, "safetensors", problem)) from None
    found = _metadata_of(path, raw, _ARRAYS)
    return {key: value for key, value in found.items() if key != _ARRAYS}


def read_facts(path: Path | str, key: str) -> Any:
    """What a JSON file says under ``key``.

    Raises:
        FileProblem: another file, or none.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))[key]
    except (OSError, ValueError, LookupError, TypeError) as problem:
        raise FileProblem(_unreadable(Path(path), "JSON", f"{key!r}: {problem}")) from None


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
    _as_json(metadata)
    for name, array in arrays.items():
        if np.asarray(array).dtype.kind not in "biuf":
            raise TypeError(f"array {name!r} for {path} has type {array.dtype}: only numbers fit")
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    digests = {name: _digest_of(name, array) for name, array in plain.items()}
    content = {**metadata, _NAME: Path(path).name, _ARRAYS: digests}
    text = json.dumps({**content, _SEAL: _digest(json.dumps(content).encode())}, allow_nan=False)
    with write_atomically(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode
        safetensors.numpy.save_file(plain, temporary, metadata={_KEY: text})
        temporary.chmod(mode)  # safetensors would leave it readable by its owner only


def load_arrays(
    path: Path | str,
    schema: str,
    under: str = "",
    names: Iterable[str] | None = None,
    facts: Iterable[str] = (),
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read arrays and metadata written by :func:`save_arrays`, and verify their checksums.

    Args:
        path: the file.
        schema: kind and version that it must have.
        under: only arrays whose names start so are read; this start is taken off.
        names: what the arrays that are read must be called, all of them; None if that varies.
        facts: keys that the metadata must have.

    Raises:
        FileProblem: missing, truncated, damaged, foreign, another's, of another schema, or without
            what it should hold.
    """
    path = Path(path)
    _check_is_file(path)
    try:
        with safetensors.safe_open(path, framework="np") as content:
            raw = {key.encode(): text.encode() for key, text in (content.metadata() or {}).items()}
            metadata = _metadata_of(path, raw, _ARRAYS)
            digests = metadata.pop(_ARRAYS)
            _check_schema(path, metadata, schema)
            if set(content.keys()) != set(digests):
                raise FileProblem(_unreadable(path, "safetensors", "its arrays have other names"))
            arrays = {}
            for name in content.keys():  # noqa: SIM118
                if name.startswith(under):
                    array = content.get_tensor(name)
                    if _digest_of(name, array) != digests[name]:
                        reason = f"the checksum of {name!r} does not match"
                        raise FileProblem(_unreadable(path, "safetensors", reason))
                    arrays[name.removeprefix(under)] = array
    except (safetensors.SafetensorError, OSError, ValueError, TypeError) as problem:
        raise FileProblem(_unreadable(path, "safetensors", problem)) from None
    wrong = sorted(set(facts) - set(metadata) | set(names or arrays) ^ set(arrays))
    if wrong:
        raise FileProblem(
            f"{path} does not hold what a file {schema!r} does ({wrong[0]!r}): "
            "delete it and run its rule again"
        )
    return arrays, metadata


def _digest(*parts: bytes | memoryview) -> str:
    found = hashlib.blake2b(digest_size=_DIGITS // 2)
    for part in parts:
        found.update(part)
    return found.hexdigest()


def _digest_of(name: str, array: np.ndarray) -> str:
    """Of an array in C order with its name, type and shape."""
    about = json.dumps([name, array.dtype.str, array.shape]).encode()
    return _digest(about, np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _seal_of(content: bytes) -> tuple[bytes, int]:
    """Digest of a table's bytes with zeros in its own place, and where that place begins.

    Raises:
        LookupError: there is no such place.
    """
    # The last one: the footer ends the file, and a cell of the table may hold anything.
    at = content.rfind(f'"{_SEAL}": "'.encode()) + len(f'"{_SEAL}": "')
    if at < len(_SEAL) + 5 or not re.fullmatch(rb"[0-9a-f]{%d}" % _DIGITS, content[at:][:_DIGITS]):
        raise LookupError("no digest")
    zeros = b"0" * _DIGITS
    return _digest(content[:at], zeros, content[at + _DIGITS :]).encode(), at


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_parquet(path: Path, columns: list[str] | None = None) -> pa.Table:
    """A table whose bytes are those that were written: verified before anything parses them."""
    _check_is_file(path)
    try:
        content = path.read_bytes()
        try:
            digest, at = _seal_of(content)
            intact = digest == content[at : at + _DIGITS]
        except LookupError:
            intact = False
        if not intact:
            known = pa.parquet.read_schema(pa.BufferReader(content)).metadata or {}
            if _KEY.encode() not in known:
                raise FileProblem(_foreign(path))
            raise FileProblem(_unreadable(path, "Parquet", "its checksum does not match"))
        return pa.parquet.read_table(pa.BufferReader(content), columns=columns, partitioning=None)
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise FileProblem(_unreadable(path, "Parquet", problem)) from None


def _as_json(metadata: Mapping[str, Any]) -> str:
    if not isinstance(metadata.get("schema"), str):
        raise ValueError(
            'metadata needs a key "schema" that names the kind of file, as "networks/1"'
        )
    taken = {_NAME, _ARRAYS, _SEAL} & metadata.keys()
    if taken:
        raise ValueError(f"the key {taken.pop()!r} of the metadata is taken by memdyn.files")
    return json.dumps(metadata, allow_nan=False)


def _metadata_of(
    path: Path, raw: Mapping[bytes, bytes] | None, kept: str | None = None
) -> dict[str, Any]:
    """Our metadata, without what belongs to this module except ``kept``.

    Raises:
        FileProblem: there is none, it is damaged, or it was written for a file of another name.
    """
    text = (raw or {}).get(_KEY.encode())
    if text is None:
        raise FileProblem(_foreign(path))
    try:
        content = json.loads(text)
        seal, name = content.pop(_SEAL), content[_NAME]
        if kept is not None and seal != _digest(json.dumps(content).encode()):
            raise ValueError("the checksum of its metadata does not match")
        found = {key: value for key, value in content.items() if key not in {_NAME, _ARRAYS}}
        if kept is not None:
            found[kept] = dict(content[kept])
        if not isinstance(found["schema"], str):
            raise TypeError("no schema")
    except (KeyError, AttributeError, TypeError):
        raise FileProblem(
            _unreadable(path, "memdyn", "it has no checksums: damaged, or of an older version")
        ) from None
    except ValueError as problem:  # no JSON, no UTF-8, or what is raised above
        raise FileProblem(_unreadable(path, "memdyn", problem)) from None
    if name != path.name:
        raise FileProblem(
            f"{path} was written as {name!r}, so it is a copy of another job's file: "
            "delete it and run its rule again, or give it back its name"
        )
    return found


def _check_schema(path: Path, metadata: Mapping[str, Any], schema: str) -> None:
    if metadata["schema"] != schema:
        raise FileProblem(
            f"{path} holds {metadata['schema']!r} where {schema!r} is needed: "
            "delete it and run its rule again"
        )


def _check_is_file(path: Path) -> None:
    if not path.is_file():
        raise FileProblem(f"{path} does not exist: run the rule that makes it")


def _foreign(path: Path) -> str:
    return f"{path} was not written by memdyn: give the file that its rule makes"


def _unreadable(path: Path, kind: str, problem: Exception | str) -> str:
    reason = (str(problem).splitlines() or [type(problem).__name__])[0]
    return f"{path} is not a complete {kind} file ({reason}): delete it and run its rule again"


def _unwritable(path: Path, problem: Exception) -> str:
    reason = getattr(problem, "strerror", None) or (str(problem).splitlines() or ["?"])[0]
    free = ""
    if getattr(problem, "errno", None) == errno.ENOSPC or "space" in reason.lower():
        free = f"free space on the disk of {path.parent}"
    elif getattr(problem, "errno", None) == errno.EDQUOT:
        free = f"free some of your quota on the disk of {path.parent}"
    return f"{path} cannot be written ({reason}): {free or f'make {path.parent} writable'}"
