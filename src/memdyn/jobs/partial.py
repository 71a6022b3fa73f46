"""The folder of unfinished work beside an output, and the finished file that is kept in it.

Snakemake removes the output of a job that failed, was killed or that it calls incomplete, even if
the file is whole. So a finished file is written into the folder first and linked from there; a
further try finds it. The folder goes when a later job has read the output and found it good.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from memdyn.files import FileProblem, keep_trying, write_atomically

log = logging.getLogger(__name__)


class Partial(NamedTuple):
    """Unfinished work on an output.

    Attributes:
        output: the file that it becomes.
        key: names all that decides what becomes of it (``digest.training_key``).
    """

    output: Path
    key: str

    @property
    def folder(self) -> Path:
        return self.output.with_suffix(".partial")

    def deliver(self, write: Callable[[Path], None]) -> None:
        """Write the finished file; a full disk is waited for.

        Args:
            write: writes it to a path.
        """
        kept = self.folder / self.output.name
        keep_trying(lambda: write(kept))
        keep_trying(lambda: _link(kept, self.output))

    def is_delivered(self, key_of: Callable[[Path], str]) -> bool:
        """Whether an earlier try finished under this key: then its file is the output.

        Args:
            key_of: reads the key of a finished file, and verifies all of it.
        """
        kept = self.folder / self.output.name
        if not kept.exists():
            return False
        try:
            if key_of(kept) != self.key:
                return False
        except FileProblem as problem:
            log.warning("%s; it is made again from the saved state", problem)
            return False
        log.info("an earlier try finished %s: it is kept", self.output)
        keep_trying(lambda: _link(kept, self.output))
        return True


def forget(output: Path | str) -> None:
    """Remove the folder of unfinished work of an output that was read and found good."""
    shutil.rmtree(Partial(Path(output), "").folder, ignore_errors=True)


def clear_half_written(outputs: Iterable[Path | str]) -> None:
    """Remove what a kill in the middle of a save has left; only for the one writer of ``outputs``.

    That is our own temporary file beside an output (``files.write_atomically``), and every hidden
    file in the folder of unfinished work: safetensors has temporary files of its own.
    """
    for output in map(Path, outputs):
        half = re.compile(rf"\.{re.escape(output.stem)}\.[0-9a-f]{{12}}{re.escape(output.suffix)}")
        with suppress(OSError):  # there is no such folder, or nothing can be removed from it
            for path in output.parent.iterdir():
                if half.fullmatch(path.name):
                    path.unlink()
        with suppress(OSError):
            for path in Partial(output, "").folder.glob(".*"):
                path.unlink()


def _link(kept: Path, output: Path) -> None:
    """Put the kept file at ``output``, without a second copy where the file system allows."""
    with write_atomically(output) as temporary:
        try:
            os.link(kept, temporary)
        except OSError:
            shutil.copyfile(kept, temporary)
