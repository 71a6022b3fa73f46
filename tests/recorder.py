"""A CUDA graph played on the CPU: torch's operations are recorded, and done again without Python.

As in a graph, an operation is done again on the tensors it had when it was recorded. So whatever
the recorded work takes from the host, a number or a list, stays as it was then.
"""

from collections.abc import Callable

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# Reading a number from the device, and bringing one there, where it waits for the host.
FROM_HOST = ("_local_scalar_dense", "lift_fresh", "lift_fresh_copy", "nonzero")


class Recorder(TorchDispatchMode):
    """Notes each operation, and refuses those that need the host."""

    def __init__(self):
        super().__init__()
        self.operations = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.name().removeprefix("aten::").split(".")[0]
        assert name not in FROM_HOST, f"{function} needs the host"
        result = function(*args, **(kwargs or {}))
        self.operations.append((function, args, kwargs or {}, result))
        return result

    def replay(self) -> None:
        for function, args, kwargs, result in self.operations:
            again = function(*args, **kwargs)
            for old, new in zip(tree_leaves(result), tree_leaves(again), strict=True):
                if old.data_ptr() != new.data_ptr():  # not a view, nor changed in place
                    old.copy_(new)


def record(work: Callable[[], None]) -> Callable[[], None]:
    """Stands in for ``memdyn.cuda_graphs.record``, which does not run what it records."""
    recorder = Recorder()
    with recorder:
        work()
    calls = iter([lambda: None])  # done just now
    return lambda: next(calls, recorder.replay)()
