"""How a job is set up."""

import ctypes
from types import SimpleNamespace

from memdyn import device


def test_malloc_is_told_to_keep_memory_where_it_can_be(monkeypatch):
    """The effect is in the benchmark of study 2: page faults depend on what else a process did."""
    calls = {}
    for libc in (SimpleNamespace(mallopt=calls.__setitem__), SimpleNamespace()):  # glibc, another
        monkeypatch.setattr(ctypes, "CDLL", lambda name, libc=libc: libc)
        device.keep_freed_memory()
    assert calls == {-3: 2**28, -1: 2**28}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD of malloc.h
