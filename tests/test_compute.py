"""How a job is set up."""

import platform
import resource

import pytest
import torch

from memdyn import compute


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc of glibc")
def test_freed_memory_is_used_again():
    compute.keep_freed_memory()
    n_pages = 2**26 // resource.getpagesize()

    def faults():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        torch.ones(2**24)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    faults()
    assert faults() < n_pages / 10
