"""Each figure draws from small tables, the degenerate ones included, and says what it shows."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from synthetic import (
    make_controls,
    make_evidence,
    make_examples,
    make_failures,
    make_landscapes,
    make_networks,
    make_stimuli,
    make_task,
)

from memdyn.claims.judge import Evidence
from memdyn.figures import network_page, scene, style
from memdyn.figures.recordings import part_of
from memdyn.landscape.labels import MECHANISMS
from memdyn.landscape.vote import ROUTES
from memdyn.slow_manifolds.claims.measures import TRIALS, failed_at_longest, points_per_item
from memdyn.slow_manifolds.claims.statistics import level as level_of
from memdyn.slow_manifolds.counts import count
from memdyn.slow_manifolds.figures import fig1_task as task_figure
from memdyn.slow_manifolds.figures import fig2_mechanisms as mechanisms_figure
from memdyn.slow_manifolds.figures import fig4_map as map_figure
from memdyn.slow_manifolds.figures import fig5_robustness as robustness_figure
from memdyn.slow_manifolds.figures.fig3_landscape import draw
from memdyn.slow_manifolds.figures.network_page import draw_network
from memdyn.slow_manifolds.tasks.latents import make_latents

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
        **dict.fromkeys(ROUTES, mechanism),
        **{"pg": 0.4, "performs": True, "rmse": 0.02, "mechanism": mechanism, "exponent": -0.1},
        "mechanism_memory": "slow_manifold",
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
        **dict.fromkeys(ROUTES, "limit_cycle"),
        **{"cell": "gru", "n_units": 20, "dt": rate or 1.0, "rate": rate, "delay": delay},
        **{"groups": list(groups), "coloured_by": "runs end at", "degree_sum": None},
        **{"exponent": None, "n_slow": None, "vote": "fixed"},
    }
    return network_page.draw_external("mine", own, fact, "Test.")


def draw_map(every=None, **table):
    networks = make_networks(**table)
    evidence = make_evidence(networks, every)
    return map_figure.draw(networks, "failed_0.1", "Test.", evidence)


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
    "map, controls": lambda: draw_map(every=make_controls("pg", "distribution", "trials")),
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


def test_networks_beyond_the_grid_are_in_the_map_and_in_no_count():
    networks = make_networks(per_cell=3)
    networks["also"] = networks["fb"] == networks["fb"].min()
    note = "Scale “test”: 1000 units, 3500 training trials."
    drawn = map_figure.draw(networks, "failed_0.1", note, make_evidence(networks))
    added = int(networks["also"].sum())
    assert len(drawn.plotted["abc"]) == len(networks)
    assert drawn.summary["networks"] == len(networks) - added > 0
    assert any(f"a to c have {added} more" in text for text in texts(drawn))
    with style.house_style():
        assert drawn.figure.get_tightbbox().x1 <= drawn.figure.get_size_inches()[0] + 0.01


def test_feedback_is_labelled_by_its_size():
    networks = make_networks(per_cell=3)
    networks["fb"] = networks["fb"].replace(networks["fb"].min(), 0.5)
    drawn = map_figure.draw(networks, "failed_0.1", "Test.", make_evidence(networks))
    labels = [tick.get_text() for tick in drawn.figure.axes[0].get_yticklabels()]
    rest = sorted(networks["fb"].unique(), reverse=True)[:-1]
    assert labels == [f"1/{fb:g}" if fb > 1 else "1" for fb in rest] + ["2"]


def test_the_map_counts_networks():
    networks = make_networks(per_cell=3)
    drawn = map_figure.draw(networks, "failed_0.1", "Test.", make_evidence(networks))
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


def test_the_map_shows_the_controls_that_the_grid_has_and_no_others():
    drawn = draw_map()
    titles = [ax.get_title(loc="left") for ax in drawn.figure.axes]
    assert not {"density of J", "initialisation", "length of training"} & set(titles)
    assert not {"l", "m"} & set(drawn.plotted)
    with_pg = draw_map(every=make_controls("pg"))
    titles = [ax.get_title(loc="left") for ax in with_pg.figure.axes]
    assert "density of J" in titles and "length of training" not in titles
    shares = with_pg.plotted["l"]
    assert shares.groupby("value")["share"].sum().tolist() == pytest.approx([1, 1])
    assert set(shares["value"]) == {"pg 0.4", "pg 0.9"}
    assert with_pg.figure.get_figheight() > drawn.figure.get_figheight()


def test_lengths_of_training_are_shown_by_both_labels_with_their_intervals():
    every = make_controls("trials")
    drawn = draw_map(every=every)
    titles = [ax.get_title(loc="left") for ax in drawn.figure.axes]
    assert {"networks that perform", "by memory states", "by trial ends"} <= set(titles)
    shown = drawn.plotted["pqr"]
    pd.testing.assert_frame_equal(shown, count(every))
    assert set(shown["label"]) == {"", "memory states", "trial ends"}
    ax = drawn.figure.axes[titles.index("by memory states")]
    bars = [s for c in ax.collections for s in c.get_segments()]
    own = shown[(shown["label"] == "memory states") & shown["low"].notna() & (shown["share"] > 0)]
    assert len(own) > 0
    for row in own.itertuples():
        ends = [sorted(bar[:, 1]) for bar in bars]
        assert any(np.allclose(end, (row.low, row.high)) for end in ends)
    assert "networks that perform" not in [
        ax.get_title(loc="left") for ax in draw_map().figure.axes
    ]


def test_efficiency_and_slow_modes_are_the_measures_of_the_claims():
    networks = make_networks(per_cell=2)
    evidence = make_evidence(networks)
    drawn = map_figure.draw(networks, "failed_0.1", "Test.", evidence)
    shown = drawn.plotted["g"].set_index("network")["value"]
    able = networks.loc[networks["performs"], "network"]
    expected = points_per_item(evidence)
    expected = expected[expected.index.isin(able)]
    pd.testing.assert_series_equal(shown.sort_index(), expected.sort_index(), check_names=False)
    assert 0 < len(shown) < len(able), "incomplete sets of points are left out"
    titles = [ax.get_title(loc="left") for ax in drawn.figure.axes]
    assert {"stable points per item", "slowest mode of memories"} <= set(titles)


def test_depths_are_medians_over_trial_ends_of_performing_networks():
    networks = make_networks(per_cell=1)
    able = networks.loc[networks["performs"], "network"].tolist()
    speeds = {0: [3.0, 1.0, 2.0], 30: [0.0, 1e-3, 1e-6]}
    ends = pd.DataFrame(
        {"network": name, "start": start, "speed_0": first, "speed_30": last}
        for name in networks["network"]
        for start in ("trial end", "noisy")
        for first, last in zip(*speeds.values(), strict=True)
    )
    ends.loc[ends["start"] == "noisy", ["speed_0", "speed_30"]] = 100.0
    found = map_figure.depth_of_ends(networks, Evidence({"ends": ends}))
    assert sorted(set(found["network"])) == sorted(able)
    assert found.groupby("lengths")["speed"].unique().to_dict() == {0: [2.0], 30: [1e-6]}
    assert map_figure.depth_of_ends(networks, Evidence({})).empty


def test_curves_are_means_over_seeds_with_the_intervals_of_claims():
    networks = make_networks(per_cell=3)
    table = make_failures(networks, DELAYS)
    found = robustness_figure.curves(table, networks, "extra")
    own = networks[networks["performs"] & (networks["mechanism_memory"] == "mixed")]
    values = table.merge(own, on="network")
    rows = found[(found["mechanism"] == "mixed") & (found["quantity"] == "failed")]
    assert rows["level"].tolist() == DELAYS
    assert (rows["n"] == len(own)).all()
    assert (rows["seeds"] == own["seed"].nunique()).all()
    for level, row in rows.set_index("level").iterrows():
        seeds = values[values["extra"] == level].groupby("seed")["failed"].mean()
        low, high = stats.ttest_1samp(seeds, 0).confidence_interval()
        np.testing.assert_allclose(row[["mean", "low", "high"]].tolist(), [seeds.mean(), low, high])
    # The same as the claim about the longest delay.
    evidence = Evidence({"networks": networks, "delays": table})
    claim = level_of("failed", failed_at_longest, "mixed", TRIALS).compute(evidence)
    np.testing.assert_allclose(rows.iloc[-1][["mean", "low", "high"]].tolist(), claim[:3])
    sums = found.pivot_table("mean", ["mechanism", "level"], "quantity")
    np.testing.assert_allclose(sums["failed"], sums["asymptotic"] + sums["fixed_time"])


def test_chance_is_marked_and_the_offset_of_the_authors_noise_is_said():
    drawn = draw_robustness(make_networks(per_cell=2))
    dashed = [
        ax
        for ax in drawn.figure.axes
        if any(set(line.get_ydata()) == {0.5} for line in ax.lines if len(line.get_ydata()) == 2)
    ]
    named = [ax for ax in drawn.figure.axes if ax.get_title(loc="left")]
    assert len(dashed) == len(named) == 3 * (1 + 6)
    said = " ".join(" ".join(texts(drawn)).split())
    assert "Dashed: chance" in said and "8 to 15 times" in said
    assert "offset + noise U(0.5, 0.5 + s)" in said


def test_a_sheet_says_what_was_found_and_what_is_missing():
    drawn = draw_sheet("limit_cycle")
    said = "\n".join(texts(drawn))
    assert "degree sum 3 (not 1: some are missing)" in said and "vote: limit cycle" in said
    assert "memories end: slow manifold" in said and "trials end: limit cycle" in said
    assert "10 × slower" in said and drawn.summary["network"]["degree_sum"] == 3
    assert set(drawn.plotted["a"]["part"]) >= {"trial", "alone", "cycle", "slow"}
    assert drawn.plotted["b"]["relative_speed"].notna().all()


def test_incomplete_point_sets_are_marked():
    """``mixed`` has degrees that sum to 3, ``aperiodic`` none, all others 1."""
    drawn = draw_landscape()
    said = "\n".join(texts(drawn))
    assert said.count("incomplete (degree 3)") == 1
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
        able["mechanism_memory"].value_counts()
    )


def test_a_single_network_has_no_interval_and_the_figure_says_so():
    networks = make_networks(performs=0)
    networks.loc[3, ["performs", "mechanism_memory"]] = [True, "direct"]
    drawn = draw_robustness(networks)
    assert drawn.plotted["ab"][["low", "high"]].isna().all().all()
    assert drawn.plotted["ab"]["mean"].notna().all()
    assert any("n = 1, no interval" in text for text in texts(drawn))
    assert_on_the_page(drawn)


def test_the_key_of_examples_has_the_marks_that_are_drawn():
    for names, marks in (
        (("slow_manifold",), {"rests"}),
        (("limit_cycle",), {"cycles"}),
        (MECHANISMS, {"rests", "cycles"}),
        (("aperiodic",), set()),
    ):
        assert {"rests", "cycles"} & set(texts(draw_mechanisms(names=names))) == marks


def test_the_key_of_latents_lies_on_no_draw_of_the_classes():
    task = make_task()
    stimuli, facts = make_latents({"source": "shipped"})
    drawn = task_figure.draw(task, [0, 1], 0.1, stimuli, facts, *make_examples(task), "Test.")
    ax = next(ax for ax in drawn.figure.axes if ax.get_xlabel() == "latent 1")
    with style.house_style():
        drawn.figure.draw(drawn.figure.canvas.get_renderer())
    box = ax.get_legend().get_window_extent()
    for draws in ax.collections[1:]:
        places = ax.transData.transform(draws.get_offsets())
        assert not box.count_contains(places)


def test_values_that_are_missing_do_not_count():
    networks = make_networks()
    table = make_failures(networks, DELAYS)
    gone = table["network"] == table["network"].iloc[0]
    table.loc[gone, ["failed", "asymptotic", "fixed_time"]] = np.nan
    found = robustness_figure.curves(table, networks, "extra")
    first = networks.set_index("network").loc[table["network"].iloc[0], "mechanism_memory"]
    n = (networks["performs"] & (networks["mechanism_memory"] == first)).sum() - 1
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
