"""The yardstick: its sets are what they say, counting is right, and ours finds all and no more."""

import sys

import numpy as np
import pytest
import torch
import yardstick
from enclosures import Interval, all_roots
from known_sets import Count, Known, count, ghost, systems

KNOWN = list(systems())


def test_there_are_twelve_and_each_point_is_at_rest_and_apart():
    assert len({known.name for known in KNOWN}) == 12
    for known in KNOWN:
        x = torch.as_tensor(known.points)
        assert known.system.drift(x).norm(dim=1).sum() < 1e-10
        gap = torch.cdist(x, x) + torch.eye(len(x))
        assert len(x) < 2 or gap.min() > 1e-3


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_ours_finds_all_and_none_that_is_none(known):
    assert count(known, yardstick.ours(known)) == Count(len(known.points), 0, 0)


@pytest.mark.parametrize("name", ["small tanh", "small GRU", "ring", "cascade", "patterns"])
def test_degrees_of_the_bounded_sets_sum_to_one(name):
    (known,) = (known for known in KNOWN if known.name == name)
    slope = -known.system.drift_jacobian(torch.as_tensor(known.points))
    assert torch.linalg.slogdet(slope)[0].sum() == 1


def test_counting_tells_found_false_missed_and_twice():
    (known,) = (known for known in KNOWN if known.name == "Lorenz")
    origin, one, _ = known.points
    near, far = one + 1e-3, one + np.array([9.0, 0.0, 0.0])
    assert count(known, [origin, near]) == (2, 0, 1)
    assert count(known, [origin, origin, far]) == (1, 2, 2)
    assert count(known, np.zeros((0, 3))) == (0, 0, 3)
    assert count(ghost(), [[0.0, 0.0]]) == (0, 1, 0)


def test_enclosures_find_all_roots_of_a_polynomial_and_refuse_a_double_one():
    def cubic(x: Interval):
        return x * (x.square() - 1), (3 * x.square() - 1).per_row()

    assert sorted(all_roots(cubic, [-3.1], [3.3])[:, 0]) == pytest.approx([-1, 0, 1])

    def double(x: Interval):
        return x.square(), (2 * x).per_row()

    with pytest.raises(RuntimeError, match="not simple"):
        all_roots(double, [-1.1], [1.3])


def test_the_table_counts_who_raises_and_sums_up(monkeypatch):
    few = [known for known in KNOWN if known.name in ("Henon", "Lorenz")]
    monkeypatch.setattr(yardstick, "systems", lambda: few)

    def one(known: Known):
        if known.name == "Henon":
            raise ValueError
        return known.points[:1]

    lines = yardstick.table({"one": one}).splitlines()
    assert lines[2].startswith("| Henon | 2 | raises ValueError, ")
    assert lines[3].startswith("| Lorenz | 3 | 1 / 0 / 2, ")
    assert lines[4].startswith("| together | 5 | 1 / 0 / 4, ")


def test_other_searches_get_a_network_and_its_weights(tmp_path, monkeypatch):
    (tmp_path / "FixedPointFinderTorch.py").write_text(
        "class FixedPointFinderTorch:\n"
        "    def __init__(self, rnn, verbose):\n"
        "        self.rnn = rnn\n"
        "    def find_fixed_points(self, states, inputs):\n"
        "        import torch\n"
        "        x = torch.tensor(states, dtype=torch.float32)[None]\n"
        "        for _ in range(300):\n"
        "            _, x = self.rnn(torch.zeros(1, 1, 1), x)\n"
        "        class Found:\n"
        "            xstar = x[0].numpy()[:1]\n"
        "        return Found, Found\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path])
    search = yardstick.fixed_point_finder(tmp_path)
    (known,) = (known for known in KNOWN if known.name == "gated blocks")
    assert count(known, search(known)) == (1, 0, 26)
    sys.modules.pop("FixedPointFinderTorch")
    assert set(yardstick.weights(known.system)) == {"recurrent", "bias"}
    assert yardstick.weights(ghost().system) == {}
