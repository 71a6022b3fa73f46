"""Lines at the foot of a terminal that are drawn again and again, under all that is printed."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TextIO


class Foot:
    """The lines at the foot; whatever else is written must be written while they are away."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._height = 0

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        columns, rows = shutil.get_terminal_size()
        return columns, rows

    def draw(self, lines: Sequence[str]) -> None:
        """Draw these lines in place of what stands there."""
        if lines:
            self.stream.write(self._away() + "".join(f"{line}\n" for line in lines))
            self.stream.flush()
            self._height = len(lines)

    def clear(self) -> None:
        """Take them away."""
        self.stream.write(self._away())
        self.stream.flush()
        self._height = 0

    def _away(self) -> str:
        return f"\x1b[{self._height}F\x1b[J" if self._height else ""
