"""Rings of n units: n stable points, n saddles and the origin, or within rounding a ring."""

import numpy as np
import pytest
import torch
from known import orthogonal, rows

from memdyn.dynamics.cells import LeakyNetwork, RateNetwork
from memdyn.dynamics.continua import shape_of
from memdyn.dynamics.fixed_points import find_fixed_points
from memdyn.dynamics.systems import EulerMap, Map
from memdyn.dynamics.valleys import follow_valley


def ring(n):
    angle = 2 * np.pi / n * np.arange(n)
    return torch.as_tensor(4 / n * np.cos(angle[:, None] - angle)), angle


def bumps(n, count=64):
    weights, angle = ring(n)
    psi = np.random.default_rng(0).uniform(0, 2 * np.pi, count)
    x = torch.as_tensor(np.tanh(2.3 * np.cos(angle - psi[:, None])))
    for _ in range(200):
        x = torch.tanh(x @ weights.T)
    return weights, x


@pytest.mark.parametrize("n", [8, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40])
def test_a_ring_that_is_not_quite_one_gives_all_its_points(n):
    """By symmetry a bump rests where it is centred on a unit and midway between two."""
    weights, x = bumps(n)
    network = LeakyNetwork(weights, nonlinearity="tanh", inside=True)
    found = find_fixed_points(network, x, settle=0)
    assert (len(found), found.stable.sum(), found.degree_sum) == (2 * n + 1, n, 1)
    assert set(found.kind) == {"fixed"}
    angle = 2 * np.pi / n * np.arange(n)
    away = found.states[np.linalg.norm(found.states, axis=1) > 0.1]
    psi = np.angle(away @ np.exp(1j * angle)) * n / np.pi
    assert sorted(np.round(psi).astype(int) % (2 * n)) == list(range(2 * n))
    assert np.abs(psi - np.round(psi)).max() < 1e-2  # found to rounding over the tiny slope


@pytest.mark.parametrize("n", [52, 64])
def test_a_ring_within_rounding_is_one_closed_continuum(n):
    weights, x = bumps(n)
    for system in (
        LeakyNetwork(weights, nonlinearity="tanh", inside=True),
        EulerMap(RateNetwork(weights)),
    ):
        found = find_fixed_points(system, x, settle=0)
        ring = found[found.kind == "continuum"]
        assert len(ring) == 1 and ring.dimension[0] == 1 and ring.stable[0]
        assert shape_of(ring.sample[0], 1) == "ring"
        assert (found.kind == "fixed").sum() == 1  # the origin


def test_lines_and_planes_are_told_from_rings():
    frame = orthogonal(10)
    for dimension, shape in ((1, "line"), (2, "plane"), (3, "volume")):
        spectrum = torch.full((10,), 0.5, dtype=torch.float64)
        spectrum[:dimension] = 1
        network = LeakyNetwork(frame @ torch.diag(spectrum) @ frame.T, nonlinearity="linear")
        found = find_fixed_points(network, rows(100, 10))
        assert shape_of(found.sample[0], int(found.dimension[0])) == shape


def test_a_sphere_is_a_surface_and_so_is_what_few_points_show():
    found = find_fixed_points(
        Map(lambda x, u: x + 0.2 * x * (1 - x.norm(dim=-1, keepdim=True)), 3), rows(60, 3)
    )
    sphere = found[found.kind == "continuum"]
    assert len(sphere) == 1 and sphere.dimension.tolist() == [2] and sphere.stable[0]
    points = sphere.sample[0][np.isfinite(sphere.sample[0]).all(axis=1)]
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, atol=1e-6)
    assert shape_of(points, 2) == "surface"
    assert shape_of(points[:3], 2) == "surface"  # three points are always flat
    flat = points * [1.0, 1.0, 0.0]
    assert shape_of(flat, 2) == "plane"


def test_where_df_is_zero_there_is_no_error():
    """A relu that keeps what is positive: a quadrant of rest, its corner, where f bends, included;
    tanh x: one degenerate root of degree 1; the identity: everything rests."""
    relu = LeakyNetwork(torch.eye(2).double(), nonlinearity="relu", inside=True)
    starts = torch.rand(8, 2, generator=torch.Generator().manual_seed(0)).double()
    found = find_fixed_points(relu, torch.cat([starts, torch.zeros(1, 2).double()]))
    assert found.kind.tolist() == ["continuum"] and found.dimension.tolist() == [2]
    tanh = LeakyNetwork(torch.eye(1).double(), nonlinearity="tanh", inside=True)
    for seeds in ([[0.0], [0.5]], [[0.3], [0.5], [-0.4]]):
        found = find_fixed_points(tanh, torch.tensor(seeds).double())
        assert found.kind.tolist() == ["fixed"] and np.abs(found.states).max() < 1e-3
    found = find_fixed_points(Map(lambda x, u: x, 3), rows(8, 3))
    assert found.kind.tolist() == ["continuum"] and found.dimension.tolist() == [3]


def test_a_valley_says_where_it_has_roots_and_of_which_sign():
    """f = (eps sin 3 a along the circle, 1 - r across it): six roots, in turn of each sign."""
    eps = 1e-7

    def rule(x, u):
        r = x.norm(dim=-1, keepdim=True)
        along = torch.stack([-x[..., 1], x[..., 0]], -1) / r
        angle = torch.atan2(x[..., 1:], x[..., :1])
        return x + eps * torch.sin(3 * angle) * along + (1 - r) * x / r

    start = torch.tensor([0.6, 0.8], dtype=torch.float64)
    valley = follow_valley(Map(rule, 2), start, None, center=torch.zeros(2).double(), radius=1.0)
    assert valley.closed and len(valley.roots) == 6
    angle = torch.atan2(valley.roots[:, 1], valley.roots[:, 0])
    assert (torch.sin(3 * angle)).abs().max() < 1e-6
    # det Df = d/da (eps sin 3 a) x (-1), so that the sign of det(-Df) is that of -cos 3 a
    assert torch.equal(valley.sign, -torch.cos(3 * angle).sign())
