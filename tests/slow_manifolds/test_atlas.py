"""The atlas: what it keeps of a network, and the page in a browser."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import memdyn.slow_manifolds.atlas as atlas
from chromium import opened
from memdyn.slow_manifolds.grid import Network
from memdyn.tables import with_network

TEMPLATE = Path(atlas.__file__).with_suffix(".html").read_text()
DT, LEAK, N = 0.1, 0.1, 4
LABELS = ("direct", "slow_manifold", "limit_cycle", "aperiodic")


def tables_of(networks):
    """Tables of invented networks; the last does not perform and was not taken apart."""
    performance, mechanisms, votes, delays, noise = [], [], [], [], []
    for i, network in enumerate(networks):
        performs = i + 1 < len(networks)
        about = {"status": "trained", "performs": performs, "rmse": 0.1 / (i + 1)}
        performance.append(with_network(network, about))
        label = LABELS[i % len(LABELS)]
        about = {"mechanism": label, "mechanism_memory": LABELS[0]}
        mechanisms.append(with_network(network, about))
        if performs:
            about = dict.fromkeys(("vote", "vote_runs", "vote_solver", "vote_exponents"), label)
            votes.append(with_network(network, about))
            rows = pd.DataFrame({"extra": [0.0, 5.0, 10.0], "failed": [0.0, 0.25, 0.75]})
            delays.append(with_network(network, rows))
            rows = pd.DataFrame({"noise": "uniform", "level": [0.0, 1.0], "failed": [0.0, i / 10]})
            noise.append(with_network(network, rows))
    found = (performance, mechanisms, votes, delays, noise)
    names = ("performance", "mechanisms", "votes", "delays", "noise")
    return {
        name: pd.concat(rows, ignore_index=True) for name, rows in zip(names, found, strict=True)
    }


def arrays(n_units=20, seed=0):
    """As ``portraits.record`` makes them: two points, of which the first is stable, and a cycle."""
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 20, 4000)
    alone = np.stack([np.cos(turn), np.sin(turn), turn / 9], axis=-1) + rng.normal(size=(16, 1, 3))
    re = np.full((2, n_units), 0.5)
    re[:, 0] = (0.99, 1.02)
    return {
        "trials": rng.normal(size=(16, 700, 3)).cumsum(axis=1) / 20,
        "alone": alone,
        "speed": np.exp(-np.abs(rng.normal(size=(16, 4000)))),
        "points": np.array([[0.0, 0, 0], [1, 1, 1]]),
        "stable": np.array([True, False]),
        "orbits": np.stack([np.sin(np.linspace(0, 6.2, 64) + k) for k in range(3)], axis=-1)[None],
        "explained": np.array([0.5, 0.3, 0.1]),
        "point_re": re,
        "point_im": np.zeros((2, n_units)),
        "memory_re": re[:1],
        "memory_im": np.full((1, n_units), 0.01),
    }


FACT = {"kinds": ["fixed", "fixed"], "stable_cycles": [False], "periods": [6.3], "n_slow": 1.0}


def page(i=0, own_tables=None):
    own = own_tables or {"delays": pd.DataFrame(), "noise": pd.DataFrame()}
    return atlas.page_of(arrays(seed=i), FACT, own, DT, LEAK, slice(100, 300), N)


def test_growth_rates_are_those_of_the_leading_modes():
    """(l - 1) / leak: 0.99 decays at -0.1 per tau, 1.02 grows at 0.2; the bulk is left out."""
    spectrum = page()["spectrum"]
    assert spectrum["stable"] == [[pytest.approx(-0.1), 0.0]]
    assert spectrum["unstable"] == [[pytest.approx(0.2), 0.0]]
    assert spectrum["memory"] == [[pytest.approx(-0.1), pytest.approx(0.1)]]


def test_paths_keep_their_ends_and_their_first_cases():
    own, found = arrays(), page()
    assert len(found["trials"]) == len(found["alone"]) == len(found["speed"]) == N
    for name, last in (("trials", 699), ("alone", 4 * 200 - 1)):
        np.testing.assert_allclose(found[name][1][0], own[name][1, 0], rtol=0.005)
        np.testing.assert_allclose(found[name][1][-1], own[name][1, last], rtol=0.005)
    np.testing.assert_allclose(found["held"][0][-1], own["trials"][0, 299], rtol=0.005)
    assert found["time"][0] == DT and found["time"][-1] == 400
    assert found["kinds"] == ["stable", "unstable"]


def test_a_row_has_means_over_what_was_added_and_none_where_nothing_was_measured():
    networks = [Network("gauss", 0.4, 0.8, 5, 0), Network("gauss", 0.4, 1.2, 5, 0)]
    tables = tables_of(networks)
    row, other = (atlas.row_of(network, tables) for network in networks)
    assert row["failed_delay"] == 0.5 and row["failed_noise"] == 0 and row["vote"] == "direct"
    assert other["failed_delay"] is None and other["vote"] is None and other["performs"] is False
    tables = {**tables, "votes": pd.DataFrame(), "delays": pd.DataFrame()}
    assert atlas.row_of(networks[0], tables)["vote"] is None


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float32("nan"), np.array([np.inf])])
def test_what_is_no_number_is_none(value):
    assert atlas.plain({"a": [value]}) in ({"a": [None]}, {"a": [[None]]})


def test_data_cannot_end_its_place_in_the_page():
    made = atlas.assemble(
        "<a><!--LIBRARY--><b><!--DATA--><c>", "x('</script>')", {"s": "</script>"}, []
    )
    assert made == '<a>x(\'<\\/script>\')<b>{"s":"<\\/script>","networks":[]}<c>'
    for wrong in ("<!--DATA-->", "<!--LIBRARY--><!--LIBRARY--><!--DATA-->"):
        with pytest.raises(ValueError, match="once"):
            atlas.assemble(wrong, "", {}, [])


def test_five_hundred_networks_stay_below_30_megabytes():
    """With the library (4.9 MB) and the most points and cycles that are kept."""
    full = arrays(n_units=40)
    full["points"] = np.random.default_rng(0).normal(size=(60, 3))
    full["stable"] = np.zeros(60, dtype=bool)
    full["orbits"] = np.random.default_rng(1).normal(size=(4, 64, 3))
    full["point_re"] = np.random.default_rng(2).uniform(0.5, 1, size=(60, 40))
    full["point_im"] = full["point_re"] / 3
    fact = {**FACT, "kinds": ["fixed"] * 60, "stable_cycles": [True] * 4}
    own = {"delays": pd.DataFrame(), "noise": pd.DataFrame()}
    one = atlas.page_of(full, fact, own, DT, LEAK, slice(100, 300), N)
    assert 500 * len(json.dumps(one, separators=(",", ":"))) < 25e6


def test_the_page_in_a_browser(tmp_path):
    """Opened from a file, offline: filtered, sorted, clicked through, turned; nothing complains."""
    plotly = pytest.importorskip("plotly.offline", reason="plotly is not installed")
    networks = [Network("gauss", 0.4, g, fb, 0) for fb in (5, 1) for g in (0.8, 1.2, 1.5)]
    tables, entries = tables_of(networks), []
    for i, network in enumerate(networks):
        own = {kind: table[table["network"] == network.name] for kind, table in tables.items()}
        last = network is networks[-1]
        row = atlas.row_of(network, tables)
        entries.append({"row": row, "page": None if last else page(i, own)})
    shared = atlas.legend("<quick>", [0, 1], np.array([0, 0, 1, 1]), 20.0)
    path = tmp_path / "atlas.html"
    path.write_text(atlas.assemble(TEMPLATE, plotly.get_plotlyjs(), shared, entries))
    assert not re.search(r'<(script|link|img)[^>]*(src|href)="', TEMPLATE)
    with opened(path) as (browser, errors):
        rows, head = browser.locator("#table tbody tr"), browser.locator("#table thead button")
        assert rows.count() == 6 and "<quick>" in browser.inner_text("#about")
        browser.fill("#find", "g1.2")
        assert rows.count() == 2 and browser.inner_text("#count") == "2 of 6"
        browser.fill("#find", "")
        browser.check("#performs")
        assert rows.count() == 5
        browser.select_option("#label", "slow_manifold")
        assert rows.count() == 1  # the second of four labels; the sixth network does not perform
        browser.select_option("#label", "")
        browser.uncheck("#performs")
        head.get_by_text("error").click()
        names = rows.locator("th").all_inner_texts()
        assert names == [network.name for network in reversed(networks)]
        browser.keyboard.press("Enter")  # the heading is a button that keeps the focus
        assert rows.locator("th").all_inner_texts() == names[::-1]
        # a click on a link draws later: the browser tells of the new address in its own time
        text = "document.getElementById('{}').textContent.includes('{}')"
        browser.locator("#map a").first.click()
        browser.wait_for_selector("#landscape .gl-container, #landscape canvas", state="attached")
        assert browser.inner_text("#name") == networks[0].name
        assert "1 stable, 1 unstable" in browser.inner_text("#facts")
        eye = "JSON.stringify(document.getElementById('landscape')._fullLayout.scene.camera.eye)"
        before = browser.evaluate(eye)
        browser.focus("#landscape")
        browser.keyboard.press("ArrowLeft")
        browser.wait_for_function(f"{eye} !== {json.dumps(before)}")
        browser.locator("#table tbody a").get_by_text(networks[-1].name).click()
        browser.wait_for_function(text.format("hint", "does not perform"))
        assert not browser.is_visible("#page")
        browser.evaluate("location.hash = 'nobody'")
        browser.wait_for_function(text.format("name", "nobody"))
    assert not errors
