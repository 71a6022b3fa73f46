"""Locked files that a process holds until it ends, and that no child of it keeps."""

import os
from typing import TypeVar

K = TypeVar("K")


class Held(dict[K, int]):
    """What is locked -> its open file; the kernel's lock (flock) ends with the process.

    A forked child shares the open files, and would keep the locks alive after its parent has died:
    it lets go of them.
    """

    def __init__(self) -> None:
        super().__init__()
        os.register_at_fork(after_in_child=self._let_go)

    def _let_go(self) -> None:
        for handle in self.values():
            os.close(handle)
        self.clear()
