"""Small invented tables of study 2 in the shape that the pipeline makes, for tests only."""

import numpy as np
import pandas as pd

#: condition -> task, curriculum, cell, repeat
CONDITIONS = {
    "parity_single": ("parity", "single", "leaky", 1),
    "parity_multi": ("parity", "multi", "leaky", 1),
    "dms_single": ("dms", "single", "leaky", 1),
    "dms_multi": ("dms", "multi", "leaky", 1),
    "parity_single_inside": ("parity", "single", "leaky_inside", 1),
    "parity_multi_inside": ("parity", "multi", "leaky_inside", 1),
    "parity_sliding": ("parity", "sliding", "leaky", 1),
    "parity_all_heads": ("parity", "multi", "leaky", 1),
    "parity_single_repeat3": ("parity", "single", "leaky", 3),
    "parity_single_continuous": ("parity", "single", "leaky_inside", 10),
    "parity_multi_continuous": ("parity", "multi", "leaky_inside", 10),
    "parity_multi_continuous10": ("parity", "multi", "leaky_inside", 10),
}
MAIN = tuple(CONDITIONS)[:4]


def rng_of(*key) -> np.random.Generator:
    return np.random.default_rng([sum(map(ord, str(part))) for part in key])


def networks(conditions=MAIN, n_seeds: int = 3):
    """(identity, generator) of each network."""
    for condition in conditions:
        task, curriculum, cell, repeat = CONDITIONS[condition]
        for seed in range(n_seeds):
            identity = {
                "network": f"{condition}_s{seed}",
                "condition": condition,
                "task": task,
                "curriculum": curriculum,
                "cell": cell,
                "fixed_tau": 0.0,
                "repeat": repeat,
                "seed": seed,
            }
            yield identity, rng_of(condition, seed)


def table(rows) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def make_timescales(Ns=(2, 5, 10, 15, 20, 30), **which) -> pd.DataFrame:
    rows = []
    for who, rng in networks(**which):
        single, repeat = who["curriculum"] == "single", who["repeat"]
        for N in Ns:
            own = (1.5 + 0.02 * N if single else 1.5 - 0.008 * N) * repeat + 0.03 * rng.normal()
            net = (1.5 + (0.2 if single else 0.15) * N) * rng.uniform(0.85, 1.15)
            rows.append(
                {
                    **who,
                    "N": N,
                    "tau_mean": own,
                    "tau_sd": 0.3 + (0.02 * N if single else 0.001 * N),
                    "tau_max": own + 2,
                    "tau_longest": own + 1,
                    "tau_net_mean": net,
                    "tau_net_sd": net * rng.uniform(0.6, 1.2),
                    "n_fitted": 95,
                    "tau_net_population": net * 1.1,
                    "tau_net_corrected_mean": net * 1.05,
                }
            )
    return table(rows)


def make_curves(Ns=(5, 30), neurons=(3, -1), **which) -> pd.DataFrame:
    rows = []
    lags = np.arange(31)
    for who, rng in networks(**which):
        for N in Ns:
            for neuron in neurons:
                tau, net = rng.uniform(1.2, 3), rng.uniform(3, 12)
                fit = 0.6 * np.exp(-lags / tau) + 0.4 * np.exp(-lags / net)
                noise = 0.01 * rng.normal(size=len(lags)) * (lags > 0)
                rows += [
                    {
                        **who,
                        "N": N,
                        "neuron": neuron,
                        "tau": np.nan if neuron == -1 else tau,
                        "tau_net": net,
                        "model": "double",
                        "lag": int(lag),
                        "autocorrelation": value + wobble,
                        "fit": value,
                    }
                    for lag, value, wobble in zip(lags, fit, noise, strict=True)
                ]
    return table(rows)


def make_weights(Ns=(2, 5, 10, 15, 20, 30), **which) -> pd.DataFrame:
    rows = []
    for who, rng in networks(**which):
        single = who["curriculum"] == "single"
        for N in Ns:
            mean = (-3e-4 if single else -1e-4) * N + 2e-4 * rng.normal()
            rows.append(
                {
                    **who,
                    "N": N,
                    "weight_mean": mean,
                    "weight_sd": 0.05,
                    "weight_abs_mean": 0.04,
                    "spectral_radius": 0.6 + 0.02 * N + 0.02 * rng.normal(),
                    "input_abs_mean": 0.5,
                    "bias_mean": 0.1,
                }
            )
    return table(rows)


def make_dimension(Ns=(2, 5, 10, 15, 20, 30), **which) -> pd.DataFrame:
    rows = []
    for who, rng in networks(**which):
        for N in Ns:
            dimension = int(4 + N * (1.2 if who["curriculum"] == "multi" else 0.8))
            dimension += int(rng.integers(0, 3))
            rows.append(
                {
                    **who,
                    "N": N,
                    "dimension": dimension,
                    "dimension_paper": dimension - 1,
                    "participation_ratio": dimension / 2.5 + rng.random(),
                }
            )
    return table(rows)


def make_ablation(Ns=(5, 30), n_neurons: int = 5, conditions=MAIN[:2], n_seeds=3) -> pd.DataFrame:
    means = {
        ("single", "shortest"): (0.96, 0.90),
        ("single", "longest"): (0.99, 0.45),
        ("multi", "shortest"): (0.98, 0.78),
        ("multi", "longest"): (0.99, 0.99),
    }
    rows = []
    for who, rng in networks(conditions, n_seeds):
        for place, N in enumerate(Ns):
            for group in ("shortest", "longest"):
                key = (who["curriculum"] if who["curriculum"] != "sliding" else "multi", group)
                level = means[key][min(place, 1)]
                for neuron in range(n_neurons):
                    relative = level + 0.03 * rng.normal()
                    rows.append(
                        {
                            **who,
                            "N": N,
                            "group": group,
                            "neuron": neuron,
                            "tau": 1.0 if group == "shortest" else 2 + N / 10 * rng.random(),
                            "accuracy": 0.5 + 0.48 * relative,
                            "reference": 0.98,
                            "relative": relative,
                        }
                    )
    return table(rows)


def make_perturbation(N=30, n_repeats: int = 3, conditions=MAIN[:2], n_seeds=3) -> pd.DataFrame:
    half = {("single", "recurrent"): 0.3, ("multi", "recurrent"): 0.8}
    half |= {("single", "tau"): 0.1, ("multi", "tau"): 0.5}
    sizes = {
        "recurrent": [0, *np.geomspace(1e-2, 10, 10)],
        "tau": [0, *np.geomspace(1e-3, 10, 13)],
    }
    rows = []
    for who, rng in networks(conditions, n_seeds):
        for target, levels in sizes.items():
            middle = half[who["curriculum"], target] * np.exp(0.2 * rng.normal())
            for size in levels:
                for repeat in range(n_repeats):
                    relative = 1 / (1 + (size / middle) ** 2) + 0.02 * rng.normal()
                    rows.append(
                        {
                            **who,
                            "N": N,
                            "target": target,
                            "size": float(size),
                            "repeat_index": repeat,
                            "accuracy": 0.5 + 0.48 * relative,
                            "reference": 0.98,
                            "relative": relative,
                        }
                    )
    return table(rows)


def make_retraining(N_from=16, Ns=(16, 20, 26, 36), conditions=MAIN[:2], n_seeds=3) -> pd.DataFrame:
    rows = []
    for who, rng in networks(conditions, n_seeds):
        slope = 0.04 if who["curriculum"] == "single" else 0.01
        for N in Ns:
            relative = max(0.0, 1 - slope * (N - N_from) + 0.03 * rng.normal())
            rows.append(
                {
                    **who,
                    "N_from": N_from,
                    "N": N,
                    "epochs": 20,
                    "accuracy": 0.5 + 0.48 * relative,
                    "relative": relative,
                }
            )
    return table(rows)


def make_memory(highest: int = 8, conditions=MAIN[:2], n_seeds=3) -> pd.DataFrame:
    rows = []
    for who, rng in networks(conditions, n_seeds):
        for solved in range(2, highest + 1):
            for N in range(2, highest + 3):
                knows = solved == N or (who["curriculum"] == "multi" and solved > N)
                accuracy = (0.97 if knows else 0.5) + 0.01 * rng.normal()
                rows.append({**who, "N_solved": solved, "N": N, "accuracy": min(accuracy, 1.0)})
    return table(rows)


def make_networks(conditions=tuple(CONDITIONS), n_seeds=3) -> pd.DataFrame:
    rows = []
    for who, rng in networks(conditions, n_seeds):
        reached = int((30 if who["curriculum"] == "single" else 90) + rng.integers(-3, 4))
        rows.append(
            {
                **who,
                "n_units": 100,
                "max_N": reached,
                "n_epochs": 200,
                "updates": 120_000,
                "status": "out of epochs" if who["curriculum"] == "single" else "reached max_N",
            }
        )
    return table(rows)


def make_epochs(conditions=("parity_all_heads",), n_seeds=3, n_epochs: int = 12) -> pd.DataFrame:
    rows = []
    for who, rng in networks(conditions, n_seeds):
        n_max = 12 if who["condition"] == "parity_all_heads" else 2
        for epoch in range(1, n_epochs + 1):
            accuracy = min(1.0, 0.6 + 0.4 * epoch / n_epochs + 0.01 * rng.normal())
            rows.append(
                {
                    **who,
                    "epoch": epoch,
                    "updates": 600 * epoch,
                    "n_min": 2,
                    "n_max": n_max,
                    "loss": 1 - accuracy,
                    "accuracy": accuracy,
                    "accuracy_last": accuracy - 0.1,
                    "tau_mean": 1.5,
                    "tau_sd": 0.3,
                    "tau_max": 2.0,
                    "advanced": accuracy > 0.98,
                }
            )
    return table(rows)


def make_heads(
    conditions=("parity_all_heads",), n_seeds=3, n_epochs: int = 12, highest: int = 12
) -> pd.DataFrame:
    rows = []
    for who, rng in networks(conditions, n_seeds):
        for epoch in range(1, n_epochs + 1):
            for N in range(2, highest + 1):
                level = 0.5 + 0.5 / (1 + np.exp(-(2.5 * epoch - N)))
                rows.append(
                    {**who, "epoch": epoch, "N": N, "accuracy": level - 0.01 * rng.random()}
                )
    return table(rows)


def make_substeps(
    Ns=(5, 10),
    ks=(1, 2, 5, 7, 10, 15, 20, 50, 100, 200),
    conditions=("parity_single_continuous", "parity_multi_continuous"),
    n_seeds=2,
) -> pd.DataFrame:
    rows = []
    for who, rng in networks(conditions, n_seeds):
        for N in Ns:
            for k in ks:
                level = 0.5 + 0.47 * np.exp(-((np.log(k / 10) / 1.2) ** 2))
                rows.append({**who, "N": N, "k": k, "accuracy": level + 0.01 * rng.normal()})
    return table(rows)
