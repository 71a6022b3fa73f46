"""Effective timescales of units: autocorrelation of driven activity, exponential fits, tau_net.

Source: Khajehabdollahi et al., ICLR 2024, figures 1b and 5, and the authors' code
(LevinaLab/rnn_timescale_public, analysis/timescales). A network is driven with random bits; the
autocorrelation of each unit is fitted with one or two decaying exponentials, Akaike's criterion
chooses, and tau_net is the time constant of the one, or the larger of the two *whatever its
weight*. All times are in steps.

That estimate (``estimate``) has two biases, measured on Ornstein-Uhlenbeck (OU) processes of one
known time constant, 10 trials, lags 0 to 30:

- Too many exponentials. Akaike's criterion takes the errors of neighbouring lags for independent,
  which they are not. Two are chosen for 30 to 45 % of processes with one, at any length, the second
  mostly with a weight below 1 % and a time constant anywhere up to the bound (one fifth lie on it).
  At 10^5 steps and tau = 5 the *mean* tau_net is 27; the median is 5.0.
- Too short recordings. The mean that is subtracted is that of the recording, so its autocorrelation
  lies too low by about 2 tau / T. The median of tau_net is 17.4 for 20 and 32 for 40 at T = 500,
  and 38.5 for 40 at 2000; at 10^5 it is nothing.

``estimate_corrected`` stands beside it. Its *mean* is 5.01 for 5 at 10^5 steps; at 2000 it is 5.05
for 5, 20.2 for 20 and 39.9 for 40 (the paper's: 18, 32, 51); at 500 its median is 20.2 for 20 and
40.4 for 40. Its price is power: of a mixture of 2 and 20 with weights 0.8 and 0.2 it sees the 20 in
29 % of units at 500 steps, in 85 % at 2000 and in all at 2 x 10^4; with weights 0.97 and 0.03 in
64 % there, where the paper's estimate sees all and reads 22.9 on average.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.fft
import torch
from torch import Tensor

from memdyn.randomness import Stream, generator
from memdyn.timescales.activity.exponentials import MAX_TAU, TINY, Fit, fit_exponentials
from memdyn.timescales.networks.recurrent import Cell, Parameters, run
from memdyn.timescales.networks.turns import of_part, parts
from memdyn.timescales.tasks.binary import sequences

MAX_SHARE = 0.25  # of the squared error of one exponential that two may leave: half its root
SEGMENT = 10_000_000  # most values that are recorded before they are summed up
TOGETHER = 2_000  # most units, of snapshots side by side, that are recorded together


class _Sums(NamedTuple):
    """What ``Moments`` has gathered up to some step, units with the population as last."""

    n_steps: int
    spectrum: Tensor  # (units, frequencies) of the products at each lag, over trials
    total: Tensor  # (trials, units)
    last: Tensor  # (trials, n_lags - 1, units) latest activity


class Moments:
    """Autocovariance and covariance of a recording that comes in segments.

    What is kept does not grow with the recording. Both are those of the whole: they agree with
    what the recording in one piece would give, up to rounding, and each trial's mean is subtracted.
    The sum of all units, the population, is treated as one more unit.

    Args:
        n_lags: lags 0 .. n_lags - 1 of the autocovariance.
        with_covariance: also gather the covariance between units.
    """

    def __init__(self, n_lags: int, with_covariance: bool = True) -> None:
        self.n_lags = n_lags
        self._with_covariance = with_covariance
        self._now: _Sums | None = None
        self._middle: _Sums | None = None

    @property
    def n_steps(self) -> int:
        """Steps so far, of each trial."""
        return self._now.n_steps if self._now else 0

    def add(self, segment: Tensor) -> None:
        """Go on with the next piece of all trials.

        Args:
            segment: (trials, steps, units); none longer than the first, and the first no shorter
                than the number of lags.

        Raises:
            ValueError: a first segment too short, or a later one longer than it.
        """
        n_trials, n_steps, n_units = segment.shape
        past = self.n_lags - 1
        if self._now is None:
            if n_steps < self.n_lags:
                raise ValueError(
                    f"a recording of {n_steps} steps has no autocovariance at lag {past}: "
                    "record more steps, or ask for fewer lags"
                )
            # Counting from a place near the mean keeps the sums small, hence exact.
            self._origin = segment.mean(dim=1, keepdim=True)
            self._fft_length = scipy.fft.next_fast_len(n_steps + past, real=True)
            shape, n_frequencies = (n_trials, n_units + 1), self._fft_length // 2 + 1
            self._start = self._now = _Sums(
                0,
                segment.new_zeros(shape[1], n_frequencies, dtype=torch.complex128),
                segment.new_zeros(shape, dtype=torch.float64),
                segment.new_zeros(n_trials, past, shape[1]),
            )
            shape = (n_trials, n_units, n_units) if self._with_covariance else (0,)
            self._products = segment.new_zeros(shape, dtype=torch.float64)
        if n_steps + past > self._fft_length:
            raise ValueError("a segment is longer than the first: give them in equal pieces")
        y = segment - self._origin
        if self._with_covariance:
            self._products += y.mT @ y
        y = torch.cat([y, y.sum(dim=2, keepdim=True)], dim=2)
        if not self.n_steps:
            self._first = y[:, :past].clone()
        both = torch.cat([self._now.last, y], dim=1)
        spectrum = self._now.spectrum.clone()
        for trial in range(n_trials):  # one by one, for memory
            later = torch.fft.rfft(y[trial].T.contiguous(), self._fft_length)
            spectrum += later.conj() * torch.fft.rfft(both[trial].T.contiguous(), self._fft_length)
        total = self._now.total + y.sum(dim=1, dtype=torch.float64)
        last = both[:, n_steps:].clone()
        self._now = _Sums(self.n_steps + n_steps, spectrum, total, last)

    def halve(self) -> None:
        """What came so far is the first half, what follows is the second."""
        self._middle = self._now

    def autocovariance(self, half: int | None = None) -> np.ndarray:
        """(n_units + 1, n_lags) mean over trials, not normalised per trial; last the population.

        Sums of products are divided by their number, n - lag in a whole recording.

        Args:
            half: 0 or 1: only of this half; None: of the whole.

        Raises:
            ValueError: nothing was added, or a half is asked for that was never ended.
        """
        if self._now is None:
            raise ValueError("nothing was recorded: add segments first")
        start = self._middle if half == 1 else self._start
        end = self._middle if half == 0 else self._now
        if start is None or end is None:
            raise ValueError("there is no such half yet: call halve() after the first")
        n, lags = end.n_steps - start.n_steps, np.arange(self.n_lags)
        products = torch.fft.irfft(end.spectrum - start.spectrum, self._fft_length)
        products = products[:, : self.n_lags].flip(1).cpu().numpy()
        total = (end.total - start.total).cpu().numpy()[:, :, None]

        def running(edge: Tensor) -> np.ndarray:  # sums over 0, 1, 2 ... steps of an edge
            sums = edge.double().cumsum(dim=1).mT.cpu().numpy()
            return np.concatenate([np.zeros_like(sums[:, :, :1]), sums], axis=2)

        earlier = total - running(end.last.flip(1)) + running(start.last.flip(1))
        later, count = total, np.full(self.n_lags, n)
        if not start.n_steps:  # nothing came before: the first steps have no earlier partner
            later, count = total - running(self._first), n - lags
        mean = total / n
        products += (count * mean**2 - mean * (earlier + later)).sum(axis=0)
        return products / count / len(mean)

    def autocorrelation(self, half: int | None = None) -> np.ndarray:
        """(n_units + 1, n_lags), 1 at lag 0; NaN for a unit that does not move."""
        covariance = self.autocovariance(half)
        scale = self._origin[:, 0].abs().amax(dim=0).double().cpu().numpy()
        scale = np.append(scale, scale.sum())
        variance = covariance[:, 0]
        moves = variance > (8 * np.finfo(np.float32).eps * scale) ** 2  # less is rounding
        return covariance / np.where(moves, variance, np.nan)[:, None]

    def covariance(self) -> np.ndarray:
        """(trials, n_units, n_units) covariance of each trial.

        Raises:
            ValueError: it was not asked for, or nothing was added.
        """
        if self._now is None:
            raise ValueError("nothing was recorded: add segments first")
        if not self._with_covariance:
            raise ValueError("the covariance was not gathered: ask for it with with_covariance")
        mean = (self._now.total / self.n_steps)[:, :-1]
        return (self._products / self.n_steps - mean[:, :, None] * mean[:, None]).cpu().numpy()


def of_recording(recording: np.ndarray, n_lags: int, with_covariance: bool = False) -> Moments:
    """Moments of a recording (trials, steps, units) in one piece, with its halves.

    Raises:
        ValueError: fewer than 2 ``n_lags`` steps.
    """
    moments, pieces = Moments(n_lags, with_covariance), torch.as_tensor(recording)
    middle = (recording.shape[1] + 1) // 2
    moments.add(pieces[:, :middle])
    moments.halve()
    moments.add(pieces[:, middle:])
    return moments


def stimulate(
    cell: Cell, params: Parameters, seeds: Sequence[int], settings: Mapping
) -> list[Moments]:
    """Drive networks with random bits and record them.

    Each trial has a rate of ones of its own, p ~ U(0, 1), in either task.

    Args:
        cell: of all networks.
        params: B networks.
        seeds: one per network: those of one seed meet the same bits.
        settings: ``steps`` recorded per trial, ``burn_in`` steps before, ``trials``, ``lags``.

    Returns:
        B moments, with halves. At the paper's size (500 units, 10 trials, 10^5 steps) 57 CPU-s
        per network, and 0.7 GB whatever the number of steps.
    """
    found = []
    for part in parts(params["heads"]):
        found += _stimulate(cell, of_part(params, part), seeds[part], settings)
    return found


def _stimulate(
    cell: Cell, params: Parameters, seeds: Sequence[int], settings: Mapping
) -> list[Moments]:
    """``stimulate`` of networks that are computed together; how long pieces are is theirs alone."""
    n_trials, n_units = settings["trials"], params["heads"].shape[-1]
    n_items, burn_in = settings["steps"] // cell.repeat, -(-settings["burn_in"] // cell.repeat)
    device = params["heads"].device
    states, inputs = [], []
    for seed in seeds:
        rng = generator(seed, Stream.TS_STIMULATION)
        states.append(cell.model.initial_states(rng, n_trials, n_units))
        inputs.append(sequences(rng, "parity", n_trials, burn_in + n_items))
    state = (torch.from_numpy(np.stack(states)).to(device),)
    inputs = torch.from_numpy(np.stack(inputs))
    moments = [Moments(settings["lags"]) for _ in seeds]
    longest = SEGMENT // (len(seeds) * n_trials * n_units * cell.repeat)
    longest = max(longest, -(-2 * settings["lags"] // cell.repeat))
    middle = burn_in + (n_items + 1) // 2
    edges = (0, burn_in, middle, burn_in + n_items)
    for part, (first, last) in enumerate(pairwise(edges)):
        for start in range(first, last, longest):
            items = inputs[:, :, start : min(start + longest, last)].to(device)
            activity, state = run(cell, params, items, state)
            if part > 0:
                for gathered, recorded in zip(moments, activity, strict=True):
                    gathered.add(recorded)
        if part == 1:
            for gathered in moments:
                gathered.halve()
    return moments


class Timescales(NamedTuple):
    """tau_net of each curve.

    Attributes:
        tau_net: (curves,) time constant, the larger one of two; NaN where the curve is NaN.
        is_double: (curves,) whether two exponentials were chosen.
        fit: (curves, lags) the chosen fit.
    """

    tau_net: np.ndarray
    is_double: np.ndarray
    fit: np.ndarray


def estimate(curves: np.ndarray, n_steps: int | None = None) -> Timescales:
    """Fit one and two exponentials, choose by Akaike's criterion 2 k + n ln(RSS / n), k = 2 or 4.

    Args:
        curves: (curves, lags) autocorrelations, only the lags to be fitted.
        n_steps: as in ``fit_exponentials``.
    """
    one, two = (fit_exponentials(curves, n, n_steps) for n in (1, 2))
    n_lags = np.shape(curves)[1]
    aic = [2 * k + n_lags * np.log(np.maximum(fit.rss, TINY)) for k, fit in ((2, one), (4, two))]
    is_double = aic[1] < aic[0]  # False where NaN
    return _chosen(one, two, is_double)


def estimate_corrected(moments: Moments | Sequence[Moments], n_fitted: int) -> Timescales:
    """tau_net without the two biases of the paper's estimate.

    Exponentials are fitted as a recording of this length is expected to show them (``expected``).
    Two are chosen where, fitted to one half of each trial, they predict the autocorrelation of the
    other half with less than a quarter of the squared error of one, in both directions together:
    errors of lags depend on each other, but those of the halves do not.

    Args:
        moments: of a recording, with halves; or of several of one length, whose curves are then
            fitted together, one recording after the other.
        n_fitted: lags 0 .. n_fitted - 1 are fitted.
    """
    several = [moments] if isinstance(moments, Moments) else list(moments)
    n_steps = several[0].n_steps
    whole, *halves = (
        np.concatenate([one.autocorrelation(half)[:, :n_fitted] for one in several])
        for half in (None, 0, 1)
    )
    one, two = (fit_exponentials(whole, n, n_steps) for n in (1, 2))
    error_one, error_two = (
        sum(
            np.square(fit_exponentials(seen, n, n_steps // 2).curve - other).sum(axis=1)
            for seen, other in (halves, halves[::-1])
        )
        for n in (1, 2)
    )
    is_double = np.less(error_two, MAX_SHARE * error_one)  # False where NaN
    return _chosen(one, two, is_double)


def _chosen(one: Fit, two: Fit, is_double: np.ndarray) -> Timescales:
    tau_net = np.where(is_double, two.tau[:, 0], one.tau[:, 0])
    return Timescales(tau_net, is_double, np.where(is_double[:, None], two.curve, one.curve))


def wanted(solved: Sequence[int], Ns: Sequence[int]) -> list[int]:
    """Solved N that are measured: those of a list, and the largest; ascending."""
    return sorted({*solved[-1:], *(set(solved) & set(Ns))})


def measure(
    networks: Sequence[Parameters], moments: Sequence[Moments], n_fitted: int
) -> list[dict[str, dict | pd.DataFrame]]:
    """Rows of the tables ``timescales`` (one) and ``curves`` of each network, all fitted together.

    Args:
        networks: each with a network axis of one; all of one size.
        moments: of the activity of each, with halves, all of one length.
        n_fitted: lags 0 .. n_fitted - 1 are fitted.
    """
    curves = np.stack([one.autocorrelation() for one in moments])  # (networks, units + 1, lags)
    paper = estimate(curves.reshape(-1, curves.shape[2])[:, :n_fitted])
    corrected = estimate_corrected(moments, n_fitted)
    rows = []
    for i, params in enumerate(networks):
        own = slice(i * curves.shape[1], (i + 1) * curves.shape[1])
        n_units = params["heads"].shape[-1]
        tau = np.full(n_units, np.nan)
        if "tau" in params:
            tau = params["tau"][0].double().cpu().numpy()
        its_paper, its_corrected = (
            Timescales(*(part[own] for part in found)) for found in (paper, corrected)
        )
        rows.append(
            {
                "timescales": summarise(tau, its_paper, its_corrected),
                "curves": examples(tau, curves[i], its_paper),
            }
        )
    return rows


def longest_taus(tau: np.ndarray) -> np.ndarray:
    """The 20 longest of (n_units,) time constants, longest first; 10 % of fewer than 200 units."""
    n = 20 if len(tau) >= 200 else max(1, round(len(tau) / 10))
    return np.sort(tau)[::-1][:n]


def summarise(tau: np.ndarray, paper: Timescales, corrected: Timescales) -> dict[str, float]:
    """One row of the table ``timescales``.

    Args:
        tau: (n_units,) raw parameters; NaN in gated networks.
        paper: as the paper fits them; of the units and, last, the population.
        corrected: the same, corrected for the bias of the fit.

    Returns:
        Means and SD over units; of tau_net over the units where it exceeds 1, as in the paper.
        ``n_fitted`` counts those, ``n_at_bound`` those among them at the upper bound, ``n_double``
        those with two exponentials.
    """
    row = {"tau_mean": tau.mean(), "tau_sd": tau.std(), "tau_max": tau.max()}
    row["tau_longest"] = longest_taus(tau).mean()
    for name, found in (("tau_net", paper), ("tau_net_corrected", corrected)):
        units = found.tau_net[:-1]
        kept = units[units > 1]  # False where NaN
        row[f"{name}_mean"] = kept.mean() if len(kept) else np.nan
        row[f"{name}_sd"] = kept.std() if len(kept) else np.nan
        row[f"{name}_population"] = found.tau_net[-1]
    used = paper.tau_net[:-1] > 1
    at_bound = paper.tau_net[:-1] > 0.999 * MAX_TAU
    return {
        **{key: float(value) for key, value in row.items()},
        "n_fitted": int(used.sum()),
        "n_at_bound": int(at_bound.sum()),
        "n_double": int((used & paper.is_double[:-1]).sum()),
        "n_double_corrected": int((corrected.is_double & (corrected.tau_net > 1))[:-1].sum()),
    }


def examples(tau: np.ndarray, curves: np.ndarray, found: Timescales) -> pd.DataFrame:
    """Rows of the table ``curves``: some units that tell much, and the population (-1).

    The units with the longest and the shortest tau, and those with the median, the 90th percentile
    and the largest tau_net below the bound, each once.

    Args:
        tau: (n_units,) raw parameters; NaN in gated networks.
        curves: (n_units + 1, lags) autocorrelations.
        found: their fits, of the first lags; beyond, ``fit`` is NaN.
    """
    tau_net = found.tau_net[:-1]
    fitted = np.flatnonzero((tau_net > 1) & (tau_net < 0.999 * MAX_TAU))
    by_net = fitted[np.argsort(tau_net[fitted])]
    chosen = [by_net[int(q * (len(by_net) - 1))] for q in (0.5, 0.9, 1.0) if len(by_net)]
    moving = np.flatnonzero(np.isfinite(tau_net) & np.isfinite(tau))
    if len(moving):
        chosen = [moving[tau[moving].argmax()], *chosen, moving[tau[moving].argmin()]]
    rows = []
    for unit in (*dict.fromkeys(int(unit) for unit in chosen), -1):
        n_lags, n_fitted = curves.shape[1], found.fit.shape[1]
        fit = np.full(n_lags, np.nan)
        fit[:n_fitted] = found.fit[unit]
        rows.append(
            pd.DataFrame(
                {
                    "neuron": unit,
                    "tau": tau[unit] if unit >= 0 else np.nan,
                    "tau_net": found.tau_net[unit],
                    "model": "double" if found.is_double[unit] else "single",
                    "lag": np.arange(n_lags),
                    "autocorrelation": curves[unit],
                    "fit": fit,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)
