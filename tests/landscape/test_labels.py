"""Labels: the kinds of ends on known signals, the authors' rules case by case, ours."""

import numpy as np
import pandas as pd
import pytest

from memdyn.landscape.labels import mechanism
from memdyn.landscape.run_ends import count_distinct, end_kind, find_period
from memdyn.slow_manifolds.mechanisms.labels import authors_label, classify

STEPS = np.arange(3500)


def three(signal):
    """A signal and two relatives of it as the outputs of a run."""
    return np.stack([signal, 0.3 * signal + 1, signal**2], axis=1)


def kind(tail):
    return end_kind(tail, rest_variance=1e-6, periodic=0.1)[0]


@pytest.mark.parametrize("period", [37.0, 83.3, 251.7, 800.0])
def test_periods_are_found_to_a_fraction_of_a_step(period):
    phase = 2 * np.pi * STEPS / period
    for shape in (np.sin(phase), np.sign(np.sin(phase)) * np.sin(phase) ** 2, np.cos(phase) ** 3):
        found, mismatch = find_period(three(shape))
        assert mismatch < 0.1
        multiple = found / period
        # cos^3 and its square repeat after the period only; sin^2-like channels after half of it
        assert min(abs(multiple - 1), abs(multiple - 0.5)) < 0.01


def test_harmonics_do_not_hide_the_period():
    phase = 2 * np.pi * STEPS / 200
    found, _ = find_period(three(np.sin(phase) + 0.8 * np.sin(2 * phase + 1)))
    assert found == pytest.approx(200, abs=0.5)


def test_kinds_of_ends():
    rng = np.random.default_rng(0)
    assert kind(three(np.full(3500, 0.7))) == "rest"
    assert kind(three(0.7 + 1e-4 * rng.standard_normal(3500))) == "rest"
    assert kind(three(np.sin(STEPS / 30))) == "periodic"
    assert kind(three(np.exp(-STEPS / 900))) == "settling"
    assert kind(three(np.exp(-STEPS / 900) * np.sin(STEPS / 30))) == "settling"
    assert kind(three(np.exp(-STEPS / 9000))) == "settling"
    assert kind(three(np.exp(-STEPS / 9000) * np.sin(STEPS / 30))) == "settling"
    assert kind(three(0.5 - 2e-6 * STEPS)) == "settling"
    assert kind(three(np.full(3500, np.nan))) == "diverged"
    walk = np.convolve(rng.standard_normal(3600), np.ones(101) / 101, "valid")
    assert kind(three(walk / walk.std())) == "aperiodic"


def test_chaos_is_aperiodic():
    """The Lorenz system (standard parameters): bounded, never the same."""
    state, trace = np.array([1.0, 1.0, 20.0]), []
    for _ in range(7000):
        x, y, z = state
        state = state + 0.01 * np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])
        trace.append(state)
    assert kind(np.array(trace[3500:])) == "aperiodic"


def authors(mean, variance=0.0, last=None, tolerance=1e-6, decimals=2, far=4.0):
    mean = np.asarray(mean, dtype=float)
    last = mean if last is None else np.asarray(last, dtype=float)
    variance = np.broadcast_to(variance, len(mean))
    return authors_label(mean, variance, last, 3, tolerance, decimals, far)


def test_the_authors_labels():
    assert authors([1.0, 0.5, 0.5, 1.5]) == "fixedPoint3"
    assert authors([1.0, 0.5, 0.501, 1.0]) == "manifoldFps2"
    assert authors([0.7] * 4) == "manifoldFps1"
    assert authors([0.1, 0.2, 0.3, 0.4], variance=0.1) == "limitCycle"
    assert authors([0.1, 0.1, 0.3, 0.4], variance=0.1) == "both"
    assert authors([0.1, 0.1, 5.3, 0.4], variance=0.1) == "far_someFPs"
    assert authors([0.1, 0.1, -5.3, 0.4], variance=0.1) == "far_someFPs"
    # Means that agree to all digits that anybody would look at still differ for them.
    assert authors([0.1, 0.1 + 1e-7, 0.3, 0.4], variance=0.1) == "limitCycle"
    assert authors([0.1, 0.1 + 1e-10, 0.3, 0.4], variance=0.1) == "both", "one float32"
    rests = [0.1, 0.1 + 1e-6, 0.3, 0.4], np.array([0.0, 0.0, 0.1, 0.1])
    assert authors(*rests) == "both", "two rests at one point"
    # Ends count as their code counts them: rounded, whatever lies between.
    assert authors([0.1049, 0.1051, 0.5, 0.5]) == "fixedPoint3"


def test_distinct_points_do_not_depend_on_rounding_boundaries():
    assert count_distinct(np.array([[0.12345001], [0.12344999], [0.5]]), 4) == 2
    assert count_distinct(np.array([[0.0, 1.0], [0.0, -1.0]]), 2) == 2
    assert count_distinct(np.empty((0, 3)), 2) == 0


@pytest.mark.parametrize(
    ("kinds", "separates", "label"),
    [
        (["rest"] * 4, True, "direct"),
        (["rest"] * 4, False, "slow_manifold"),
        (["periodic"] * 4, True, "limit_cycle"),
        (["periodic", "rest"], True, "mixed"),
        (["periodic", "rest", "aperiodic"], True, "aperiodic"),
        (["periodic", "aperiodic", "settling"], True, "unresolved"),
        (["rest", "diverged"], False, "unresolved"),
    ],
)
def test_our_labels(kinds, separates, label):
    assert mechanism(kinds, separates) == label


def table_of_ends(task, z, remembered):
    """Ends of a network at rest: z of the four trial ends, and z_d of the sixteen delay states."""
    rest = {"kind": "rest", "z_variance": 0.0}
    rows = [
        {"start": start, "index": i, "z": value, "z_mean": value, **rest}
        for start in ("trial end", "noisy")
        for i, value in enumerate(z)
    ]
    rows += [{"start": "delay", "index": i, "z": 0.0, "z_mean": 0.0, **rest} for i in range(16)]
    table = pd.DataFrame(rows).assign(zd_1=0.0, zd_2=0.0, memory_1=0.0, memory_2=0.0)
    is_delay = table["start"] == "delay"
    table.loc[is_delay, ["memory_1", "memory_2"]] = remembered
    return table


def label_of_test_b(task, settings, z, variance=0.0):
    table = table_of_ends(task, [1.0, 0.5, 0.5, 1.5], np.zeros((16, 2)))
    noisy = table[table["start"] == "noisy"].iloc[[0] * len(z)]
    noisy = noisy.assign(z=z, z_mean=z, z_variance=variance, index=np.arange(len(z)))
    others = table[table["start"] != "noisy"]
    found = classify(pd.concat([others, noisy]), task, settings["attractors"])
    assert found["authors_a"] == "fixedPoint3"
    return found["authors_b"]


def test_the_authors_test_b_asks_for_each_outcome_and_its_mirror_image(task, settings):
    codes = np.array([1.0, 0.5, 1.5])
    assert label_of_test_b(task, settings, codes) == "manifoldFps3"
    assert label_of_test_b(task, settings, [*codes, -0.5, 0.0]) == "manifoldFps5"
    assert label_of_test_b(task, settings, [*codes, *-codes]) == "fixedPoint6"
    assert label_of_test_b(task, settings, [*codes, *-codes + 1e-5]) == "fixedPoint6"
    assert label_of_test_b(task, settings, [*codes, *-codes, 0.0], 1e-10) == "fixedPoint7"
    # Far is beyond 1.5 + 2.5, as in test A.
    assert label_of_test_b(task, settings, [1.0, 1.0, 3.9], 1e-8) == "both"
    for far in (4.1, -4.1):
        assert label_of_test_b(task, settings, [1.0, 1.0, far], 1e-8) == "far_someFPs"
    assert label_of_test_b(task, settings, [1.0, 1.0 + 1e-6, 4.1], 1e-8) == "limitCycle"


def test_labels_of_a_network(task, settings):
    shown = task.pair(np.arange(16) % 4)[0]
    right = task.class_means[shown]
    direct = classify(
        table_of_ends(task, [1.0, 0.5, 0.5, 1.5], right), task, settings["attractors"]
    )
    assert (direct["mechanism"], direct["mechanism_memory"]) == ("direct", "direct")
    assert direct["authors_a"] == "fixedPoint3"
    assert direct["n_attractors"] == 3
    assert direct["noisy_rest"] == 4

    forgotten = np.repeat(task.class_means[:1], 16, axis=0)
    slow = classify(table_of_ends(task, [0.6] * 4, forgotten), task, settings["attractors"])
    assert (slow["mechanism"], slow["mechanism_memory"]) == ("slow_manifold", "slow_manifold")
    assert slow["authors_a"] == "manifoldFps1"

    distance = np.linalg.norm(task.class_means[0] - task.class_means[1])
    near, far = (right + np.array([part * distance, 0.0]) for part in (0.29, 0.31))
    ends = [1.0, 0.5, 0.5, 1.5]

    def label(remembered):
        table = table_of_ends(task, ends, remembered)
        return classify(table, task, settings["attractors"])["mechanism_memory"]

    assert label(near) == "direct"
    assert label(far) == "slow_manifold"
