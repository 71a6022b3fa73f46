"""Results as plain arrays: rows to slice, and one npz file format with a schema version.

A result is a frozen dataclass of NumPy arrays whose first axis is the row, plus a few scalars about
the whole search. The file is a NumPy zip of those arrays and one JSON header; nothing in it can
run.
"""

import dataclasses
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np


@dataclass(frozen=True, eq=False)
class Table:
    """Base of all results: array fields are columns with one entry per row, others are scalars."""

    schema: ClassVar[str]
    version: ClassVar[int] = 1

    def columns(self) -> dict[str, np.ndarray]:
        """Column name -> array, first axis the row."""
        return {k: v for k, v in self._fields().items() if isinstance(v, np.ndarray)}

    def _fields(self) -> dict:
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    def __len__(self) -> int:
        return len(next(iter(self.columns().values())))

    def __getitem__(self, rows) -> Self:
        """The same result with only these rows (slice, index, mask or index array)."""
        chosen: Any = [rows] if isinstance(rows, int | np.integer) else rows
        return dataclasses.replace(self, **{k: v[chosen] for k, v in self.columns().items()})

    def save(self, path: str | Path) -> None:
        """Write to ``path`` (.npz) under a temporary name, flush, then rename."""
        path = Path(path)
        scalars = {k: v for k, v in self._fields().items() if not isinstance(v, np.ndarray)}
        header = {"schema": self.schema, "version": self.version, "scalars": scalars}
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                arrays: dict[str, Any] = {"header": np.array(json.dumps(header)), **self.columns()}
                np.savez_compressed(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what ``save`` wrote.

        Raises:
            ValueError: the file is truncated, foreign, of another kind or of another version.
        """
        again = "write it again with .save()"
        try:
            with np.load(path, allow_pickle=False) as file:
                header = json.loads(str(file["header"]))
                columns = {name: file[name] for name in file.files if name != "header"}
            schema, version, scalars = header["schema"], header["version"], header["scalars"]
        except FileNotFoundError:
            raise
        except Exception as error:  # damaged archives make their readers raise anything
            raise ValueError(f"{path} is truncated or not a memdyn result: {again}") from error
        if schema != cls.schema:
            raise ValueError(f"{path} holds {schema!r}, not {cls.schema!r}: load it as what it is")
        expected = {f.name for f in dataclasses.fields(cls)}
        if version != cls.version or expected != columns.keys() | scalars.keys():
            raise ValueError(
                f"{path} is version {version} of {schema!r} with other fields than version "
                f"{cls.version}: {again}"
            )
        return cls(**columns, **scalars)


_Kind = TypeVar("_Kind", bound=Table)


def join(parts: list[_Kind]) -> _Kind:
    """Rows of several results of one kind below each other; their scalars must agree.

    Raises:
        ValueError: nothing to join, or scalars that differ.
    """
    if not parts:
        raise ValueError("join needs at least one result")
    first = parts[0]
    columns = {k: np.concatenate([p.columns()[k] for p in parts]) for k in first.columns()}
    for name, value in first._fields().items():
        if name not in columns and any(getattr(p, name) != value for p in parts):
            raise ValueError(f"results differ in {name!r}: join only results of one search setting")
    return dataclasses.replace(first, **columns)
