"""Small invented tables of training in the shape that study 2's pipeline makes, for tests only."""

from typing import NamedTuple

import numpy as np
import pandas as pd


class Run(NamedTuple):
    """How the invented networks of a condition learn: epochs per N and where they end."""

    condition: str
    pace: float = 1.0  # epochs per N, times (N / 10) ** steep
    steep: float = 0.0
    end: int = 12  # N at which they stop
    cap: int = 12  # largest N asked for
    cell: str = "leaky"
    fixed_tau: float = 0.0
    head: int = 2  # first N
    step: int = 1


MAIN = (
    Run("parity_single", 2.0, 1.5, 10),
    Run("parity_multi"),
    Run("dms_single", 1.5, 1.0, 12),
    Run("dms_multi"),
)
FIXED = (
    Run("parity_single_tau1", 3.0, 2.0, 7, fixed_tau=1.0),
    Run("parity_multi_tau1", fixed_tau=1.0),
    Run("parity_multi_tau2", 2.0, 1.0, 10, fixed_tau=2.0),
    Run("parity_multi_tau3", 2.0, 1.5, 8, fixed_tau=3.0),
)
OTHERS = (
    Run("parity_sliding", 1.5, 0.5, 12, head=6, step=3),
    Run("parity_all_heads", 0.6, 0.2, 12),
)
GATED = (
    Run("gru_single", 1.5, 1.2, 9, cell="gru"),
    Run("gru_multi", cell="gru"),
    Run("lstm_single", 1.8, 1.4, 8, cell="lstm"),
    Run("lstm_multi", cell="lstm"),
)
ALL = MAIN + FIXED + OTHERS + GATED


def make_training(runs=ALL, seeds: int = 3, n_units: int = 60) -> dict[str, pd.DataFrame]:
    """Tables ``epochs``, ``networks`` and ``timescales`` of these runs."""
    rng = np.random.default_rng(5)
    epochs, networks, timescales = [], [], []
    for run in runs:
        parts = run.condition.split("_")
        for seed in range(seeds):
            who = {
                "network": f"{run.condition}_s{seed}",
                "condition": run.condition,
                "task": "dms" if parts[0] == "dms" else "parity",
                "curriculum": parts[1] if parts[1] in ("single", "sliding") else "multi",
                "cell": run.cell,
                "fixed_tau": run.fixed_tau,
                "repeat": 1,
                "seed": seed,
            }
            end = min(run.cap, run.end + (seed % 2 if run.end < run.cap else 0))
            epoch = updates = solved = 0
            for N in range(run.head, end + 1, run.step):
                for last in range(max(1, round(run.pace * (N / 10) ** run.steep + rng.random()))):
                    epoch, updates = epoch + 1, updates + 600
                    epochs.append(
                        who
                        | {"epoch": epoch, "updates": updates, "n_min": 2, "n_max": N, "loss": 0.1}
                        | {"accuracy": 0.99 - 0.1 / (last + 1), "accuracy_last": 0.98}
                        | {"tau_mean": 1.5, "tau_sd": 0.3, "tau_max": 2.0, "advanced": False}
                    )
                epochs[-1]["advanced"] = True
                solved = N
                if run.cell == "leaky":
                    grow = (N / 12) ** 2 if "single" in run.condition else -N / 30
                    timescales.append(
                        who
                        | {"N": N, "tau_mean": 1.5 + 0.2 * grow + rng.normal(0, 0.01)}
                        | {"tau_sd": 0.3 + 0.3 * max(grow, 0) + rng.normal(0, 0.01)}
                        | {"tau_max": 2.0, "tau_longest": 2.0, "tau_net_mean": 3.0}
                    )
            capped = solved == run.cap
            if not capped:
                epochs.append({**epochs[-1], "epoch": epoch + 1, "advanced": False})
                epochs[-1]["updates"] += 600
                epochs[-1]["n_max"] += run.step
            networks.append(
                who
                | {"n_units": n_units, "max_N": solved, "n_epochs": epochs[-1]["epoch"]}
                | {"updates": epochs[-1]["updates"]}
                | {"status": "reached max_N" if capped else "out of epochs"}
            )
    tables = {"epochs": epochs, "networks": networks, "timescales": timescales}
    return {name: pd.DataFrame(rows) for name, rows in tables.items()}


def make_from_scratch(Ns=(3, 5, 8, 12, 16), seeds: int = 3, n_epochs: int = 10) -> dict:
    """Tables ``epochs`` and ``networks`` of networks that train on one N from the start."""
    rng = np.random.default_rng(6)
    epochs, networks = [], []
    for N in Ns:
        for seed in range(seeds):
            who = {
                "network": f"parity_none_N{N}_s{seed}",
                "condition": "parity_none",
                "task": "parity",
                "curriculum": "none",
                "cell": "leaky",
                "fixed_tau": 0.0,
                "repeat": 1,
                "seed": seed,
                "N": N,
            }
            solved = N <= 8
            last = round(N / 2) + seed if solved else n_epochs
            for epoch in range(1, last + 1):
                rise = 0.5 / (1 + np.exp(-(8 * epoch / last - 4))) if solved else 0.02
                accuracy = min(1.0, 0.5 + rise + rng.uniform(0, 0.01))
                epochs.append(
                    who
                    | {"epoch": epoch, "updates": 600 * epoch, "n_min": N, "n_max": N, "loss": 0.5}
                    | {"accuracy": accuracy, "accuracy_last": accuracy, "tau_mean": 1.5}
                    | {"tau_sd": 0.3, "tau_max": 2.0, "advanced": solved and epoch == last}
                )
            networks.append(
                who
                | {"n_units": 60, "max_N": N if solved else 0, "n_epochs": last}
                | {"updates": 600 * last, "status": "solved" if solved else "out of epochs"}
            )
    return {"epochs": pd.DataFrame(epochs), "networks": pd.DataFrame(networks)}


def together(*parts: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables of several makers, one after the other."""
    names = {name for part in parts for name in part}
    return {
        name: pd.concat([part[name] for part in parts if name in part], ignore_index=True)
        for name in names
    }


def make_curves(conditions=("parity_single", "parity_multi"), Ns=(5, 10)) -> pd.DataFrame:
    """Table ``curves``: autocorrelations of a few neurons and of the population."""
    rows = []
    for condition in conditions:
        for N in Ns:
            for neuron, (tau, tau_net, model) in {
                0: (1.3, 6.0, "double"),
                4: (1.1, 3.0, "double"),
                7: (1.6, 1.2, "single"),
                -1: (np.nan, 5.0, "double"),
            }.items():
                lag = np.arange(31)
                fit = np.exp(-lag / tau_net)
                if model == "double":
                    fit = 0.5 * np.exp(-lag / 0.8) + 0.5 * fit
                rows.append(
                    pd.DataFrame(
                        {
                            "network": f"{condition}_s0",
                            "condition": condition,
                            "task": condition.split("_")[0],
                            "curriculum": condition.split("_")[1],
                            "cell": "leaky",
                            "fixed_tau": 0.0,
                            "repeat": 1,
                            "seed": 0,
                            "N": N,
                            "neuron": neuron,
                            "tau": tau,
                            "tau_net": tau_net,
                            "model": model,
                            "lag": lag,
                            "autocorrelation": fit + 0.01 * np.cos(lag),
                            "fit": fit,
                        }
                    )
                )
    return pd.concat(rows, ignore_index=True)
