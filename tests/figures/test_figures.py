"""Each figure draws from small tables, the degenerate ones included, and says what it shows."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from synthetic import (
    make_examples,
    make_failures,
    make_landscapes,
    make_networks,
    make_stimuli,
    make_task,
)

from memdyn.figures import network_page, scene, style
from memdyn.figures.recordings import part_of
from memdyn.landscape.labels import MECHANISMS
from memdyn.slow_manifolds.figures import fig1_task as task_figure
from memdyn.slow_manifolds.figures import fig2_mechanisms as mechanisms_figure
from memdyn.slow_manifolds.figures import fig4_map as map_figure
from memdyn.slow_manifolds.figures import fig5_robustness as robustness_figure
from memdyn.slow_manifolds.figures.fig3_landscape import draw
from memdyn.slow_manifolds.figures.network_page import draw_network

DELAYS, NOISE = [5.0, 10.0, 50.0], [0.0, 0.5, 5.0, 40.0]


def draw_task(n_classes=2, images=True, names=MECHANISMS):
    task = make_task(n_classes)
    stimuli, facts = make_stimuli(task, images)
    examples = make_examples(task, names)
    return task_figure.draw(task, list(range(n_classes)), 0.1, stimuli, facts, *examples, "Test.")


def draw_mechanisms(n_classes=2, names=MECHANISMS):
    task = make_task(n_classes)
    return mechanisms_figure.draw(
        task, list(range(n_classes)), 0.1, *make_examples(task, names), "Test."
    )


def draw_landscape(n_classes=2, names=MECHANISMS):
    task = make_task(n_classes)
    return draw(task, list(range(n_classes)), 0.1, 0.1, *make_landscapes(task, names), "Test.")


def draw_sheet(mechanism, n_classes=2, **changes):
    task = make_task(n_classes)
    arrays, facts = make_landscapes(task, (mechanism,))
    fact = {
        **facts[mechanism],
        **dict.fromkeys(("runs", "solver", "exponents"), mechanism),
        **{"pg": 0.4, "performs": True, "rmse": 0.02, "mechanism": mechanism, "exponent": -0.1},
        **{"authors_a": "manifoldFps1", "authors_b": "both", "degree_sum": 3, **changes},
    }
    about = ("a_network", task, list(range(n_classes)), 0.1, 0.1)
    return draw_network(*about, part_of(arrays, mechanism), fact, "Test.")


def draw_external(delay=None, rate=None, groups=("point 0", "elsewhere")):
    arrays, facts = make_landscapes(make_task(), ("limit_cycle",))
    own = part_of(arrays, "limit_cycle")
    del own["trials"]
    own["group"] = np.arange(len(own["alone"])) % len(groups)
    fact = {
        **facts["limit_cycle"],
        **{"runs": "limit_cycle", "solver": "limit_cycle", "exponents": "unresolved"},
        **{"cell": "gru", "n_units": 20, "dt": rate or 1.0, "rate": rate, "delay": delay},
        **{"groups": list(groups), "coloured_by": "runs end at", "degree_sum": None},
        **{"exponent": None, "n_slow": None, "vote": "fixed"},
    }
    return network_page.draw_external("mine", own, fact, "Test.")


def draw_map(**table):
    return map_figure.draw(make_networks(**table), "failed_0.1", "Test.")


def draw_robustness(networks, kinds=("uniform", "gaussian")):
    delays, noise = make_failures(networks, DELAYS), make_failures(networks, NOISE, kinds)
    return robustness_figure.draw(networks, delays, noise, 5.0, "Test.")


def png(drawn) -> bytes:
    with style.house_style():
        buffer = io.BytesIO()
        drawn.figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def texts(drawn) -> list[str]:
    return [text.get_text() for text in drawn.figure.findobj(lambda o: hasattr(o, "get_text"))]


def assert_on_the_page(drawn) -> None:
    """Nothing that is drawn sticks out of the figure."""
    with style.house_style():
        drawn.figure.draw(drawn.figure.canvas.get_renderer())
        box = drawn.figure.get_tightbbox()
    width, height = drawn.figure.get_size_inches()
    slack = 0.01
    assert min(box.x0, box.y0) >= -slack, box
    assert box.x1 <= width + slack, box
    assert box.y1 <= height + slack, box


CASES = {
    "task": draw_task,
    "task, three classes": lambda: draw_task(3),
    "task, surrogate": lambda: draw_task(images=False),
    "task, none performs": lambda: draw_task(names=()),
    "mechanisms": draw_mechanisms,
    "mechanisms, one": lambda: draw_mechanisms(names=("slow_manifold",)),
    "mechanisms, three classes": lambda: draw_mechanisms(3, ("direct", "limit_cycle")),
    "mechanisms, none performs": lambda: draw_mechanisms(names=()),
    "landscape": draw_landscape,
    "landscape, without points": lambda: draw_landscape(names=("aperiodic",)),
    "landscape, three classes": lambda: draw_landscape(3, ("direct", "limit_cycle")),
    "landscape, none performs": lambda: draw_landscape(names=()),
    "sheet": lambda: draw_sheet("limit_cycle"),
    "sheet, without points": lambda: draw_sheet("aperiodic", 3, degree_sum=None, exponent=None),
    "external": draw_external,
    "external, rate, delay": lambda: draw_external(5.0, 0.1, [f"point {i}" for i in range(12)]),
    "map": draw_map,
    "map, many": lambda: draw_map(per_cell=6),
    "map, one mechanism": lambda: draw_map(mechanisms=("mixed",)),
    "map, none performs": lambda: draw_map(performs=0),
    "robustness": lambda: draw_robustness(make_networks()),
    "robustness, one kind": lambda: draw_robustness(make_networks(), ("uniform",)),
    "robustness, one mechanism": lambda: draw_robustness(make_networks(mechanisms=("direct",))),
    "robustness, none performs": lambda: draw_robustness(make_networks(performs=0)),
}


@pytest.mark.parametrize("case", CASES)
def test_it_draws_inside_its_page_and_its_summary_is_plain(case):
    drawn = CASES[case]()
    assert_on_the_page(drawn)
    json.dumps(style._plain(drawn.summary), allow_nan=False)
    small = [t for t in drawn.figure.findobj(lambda o: hasattr(o, "get_fontsize")) if t.get_text()]
    assert min(text.get_fontsize() for text in small) >= 7
    if "none performs" in case and "map" not in case:
        assert any("No network performs" in text for text in texts(drawn))


@pytest.mark.parametrize("case", ["task", "mechanisms, one", "map", "robustness"])
def test_the_same_table_gives_the_same_bytes(case):
    assert png(CASES[case]()) == png(CASES[case]())


def test_the_map_counts_networks():
    networks = make_networks(per_cell=3)
    drawn = map_figure.draw(networks, "failed_0.1", "Test.")
    counts = drawn.plotted["d"]
    assert counts.groupby("label")["networks"].sum().tolist() == [len(networks)] * 2
    for row in counts.itertuples():
        chosen = networks[networks[row.label] == row.mechanism]
        assert (row.networks, row.performing) == (len(chosen), chosen["performs"].sum())
    authors = drawn.plotted["e"]
    assert set(authors["label"]) == {"fixedPoint", "manifoldFps", "limitCycle", "both"}
    assert authors.groupby("test")["networks"].sum().tolist() == [len(networks)] * 2
    assert len(drawn.plotted["abc"]) == len(networks)
    assert drawn.summary["performing"] == networks["performs"].sum()


def test_curves_are_means_over_networks_with_their_interval():
    networks = make_networks(per_cell=2)
    table = make_failures(networks, DELAYS)
    found = robustness_figure.curves(table, networks, "extra")
    names = networks.loc[networks["performs"] & (networks["mechanism"] == "mixed"), "network"]
    values = np.array([table.loc[table["network"] == name, "failed"].to_numpy() for name in names])
    rows = found[(found["mechanism"] == "mixed") & (found["quantity"] == "failed")]
    assert rows["level"].tolist() == DELAYS
    assert (rows["n"] == len(names)).all()
    np.testing.assert_allclose(rows["mean"], values.mean(axis=0))
    # An independent bootstrap agrees, up to its own noise.
    rng = np.random.default_rng(99)
    means = [values[rng.integers(len(values), size=len(values))].mean(0) for _ in range(4000)]
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    np.testing.assert_allclose(rows["low"], low, atol=0.02)
    np.testing.assert_allclose(rows["high"], high, atol=0.02)
    sums = found.pivot_table("mean", ["mechanism", "level"], "quantity")
    np.testing.assert_allclose(sums["failed"], sums["asymptotic"] + sums["fixed_time"])


def test_a_sheet_says_what_was_found_and_what_is_missing():
    drawn = draw_sheet("limit_cycle")
    said = "\n".join(texts(drawn))
    assert "degree sum 3 (not 1: some are missing)" in said and "vote: limit cycle" in said
    assert "10 × slower" in said and drawn.summary["network"]["degree_sum"] == 3
    assert set(drawn.plotted["a"]["part"]) >= {"trial", "alone", "cycle", "slow"}
    assert drawn.plotted["b"]["relative_speed"].notna().all()


def test_incomplete_point_sets_are_marked():
    """``mixed`` has degrees that sum to 3, ``aperiodic`` none, all others 1."""
    drawn = draw_landscape()
    said = "\n".join(texts(drawn))
    assert said.count("incomplete: degrees sum to 3") == 1
    assert drawn.summary["examples"]["mixed"]["degree_sum"] == 3


def test_cycles_are_smooth_and_closed():
    """A circle known at 64 points, as the search stores it, is drawn as a circle."""
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    drawn = scene.smooth(circle)
    np.testing.assert_allclose(drawn[::10], np.concatenate([circle, circle[:1]]), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1, atol=1e-6)
    jumps = np.array([[0.0, 0.0], [1.0, 1.0]])[np.arange(64) % 2]  # of a map
    assert set(map(tuple, scene.smooth(jumps))) == {(0.0, 0.0), (1.0, 1.0)}
    lines = [line for ax in draw_landscape(names=("limit_cycle",)).figure.axes for line in ax.lines]
    assert any(len(line.get_xdata()) == 641 for line in lines)


def test_eigenvalues_of_a_map_are_shown_as_they_are():
    spectrum = draw_external().plotted["d"]
    growth = draw_external(rate=0.1).plotted["d"]
    assert spectrum["re"].between(0.8, 1.0).all()
    np.testing.assert_allclose(growth["re"].max(), (spectrum["re"].max() - 1) / 0.1)


def test_networks_that_do_not_perform_are_left_out_of_curves():
    networks = make_networks()
    table = make_failures(networks.assign(performs=True), DELAYS)  # rows of all
    found = robustness_figure.curves(table, networks, "extra")
    able = networks[networks["performs"]]
    assert dict(zip(found["mechanism"], found["n"], strict=True)) == dict(
        able["mechanism"].value_counts()
    )


def test_a_single_network_has_no_interval_and_the_figure_says_so():
    networks = make_networks(performs=0)
    networks.loc[3, ["performs", "mechanism"]] = [True, "direct"]
    drawn = draw_robustness(networks)
    assert drawn.plotted["ab"][["low", "high"]].isna().all().all()
    assert drawn.plotted["ab"]["mean"].notna().all()
    assert any("n = 1, no interval" in text for text in texts(drawn))
    assert_on_the_page(drawn)


def test_values_that_are_missing_do_not_count():
    networks = make_networks()
    table = make_failures(networks, DELAYS)
    gone = table["network"] == table["network"].iloc[0]
    table.loc[gone, ["failed", "asymptotic", "fixed_time"]] = np.nan
    found = robustness_figure.curves(table, networks, "extra")
    first = networks.set_index("network").loc[table["network"].iloc[0], "mechanism"]
    n = (networks["performs"] & (networks["mechanism"] == first)).sum() - 1
    assert (found.loc[found["mechanism"] == first, "n"] == n).all()
    assert found["mean"].notna().all()


def test_empty_tables_have_no_columns_and_still_draw():
    networks = make_networks(performs=0)
    drawn = robustness_figure.draw(networks, pd.DataFrame(), pd.DataFrame(), 5.0, "Test.")
    assert all(rows.empty for rows in drawn.plotted.values())
    assert drawn.summary["performing"] == 0


def test_the_csv_of_an_example_holds_what_is_drawn():
    task = make_task()
    arrays, facts = make_examples(task, ("slow_manifold",))
    drawn = mechanisms_figure.draw(task, [0, 1], 0.1, arrays, facts, "Test.")
    rows = drawn.plotted["a"]
    rates = arrays["slow_manifold.rates"][1]  # trial "0 1"
    one = rows[rows["unit"] == 7].sort_values("time")
    np.testing.assert_allclose(one["r"], rates[4::5, 7])
    np.testing.assert_allclose(one["time"], np.arange(0.5, 35.1, 0.5))
    states = drawn.plotted["b"]
    trial = states[(states["part"] == "trial") & (states["trial_type"] == 2)]
    np.testing.assert_allclose(trial["pc_2"], arrays["slow_manifold.components"][2, :, 1])
