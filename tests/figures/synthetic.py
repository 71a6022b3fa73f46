"""Small invented tables and recordings in the shape that the pipeline makes, for tests only."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.text import Text

from memdyn.bridge import claims as bridge
from memdyn.claims.judge import VERDICTS, Evidence, judge
from memdyn.figures.style import house_style
from memdyn.landscape.labels import MECHANISMS
from memdyn.slow_manifolds.claims import claims as slow_manifolds
from memdyn.slow_manifolds.claims.controls import EVERY
from memdyn.slow_manifolds.examples import N_SHOWN
from memdyn.slow_manifolds.tasks.pattern_matching import SequentialPatternMatching
from memdyn.timescales.claims import claims as timescales

CODES = {2: [1.0, 0.5, 1.5], 3: [1.0, 0.5, 1.5, 2.0, 0.8]}


def make_task(n_classes: int = 2) -> SequentialPatternMatching:
    rng = np.random.default_rng(0)
    latents = [rng.normal(3 * np.cos([i, i + 1.5]), 0.4, (50, 2)) for i in range(n_classes)]
    timing = {"stimulus": 10.0, "delay": 5.0, "response": 5.0}
    return SequentialPatternMatching.from_settings(
        {**timing, "output_code": CODES[n_classes]}, 0.1, latents
    )


def make_stimuli(task: SequentialPatternMatching, images: bool = True) -> tuple[dict, dict]:
    rng = np.random.default_rng(1)
    arrays = {
        "all_latents": np.concatenate([*task.latents, rng.normal(0, 2, (100, 2))]),
        "all_labels": np.repeat(np.arange(task.n_classes + 1), [50] * task.n_classes + [100]),
        "class_means": task.class_means,
    }
    if images:
        labels = np.repeat(np.arange(task.n_classes + 1), 4)
        arrays["example_labels"] = labels
        arrays["examples"] = arrays["reconstructions"] = rng.random((len(labels), 8, 8))
    facts = {"source": "digits" if images else "gaussian", "d_prime": 3.2, "balanced_accuracy": 0.9}
    return arrays, facts


def make_examples(task: SequentialPatternMatching, names=MECHANISMS) -> tuple[dict, dict]:
    rng = np.random.default_rng(2)
    n_types, n_steps = task.n_types, task.n_steps
    n_outputs = 1 + task.class_means.shape[1]
    kinds = {"limit_cycle": "periodic", "aperiodic": "aperiodic", "unresolved": "settling"}
    arrays, facts = {}, {}

    def walk(*shape):
        return np.cumsum(rng.normal(0, 0.05, shape), axis=1).astype(np.float32)

    for i, name in enumerate(names):
        arrays |= {
            f"{name}.inputs": rng.normal(size=(n_types, 2, task.n_stimulus, 2)),
            f"{name}.outputs": walk(n_types, n_steps, n_outputs),
            f"{name}.units": np.arange(N_SHOWN),
            f"{name}.rates": np.tanh(walk(n_types, n_steps, N_SHOWN)),
            f"{name}.components": walk(n_types, n_steps, 3),
            f"{name}.explained": np.array([0.6, 0.2, 0.1]),
            f"{name}.continued": walk(n_types, 3 * n_steps, 3),
            f"{name}.continued_outputs": walk(n_types, 3 * n_steps, n_outputs),
            f"{name}.end": walk(n_types, 2 * n_steps, 3),
            f"{name}.end_outputs": walk(n_types, 2 * n_steps, n_outputs),
        }
        facts[name] = {
            "network": f"net{i}",
            "run_length": 30,
            "kinds": [kinds.get(name, "rest")] * n_types,
            "g": 1.1,
            "fb": 5.0,
            "trial_ends": "slow_manifold",
            "rmse": 0.05 - 0.005 * i,
            "saturation_delay": 0.1,
            "change_in_delay": 0.2,
        }
    return arrays, facts


def make_networks(per_cell: int = 1, mechanisms=MECHANISMS, performs: float = 0.6) -> pd.DataFrame:
    """A table of networks over 7 x 6 cells; ``performs`` is the chance that one performs."""
    rng = np.random.default_rng(3)
    rows = []
    for g in (0.8, 0.9, 1.1, 1.2, 1.3, 1.4, 1.5):
        for fb in (40.0, 30.0, 20.0, 10.0, 5.0, 1.0):
            for seed in range(per_cell):
                able = bool(rng.random() < performs)
                rows.append(
                    {
                        "network": f"g{g}_fb{fb}_seed{seed}",
                        "distribution": "gauss",
                        "pg": 0.4,
                        "g": g,
                        "fb": fb,
                        "seed": seed,
                        "trials": 0,
                        "n_trials": 400,
                        "performs": able,
                        "rmse": rng.random(),
                        "failed_0.1": 0.0 if able else rng.random(),
                        "mechanism": str(rng.choice(mechanisms)),
                        "mechanism_memory": str(rng.choice(mechanisms)),
                        "authors_a": str(rng.choice(["fixedPoint3", "manifoldFps1", "limitCycle"])),
                        "authors_b": str(rng.choice(["manifoldFps2", "manifoldFps1", "both"])),
                        "saturation_delay": rng.random() / 2,
                        "change_in_delay": rng.random() / 4,
                    }
                )
    return pd.DataFrame(rows)


def make_evidence(networks: pd.DataFrame, every: pd.DataFrame | None = None) -> Evidence:
    """Points and memory states of the networks that perform; of every fifth, points are missing."""
    rng = np.random.default_rng(6)
    points, memory = [], []
    for i, network in enumerate(networks.loc[networks["performs"], "network"]):
        who = {"network": network, "kind": "fixed", "degree_sum": 3 if i % 5 == 0 else 1}
        points.append({**who, "stable": False, "z": 0.0, "zd_1": 0.0, "zd_2": 0.0})
        for z in rng.normal(size=rng.integers(4)):
            for sign in (1, -1):
                place = {"z": sign * z, "zd_1": -sign * z, "zd_2": sign * 2 * z}
                points.append({**who, "stable": True, **place})
        slow = {"slowest": np.inf if i % 7 == 0 else 5 * np.exp(rng.normal())}
        memory += [{"network": network, "n_slow": i % 12, **slow}] * 2
    tables = {"points": pd.DataFrame(points), "memory": pd.DataFrame(memory)}
    every = networks if every is None else every
    return Evidence({**tables, EVERY: every}, {"delay": 5.0, "n_items": 5, "n_units": 300})


def make_controls(*names: str) -> pd.DataFrame:
    """Networks with a partner that differs in one column of the grid, for each of ``names``."""
    rng = np.random.default_rng(7)
    networks = make_networks(2)
    parts = [networks]
    for name in names:
        value = {"pg": 0.9, "distribution": "uniform", "trials": 100}[name]
        label = [str(rng.choice(MECHANISMS)) for _ in range(len(networks))]
        parts.append(networks.assign(**{name: value}, mechanism_memory=label))
    return pd.concat(parts, ignore_index=True)


def make_failures(networks: pd.DataFrame, levels, kinds=(None,)) -> pd.DataFrame:
    """Failed fractions of the networks that perform; of noise where ``kinds`` are named."""
    rng = np.random.default_rng(4)
    rows = []
    for network in networks.loc[networks["performs"], "network"]:
        for kind in kinds:
            for i, level in enumerate(levels):
                away, late = rng.random(2) * 0.5 * (i + 1) / len(levels)
                place = {"extra": level} if kind is None else {"noise": kind, "level": level}
                parts = {"failed": away + late, "asymptotic": away, "fixed_time": late}
                rows.append({"network": network, **place, **parts})
    return pd.DataFrame(rows)


def make_landscapes(task: SequentialPatternMatching, names=MECHANISMS) -> tuple[dict, dict]:
    """Landscapes with every kind of point, a cycle where one belongs, and none of either."""
    rng = np.random.default_rng(5)
    n_cases, n_steps, n_alone = task.n_types**2, task.n_steps, 20 * task.n_delay
    arrays, facts = {}, {}
    for i, name in enumerate(names):
        kinds = [] if name == "aperiodic" else ["fixed", "fixed", "slow", "continuum"]
        cycles = 1 if name in ("limit_cycle", "mixed") else 0
        turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        orbit = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
        arrays |= {
            f"{name}.trials": np.cumsum(rng.normal(0, 0.05, (n_cases, n_steps, 3)), axis=1),
            f"{name}.alone": np.cumsum(rng.normal(0, 0.02, (n_cases, n_alone, 3)), axis=1),
            f"{name}.explained": np.array([0.6, 0.2, 0.1]),
            f"{name}.speed": np.exp(-rng.random((n_cases, n_alone)) - np.arange(n_alone) / 100),
            f"{name}.points": rng.normal(size=(len(kinds), 3)),
            f"{name}.orbits": np.repeat(orbit[None], cycles, axis=0),
            f"{name}.stable": np.array([True, False, False, True][: len(kinds)], dtype=bool),
        }
        for what, rows in (("point", len(kinds)), ("memory", 4)):
            arrays[f"{name}.{what}_re"] = 1 - 0.2 * rng.random((rows, 20))
            arrays[f"{name}.{what}_im"] = 0.1 * rng.normal(size=(rows, 20))
        facts[name] = {
            "network": f"net{i}",
            "kinds": kinds,
            "stable_cycles": [True] * cycles,
            "periods": [12.3] * cycles,
            "degree_sum": {"aperiodic": None, "mixed": 3}.get(name, 1),
            "vote": None if name == "mixed" else name,
            "g": 1.1,
            "fb": 5.0,
            **dict.fromkeys(("n_slow", "dimension", "drift", "slowest"), 2.0),
        }
    return arrays, facts


def every_claim() -> pd.DataFrame:
    """Every claim of both studies and the bridge; none could be asked."""
    studies = ("slow_manifolds", slow_manifolds), ("timescales", timescales), ("bridge", bridge)
    found = [judge(study, module.CLAIMS, Evidence({}), "test") for study, module in studies]
    return pd.concat(found, ignore_index=True)


def with_verdicts(claims: pd.DataFrame, estimate: float = 0.5, half: float = 0.2) -> pd.DataFrame:
    """The same with verdicts in turn and numbers of a given size."""
    numbers = {"estimate": estimate, "low": estimate - half, "high": estimate + half}
    said = [VERDICTS[i % len(VERDICTS)] for i in range(len(claims))]
    hang = [
        "3 of 4; without seed 2 undecided" if i % 5 == 0 else "4 of 4" for i in range(len(said))
    ]
    return claims.assign(**numbers, n="120 + 48", verdict=said, one_left_out=hang)


def refuse_overlaps(figure: Figure) -> None:
    """Ask that all lies on the page, no text is too small, and none runs into the next."""
    renderer, lines = figure.canvas.get_renderer(), {}
    with house_style():
        box = figure.get_tightbbox(renderer)
        for text in figure.axes[0].texts:
            place = text.get_window_extent(renderer)
            lines.setdefault(round(text.get_position()[1], 4), []).append((place.x0, place.x1))
    width, height = figure.get_size_inches()
    assert min(box.x0, box.y0) >= -0.01
    assert box.x1 <= width + 0.01
    assert box.y1 <= height + 0.01
    assert min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text()) >= 7
    for places in lines.values():
        for (_, end), (start, _) in pairwise(sorted(places)):
            assert end <= start + 1
