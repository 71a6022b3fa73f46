"""Systems whose fixed points, cycles and spectra are known in closed form."""

import math

import torch
from torch import Tensor

from memdyn.dynamics.cells import GRU, LeakyNetwork, RateNetwork
from memdyn.dynamics.systems import System


def rows(n_rows: int, n_units: int, seed: int = 0, scale: float = 1.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(n_rows, n_units, generator=generator, dtype=torch.float64)


def orthogonal(n: int, seed: int = 0) -> Tensor:
    return torch.linalg.qr(rows(n, n, seed))[0]


def random_rate(n: int, gain: float, seed: int = 0) -> RateNetwork:
    return RateNetwork(rows(n, n, seed) * gain / n**0.5)


def block_weights(blocks: int, size: int, gain: float) -> Tensor:
    """One rank-one block per bit: block b follows m' = tanh(gain m), m the mean of its units."""
    weights = torch.full((size, size), gain / size, dtype=torch.float64)
    return torch.block_diag(*[weights] * blocks)


def block_network(blocks: int, size: int, gain: float) -> LeakyNetwork:
    return LeakyNetwork(block_weights(blocks, size, gain), nonlinearity="tanh", inside=True)


def block_gru(blocks: int, size: int, gain: float, update: float) -> GRU:
    """The block network behind a constant update gate; reset is open (1 within rounding)."""
    n = blocks * size
    recurrent = torch.zeros(3 * n, n, dtype=torch.float64)
    recurrent[2 * n :] = block_weights(blocks, size, gain)
    bias = torch.zeros(3 * n, dtype=torch.float64)
    bias[:n], bias[n : 2 * n] = 40.0, math.log(update / (1 - update))
    return GRU(recurrent, bias=bias)


def bistable_level(gain: float) -> float:
    """The positive root of m = tanh(gain m)."""
    m = 1.0
    for _ in range(200):
        m = math.tanh(gain * m)
    return m


def planted(columns: Tensor, images: Tensor) -> LeakyNetwork:
    """x' = tanh(W x) that takes every column to its image: W = atanh(images) columns^+."""
    weights = torch.atanh(images) @ torch.linalg.pinv(columns)
    return LeakyNetwork(weights, nonlinearity="tanh", inside=True)


class StuartLandau(System):
    """A Hopf normal form in a rotated plane of n dimensions, all other directions decaying.

    Cycle of radius sqrt(mu) and period 2 pi / omega; multipliers 1, exp(-2 mu T) and exp(-T / tau).
    """

    is_flow = True
    n_inputs = 0

    def __init__(self, n: int, mu: float = 0.5, omega: float = 2.0, tau: float = 0.7, dt=0.05):
        self.n_units, self.mu, self.omega, self.tau, self.dt = n, mu, omega, tau, dt
        self.frame = orthogonal(n)

    def to(self, target) -> System:
        return self

    def velocity(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        y = x @ self.frame.T
        a, b = y[..., :1], y[..., 1:2]
        growth = self.mu - a * a - b * b
        plane = [a * growth - self.omega * b, b * growth + self.omega * a]
        return torch.cat([*plane, -y[..., 2:] / self.tau], -1) @ self.frame

    def jacobian(self, x: Tensor, u: Tensor | None = None) -> Tensor:
        y = x @ self.frame.T
        a, b = y[..., 0], y[..., 1]
        inner = torch.diag_embed(torch.full_like(y, -1 / self.tau))
        inner[..., 0, 0] = self.mu - 3 * a * a - b * b
        inner[..., 0, 1] = -2 * a * b - self.omega
        inner[..., 1, 0] = -2 * a * b + self.omega
        inner[..., 1, 1] = self.mu - a * a - 3 * b * b
        return self.frame.T @ inner @ self.frame

    def radius(self, x: Tensor) -> float:
        return float((self.frame @ x)[:2].norm())
