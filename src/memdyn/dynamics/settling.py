"""Does a run that is not at rest slow down for good, and how fast? A model of its decay.

Far from its end a slow decay looks like a straight drift; what tells them apart is whether each
stretch is shorter than the one before, by the same factor again and again. The rate of a monotone
decay is a regression of the steps on the place, and has an error: a rate that is not clearly above
it is a drift that does not slow down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

#: A run settles, however slowly, if each quarter is this much narrower than the one before.
SHRINKS = 0.95
#: A run goes one way if its net motion is at least this part of its path.
ONE_WAY = 0.8
#: A rate is clear if it is so many errors above zero.
CLEAR = 3.0
#: Stretches that a run is cut into.
STRETCHES = 64
#: An oscillation fades if its amplitude falls from each of so many blocks to the next, at a rate
#: that is the same in both halves within this part, and a sine leaves no more than this part of it.
BLOCKS, EVEN, PURE = 8, 0.2, 0.05
#: It fades by this at least, all in all; the period is refined so many times.
FADES, REFINED = 1e-4, 4


@dataclass(frozen=True)
class Decay:
    """Of a run that goes one way.

    Attributes:
        rate: by which the distance to its end falls, per step; 0 of a drift; negative where steps
            become longer.
        error: of the rate.
        left: how far from its end the run is at last, in the unit of the run; inf of a drift.
    """

    rate: float
    error: float
    left: float

    @property
    def clear(self) -> bool:
        """Whether it slows down beyond doubt."""
        return self.rate > CLEAR * self.error

    @property
    def grows(self) -> bool:
        """Whether it speeds up beyond doubt."""
        return self.rate < -CLEAR * self.error

    @property
    def time_constant(self) -> float:
        """In steps; inf where the rate is not clear."""
        return 1 / self.rate if self.clear else np.inf


def narrows(widths: Sequence[float]) -> bool:
    """Whether each part of a run is narrower than the one before, by ``SHRINKS`` at least.

    Args:
        widths: of consecutive parts, in any one measure and unit.
    """
    return all(b <= SHRINKS * a for a, b in pairwise(widths))


def rate_of_widths(widths: Sequence[float], steps: int) -> float:
    """The mean rate, per step, at which the widths of consecutive parts of ``steps`` steps fall."""
    return float(np.log(widths[0] / widths[-1]) / (steps * (len(widths) - 1)))


def monotone_decay(run: np.ndarray) -> Decay | None:
    """The decay of a run (steps, n) along the line from its start to its end.

    None if it turns back, or stands still.

    >>> run = 3 + np.exp(-np.arange(3000) / 1e6)[:, None]
    >>> decay = monotone_decay(run)
    >>> decay.clear, round(decay.time_constant), round(decay.left, 3)
    (True, 1000000, 0.997)
    """
    lag = max(1, len(run) // STRETCHES)
    place = run[(len(run) - 1) % lag :: lag].astype(np.float64)  # the last state is one of them
    way = place[-1] - place[0]
    length = np.linalg.norm(way)
    if len(place) < 8 or not np.isfinite(length) or length == 0:
        return None
    along = (place - place[0]) @ (way / length)
    steps = np.diff(along)
    if steps.sum() < ONE_WAY * np.abs(steps).sum():
        return None
    at = along[:-1] - along[:-1].mean()
    spread = (at**2).sum()
    slope = (at * steps).sum() / spread
    residual = steps - steps.mean() - slope * at
    # What is lost when states are rounded, always to the same side at worst, is an error of each
    # stretch, whatever the residuals are.
    rounding = lag * np.finfo(run.dtype).eps * np.abs(run[-1]).max()
    error = np.sqrt((max((residual**2).sum() / (len(steps) - 2), rounding**2)) / spread) / lag
    rate = -np.log1p(max(slope, -1 + 1e-12)) / lag
    if not rate > CLEAR * error:
        return Decay(float(rate) if -rate > CLEAR * error else 0.0, float(error), np.inf)
    end = along[:-1].mean() - steps.mean() / slope
    return Decay(float(rate), float(error), float(abs(end - along[-1])))


def fading(run: np.ndarray, period: float) -> float | None:
    """The rate per step at which an oscillation (steps, n) of that period fades; None if it does
    not fade, is no sine, or has too few turns to tell."""
    turns = int(len(run) / period) // BLOCKS
    size = round(turns * period)
    if turns < 1 or BLOCKS * size > len(run):
        return None
    blocks = run[len(run) - BLOCKS * size :].astype(np.float64).reshape(BLOCKS, size, -1)
    time, angle = np.arange(size), 2 * np.pi / period
    columns = found = wave = np.empty(0)
    for _ in range(REFINED):
        phase = angle * time
        columns = np.stack([np.ones(size), time / size, np.cos(phase), np.sin(phase)], axis=1)
        found = np.linalg.pinv(columns) @ blocks  # (blocks, 4, n)
        wave = found[:, 2] - 1j * found[:, 3]
        turned = (wave[1:] * wave[:-1].conj()).sum() * np.exp(-1j * angle * size)
        angle += float(np.angle(turned)) / size  # as the waves of the blocks follow each other
    left = np.linalg.norm(blocks - columns @ found, axis=(1, 2))
    moves = np.linalg.norm(blocks - blocks.mean(axis=1, keepdims=True), axis=(1, 2))
    if (left > PURE * moves).any():
        return None
    amplitudes, middles = np.linalg.norm(wave, axis=1), (np.arange(BLOCKS) + 0.5) * size
    level = np.log(amplitudes)
    if (np.diff(level) >= 0).any() or level[0] - level[-1] < FADES:
        return None
    (slope, _), cover = np.polyfit(middles, level, 1, cov=True)
    first, last = (np.polyfit(middles[part], level[part], 1)[0] for part in _halves(BLOCKS))
    clear = -slope > CLEAR * np.sqrt(cover[0, 0])
    return float(-slope) if clear and abs(first - last) <= EVEN * abs(slope) else None


def _halves(n: int) -> tuple[slice, slice]:
    return slice(0, n // 2), slice(n // 2, n)
