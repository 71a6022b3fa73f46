"""Figures 1 to 4 of study 2 and that of gated networks draw from small tables."""

import json

import numpy as np
import pandas as pd
import pytest
from invented_training import (
    ALL,
    MAIN,
    Run,
    make_curves,
    make_from_scratch,
    make_training,
    together,
)
from scipy import stats

from memdyn.figures import style
from memdyn.timescales.claims import bands
from memdyn.timescales.figures import curves as drawing
from memdyn.timescales.figures import (
    fig1_model,
    fig2_curricula,
    fig3_progress,
    fig4_limits,
    figS1_gated,
)
from memdyn.timescales.figures.conditions import colour_of, curriculum_of, name_of

NOTHING = pd.DataFrame()
STUDY = {
    "conditions": {
        "parity_multi": {"task": "parity", "curriculum": "multi", "heads": 2},
        "parity_single": {"task": "parity", "curriculum": "single", "max_N": 4},
        "parity_sliding": {"task": "parity", "curriculum": "sliding", "heads": 10, "step": 5},
        "parity_none": {"task": "parity", "curriculum": "none", "N": [12, 5]},
    },
    "run": ["parity_single", "parity_multi", "parity_none"],
    "curriculum": {"start_N": 2, "accuracy": 0.98, "shortest": [1, 2], "longest": [4, 1]},
    "training": {
        "leaky": {"updates_per_epoch": 600, "batch_size": 256, "max_epochs": 1000, "plateau": 0}
    },
    "max_N": 101,
}
#: Tables that a scale may leave: all, main conditions only, one network, none.
TABLES = {
    "all": lambda: together(make_training(ALL), make_from_scratch()),
    "main": lambda: make_training(MAIN, seeds=2),
    "one": lambda: make_training(MAIN[:1], seeds=1),
    "none": lambda: {"epochs": NOTHING, "networks": NOTHING, "timescales": NOTHING},
    "without rows": lambda: {k: v.iloc[:0] for k, v in make_training(MAIN, seeds=1).items()},
}
FIGURES = {
    "progress": lambda t, n: fig3_progress.draw(t["epochs"], t["networks"], 0.98, n, "Test."),
    "limits": lambda t, n: fig4_limits.draw(t["networks"], t["timescales"], n, "Test."),
    "gated": lambda t, n: figS1_gated.draw(t["epochs"], t["networks"], "Test."),
}


def texts(drawn) -> str:
    found = drawn.figure.findobj(lambda o: hasattr(o, "get_text"))
    return "\n".join(text.get_text() for text in found)


def boxes(drawn) -> int:
    """Dashed boxes in the panels, the key's own not counted."""
    return sum(
        not isinstance(patch.get_linestyle(), str) or patch.get_linestyle() == "--"
        for ax in drawn.figure.axes
        if ax.axison
        for patch in ax.patches
        if patch.get_linewidth() == 0.6
    )


def assert_fits(drawn) -> None:
    """It is all on the page, and the summary is JSON."""
    json.dumps(style._plain(drawn.summary), allow_nan=False)
    with style.house_style():
        box = drawn.figure.get_tightbbox()
    width, height = drawn.figure.get_size_inches()
    assert min(box.x0, box.y0) >= -0.01, box
    assert box.x1 <= width + 0.01, box
    assert box.y1 <= height + 0.01, box


@pytest.mark.parametrize("name, tables", [(f, t) for f in FIGURES for t in TABLES if t != "all"])
def test_figures_of_training_draw_what_there_is(name, tables):
    drawn = FIGURES[name](TABLES[tables](), 60)
    assert_fits(drawn)
    assert "Test." in texts(drawn)
    if tables in ("none", "without rows"):
        assert "ot run" in texts(drawn)
        assert all(found.empty for found in drawn.plotted.values())


@pytest.mark.parametrize("name", ["progress", "limits"])
def test_bands_of_the_paper_appear_at_its_size_only(name):
    assert boxes(FIGURES[name](TABLES["one"](), bands.N_UNITS + 1)) == 0
    drawn = FIGURES[name](TABLES["all"](), bands.N_UNITS)
    assert boxes(drawn) > 0
    assert_fits(drawn)


def test_progress_says_what_was_not_run():
    drawn = FIGURES["progress"](TABLES["main"](), 60)
    assert "Not run: N-parity, sliding window; N-parity, all heads at once." in texts(drawn)


def test_largest_N_solved_in_time():
    epochs = pd.DataFrame(
        {
            "network": ["x", "x", "x", "x", "y", "y"],
            "condition": "parity_single",
            "epoch": [1, 2, 3, 4, 1, 2],
            "n_max": [2, 3, 3, 4, 2, 2],
            "advanced": [True, False, True, False, False, False],
        }
    )
    found = drawing.solved_in_time(epochs, "parity_single")
    assert found["x"].tolist() == [0, 2, 2, 3, 3]
    assert found["y"].fillna(-1).tolist() == [0, 0, 0, -1, -1]
    counts = fig3_progress.epochs_per_N(epochs, ["parity_single", "parity_multi"])
    assert dict(zip(counts["N"], counts["epochs"], strict=True)) == {2: 1, 3: 2}
    assert set(counts["network"]) == {"x"}


def test_a_network_that_has_ended_keeps_its_N_in_the_mean():
    runs = (Run("parity_single", 2.0, 1.5, 5), Run("parity_multi", cap=6))
    tables = make_training(runs, seeds=4)
    drawn = FIGURES["progress"](tables, 60)
    networks = tables["networks"].set_index("condition")
    for condition, own in drawn.plotted["c"].groupby("condition"):
        reached = networks.loc[condition, "max_N"].mean()
        assert own["mean"].iloc[-1] == pytest.approx(reached)
        assert own["x"].iloc[0] == own["mean"].iloc[0] == 0
        assert own["mean"].is_monotonic_increasing


def test_accuracy_from_scratch_is_a_mean_over_networks():
    tables = make_from_scratch(Ns=(5, 12), seeds=2)
    found = fig3_progress.accuracy_in_time(tables["epochs"])
    assert found.groupby("N")["n"].first().to_dict() == {5: 2, 12: 2}
    last = tables["epochs"].sort_values("epoch").groupby(["n_max", "network"])["accuracy_last"]
    means = last.last().groupby("n_max").mean()
    for N, own in found.groupby("N"):
        assert own["accuracy"].iloc[-1] == pytest.approx(means[N])


def test_curves_are_over_networks_and_say_where_some_are_missing():
    table = pd.DataFrame(
        {
            "network": ["a", "a", "b", "b", "c", "c", "a"],
            "condition": "parity_multi",
            "N": [2, 2, 2, 3, 2, 3, 3],
            "y": [1.0, 3.0, 4.0, 5.0, 6.0, np.nan, 7.0],
        }
    )
    found = drawing.over_networks(table, "parity_multi", "y").set_index("x")
    assert found["mean"].to_dict() == {2: 4.0, 3: 6.0}  # repeats of a are one value
    assert found["n"].to_dict() == {2: 3, 3: 2}
    assert found["all_present"].to_dict() == {2: True, 3: False}
    half = stats.t.ppf(0.975, 2) * 2.0 / np.sqrt(3)
    assert found.loc[2, "high"] == pytest.approx(4.0 + half)
    assert np.isnan(found.loc[3, "low"])  # two networks: none
    assert drawing.over_networks(table, "dms_multi", "y").empty


def test_names_and_colours_of_conditions():
    assert name_of("parity_multi_tau2") == "N-parity, multi-head, τ = 2"
    assert name_of("lstm_single") == "LSTM, single-head"
    assert name_of("dms_single_inside", task=False) == "single-head, non-linearity inside"
    assert colour_of("parity_all_heads") != colour_of("parity_multi")
    with pytest.raises(ValueError, match="'parity' names no curriculum"):
        curriculum_of("parity")


def test_limits_show_main_conditions_that_are_missing():
    tables = make_training(MAIN[:2], seeds=3)
    found = fig4_limits.limits(tables["networks"])
    absent = found[found["network"].isna()]
    assert set(absent["condition"]) == {"dms_single", "dms_multi"}
    assert not {"parity_multi_tau1", "parity_multi_tau2"} & set(found["condition"])
    drawn = FIGURES["limits"](tables, 60)
    assert texts(drawn).count("not run") == len(absent)
    assert drawn.summary["max_N"]["parity_multi"] == {
        "mean": 12.0,
        "low": 12.0,
        "high": 12.0,
        "n": 3,
    }


def test_tau_is_drawn_for_both_tasks_and_curricula():
    drawn = FIGURES["limits"](TABLES["main"](), 60)
    for name, task in zip("bcde", ["parity", "dms"] * 2, strict=True):
        assert set(drawn.plotted[name]["condition"]) == {f"{task}_single", f"{task}_multi"}


def test_gated_figure_states_updates_of_an_epoch():
    tables = TABLES["all"]()
    of_gru = tables["epochs"]["condition"].str.startswith("gru")
    tables["epochs"].loc[of_gru, "updates"] //= 2
    drawn = FIGURES["gated"](tables, 60)
    assert_fits(drawn)
    assert texts(drawn).count("epoch (600 updates)") == 2
    assert "epoch (300 updates)" in texts(drawn)
    assert drawn.summary["conditions"]["gru_multi"]["status"] == {"reached max_N": 3}


@pytest.mark.parametrize("curves", [make_curves(), make_curves().iloc[:0], NOTHING])
def test_model_draws(curves):
    drawn = fig1_model.draw(curves, 60, 2, len(curves) > 0, "Test.")
    assert_fits(drawn)
    assert ("No autocorrelation" in texts(drawn)) == curves.empty
    assert "60 leaky units" in texts(drawn)


def test_example_neuron_is_the_best_fitted_of_those_with_a_clear_slow_part():
    curves = make_curves()
    bad = (curves["neuron"] == 0) & (curves["lag"] > 0)
    curves.loc[bad, "autocorrelation"] += 0.1 * (-1.0) ** curves.loc[bad, "lag"]
    curves.loc[curves["N"] == 5, "autocorrelation"] += 0.05 * (curves["lag"] % 2)
    example = fig1_model.choose_example(curves)
    assert set(example["condition"]) == {"parity_multi"}
    assert set(example["N"]) == {10}
    assert set(example["neuron"]) == {4}
    assert example["lag"].is_monotonic_increasing
    plain = make_curves().query("neuron == 7")  # one exponential only
    assert set(fig1_model.choose_example(plain)["neuron"]) == {7}
    assert fig1_model.choose_example(make_curves().query("neuron == -1")).empty


def test_slow_part_of_a_fit():
    lag = np.arange(31)
    rows = pd.DataFrame({"lag": lag, "tau_net": 6.0})
    rows["fit"] = 0.7 * np.exp(-lag / 0.8) + 0.3 * np.exp(-lag / 6.0)
    assert fig1_model.slow_part(rows) == pytest.approx(0.3 * np.exp(-lag / 6.0), rel=1e-6)
    short = rows.assign(fit=np.exp(-lag / 0.02), tau_net=0.02)  # below TINY at once
    assert np.isfinite(fig1_model.slow_part(short)).all()


def test_tau_of_one_has_no_leak_to_draw():
    fig1_model.draw(make_curves().assign(tau=0.998), 60, 2, False, "Test.")


def test_curricula_draw_from_the_configuration():
    drawn = fig2_curricula.draw(STUDY, "Test.")
    assert_fits(drawn)
    shown = texts(drawn)
    assert "10 heads, moved by 5; not run" in shown
    assert "N + 2 to 4 N + 1 items" in shown
    assert "600 updates with 256 sequences" in shown
    assert drawn.plotted["a"]["answer"].tolist() == [0, 0, 1]  # ones among the last 2, 3, 5
    assert drawn.plotted["b"]["answer"].tolist() == [1, 0, 0]  # match of 2, 3, 5 back


def test_stages_of_each_curriculum():
    def stages(kind):
        rows, facts = fig2_curricula.find_stages(STUDY, kind)
        return {
            s: list(zip(o["N"], o["head"], strict=True)) for s, o in rows.groupby("stage")
        }, facts

    single, facts = stages("single")
    assert single == {1: [(2, 1)], 2: [(3, 1)], 3: [(4, 1)]}  # max_N is 4
    assert facts["run"]
    multi, _ = stages("multi")
    assert multi[1] == [(2, 1), (3, 2)]
    assert multi[2] == [(2, 1), (3, 2), (4, 3)]
    sliding, facts = stages("sliding")
    assert sliding[2][0] == (7, 1)
    assert sliding[2][-1] == (16, 10)
    assert not facts["run"]
    assert stages("none")[0] == {1: [(5, 1)], 2: [(12, 1)]}


def test_a_curriculum_that_no_condition_has_is_said_to_be_missing():
    study = STUDY | {"conditions": {"parity_multi": STUDY["conditions"]["parity_multi"]}}
    drawn = fig2_curricula.draw(study, "Test.")
    assert texts(drawn).count("Not in the\nconfiguration.") == 3
    assert drawn.summary["curricula"]["none"]["condition"] is None
