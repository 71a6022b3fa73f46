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
            **{"condition": "parity_none", "seed": s, "start_N": N, "n_units": 500, "n_epochs": 5},
            "max_N": N if solved_to >= N else 0,
            "updates": 3000,
            "status": "solved" if solved_to >= N else "out of epochs",
        }
        for s in seeds
        for N in (5, 9, 11, 15, 20)
    ]
    return pd.DataFrame(rows)


def slow_manifolds(seeds=SEEDS, kinds=("direct", "slow_manifold", "limit_cycle", "mixed")) -> dict:
    """Tables of study 1 that agree with the paper: four slow manifolds for one of each other."""
    tables = {name: [] for name in ("networks", "delays", "noise", "ends", "votes", "memory")}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        for kind in kinds:
            for i in range(4 if kind == "slow_manifold" else 1):
                slow, direct = kind == "slow_manifold", kind == "direct"
                name = f"{kind}{i}_s{seed}"
                who = {
                    "network": name,
                    "seed": seed,
                    "trials": 0,
                    "g": 1.2,
                    "fb": 10.0 if slow else 1.0,
                }
                noise = rng.normal(0, 0.01)
                saturated = 0.05 if slow else 0.6
                tables["networks"].append(
                    {
                        **who,
                        "performs": i != 3,
                        "n_trials": 3500,
                        "mechanism": kind,
                        "mechanism_memory": kind,
                        "saturation_delay": saturated + noise,
                        "change_in_delay": 0.3 - saturated / 3 + noise,
                    }
                )
                tables["votes"].append({**who, "vote": kind})
                tables["memory"] += [
                    {**who, "relative_speed": (0.02 if slow else 0.3) + abs(noise)} for _ in "ab"
                ]
                tables["delays"] += [
                    {**who, "extra": extra, "failed": failed}
                    for extra in (5.0, 100.0)
                    for failed in [0.01 if direct else extra / 200 + noise / 10]
                ]
                tables["noise"] += [
                    {**who, "noise": "uniform", "level": level, "failed": failed}
                    for level in (0.0, 1.0, 10.0)
                    for failed in [level * (0.02 if slow else 0.06) + abs(noise)]
                ]
                # Slow manifolds: one attractor, in use. Others: three, one of them in use.
                places = [1.0] if slow else [1.0, 2.0, 3.0]
                tables["ends"] += [
                    {**who, "start": start, "kind": "rest", "z": sign * z, "zd_1": sign * 0.5 * z}
                    for start, found in (("trial end", places[:1]), ("noisy", places))
                    for z in found
                    for sign in (1, -1)
                ]
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}
