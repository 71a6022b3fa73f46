"""BrainPy's SlowPointFinder on one system of ``known_sets``, by the Python of its environment.

    PYTHON brainpy_search.py QUESTION.npz ANSWER.npz

Called by ``yardstick.py``. It imports nothing of memdyn: the systems are written again for JAX. All
tolerances are the default ones; ``exclude_outliers`` is left out: it throws every isolated point
away.
"""

import sys
import time

import brainpy as bp
import brainpy.math as bm
import jax
import jax.numpy as jnp
import numpy as np

bm.enable_x64()


def henon(s):
    return jnp.stack([1 - 1.4 * s[..., 0] ** 2 + s[..., 1], 0.3 * s[..., 0]], -1)


def lorenz(s):
    x, y, z = (s[..., i] for i in range(3))
    return jnp.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], -1)


def himmelblau(s):
    x, y = s[..., 0], s[..., 1]
    p, q = x**2 + y - 11, x + y**2 - 7
    return -jnp.stack([4 * x * p + 2 * q, 2 * p + 4 * y * q], -1) / 100


def ghost(s):
    return jnp.stack([1e-4 + s[..., 0] ** 2, -s[..., 1]], -1)


def close_pair(s):
    return jnp.stack([1e-6 - s[..., 0] ** 2, s[..., 0] - s[..., 1]], -1)


def network(of):
    """(rule, type) of a network, by what arrays it has."""
    recurrent, bias = of["recurrent"], of.get("bias", 0.0)
    n = recurrent.shape[1]
    if len(recurrent) == 3 * n:
        extra = of.get("recurrent_bias", np.zeros(3 * n))

        def gru(h):
            r, z, c = jnp.split(h @ recurrent.T + extra, 3, -1)
            br, bz, bc = jnp.split(bias, 3)
            reset, update = jax.nn.sigmoid(r + br), jax.nn.sigmoid(z + bz)
            return (1 - update) * jnp.tanh(bc + reset * c) + update * h

        return gru, "discrete"
    if of["name"] == "threshold-linear":
        return lambda x: -x + jax.nn.relu(x) @ recurrent.T + bias, "continuous"
    return lambda x: jnp.tanh(x @ recurrent.T + bias), "discrete"


FORMULAS = {
    "ghost": (ghost, "continuous"),
    "close pair": (close_pair, "continuous"),
    "Henon": (henon, "discrete"),
    "Lorenz": (lorenz, "continuous"),
    "Himmelblau": (himmelblau, "continuous"),
}

if __name__ == "__main__":
    with np.load(sys.argv[1]) as file:
        of = {name: file[name] for name in file.files}
    rule, kind = FORMULAS.get(str(of["name"])) or network(of)
    began = time.process_time()
    finder = bp.analysis.SlowPointFinder(f_cell=rule, f_type=kind, verbose=False)
    finder.find_fps_with_gd_method(candidates=bm.asarray(of["seeds"]))
    finder.filter_loss()
    finder.keep_unique()
    states = np.asarray(finder.fixed_points).reshape(-1, of["seeds"].shape[1])
    np.savez(sys.argv[2], states=states, seconds=time.process_time() - began)
