"""Every system of known answer, the flip-flop, and what must not change the set that is found."""

import math

import numpy as np
import pytest
import torch
from known import (
    bistable_level,
    block_gru,
    block_network,
    orthogonal,
    planted,
    random_rate,
    rows,
)

from memdyn.dynamics import descent
from memdyn.dynamics.cells import LeakyNetwork, RateNetwork, from_torch
from memdyn.dynamics.fixed_points import FixedPoints, find_fixed_points
from memdyn.dynamics.systems import EulerMap, Flow, Map

GAIN = 2.0


def nearest(points, targets):
    """Distance from each target to the nearest point."""
    return np.linalg.norm(points[None] - targets[:, None], axis=-1).min(1)


@pytest.mark.parametrize("cell", ["tanh", "gru"])
def test_block_network(cell):
    """3^B points, 2^B stable; eigenvalues gain (1 - m^2), gain, 0; (1 - z) l + z for the GRU."""
    z = 0.6 if cell == "gru" else 0.0
    network = block_network(3, 8, GAIN) if cell == "tanh" else block_gru(3, 8, GAIN, z)
    found = find_fixed_points(network, rows(128, 24))
    assert (len(found), found.stable.sum(), found.degree_sum) == (27, 8, 1)
    assert set(found.kind) == {"fixed"}
    level = bistable_level(GAIN)
    signs = np.array(np.meshgrid(*[[-1, 0, 1]] * 3)).reshape(3, -1).T
    truth = level * np.repeat(signs, 8, axis=1)
    assert nearest(found.states, truth).max() < 1e-9
    for state, values in zip(found.states, found.eigenvalues, strict=True):
        at_rest = np.abs(state[::8]) < 0.5
        leading = np.where(at_rest, GAIN, GAIN * (1 - level**2))
        expected = np.concatenate([(1 - z) * leading + z, np.full(21, z)])
        assert np.abs(np.sort(values.real) - np.sort(expected)).max() < 1e-6
        assert np.abs(values.imag).max() < 1e-6


def test_planted_points():
    columns = 0.8 * torch.tanh(rows(20, 6))
    network = planted(columns, columns)
    found = find_fixed_points(network, (columns.T + 0.01 * rows(6, 20, 1)).repeat(4, 1))
    assert nearest(found.states, columns.T.numpy()).max() < 1e-9


def test_stability_is_of_the_map_not_of_the_drift():
    """x' = -1.5 x grows: |DF| = 1.5 although D(F - x) = -2.5 < 0 (erratum of rnn-fxpts)."""
    found = find_fixed_points(Map(lambda x, u: -1.5 * x, 1), rows(3, 1))
    assert len(found) == 1 and not found.stable[0]
    assert found.eigenvalues[0, 0] == pytest.approx(-1.5)


@pytest.mark.parametrize("dimension", [1, 2])
def test_linear_attractor_is_one_continuum(dimension):
    frame = orthogonal(10)
    spectrum = torch.full((10,), 0.5, dtype=torch.float64)
    spectrum[:dimension] = 1
    network = LeakyNetwork(frame @ torch.diag(spectrum) @ frame.T, nonlinearity="linear")
    seeds = rows(100, 10)
    found = find_fixed_points(network, seeds)
    assert found.kind.tolist() == ["continuum"]
    assert found.dimension.tolist() == [dimension] and found.stable.all()
    assert found.degree_sum is None
    along = seeds @ frame[:, :dimension]
    assert found.extent[0] > float(torch.cdist(along, along).max()) / 2


def test_relu_line_attractor_and_its_perturbation():
    """Mutual inhibition 1 holds any x >= 0 with x1 + x2 = 1; 1 - eps leaves one point inside."""
    inhibit = torch.tensor([[0.0, -1.0], [-1.0, 0.0]], dtype=torch.float64)
    bias = torch.ones(2, dtype=torch.float64)
    seeds = torch.rand(60, 2, generator=torch.Generator().manual_seed(0))
    line = find_fixed_points(RateNetwork(inhibit, bias=bias, nonlinearity="relu"), seeds)
    assert line.kind.tolist() == ["continuum"] and line.dimension[0] == 1

    for eps in (1e-2, 1e-3):
        network = RateNetwork((1 - eps) * inhibit, bias=bias, nonlinearity="relu")
        found = find_fixed_points(network, seeds)
        inside = found[(found.states > 1e-6).all(1)]  # enumeration of the one linear region
        assert len(inside) == 1 and inside.kind[0] == "fixed"
        assert inside.states[0] == pytest.approx(1 / (2 - eps), abs=1e-9)
        slow = -1 / inside.eigenvalues[0].real.max()
        assert slow == pytest.approx(1 / eps, rel=1e-6)  # drift along the line of order eps
        on_line = torch.tensor([[0.8, 0.2]], dtype=torch.float64)
        assert float(network.drift(on_line).norm()) < 2 * eps


def test_relu_enumeration():
    """All points of a small ReLU net, from solving the linear system of every region."""
    weights, bias = 1.2 * rows(4, 4, 4), rows(1, 4, 54)[0]
    truth = []
    for region in range(16):
        on = torch.tensor([(region >> k) & 1 for k in range(4)], dtype=torch.float64)
        x = torch.linalg.solve(torch.eye(4).double() - weights * on, bias)
        if torch.equal((x > 0).double(), on):
            truth.append(x.numpy())
    found = find_fixed_points(
        RateNetwork(weights, bias=bias, nonlinearity="relu"), rows(200, 4, 5, scale=3)
    )
    found = found[found.kind == "fixed"]
    assert len(found) == len(truth) > 1
    assert nearest(found.states, np.array(truth)).max() < 1e-9


@pytest.mark.parametrize("eps", [1e-2, 1e-4])
def test_ghost_is_slow_not_fixed(eps):
    """x' = eps + x^2: no fixed point, min q = eps^2 / 2 at 0, passage time pi / sqrt(eps)."""
    flow = Flow(lambda x, u: eps + x**2, n_units=1, dt=1e-3 / math.sqrt(eps))
    found = find_fixed_points(flow, torch.linspace(-1, 1, 12)[:, None], task_speed=1.0, settle=0)
    assert found.kind.tolist() == ["slow"] and not found.stable.any()
    assert abs(found.states[0, 0]) < 1e-5
    assert found.q[0] == pytest.approx(eps**2 / 2, rel=1e-6)
    assert found.relative_speed[0] == pytest.approx(eps, rel=1e-6)
    assert "no fixed point" in found.message

    x, steps, far = torch.full((1, 1), -20 * math.sqrt(eps)).double(), 0, 20 * math.sqrt(eps)
    while x < far:
        x, steps = flow.step(x), steps + 1
    exact = 2 * math.atan(20) / math.sqrt(eps)  # pi / sqrt(eps) less the two tails
    assert steps * flow.dt == pytest.approx(exact, rel=5e-3)


def test_empty_result_explains_itself():
    found = find_fixed_points(Flow(lambda x, u: torch.ones_like(x), 2, 0.1), rows(10, 2))
    assert len(found) == 0 and found.states.shape == (0, 2)
    assert "no fixed point" in found.message and "1.4e+00" in found.message
    assert found.n_failed == 10  # their ends left the cloud
    assert not found.confined and found.degree_sum is None


def test_weak_random_network_has_only_the_origin():
    found = find_fixed_points(random_rate(200, 0.8), rows(32, 200))
    assert len(found) == 1 and found.stable[0] and found.degree_sum == 1
    assert np.linalg.norm(found.states[0]) < 1e-10


def test_euler_step_changes_no_point_and_no_time_constant():
    """dt -> dt / 2: same points; time constants of the map approach those of the flow as O(dt)."""
    flows = [RateNetwork(random_rate(24, 1.6, 2).recurrent, dt=dt) for dt in (0.02, 0.01)]
    of_flow = find_fixed_points(flows[0], rows(64, 24))
    of_maps = [find_fixed_points(EulerMap(f), rows(64, 24)) for f in flows]
    assert len(of_flow) > 1
    error = []
    for of_map in of_maps:
        assert of_map.same_set(of_flow, 1e-8)
        order = [np.linalg.norm(of_map.states - s, axis=1).argmin() for s in of_flow.states]
        rates = 1 / of_map.time_constants[order], 1 / of_flow.time_constants
        error.append(np.abs(np.sort(rates[0]) - np.sort(rates[1])).max())
    assert error[0] < 0.1 and error[1] < 0.6 * error[0]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_flip_flop(cell, flip_flop):
    """27 points, 8 stable, degree sum 1, and the cube of saddles: 8, 12, 6, 1 by unstable modes."""
    module, states = flip_flop(cell)
    found = find_fixed_points(from_torch(module), states)
    fixed = found[found.kind == "fixed"]
    assert (len(fixed), fixed.stable.sum(), found.degree_sum) == (27, 8, 1)
    unstable = (np.abs(fixed.eigenvalues) > 1).sum(1)
    assert np.bincount(unstable).tolist() == [8, 12, 6, 1]
    x = torch.tensor(fixed.states)
    assert from_torch(module.double()).drift(x).norm(dim=-1).max() < 1e-11
    module.float()


def test_inputs_per_seed():
    """One input per seed: tanh(gain x + u) has three points for small u, one for large."""
    network = LeakyNetwork(torch.full((1, 1), 2.0), torch.ones(1, 1), nonlinearity="tanh")
    x = torch.linspace(-1, 1, 9).repeat_interleave(2)[:, None]
    u = torch.tensor([0.1, 2.0]).repeat(9)[:, None]
    found = find_fixed_points(network, x, u)
    assert sorted(found.inputs[:, 0].round(3)) == [0.1, 0.1, 0.1, 2.0]
    assert found.degree_sum.tolist() == [1, 1]
    residual = np.tanh(2 * found.states + found.inputs) - found.states
    assert np.abs(residual).max() < 1e-12
    one = find_fixed_points(network, x, torch.tensor([2.0]))
    assert len(one) == 1


def test_a_batch_gives_what_its_networks_give():
    batch = RateNetwork(torch.stack([random_rate(12, 1.8, s).recurrent for s in range(3)]))
    seeds = rows(3 * 24, 12).view(3, 24, 12)
    together = find_fixed_points(batch, seeds)
    for b in range(3):
        assert together[together.network == b].states.shape[1] == 12
        alone = find_fixed_points(batch[b], seeds[b])
        np.testing.assert_array_equal(together.states[together.network == b], alone.states)


@pytest.mark.parametrize("seed", range(6))
def test_what_must_not_change_the_set(seed):
    """Order of the seeds (bit for bit), splitting them, float noise in them (within 1e-7)."""
    network, seeds = random_rate(16, 1.7, seed), rows(96, 16, seed + 100)
    found = find_fixed_points(network, seeds)
    assert len(found[found.kind == "fixed"]) >= 1 and found.degree_sum == 1
    order = torch.randperm(96, generator=torch.Generator().manual_seed(seed))
    np.testing.assert_array_equal(find_fixed_points(network, seeds[order]).states, found.states)
    noisy = seeds + 1e-9 * rows(96, 16, seed + 200)
    assert find_fixed_points(network, noisy).same_set(found, 1e-7)
    assert find_fixed_points(network, seeds.float()).same_set(found, 1e-7)


def test_batch_split_does_not_matter(monkeypatch):
    network, seeds = random_rate(16, 1.7, 3), rows(96, 16)
    whole = find_fixed_points(network, seeds)
    monkeypatch.setattr("memdyn.dynamics.descent._WORKSPACE_BYTES", 7 * 16 * 16 * 4)
    assert find_fixed_points(network, seeds).same_set(whole, 1e-9)


def test_seeds_are_not_overwritten():
    seeds = rows(16, 8)
    before = seeds.clone()
    find_fixed_points(random_rate(8, 1.5), seeds)
    assert torch.equal(seeds, before)


@pytest.mark.parametrize(
    ("states", "inputs", "sentence"),
    [
        (torch.zeros(0, 8), None, "at least one row"),
        (torch.zeros(3, 7), None, r"states must be \(rows, 8\)"),
        (torch.full((3, 8), torch.nan), None, "finite"),
        (torch.zeros(3, 8), torch.zeros(2), "inputs must be"),
    ],
)
def test_bad_seeds_get_a_sentence(states, inputs, sentence):
    with pytest.raises(ValueError, match=sentence):
        find_fixed_points(random_rate(8, 1.0), states, inputs)


def test_file_round_trip_and_failures(tmp_path):
    found = find_fixed_points(block_network(2, 4, GAIN), rows(32, 8))
    path = tmp_path / "points.npz"
    found.save(path)
    back = FixedPoints.load(path)
    assert back.same_set(found, 0) and back.message == found.message
    np.testing.assert_array_equal(back.eigenvalues, found.eigenvalues)
    assert len(back[back.stable]) == 4 and len(back[0]) == 1
    assert list(tmp_path.iterdir()) == [path]

    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="truncated or not a memdyn result"):
        FixedPoints.load(path)
    np.savez(path, x=np.zeros(3))
    with pytest.raises(ValueError, match="not a memdyn result"):
        FixedPoints.load(path)
    with pytest.raises(FileNotFoundError):
        FixedPoints.load(tmp_path / "none.npz")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_half_a_product_gives_the_same_step(dtype, monkeypatch):
    """Large networks on a CPU: the triangle of J'J that the Cholesky factorisation reads."""
    network = random_rate(30, 1.5)
    x = rows(3, 30)
    arguments = (network.velocity(x), torch.full((3,), 0.1).double(), torch.zeros(3).double())
    steps = []
    for block in (30, 29):
        monkeypatch.setattr(descent, "BLOCK", block)
        found = descent._steps(network.to(dtype).jacobian, dtype, x, None, *arguments)
        steps.append(found[0])
        assert (found[0].norm(dim=-1) > 0.1).all()
    tolerance = 1e4 * torch.finfo(dtype).eps
    torch.testing.assert_close(steps[0], steps[1], rtol=tolerance, atol=tolerance)
