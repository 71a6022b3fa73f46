"""The multinomial model finds what decides, and its sign."""

import numpy as np
import pandas as pd

from memdyn.slow_manifolds.emergence import model


def grid(label, pg=(0.4,), seeds=range(4)) -> pd.DataFrame:
    """Networks over g, fb and pg whose mechanism is ``label(g, fb, draw)``."""
    rng = np.random.default_rng(0)
    rows = [
        {"g": g, "fb": fb, "pg": p, "seed": seed, "performs": True}
        | {"mechanism_memory": label(g, fb, rng.random())}
        for seed in seeds
        for g in (0.8, 0.9, 1.1, 1.2, 1.3, 1.4, 1.5)
        for fb in (40.0, 20.0, 5.0, 1.0)
        for p in pg
    ]
    return pd.DataFrame(rows)


def test_what_decides_has_the_right_sign_and_what_does_not_has_none():
    """Direct at strong feedback, slow manifolds at weak, cycles at high g; pg tosses a coin."""

    def label(g, fb, draw):
        if draw < 0.1:
            return "mixed"
        return "limit_cycle" if g > 1.25 else "direct" if fb < 10 else "slow_manifold"

    found = model(grid(label, pg=(0.4, 0.9))).set_index(["mechanism", "predictor"])
    assert found.loc[("direct", "log_fb"), "low"] > 0
    assert found.loc[("slow_manifold", "log_fb"), "high"] < 0
    assert found.loc[("limit_cycle", "g"), "low"] > 0
    for mechanism in ("direct", "slow_manifold", "limit_cycle", "mixed"):
        row = found.loc[(mechanism, "pg")]
        assert abs(row["estimate"]) < 0.5 and row["seeds"] == 4
    assert found.loc[("direct", "log_fb"), "estimate"] > 1
    sums = found["estimate"].groupby("predictor").sum()
    np.testing.assert_allclose(sums, 0, atol=1e-3)  # against the mean of all


def test_two_mechanisms_mirror_each_other_and_one_has_no_model():
    found = model(grid(lambda g, fb, draw: "direct" if fb < 10 else "mixed"))
    assert set(found["predictor"]) == {"g", "log_fb"}, "one pg only"
    estimate = found.pivot_table("estimate", "predictor", "mechanism")
    np.testing.assert_allclose(estimate["direct"], -estimate["mixed"])
    assert estimate.loc["log_fb", "direct"] > 1
    assert model(grid(lambda g, fb, draw: "mixed")).empty
    none = grid(lambda g, fb, draw: "mixed").assign(performs=False)
    assert model(none).empty
