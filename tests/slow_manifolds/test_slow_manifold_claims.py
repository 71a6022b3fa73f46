"""Claims of study 1 on invented tables with known answers."""

import numpy as np
import pandas as pd
import pytest

import invented
from memdyn.claims.judge import Evidence, NotRun, judge
from memdyn.slow_manifolds.claims import controls
from memdyn.slow_manifolds.claims.claims import CLAIMS, EVERY, TABLES
from memdyn.slow_manifolds.claims.headings import HEADINGS
from memdyn.slow_manifolds.claims.measures import count_up_to_sign


def judged(tables, **facts) -> pd.DataFrame:
    evidence = Evidence(tables, {**invented.FACTS, **facts})
    return judge("slow_manifolds", CLAIMS, evidence, "test").set_index("id")


@pytest.fixture(scope="module")
def agreeing() -> dict:
    return invented.slow_manifolds()


def test_tables_that_agree_with_the_paper_make_every_claim_hold(agreeing):
    assert set(agreeing) == set(TABLES)
    table = judged(agreeing)
    claims = table[table["kind"] == "claim"]
    assert {*claims["claim"], "controls"} == set(HEADINGS)
    assert (claims["verdict"] == "holds").all(), claims["verdict"]
    # 4 seeds, each with 3 performing slow manifolds and one network of each other kind.
    assert table.loc["sm.2.phasic_than_direct", ["n", "units"]].tolist() == ["12 + 4", 4]
    np.testing.assert_allclose(table.loc["sm.2.prevalent", "estimate"], 3 / 6 - 1 / 6)
    # One point for five items against five.
    np.testing.assert_allclose(table.loc["sm.4.efficient", "estimate"], 1 / 5 - 5 / 5)
    assert table.loc["sm.2.prevalent", "detail"].endswith("of a grid of 4 g x 2 fb x 1 pg")
    assert (table["statistic"].str.len() > 10).all()


def test_tables_that_disagree_make_claims_fail(agreeing):
    swap = {"slow_manifold": "direct", "direct": "slow_manifold"}
    networks = agreeing["networks"].replace({"mechanism_memory": swap})
    table = judged({**agreeing, "networks": networks})
    for name in ("sm.2.prevalent", "sm.2.phasic", "sm.3.direct_keeps", "sm.3.slow_forgets"):
        assert table.loc[name, "verdict"] == "fails"
    for name in ("sm.2.phasic_than_direct", "sm.3.forgets_more", "sm.4.noise", "sm.4.efficient"):
        assert table.loc[name, "verdict"] == "fails"
        assert table.loc[f"{name}.matched", "verdict"] == "fails"
    assert table.loc["sm.2.prevalent.trial_ends", "verdict"] == "holds"  # another label
    assert table.loc["sm.2.prevalent.authors", "verdict"] == "holds"
    assert table.loc["sm.2.prevalent.routes", "verdict"] == "holds"


def test_more_seeds_at_one_feedback_count_where_feedback_is_equal_only(agreeing):
    """A grid with seeds of direct networks added would lean towards direct networks."""
    added = {
        name: table[table["fb"] == 1.0]
        for name, table in invented.slow_manifolds(seeds=range(4, 8)).items()
    }
    added["networks"] = added["networks"].assign(also=True)
    own = agreeing | {"networks": agreeing["networks"].assign(also=False)}
    table = judged({name: pd.concat([own[name], added[name]]) for name in own})
    alone = judged(own)
    same = ["sm.1.half", "sm.2.prevalent", "sm.2.phasic_than_direct", "sm.4.noise"]
    same += ["sm.5.tonic_feedback", "sm.5.weaker_feedback", "sm.2.phasic", "sm.3.direct_keeps"]
    columns = ["estimate", "low", "high", "n", "units"]
    pd.testing.assert_frame_equal(table.loc[same, columns], alone.loc[same, columns])
    matched = [judgement.loc["sm.4.noise.matched", "units"] for judgement in (alone, table)]
    assert matched == [4, 8]
    further = [judgement.loc["sm.3.direct_keeps.further"] for judgement in (alone, table)]
    assert [row["verdict"] for row in further] == ["not run", "holds"]
    assert further[1]["units"] == 8


def test_sentences_about_memory_are_judged_by_where_memories_end():
    """Networks whose trials end at fewer points than there are outcomes may keep every memory."""
    table = judged(invented.slow_manifolds(label="mechanism_memory"))
    for name in ("sm.2.prevalent", "sm.2.phasic", "sm.3.direct_keeps", "sm.3.slow_forgets"):
        assert table.loc[name, "verdict"] == "holds", name
        for other in ("trial_ends", "authors"):
            row = table.loc[f"{name}.{other}"]
            assert (row["kind"], row["verdict"]) == ("check", "fails"), name
            assert row["by"].startswith("by t")
    table = judged(invented.slow_manifolds(label="mechanism"))
    assert table.loc["sm.3.direct_keeps", "verdict"] == "fails"
    assert table.loc["sm.3.direct_keeps.trial_ends", "verdict"] == "holds"


def test_a_contrast_that_is_one_of_feedback_is_none_at_equal_feedback(agreeing):
    """Saturation that follows the feedback alone: the paper's sentence holds, the matched not."""
    networks = agreeing["networks"]
    by_feedback = np.where(networks["fb"] == 1, 0.6, 0.05) + 0.001 * networks["seed"]
    table = judged({**agreeing, "networks": networks.assign(saturation_delay=by_feedback)})
    said, matched = (table.loc[f"sm.2.phasic_than_direct{end}"] for end in ("", ".matched"))
    assert (said["verdict"], matched["verdict"]) == ("holds", "no difference")
    assert said["detail"].endswith("at equal feedback: no difference")
    np.testing.assert_allclose(said["estimate"], -0.55 / 3, atol=1e-6)
    np.testing.assert_allclose(matched["estimate"], 0, atol=1e-6)
    assert matched["n"] == "8 + 4", "the networks at fb = 1"
    assert "at fb 1" in matched["detail"]


def test_kinds_that_share_no_feedback_cannot_be_matched():
    table = judged(invented.slow_manifolds(everywhere=False))
    assert table.loc["sm.4.noise", "verdict"] == "holds"
    assert table.loc["sm.4.noise", "detail"].endswith("at equal feedback: not run")
    row = table.loc["sm.4.noise.matched"]
    assert row["verdict"] == "not run"
    assert row["detail"].startswith("no seed, density and feedback has measured networks of both")


def test_slow_is_asked_of_modes_and_speed_is_a_check(agreeing):
    memory = agreeing["memory"]
    table = judged({**agreeing, "memory": memory.assign(relative_speed=0.5)})
    assert table.loc["sm.2.slow", ["kind", "verdict"]].tolist() == ["claim", "holds"]
    assert table.loc["sm.2.slow.speed", ["kind", "verdict"]].tolist() == ["check", "fails"]
    for slowest in (4.9, np.inf):
        table = judged({**agreeing, "memory": memory.assign(slowest=slowest)})
        assert table.loc["sm.2.slow", "estimate"] == 0
    assert judged(agreeing, delay=31.0).loc["sm.2.slow", "verdict"] == "fails"


def test_networks_whose_points_are_incomplete_do_not_count_as_efficient(agreeing):
    points = agreeing["points"]
    missing = points["network"].str.startswith("slow_manifold0")
    points = points.assign(degree_sum=points["degree_sum"].where(~missing, 3))
    table = judged({**agreeing, "points": points})
    assert table.loc["sm.4.efficient", "n"] == "8 + 4"
    points = points.assign(degree_sum=-1)
    assert judged({**agreeing, "points": points}).loc["sm.4.efficient", "verdict"] == "not run"


def test_points_are_counted_up_to_sign():
    points = np.array([[1.0, 2.0], [-1.0, -2.0], [0.0, 0.0], [1.0, -2.0], [1.0, 2.0 + 1e-6]])
    assert count_up_to_sign(points) == 3
    # No sign of one output can be trusted: both of these are one point and its mirror image.
    assert count_up_to_sign(np.array([[1.0, -1.0 - 1e-7], [-1.0 - 1e-7, 1.0]])) == 1
    assert count_up_to_sign(np.empty((0, 2))) == 0


def test_four_mechanisms_must_occur_in_two_seeds_by_three_routes(agreeing):
    row = judged(agreeing).loc["sm.1.four"]
    assert (row["verdict"], row["estimate"], row["n"]) == ("holds", 4, "24")
    assert row["detail"].startswith("direct 4 (seeds: 4), slow manifold 12 (seeds: 4)")
    votes = agreeing["votes"]
    once = (votes["vote"] == "mixed") & (votes["seed"] > 0)
    table = judged({**agreeing, "votes": votes.assign(vote=votes["vote"].mask(once, "unresolved"))})
    assert table.loc["sm.1.four", ["verdict", "estimate"]].tolist() == ["undecided", 1]
    assert table.loc["sm.1.four.memory", "verdict"] == "holds"
    never = votes.assign(vote=votes["vote"].replace("mixed", "unresolved"))
    assert judged({**agreeing, "votes": never}).loc["sm.1.four", "verdict"] == "undecided"


def test_networks_of_one_seed_are_one_value(agreeing):
    tables = {name: rows[rows["seed"] == 0] for name, rows in agreeing.items()}
    table = judged(tables)
    row = table.loc["sm.2.prevalent"]
    assert (row["units"], row["n"], row["verdict"]) == (1, "6", "undecided")
    assert np.isnan(row["low"])
    assert row["detail"].startswith("1 seed")
    assert table.loc["sm.1.four", "verdict"] == "undecided"


def test_a_mechanism_that_never_occurs_is_not_disproved():
    table = judged(invented.slow_manifolds(kinds=("slow_manifold", "limit_cycle", "mixed")))
    assert table.loc["sm.1.four", "verdict"] == "undecided"
    assert "direct 0" in table.loc["sm.1.four", "detail"]
    assert table.loc["sm.3.direct_keeps", "verdict"] == "not run"
    assert "direct" in table.loc["sm.3.direct_keeps", "detail"]


def test_networks_that_do_not_perform_never_count(agreeing):
    networks = agreeing["networks"]
    table = judged({**agreeing, "networks": networks.assign(performs=False)})
    own = table[table.index != "sm.1.half"]
    assert (own["verdict"] == "not run").all()
    assert own["detail"].str.contains("none of 28 networks performs|this run").all()


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_table_takes_only_its_claims(agreeing, name):
    table = judged({**agreeing, name: pd.DataFrame()})
    gone = table[table["detail"] == f"{name} not measured in this run"]
    assert len(gone)
    assert (gone["verdict"] == "not run").all()
    assert (table["verdict"] == "holds").any() == (name != "networks")


def test_the_share_that_performs_asks_for_the_authors_protocol(agreeing):
    assert judged(agreeing).loc["sm.1.half", "estimate"] == 6 / 7
    assert "300" in judged(agreeing, n_units=300).loc["sm.1.half", "detail"]


# Controls.


def grid(change, share=0.0, seeds=range(4)) -> pd.DataFrame:
    """Networks at two values of a column; of the second, a share has another mechanism.

    Args:
        change: column -> its two values.
    """
    ((name, values),) = change.items()
    rows = []
    for seed in seeds:
        for i in range(20):
            place = {"distribution": "gauss", "pg": 0.4, "g": 0.8 + i, "fb": 5.0, "seed": seed}
            for value in values:
                moved = value == values[1] and i < 20 * share
                own = {**place, "trials": 0, "stimuli": "", name: value}
                label = "direct" if moved else "slow_manifold"
                rows.append({**own, "mechanism_memory": label, "performs": True, "n_trials": 3500})
    return pd.DataFrame(rows)


CHANGES = {
    "pg": (0.4, 0.9),
    "distribution": ("gauss", "uniform"),
    "stimuli": ("", "gaussian"),
    "trials": (400, 0),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize(("share", "verdict"), [(0.5, "differs"), (0.0, "no difference")])
def test_controls_compare_pairs_that_differ_in_one_thing(name, share, verdict):
    every = grid({name: CHANGES[name]}, share)
    row = judged({EVERY: every}).loc[f"sm.c.{name}"]
    assert (row["kind"], row["verdict"], row["n"]) == ("control", verdict, "80 + 80")
    assert abs(row["estimate"]) == share
    assert row["margin"] == controls.MARGIN
    others = {"pg", "distribution", "stimuli", "trials"} - {name}
    for other in others:
        assert judged({EVERY: every}).loc[f"sm.c.{other}", "verdict"] == "not run"


def test_a_control_leaves_out_networks_without_a_partner():
    every = grid({"pg": (0.4, 0.9)}, 0.5)
    alone = every["g"].between(5, 10) & (every["pg"] == 0.9)
    every["performs"] = ~alone
    row = judged({EVERY: every}).loc["sm.c.pg"]
    assert row["n"] == f"{4 * (20 - 5)} + {4 * (20 - 5)}"
    with pytest.raises(NotRun, match=r"no network performs both with pg 0\.4 and with pg 0\.9"):
        controls.pairs(every.assign(performs=every["pg"] == 0.4), "pg")


def test_one_seed_decides_no_control():
    row = judged({EVERY: grid({"trials": (400, 0)}, 0.5, seeds=[0])}).loc["sm.c.trials"]
    assert row["verdict"] == "undecided"
    assert "3500 trials minus 400 trials" in row["detail"]
