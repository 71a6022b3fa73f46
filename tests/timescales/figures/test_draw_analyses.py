"""Figures 5 to 8 and S2 to S4 of study 2: they draw from whatever tables there are."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from invented_analyses import (
    CONDITIONS,
    MAIN,
    make_ablation,
    make_curves,
    make_dimension,
    make_heads,
    make_memory,
    make_networks,
    make_perturbation,
    make_retraining,
    make_substeps,
    make_timescales,
    make_weights,
)

from memdyn.figures import style
from memdyn.timescales.figures import (
    fig5_network_timescales,
    fig6_weights,
    fig7_ablation,
    fig8_perturbation,
    figS2_memory,
    figS3_variants,
    figS4_substeps,
)
from memdyn.timescales.figures.curves import draw_curve

NONE = pd.DataFrame()
TWO = MAIN[:2]
TRAINED = {"parity_single_continuous": [7, 8, 9, 10], "parity_multi_continuous10": [10]}


def draw_ablation(n_units=500, Ns=(5, 30, 35), **which):
    return fig7_ablation.draw(make_ablation(Ns, **which), n_units, "Test.")


def draw_perturbation(n_units=500, **which):
    tables = make_perturbation(**which), make_retraining(**which)
    return fig8_perturbation.draw(*tables, n_units, "Test.")


def draw_variants(conditions=tuple(CONDITIONS), n_units=500, **which):
    tables = make_networks(conditions, **which), make_timescales(conditions=conditions, **which)
    return figS3_variants.draw(*tables, make_heads(**which), n_units, "Test.")


CASES = {
    "timescales": lambda: fig5_network_timescales.draw(
        make_timescales((5, 30)), make_curves(), 500, "Test."
    ),
    "timescales, one task, two networks": lambda: fig5_network_timescales.draw(
        make_timescales((2, 3), conditions=TWO, n_seeds=2),
        make_curves((3,), conditions=TWO, n_seeds=2),
        100,
        "Test.",
    ),
    "timescales, not run": lambda: fig5_network_timescales.draw(NONE, NONE, 500, "Test."),
    "weights": lambda: fig6_weights.draw(make_weights((2, 30)), make_dimension((2, 30)), "Test."),
    "weights, one task, one N": lambda: fig6_weights.draw(
        make_weights((2,), conditions=TWO), make_dimension((2,), conditions=TWO), "Test."
    ),
    "weights, not run": lambda: fig6_weights.draw(NONE, NONE, "Test."),
    "ablation": lambda: draw_ablation(
        conditions=("parity_single", "parity_multi", "parity_sliding")
    ),
    "ablation, one N, one curriculum": lambda: draw_ablation(100, (3,), conditions=TWO[:1]),
    "ablation, no neuron": lambda: fig7_ablation.draw(NONE, 500, "Test."),
    "perturbation": draw_perturbation,
    "perturbation, one network": lambda: draw_perturbation(100, conditions=TWO[1:], n_seeds=1),
    "perturbation, not run": lambda: fig8_perturbation.draw(NONE, NONE, 500, "Test."),
    "memory": lambda: figS2_memory.draw(make_memory(4, MAIN), "Test."),
    "memory, one curriculum": lambda: figS2_memory.draw(make_memory(2, TWO[:1], 1), "Test."),
    "memory, not run": lambda: figS2_memory.draw(NONE, "Test."),
    "variants": draw_variants,
    "variants, main conditions": lambda: draw_variants(TWO, 100, n_seeds=2),
    "variants, not run": lambda: figS3_variants.draw(NONE, NONE, NONE, 500, "Test."),
    "substeps": lambda: figS4_substeps.draw(
        make_substeps(), make_timescales(conditions=tuple(CONDITIONS)), TRAINED, "Test."
    ),
    "substeps, not run": lambda: figS4_substeps.draw(NONE, NONE, {}, "Test."),
}


def texts(drawn) -> list[str]:
    return [text.get_text() for text in drawn.figure.findobj(lambda o: hasattr(o, "get_text"))]


@pytest.mark.parametrize("case", CASES)
def test_it_draws_inside_its_page_and_its_summary_is_plain(case):
    drawn = CASES[case]()
    with style.house_style():
        box = drawn.figure.get_tightbbox()
    width, height = drawn.figure.get_size_inches()
    assert min(box.x0, box.y0) >= -0.01, box
    assert box.x1 <= width + 0.01, box
    assert box.y1 <= height + 0.01, box
    json.dumps(style._plain(drawn.summary), allow_nan=False)
    small = [t for t in drawn.figure.findobj(lambda o: hasattr(o, "get_fontsize")) if t.get_text()]
    assert min(text.get_fontsize() for text in small) >= 7
    if "not run" in case:
        assert "Not run at this scale." in texts(drawn)
        assert all(rows.empty for rows in drawn.plotted.values())
    else:
        assert any("Test." in text for text in texts(drawn))


def test_the_same_tables_give_the_same_bytes():
    def png() -> bytes:
        buffer = io.BytesIO()
        with style.house_style():
            draw_ablation(Ns=(5,)).figure.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()

    assert png() == png()


@pytest.mark.parametrize("n_units, drawn", [(500, True), (100, False)])
def test_the_papers_numbers_are_drawn_for_their_size_only(n_units, drawn):
    for figure in (draw_ablation(n_units), draw_perturbation(n_units)):
        edges = {
            patch.get_linestyle() for ax in figure.figure.axes if ax.axison for patch in ax.patches
        }
        assert any(isinstance(edge, tuple) for edge in edges) == drawn, edges
        assert any("not drawn" in text for text in texts(figure)) != drawn


def test_regressions_find_a_known_line_and_stop_where_the_authors_did():
    table = make_weights((2, 5, 30, 90), conditions=TWO)
    table["weight_mean"] = 0.01 - 2e-4 * table["N"] + 5.0 * (table["N"] > 30)
    found = fig6_weights.regressions(table)
    np.testing.assert_allclose(found["slope"], -2e-4)
    np.testing.assert_allclose(found["intercept"], 0.01)
    assert set(found["last_N"]) == {30}
    assert len(found) == table["network"].nunique()
    assert fig6_weights.regressions(table[table["N"] == 5]).empty


@pytest.mark.parametrize(
    ("multi", "shown"),
    [((5, 11, 16, 20, 30), [5, 20, 30]), ((5, 11, 20), [5, 11, 20]), ((5, 30), [5, 30])],
)
def test_ablation_is_drawn_at_the_largest_N_of_all_and_at_the_largest(multi, shown):
    """Single-head networks have the same N, but for the 30."""
    single = make_ablation([N for N in multi if N < 30], conditions=["parity_single"])
    table = pd.concat([single, make_ablation(multi, conditions=["parity_multi"])])
    drawn = fig7_ablation.draw(table, 500, "Test.")
    titles = [ax.get_title(loc="left") for ax in drawn.figure.axes]
    assert [int(title.rpartition(" ")[2]) for title in titles if "N = " in title] == shown


def test_ablation_averages_neurons_within_a_network_first():
    table = make_ablation((5,), conditions=TWO[:1], n_seeds=3)
    table["relative"] = table["seed"].astype(float)
    keep = (table["seed"] > 0) | (table["neuron"] == 0)  # seed 0 with a single neuron
    found = fig7_ablation.relative_accuracy(table[keep])
    assert found["mean"].tolist() == [1.0, 1.0]  # of 0, 1 and 2, however many neurons
    assert found["n"].tolist() == [3, 3]
    half = 4.302653 * 1.0 / np.sqrt(3)  # Student, two degrees of freedom, SD 1
    np.testing.assert_allclose(found["high"] - found["mean"], half, rtol=1e-6)


def test_two_networks_have_no_interval():
    found = fig7_ablation.relative_accuracy(make_ablation((5,), n_seeds=2))
    assert found[["low", "high"]].isna().all().all()
    assert found["mean"].notna().all()


def make_falling(middles, sizes=(0.0, 0.1, 1.0, 10.0)) -> pd.DataFrame:
    """One condition; relative accuracy 1 below a network's middle and 0 above it."""
    rows = [
        {
            "network": f"net{seed}",
            "condition": "parity_single",
            "seed": seed,
            "N": 5,
            "target": "tau",
            "size": size,
            "relative": float(size < middle),
        }
        for seed, middle in enumerate(middles)
        for size in sizes
    ]
    return pd.DataFrame(rows)


def test_half_sizes_are_interpolated_in_log_size_and_bounds_are_told_apart():
    table = make_falling([0.5, 0.05, 100.0])
    found = fig8_perturbation.half_sizes(table, ["parity_single"], 5).set_index("seed")
    assert found["bound"].to_dict() == {0: "none", 1: "below", 2: "above"}
    np.testing.assert_allclose(found["size"], [np.sqrt(0.1), 0.1, 10.0])


def test_half_sizes_leave_out_what_has_no_relative_accuracy():
    table = make_falling([0.5, 0.5])
    table.loc[table["seed"] == 1, "relative"] = np.nan
    found = fig8_perturbation.half_sizes(table, ["parity_single"], 5)
    assert found["seed"].tolist() == [0]


def test_bounds_have_no_mean_beside_them():
    falling = make_falling([0.5, 0.5, 100.0])
    drawn = fig8_perturbation.draw(falling, NONE, 500, "Test.")
    assert "n = 3" in texts(drawn)
    assert any("beyond sizes tested" in text for text in texts(drawn))
    exact = fig8_perturbation.draw(make_falling([0.5, 0.5, 0.5]), NONE, 500, "Test.")
    assert "0.32, n = 3" in texts(exact)


def test_perturbations_are_compared_at_the_largest_N_that_both_curricula_have():
    tables = [make_perturbation(5), make_perturbation(9)]
    tables.append(make_perturbation(20, conditions=TWO[1:]))
    drawn = fig8_perturbation.draw(pd.concat(tables), NONE, 500, "Test.")
    assert drawn.summary["N"] == 9
    assert set(drawn.plotted["c"]["N"]) == {9}


def test_a_memory_map_is_the_mean_over_networks():
    table = make_memory(4, TWO)
    found = figS2_memory.accuracy_map(table, "parity_multi")
    one = found[(found["N_solved"] == 4) & (found["N"] == 2)].iloc[0]
    chosen = table.query("condition == 'parity_multi' and N_solved == 4 and N == 2")
    assert one["n"] == len(chosen) == 3
    np.testing.assert_allclose(one["accuracy"], chosen["accuracy"].mean())


def test_forgetting_is_at_negative_distances():
    drawn = figS2_memory.draw(make_memory(6, TWO), "Test.")
    curves = drawn.plotted["c"]
    before = curves[curves["x"] < 0].groupby("condition")["mean"].mean()
    assert before["parity_single"] < 0.55
    assert before["parity_multi"] > 0.9


def test_the_example_neuron_is_that_of_median_tau_net():
    table = make_curves((5,), neurons=(0, 1, 2, -1), conditions=TWO[:1])
    table["tau_net"] = table["neuron"].map({0: 9.0, 1: 3.0, 2: 5.0, -1: 4.0})
    found = fig5_network_timescales.choose_example(table, "parity_single", 5)
    assert set(found["neuron"]) == {2}
    assert set(found["seed"]) == {0}
    assert found["lag"].is_monotonic_increasing
    table.loc[table["neuron"] >= 0, "tau_net"] = np.nan
    assert fig5_network_timescales.choose_example(table, "parity_single", 5).empty


def test_duplicated_inputs_divide_tau_by_the_number_of_copies():
    drawn = draw_variants()
    rows = drawn.plotted["e"]
    own = rows[rows["condition"] == "parity_single_repeat3"]
    table = make_timescales(conditions=("parity_single_repeat3",))
    wanted = table.groupby("N")["tau_mean"].mean() / 3
    np.testing.assert_allclose(own["mean"], wanted)


def test_variants_that_were_not_run_have_no_row_and_no_panel():
    drawn = draw_variants((*TWO, "parity_all_heads"))
    assert sorted(drawn.plotted) == ["a", "b", "c"]
    assert set(drawn.plotted["c"]["condition"]) == {"parity_multi", "parity_all_heads"}
    assert sorted(draw_variants(TWO).plotted) == ["a", "b"]
    assert not [text for one in (drawn, draw_variants(TWO)) for text in texts(one) if "run" in text]


def test_networks_that_reached_the_end_are_marked():
    drawn = draw_variants()
    assert any(text == "all N solved" for text in texts(drawn))
    assert set(drawn.plotted["a"]["status"]) == {"out of epochs", "reached max_N"}


def test_the_emergent_curriculum_shows_heads_that_all_networks_started_with():
    heads = make_heads(highest=6)
    late = heads[(heads["N"] == 6) & (heads["epoch"] == 1)]
    drawn = figS3_variants.draw(NONE, NONE, heads.drop(late.index), 500, "Test.")
    assert drawn.plotted["b"]["x"].max() == 5
    assert drawn.plotted["b"]["epoch"].min() == 1


def test_the_axis_of_examples_has_its_name_on_the_first_panel_that_ran():
    drawn = fig5_network_timescales.draw(NONE, make_curves(conditions=MAIN[1:]), 500, "Test.")
    named = [ax for ax in drawn.figure.axes if ax.get_ylabel() == "autocorrelation"]
    assert [ax.get_title(loc="left") for ax in named] == ["N-parity, multi-head"]
    assert [tick.get_text() for tick in named[0].get_yticklabels() if tick.get_text()]


def test_only_what_is_drawn_is_explained():
    """Key and small print speak of dotted stretches and the paper's boxes where there are some."""
    whole = make_weights((2, 10), conditions=MAIN), make_dimension((2, 10), conditions=MAIN)
    assert "Thin dotted" not in texts(fig6_weights.draw(*whole, "Test."))[-1]
    behind = whole[0].drop(whole[0].index[(whole[0]["N"] == 10) & (whole[0]["seed"] == 0)])
    assert "Thin dotted" in texts(fig6_weights.draw(behind, whole[1], "Test."))[-1]
    for first, said in ((0, True), (1, False)):  # their number is one of single-head networks
        some = draw_perturbation(conditions=TWO[first:])
        assert ("Dashed boxes" in texts(some)[-1]) == said
    key = "only some networks got so far"
    every = make_timescales((5, 30))
    assert key not in texts(fig5_network_timescales.draw(every, NONE, 500, "Test."))
    some = every.drop(every.index[(every["N"] == 30) & (every["seed"] == 0)])
    assert key in texts(fig5_network_timescales.draw(some, NONE, 500, "Test."))


def test_a_dashed_mean_has_no_dotted_one_under_it():
    table = make_weights((2, 10, 20), conditions=MAIN)
    late = table.drop(table.index[(table["N"] == 20) & (table["seed"] == 0)])
    for rows, expected in ((table, []), (late, [10.0, 20.0])):
        ax = style.new_figure(3, 3).add_subplot()
        draw_curve(ax, rows, MAIN[0], "weight_mean", dashed=True, networks=False)
        dotted = ax.lines[0]
        seen = np.isfinite(np.asarray(dotted.get_ydata(), dtype=float))
        assert list(np.asarray(dotted.get_xdata(), dtype=float)[seen]) == expected
