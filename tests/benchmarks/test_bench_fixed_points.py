"""The benchmark's reference branch and how it counts, without the reference itself."""

import sys

import bench_fixed_points as bench
import pytest
import torch

from memdyn.dynamics.cells import from_torch

FAKE = """
import numpy as np, torch
class FixedPointFinderTorch:
    def __init__(self, rnn, verbose):
        self.rnn = rnn
    def find_fixed_points(self, states, inputs):
        for p in self.rnn.parameters():
            p.requires_grad = False
        print("noise")
        x = torch.tensor(states, dtype=torch.float32)[None]
        for _ in range(200):
            _, x = self.rnn(torch.tensor(inputs).expand(x.shape[1], 1, -1), x)
        class Found:
            xstar = x[0].numpy()
        return Found, Found
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    (tmp_path / "FixedPointFinderTorch.py").write_text(FAKE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    sys.modules.pop("FixedPointFinderTorch", None)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_what_the_reference_returns_is_counted(checkout, cell, capsys):
    torch.manual_seed(0)
    module = bench.CELLS[cell](3, 6, batch_first=True)
    system = from_torch(module).to(torch.float64)
    seeds = torch.randn(4, system.n_units, dtype=torch.float64)
    found = bench.fixed_point_finder(checkout, module, seeds)
    assert found.shape == seeds.shape and not capsys.readouterr().out
    assert all(weight.requires_grad for weight in module.parameters())
    assert bench.true_points(system, found) == (1, 1)  # weak weights: one attractor
    assert bench.true_points(system, found + 0.5) == (0, 0)  # Newton comes back, but from afar
    assert bench.true_points(system, found[:0]) == (0, 0)
