"""Tables of the bridge as a run might leave them, with trends that are known."""

import numpy as np
import pandas as pd

MECHANISMS = ("direct", "slow_manifold", "limit_cycle")


def slowness(Ns=(2, 4, 6, 8), seeds=range(3), rise=0.04, single=1.5, multi=12.0):
    rows = []
    for condition, carriers in (("parity_single", single), ("parity_multi", multi)):
        for seed in seeds:
            for N in Ns:
                exponent = -0.6 + rise * N + 0.003 * seed
                rows.append(
                    {
                        "network": f"{condition}_s{seed}",
                        "condition": condition,
                        "seed": seed,
                        "N": N,
                        "exponent_1": exponent,
                        "forgetting_time": -1 / exponent if exponent < 0 else np.inf,
                        "participation": carriers + 0.02 * seed,
                        "mode_tau": 2.0,
                        "tau_mean": 1.3,
                        "tau_max": 2 + 0.1 * N,
                        "tau_net": 1 + 0.5 * N,
                        "tau_net_corrected": 1 + 0.4 * N,
                    }
                )
    return pd.DataFrame(rows)


def points(**which):
    table = slowness(**which)[["network", "condition", "seed", "N"]]
    both = pd.concat([table.assign(item=item) for item in (0, 1)], ignore_index=True)
    return both.assign(n_points=1, n_stable=1, n_failed=0, time=2.0, participation=5.0)


def modes(**which):
    table = slowness(**which)[["network", "condition", "seed", "N"]]
    ranks = [table.assign(rank=r + 1, part=0.5 ** (r + 1), tau=2.0) for r in range(20)]
    return pd.concat(ranks, ignore_index=True)


def forgetting(seeds=range(3), n=12, order=1):
    """Networks whose delays rise (order 1) or fall (-1) with tau_net; the last never forgets."""
    rows = []
    for seed in seeds:
        for i in range(n):
            place = i if order > 0 else n - 1 - i
            rows.append(
                {
                    "network": f"net{i}_seed{seed}",
                    "seed": seed,
                    "mechanism": MECHANISMS[i % 3],
                    "mechanism_memory": MECHANISMS[i * len(MECHANISMS) // n],
                    "tau_net_mean": 5.0 + i,
                    "tau_net_corrected_mean": 6.0 + i + 0.1 * seed,
                    "half_delay": 5.0 + 12 * place,
                    "forgets": place < n - 1,
                }
            )
    return pd.DataFrame(rows)
