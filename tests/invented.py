"""Invented tables of both studies, in which every claim has a known answer."""

from __future__ import annotations

import numpy as np
import pandas as pd

SEEDS = range(4)
# What the invented networks are like: largest N, epochs per N, and how tau and tau_net go with N.
KINDS = {
    "parity_single": {"max_N": 35, "epochs": 3, "tau": 0.02, "net": 0.2},
    "parity_multi": {"max_N": 101, "epochs": 1, "tau": -0.004, "net": 0.15},
    "dms_single": {"max_N": 60, "epochs": 2, "tau": 0.02, "net": 0.2},
    "dms_multi": {"max_N": 99, "epochs": 1, "tau": -0.003, "net": 0.15},
    "parity_single_tau1": {"max_N": 25, "epochs": 3, "tau": 0.0, "net": 0.2},
    "parity_multi_tau1": {"max_N": 101, "epochs": 1, "tau": 0.0, "net": 0.2},
    "parity_multi_tau2": {"max_N": 87, "epochs": 1, "tau": 0.0, "net": 0.2},
    "gru_single": {"max_N": 20, "epochs": 2, "tau": 0.0, "net": 0.2},
    "gru_multi": {"max_N": 60, "epochs": 1, "tau": 0.0, "net": 0.2},
}
SHOWN_N = (2, 5, 11, 20, 30, 35, 60, 99)


def timescales(conditions=tuple(KINDS), seeds=SEEDS, n_units=500, last_N=None) -> dict:
    """Tables of study 2 that agree with the paper; ``last_N`` ends every run earlier."""
    tables = {name: [] for name in ("networks", "epochs", "timescales", "weights", "dimension")}
    tables |= {name: [] for name in ("memory", "ablation", "perturbation", "retraining", "heads")}
    for condition in conditions:
        kind = KINDS[condition]
        single = kind["epochs"] > 1
        for seed in seeds:
            rng = np.random.default_rng([seed, sorted(KINDS).index(condition)])
            who = {"network": f"{condition}_s{seed}", "condition": condition, "seed": seed}
            max_N = kind["max_N"] if kind["max_N"] >= 99 else kind["max_N"] + int(rng.integers(2))
            stopped = last_N is not None and last_N < max_N
            max_N = last_N if stopped else max_N
            ended = "reached max_N" if stopped or max_N > 100 else "out of epochs"
            epoch = 0
            for N in range(2, max_N + 1):
                for i in range(kind["epochs"]):
                    epoch += 1
                    done = i + 1 == kind["epochs"]
                    tables["epochs"].append(
                        {
                            **{**who, "epoch": epoch, "n_min": 2, "n_max": N, "advanced": done},
                            "tau_mean": 1.43 + kind["tau"] * (N - 11) + rng.normal(0, 0.005),
                            "tau_sd": 0.3 + rng.normal(0, 0.005),
                            "tau_max": 2.0 + 10 * max(kind["tau"], 0) * N + rng.normal(0, 0.005),
                        }
                    )
            n_epochs = epoch if ended == "reached max_N" else 1000
            tables["networks"].append(
                {
                    **who,
                    "n_units": n_units,
                    "max_N": max_N,
                    "n_epochs": n_epochs,
                    "updates": 600 * n_epochs,
                    "status": ended,
                }
            )
            own = [N for N in SHOWN_N if max_N >= N]
            for N in own:
                noise = rng.normal(0, 0.005)
                tables["timescales"].append(
                    {
                        **who,
                        "N": N,
                        "tau_mean": 1.43 + kind["tau"] * (N - 11) + noise,
                        "tau_longest": 1.95 + 5 * max(kind["tau"], 0) * N + noise,
                        "tau_net_mean": 2 + kind["net"] * N + 10 * noise,
                        "tau_net_sd": 4 + 10 * noise,
                    }
                )
                weight = -0.001 * N * kind["epochs"] + noise / 50
                tables["weights"].append({**who, "N": N, "weight_mean": weight})
                task = 5 if condition.startswith("dms") else 0
                tables["dimension"].append(
                    {**who, "N": N, "dimension": 20 + task + rng.integers(2)}
                )
                earlier = 0.5 if single else 0.97
                tables["memory"] += [
                    {**who, "N_solved": N, "N": n, "accuracy": earlier + rng.normal(0, 0.005)}
                    for n in own
                    if n < N
                ]
                for group, low in (("shortest", (0.9, 0.79)), ("longest", (0.44, 0.99))):
                    relative = low[0] if single else low[1]
                    tables["ablation"] += [
                        {
                            **who,
                            "N": N,
                            "group": group,
                            "neuron": i,
                            "reference": 0.96,
                            "relative": relative + rng.normal(0, 0.01),
                        }
                        for i in range(3)
                    ]
                for target in ("recurrent", "tau"):
                    half = (0.3 if single else 0.9) * np.exp(rng.normal(0, 0.05))
                    tables["perturbation"] += [
                        {**who, "N": N, "target": target, "size": size, "relative": r}
                        for size in (0.0, *np.logspace(-2, 1, 10))
                        for r in [1 / (1 + (size / half) ** 2)]
                    ]
            if 11 in own:
                tables["retraining"] += [
                    {**who, "N_from": 11, "N": N, "relative": r + rng.normal(0, 0.01)}
                    for N in (11, 15, 19)
                    for r in [1.0 if N == 11 else 0.3 if single else 0.8]
                ]
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def all_heads(seeds=SEEDS) -> pd.DataFrame:
    """Heads of networks that start with N = 2 to 6, small N first, and add N = 7 later."""
    rows = [
        {"condition": "parity_all_heads", "seed": s, "epoch": e, "N": N, "accuracy": float(e >= N)}
        for s in seeds
        for e in range(1, 8)
        for N in (range(2, 7) if e < 7 else range(2, 8))
    ]
    return pd.DataFrame(rows)


def alone(seeds=SEEDS, solved_to=9) -> pd.DataFrame:
    """Networks trained without curriculum, on one N each."""
    rows = [
        {
            **{"condition": "parity_none", "seed": s, "start_N": N, "n_units": 500, "n_epochs": 90},
            "max_N": N if solved_to >= N else 0,
            "updates": 3000,
            "status": "solved" if solved_to >= N else "out of epochs",
        }
        for s in seeds
        for N in (5, 9, 11, 15, 20)
    ]
    return pd.DataFrame(rows)


#: What the tables of study 1 do not hold.
FACTS = {"n_units": 1000, "delay": 5.0, "n_items": 5}


def slow_manifolds(
    seeds=SEEDS,
    kinds=("direct", "slow_manifold", "limit_cycle", "mixed"),
    label=None,
    everywhere=True,
) -> dict:
    """Tables of study 1 that agree with the paper: four slow manifolds for one of each other.

    Slow manifolds lie at weak feedback, and, if ``everywhere``, at the strong one of all others as
    well. ``label``: the only one that is right; the other one, and the authors' (which follows that
    of trial ends), call direct what is slow, and the reverse.
    """
    tables = {name: [] for name in ("networks", "delays", "noise", "points", "votes", "memory")}
    swap = {"slow_manifold": "direct", "direct": "slow_manifold"}
    authors = {"slow_manifold": "manifoldFps1", "direct": "fixedPoint3", "mixed": "both"}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for kind in kinds:
            for i in range(4 if kind == "slow_manifold" else 1):
                slow, direct = kind == "slow_manifold", kind == "direct"
                name = f"{kind}{i}_s{seed}"
                who = {
                    **{"network": name, "distribution": "gauss", "pg": 0.4, "g": 0.8 + i / 10},
                    "fb": 10.0 if slow and (i % 2 or not everywhere) else 1.0,
                    **{"seed": seed, "trials": 0, "stimuli": ""},
                }
                other = swap.get(kind, kind) if label else kind
                labels = {"mechanism": other, "mechanism_memory": other}
                labels |= {label: kind} if label else {}
                called = authors.get(labels["mechanism"], "limitCycle")
                noise = rng.normal(0, 0.01)
                saturated = 0.05 if slow else 0.6
                tables["networks"].append(
                    {
                        **who,
                        "performs": i != 3,
                        "n_trials": 3500,
                        **labels,
                        "authors_a": called,
                        "saturation_delay": saturated + noise,
                        "change_in_delay": 0.3 - saturated / 3 + noise,
                    }
                )
                tables["votes"].append({**who, "vote": kind})
                tables["memory"] += [
                    {
                        **who,
                        "slowest": 30.0 if slow else 3.0,
                        "drift": (0.3 if slow else 1.5) + abs(noise),
                        "relative_speed": (0.02 if slow else 0.3) + abs(noise),
                    }
                    for _ in "ab"
                ]
                tables["delays"] += [
                    {**who, "extra": extra, "failed": failed}
                    for extra in (5.0, 100.0)
                    for failed in [0.01 if direct else extra / 200 + noise / 10]
                ]
                tables["noise"] += [
                    {**who, "noise": sort, "level": level, "failed": failed}
                    for sort in ("uniform", "gaussian", "state", "lesion")
                    for level in (0.0, 1.0, 10.0)
                    for failed in [level * (0.02 if slow else 0.06) + abs(noise)]
                ]
                # Slow manifolds: one stable point with its mirror image; direct: one per item.
                places = [1.0] if slow else [1.0, 2.0, 3.0, 4.0, 5.0] if direct else [1.0, 2.0]
                found = [(sign * z, True) for z in places for sign in (1, -1)]
                tables["points"] += [
                    {
                        **{**who, "kind": "fixed", "stable": stable, "degree_sum": 1},
                        **{"z": z, "zd_1": 0.5 * z, "zd_2": -z},
                    }
                    for z, stable in (*found, (0.0, False))
                ]
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}
