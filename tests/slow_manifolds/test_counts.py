"""Counts of mechanisms on invented networks with known numbers."""

import numpy as np
import pandas as pd
import pytest

from memdyn.slow_manifolds.counts import COLUMNS, SUCCESS, count, counts_page

SLOW, DIRECT = "slow_manifold", "direct"


def network(seed, g, trials, memory=DIRECT, outcome=SLOW, performs=True, **more):
    return {
        **{"distribution": "gauss", "pg": 0.4, "g": g, "fb": 1.0, "seed": seed, "stimuli": ""},
        **{"trials": trials, "n_trials": trials or 3500, "performs": performs},
        **{"mechanism_memory": memory, "mechanism": outcome},
        **more,
    }


@pytest.fixture
def networks() -> pd.DataFrame:
    """Two seeds of four networks, after 400, 1600 and 3500 trials; and others that do not count."""
    rows = []
    for seed in (0, 1):
        for i in range(4):
            # At the end all perform: 1 direct in seed 0, 2 in seed 1, else slow; trial ends: slow.
            memory = DIRECT if i <= seed else SLOW
            rows += [
                network(seed, i, 400, performs=i == 0, memory="mixed"),
                network(seed, i, 1600, performs=i < 2, memory=memory),
                network(seed, i, 0, memory=memory),
            ]
    rows += [
        network(0, 9, 0),  # never looked at before its end
        network(0, 0, 1600, pg=0.9),  # trained no longer
        network(0, 0, 0, stimuli="frozen"),
        network(0, 0, 400, stimuli="frozen"),
    ]
    return pd.DataFrame(rows)


def test_what_also_adds_to_the_grid_does_not_count(networks):
    more = pd.DataFrame([network(7, 0, trials) for trials in (400, 1600, 0)]).assign(also=True)
    both = pd.concat([networks.assign(also=False), more], ignore_index=True)
    pd.testing.assert_frame_equal(count(both), count(networks))


def test_counts_and_shares_over_seeds(networks):
    table = count(networks)
    assert list(table) == list(COLUMNS)
    assert sorted(table["trials"].unique()) == [400, 1600, 3500]

    def row(trials, label, name):
        (found,) = table[
            (table["trials"] == trials) & (table["label"] == label) & (table["mechanism"] == name)
        ].itertuples()
        return found

    found = [row(trials, "", SUCCESS) for trials in (400, 1600, 3500)]
    assert [(r.networks, r.of, r.share, r.seeds) for r in found] == [
        (2, 8, 0.25, 2),
        (4, 8, 0.5, 2),
        (8, 8, 1.0, 2),
    ]
    direct = row(3500, "memory states", DIRECT)
    assert (direct.networks, direct.of, direct.share) == (3, 8, 0.375)  # 1 of 4 and 2 of 4
    # Student's t over two seeds, 0.25 and 0.5: 12.7 x 0.125, cut at what a share can be.
    assert (direct.low, direct.high) == (0, 1)
    assert row(400, "memory states", "mixed").share == 1
    assert row(3500, "trial ends", SLOW).networks == 8
    assert row(3500, "trial ends", DIRECT).share == 0
    each = table[table["label"] == "memory states"].groupby("trials")["networks"].sum()
    assert each.tolist() == [2, 4, 8]  # each network has one


def test_many_seeds_have_the_interval_of_the_claims():
    shares = [0.25, 0.5, 0.5, 0.75]
    table = count(
        pd.DataFrame(
            network(seed, i, 0, performs=i < 4 * share)
            for seed, share in enumerate(shares)
            for i in range(4)
        )
    ).set_index("mechanism")
    half = 3.182446 * np.std(shares, ddof=1) / 2  # t of three degrees of freedom
    np.testing.assert_allclose(
        table.loc[SUCCESS, ["low", "high"]].astype(float), [0.5 - half, 0.5 + half], rtol=1e-5
    )


def test_one_seed_has_no_interval_and_none_performing_no_share():
    table = count(pd.DataFrame([network(0, 0, 0, performs=False)]))
    success = table[table["mechanism"] == SUCCESS].iloc[0]
    assert success["share"] == 0 and np.isnan([success["low"], success["high"]]).all()
    assert (table.loc[table["label"] != "", "of"] == 0).all()
    assert "0 of 1: 0.00  (no interval)" in counts_page(table)


def test_the_page_shows_both_labels_at_each_length(networks):
    page = counts_page(count(networks))
    assert "|  | 400 trials | 1600 trials | 3500 trials |" in page
    assert page.index("By memory states") < page.index("By trial ends")
    assert "| perform the task | 2 of 8: 0.2 [0.0, 0.9] | 4 of 8" in page
    assert page.count("| direct |") == 2


def test_snapshots_alone_are_no_lengths():
    snapshots = pd.DataFrame([network(0, 0, 400)])
    assert count(snapshots).empty
    assert counts_page(count(snapshots)) == "No network was trained to its end.\n"
