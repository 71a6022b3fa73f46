"""Ablation: which units, what is lost with them, and that silence is the same as no weights."""

import numpy as np
import pytest
import torch
from delay_line import CELL, balanced, build, network, noisy

from memdyn.timescales.networks.recurrent import Cell
from memdyn.timescales.robustness.ablation import ablate, extremes
from memdyn.timescales.robustness.accuracy import accuracy, draw_sequences
from memdyn.timescales.robustness.cases import Case

SETTINGS = {"steps": 200, "warm_up": 20, "repeats": 3, "reference": "mean"}


def cut(params, unit):
    """The network without the weights of one unit; its biases stay."""
    own = {name: value.clone() for name, value in params.items()}
    own["recurrent"][0, unit] = 0
    own["recurrent"][0, :, unit] = 0
    own["input"][0, unit] = 0
    own["heads"][0, :, :, unit] = 0
    return own


def test_what_is_lost_with_a_unit():
    params, units = build("dms", [5], n_unused=4)
    table = ablate(Case(network(), CELL, params, 5, 0), 4, SETTINGS)
    assert table["group"].tolist() == ["shortest"] * 4 + ["longest"] * 4
    assert table["neuron"].tolist() == [*units["line"], *units["unused"][::-1]]
    tau = params["tau"][0].numpy()
    np.testing.assert_array_equal(table["tau"], tau[table["neuron"]])
    assert (table["N"] == 5).all()
    assert (table["reference"] == 1).all()
    by_group = table.groupby("group")["relative"]
    assert (by_group.get_group("longest") == 1).all(), "nobody listens to these"
    assert by_group.get_group("shortest").abs().max() < 0.15, "the line is cut"
    # A reader alone sees one of the two ways to differ: a quarter of the answers is lost.
    with_reader = ablate(Case(network(), CELL, params, 5, 0), 5, SETTINGS).set_index("neuron")
    assert with_reader.loc[units["readers"][0], "accuracy"] == pytest.approx(0.75, abs=0.05)


@pytest.mark.parametrize(
    "cell",
    [
        Cell("leaky", "leaky_relu"),
        Cell("leaky_inside", "tanh"),
        Cell("leaky", "tanh", repeat=3),
        Cell("leaky_inside", "relu", repeat=2, scale_tau=True),
    ],
)
def test_silence_is_the_same_as_no_weights(cell):
    params = balanced(cell, noisy(build("parity", [3])[0], 0.15))
    table = ablate(Case(network(task="parity"), cell, params, 3, 0), 3, SETTINGS)
    drawn = draw_sequences(cell, "parity", params["heads"].shape[-1], 0, SETTINGS)
    for _, row in table.iterrows():
        alone = accuracy(cell, cut(params, row["neuron"]), "parity", {3: 0}, *drawn, 20)
        # One answer of 600 may turn with the order in which a product is summed.
        assert row["accuracy"] == pytest.approx(alone.mean(), abs=1.1 / 600)
    intact = accuracy(cell, params, "parity", {3: 0}, *drawn, 20).mean()
    assert (table["reference"] - intact).abs().max() < 1.1 / 600
    assert table["accuracy"].nunique() > 2, "the units must matter"


def test_a_reference_near_chance_gives_no_relative_accuracy():
    params, _ = build("dms", [5])
    params["heads"].zero_()
    table = ablate(Case(network(), CELL, params, 5, 0), 1, SETTINGS)
    assert table["relative"].isna().all()
    assert table["accuracy"].notna().all()


def test_the_extremes_of_tau():
    groups = extremes(np.array([3.0, 1.0, 2.0, 1.0, 3.0]), 2)
    assert groups["shortest"].tolist() == [1, 3]
    assert groups["longest"].tolist() == [0, 4]
    with pytest.raises(ValueError, match=r"ablation.n_ablated: 2 x 3 units .* from 5; give fewer"):
        extremes(np.arange(5.0), 3)


def test_a_gated_network_is_refused():
    case = Case(network(cell="gru"), Cell("gru"), {"heads": torch.zeros(1, 1, 2, 8)}, 2, 0)
    with pytest.raises(ValueError, match="a gru has no time constants"):
        ablate(case, 2, SETTINGS)
