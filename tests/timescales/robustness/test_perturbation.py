"""Perturbations: their norm and their pairing."""

import numpy as np
import pytest
import torch
from delay_line import CELL, build, network, noisy

from memdyn.timescales.networks.recurrent import Cell
from memdyn.timescales.robustness import perturbation
from memdyn.timescales.robustness.accuracy import accuracy, draw_sequences
from memdyn.timescales.robustness.cases import Case
from memdyn.timescales.robustness.perturbation import (
    direction,
    perturb,
    perturbed,
    sizes_of,
)

SETTINGS = {"steps": 300, "warm_up": 20, "repeats": 3, "reference": "mean"}


def test_sizes_and_targets():
    sizes = sizes_of({"start": 0.01, "stop": 10.0, "n": 4})
    np.testing.assert_allclose(sizes, [0.01, 0.1, 1.0, 10.0])
    assert Cell().targets == ("recurrent", "tau")
    assert Cell(fixed_tau=1.0).targets == ("recurrent",)
    assert Cell("gru").targets == ()


def test_a_perturbation_has_its_norm_and_its_sign():
    params = noisy(build("dms", [5])[0], 0.2)
    n, sizes = params["heads"].shape[-1], [0.0, 0.1, 2.0]
    for target in ("recurrent", "tau"):
        copies = perturbed(params, target, direction(target, n, 3, 1), sizes)
        added = copies[target] - params[target]
        norm = params[target].norm()
        np.testing.assert_allclose(added.flatten(1).norm(dim=1) / norm, sizes, rtol=1e-5)
        # One direction, all sizes.
        np.testing.assert_allclose(added[2] / 2.0, added[1] / 0.1, atol=1e-5)
        for name, value in copies.items():
            if name != target:
                assert torch.equal(value, params[name].repeat(3, *[1] * (value.ndim - 1)))
        if target == "recurrent":
            assert (copies[target].diagonal(dim1=1, dim2=2) == 0).all()
            assert (added[1] < 0).any()
        else:
            assert (added[1:] >= 0).all(), "time constants only become longer"


def test_directions_are_those_of_a_seed_and_a_repeat():
    assert (direction("tau", 6, 0, 0) == direction("tau", 6, 0, 0)).all()
    drawn = [direction("recurrent", 6, seed, repeat) for seed in (0, 1) for repeat in (0, 1)]
    for i, a in enumerate(drawn):
        assert all((a != b).any() for b in drawn[i + 1 :])


def test_networks_of_a_seed_meet_the_same_noise_and_sequences(monkeypatch):
    seen = []

    def spy(cell, params, task, heads, items, states, warm_up):
        seen.append((params["recurrent"][1] - params["recurrent"][0], items, states))
        return np.ones((2, 1, 1))

    monkeypatch.setattr(perturbation, "accuracy", spy)
    for place in (network("parity_single", "parity", "single"), network("parity_multi", "parity")):
        params = build("parity", [3])[0]
        perturb(Case(place, CELL, params, 3, 0), "recurrent", [0.5], SETTINGS)
    assert len(seen) == 6
    for one, other in zip(seen[:3], seen[3:], strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(seen[0][1], seen[1][1]), "each repeat has a sequence of its own"


def test_accuracy_falls_with_size():
    params, _ = build("dms", [4])
    case = Case(network(), CELL, params, 4, 0)
    for target, harmless, harmful in (("recurrent", 1e-4, 10.0), ("tau", 1e-4, 20.0)):
        # All raw time constants are below 1, so that slightly longer ones are the same network.
        table = perturb(case, target, [harmless, harmful], SETTINGS)
        assert table["target"].eq(target).all()
        assert table["size"].tolist() == [0.0, harmless, harmful] * 3
        assert table["repeat_index"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
        relative = table.groupby("size")["relative"].mean()
        assert relative[0.0] == 1
        assert relative[harmful] < 0.4


def test_each_row_is_the_accuracy_of_one_perturbed_network_on_one_sequence():
    params = noisy(build("parity", [3])[0], 0.05)
    case = Case(network(task="parity", seed=4), CELL, params, 3, 0)
    table = perturb(case, "recurrent", [0.1, 0.5], SETTINGS)
    items, states = draw_sequences(case.cell, "parity", case.n_units, 4, SETTINGS)
    for _, row in table.iterrows():
        r, own = row["repeat_index"], {**params}
        drawn = torch.from_numpy(direction("recurrent", case.n_units, 4, r)).float()
        own["recurrent"] = own["recurrent"] + row["size"] * own["recurrent"].norm() * drawn
        alone = accuracy(case.cell, own, "parity", {3: 0}, items[[r]], states[[r]], 20)
        assert row["accuracy"] == pytest.approx(alone.item(), abs=1.1 / 300)
    reference = table.loc[table["size"] == 0, "accuracy"].mean()
    np.testing.assert_allclose(table["reference"], reference)
    np.testing.assert_allclose(table["relative"], (table["accuracy"] - 0.5) / (reference - 0.5))
    assert table["accuracy"].nunique() > 4


def test_what_has_no_such_target_is_refused():
    params, _ = build("dms", [4])
    case = Case(network(fixed_tau=1.0), CELL._replace(fixed_tau=1.0), params, 4, 0)
    with pytest.raises(ValueError, match="dms_multi_s0: 'tau' of this network cannot be perturbed"):
        perturb(case, "tau", [0.1], SETTINGS)
