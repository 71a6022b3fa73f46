"""What the authors of study 2 found, as bands: figures draw them, claims compare with them.

Khajehabdollahi et al. (ICLR 2024), parity, 500 units, their protocol: figures 4, 5 and 7, and what
LevinaLab/rnn_timescale_public ships. A band holds at that size and protocol only: see ``hold``.
Grades say how a number is known: D computed from the authors' shipped data; C read in their code; F
read off a figure by eye; R said in a public review.

Where the authors' spread over networks is known, the band is that spread. Where it is not
(ASSUMPTION): around a [D] value of one network, twice the spread that the draw of 500 initial time
constants alone gives; around an [F] value, 5 % of the figure's axis.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

#: Size of the authors' networks; bands say nothing about another.
N_UNITS = 500
#: Their recordings for tau_net: trials, and the steps of each at least. Another length gives
#: another tau_net and another spread of it.
TRIALS, STEPS = 10, 100_000
#: The time constants before training: mean and SD of U(1, 2).
TAU_AT_START = (1.5, 0.289)

# Half widths where the authors' spread is unknown. The mean of 500 draws of U(1, 2) has SD 0.013,
# their SD has SD 0.006; axes that [F] values were read from span about 1 (tau), 1 (its SD), 15
# (tau_net) and 20 (its SD).
_DRAWN_MEAN, _DRAWN_SD = 0.03, 0.015
_READ_TAU, _READ_NET, _READ_NET_SD = 0.05, 0.75, 1.0


class Band(NamedTuple):
    """A range that the authors' number lies in.

    Attributes:
        low, high: the range; infinite where they gave one side only.
        value: their number, or the middle of what they gave.
        grade: D, C, F or R (see the module).
        note: what the range is made of.
    """

    low: float
    high: float
    value: float
    grade: str
    note: str = ""


def hold(n_units: int) -> bool:
    """Whether the bands apply to networks of this size."""
    return n_units == N_UNITS


def _around(value: float, half: float, grade: str, note: str) -> Band:
    return Band(round(value - half, 6), round(value + half, 6), value, grade, note)


def _one(value: float, half: float) -> Band:
    return _around(value, half, "D", "one network, ± the spread of initial draws")


def _read(value: float, half: float) -> Band:
    return _around(value, half, "F", "read off a figure, ± its reading error")


def _nets(low: float, high: float, value: float, grade: str = "D", n: int = 4) -> Band:
    return Band(low, high, value, grade, f"range of {n} networks")


#: Largest N reached (8.1): condition -> band. 101 is where the authors' heads end.
MAX_N: dict[str, Band] = {
    "parity_single": Band(33, 37, 35, "C", "range of 4 networks; others stop below 30"),
    "parity_single_tau1": _nets(24, 26, 24.8, "C"),
    "parity_single_tau2": _nets(25, 26, 25.8, "C"),
    "parity_single_tau3": _nets(24, 25, 24.3, "C"),
    "parity_single_tau4": _nets(23, 24, 23.3, "C"),
    "parity_multi": Band(95, inf, 100.5, "C", "4 networks, ended by their number of heads"),
    "parity_multi_tau1": Band(95, inf, 101, "C", "4 networks, ended by their number of heads"),
    "parity_multi_tau2": Band(85, 90, 87.3, "C", "4 networks (87-88), widened"),
    "parity_multi_tau3": Band(65, 73, 69.5, "C", "4 networks (66-72), widened"),
    "parity_multi_tau5": Band(45, 55, 50, "C", "1 network, ± 10 %"),
    "parity_single_inside": Band(42, inf, 42, "F", "reached by 2 networks"),
    "dms_single": Band(93, inf, 93, "F", "at least"),
    "dms_multi": Band(99, inf, 99, "F", "at least"),
    "parity_none": Band(0, 10, 10, "R", "without a curriculum larger N are not solved"),
}

#: Mean over units of tau (8.2): (condition, N) -> band.
TAU_MEAN: dict[tuple[str, int], Band] = {
    ("parity_single", 5): _one(1.473, _DRAWN_MEAN),
    ("parity_single", 11): _one(1.433, _DRAWN_MEAN),
    ("parity_single", 14): _read(1.4375, _READ_TAU),
    ("parity_single", 20): _read(1.47, _READ_TAU),
    ("parity_single", 30): _read(1.65, _READ_TAU),
    ("parity_single", 32): _around(1.69, 0.05, "F", "mean ± SD over networks"),
    ("parity_multi", 5): _one(1.456, _DRAWN_MEAN),
    ("parity_multi", 11): _one(1.389, _DRAWN_MEAN),
    ("parity_multi", 14): _read(1.38, _READ_TAU),
    ("parity_multi", 20): _read(1.35, _READ_TAU),
    ("parity_multi", 30): _read(1.31, _READ_TAU),
    ("parity_multi", 50): _read(1.265, _READ_TAU),
    ("parity_multi", 100): _read(1.18, _READ_TAU),
    ("parity_single_inside", 32): _read(1.62, _READ_TAU),
    ("parity_single_inside", 42): _read(1.77, _READ_TAU),
    ("parity_multi_inside", 100): _read(1.17, _READ_TAU),
    ("dms_single", 90): _read(2.0, 0.1),
    ("dms_multi", 99): _read(1.2, _READ_TAU),
}

#: SD over units of tau (8.2): (condition, N) -> band.
TAU_SD: dict[tuple[str, int], Band] = {
    ("parity_single", 5): _one(0.297, _DRAWN_SD),
    ("parity_single", 11): _one(0.311, _DRAWN_SD),
    ("parity_single", 20): _read(0.45, _READ_TAU),
    ("parity_single", 30): _read(1.0, _READ_TAU),
    ("parity_single", 32): _read(1.10, _READ_TAU),
    ("parity_multi", 5): _one(0.303, _DRAWN_SD),
    ("parity_multi", 11): _one(0.318, _DRAWN_SD),
    ("parity_multi", 20): _read(0.332, _READ_TAU),
    ("parity_multi", 30): _read(0.33, _READ_TAU),
    ("parity_multi", 50): _read(0.322, _READ_TAU),
    ("parity_multi", 100): _read(0.302, _READ_TAU),
    ("parity_single_inside", 32): _read(0.80, _READ_TAU),
    ("parity_single_inside", 42): _read(1.05, _READ_TAU),
    ("dms_single", 90): Band(1.1, inf, 1.1, "F", "more than"),
    ("parity_multi_inside", 100): _read(0.296, _READ_TAU),
}

#: Largest tau of a network (8.2): (condition, N) -> band.
TAU_MAX: dict[tuple[str, int], Band] = {
    ("parity_single", 30): _nets(7, 15, 11),
    ("parity_multi", 30): _nets(1.98, 2.02, 2.0),
    ("parity_sliding", 30): _nets(2.06, 2.48, 2.27),
}

#: Mean of the 20 longest tau (8.2, 8.5): (condition, N) -> band.
TAU_LONGEST: dict[tuple[str, int], Band] = {
    ("parity_single", 5): Band(1.95, 1.99, 1.97, "D", "mean of 4 networks, ± its rounding"),
    ("parity_single", 30): _nets(4.9, 6.1, 5.3),
    ("parity_single", 35): Band(5.7, 7.7, 6.7, "D", "mean of 3 networks, ± 1"),
    ("parity_multi", 5): Band(1.96, 2.0, 1.98, "D", "mean of 4 networks, ± its rounding"),
    ("parity_multi", 30): _nets(1.94, 1.96, 1.95),
    ("parity_multi", 35): Band(1.93, 1.97, 1.95, "D", "mean of 4 networks, ± its rounding"),
    ("parity_sliding", 30): Band(1.95, 2.05, 2.0, "D", "mean of the networks, ± its rounding"),
}

#: Mean over neurons of tau_net (8.3): (condition, N) -> band.
TAU_NET_MEAN: dict[tuple[str, int], Band] = {
    ("parity_single", 5): _read(2.5, _READ_NET),
    ("parity_single", 10): _read(3.3, _READ_NET),
    ("parity_single", 15): _read(3.5, _READ_NET),
    ("parity_single", 20): _read(4.4, _READ_NET),
    ("parity_single", 25): _read(5.6, _READ_NET),
    ("parity_single", 30): _around(7.1, 0.8, "F", "mean ± SD over networks"),
    ("parity_multi", 5): _read(2.6, _READ_NET),
    ("parity_multi", 10): _read(3.0, _READ_NET),
    ("parity_multi", 15): _read(4.0, _READ_NET),
    ("parity_multi", 20): _read(5.0, _READ_NET),
    ("parity_multi", 25): _read(6.0, _READ_NET),
    ("parity_multi", 30): _around(6.3, 0.6, "F", "mean ± SD over networks"),
    ("parity_multi", 50): Band(6, 10, 8, "F", "N = 50 to 100, noisy, no clear trend"),
    ("parity_multi", 100): Band(6, 10, 8, "F", "N = 50 to 100, noisy, no clear trend"),
    ("parity_single_inside", 42): _read(13, 1.5),
    ("parity_multi_inside", 42): _read(7, _READ_NET),
}

#: SD over neurons of tau_net (8.3): (condition, N) -> band.
TAU_NET_SD: dict[tuple[str, int], Band] = {
    ("parity_single", 5): _read(4.5, _READ_NET_SD),
    ("parity_single", 10): _read(6, _READ_NET_SD),
    ("parity_single", 15): _read(4, _READ_NET_SD),
    ("parity_single", 20): _read(3.3, _READ_NET_SD),
    ("parity_single", 25): _read(4, _READ_NET_SD),
    ("parity_single", 30): _read(8, _READ_NET_SD),
    ("parity_multi", 5): _read(4, _READ_NET_SD),
    ("parity_multi", 20): Band(7, 10, 8.5, "F", "as given"),
    ("parity_multi", 30): _read(12, _READ_NET_SD),
    ("parity_multi", 50): Band(10, 19, 14.5, "F", "as given; peak 14-19 near N = 50"),
    ("parity_multi", 100): Band(10, 15, 12.5, "F", "as given"),
    ("parity_single_inside", 42): _read(16, 1.5),
}

#: Relative accuracy after ablation of one neuron (8.5): (condition, N, group) -> band. Where only
#: a mean was given (``note``), the range is its ± 0.03 (ASSUMPTION).
ABLATION: dict[tuple[str, int, str], Band] = {
    ("parity_single", 5, "shortest"): _nets(0.945, 0.987, 0.960),
    ("parity_single", 5, "longest"): Band(0.964, 1.024, 0.994, "D", "mean of 4 networks, ± 0.03"),
    ("parity_multi", 5, "shortest"): _nets(0.969, 0.994, 0.985),
    ("parity_multi", 5, "longest"): Band(0.967, 1.027, 0.997, "D", "mean of 4 networks, ± 0.03"),
    ("parity_single", 30, "shortest"): _nets(0.851, 0.967, 0.904),
    ("parity_single", 30, "longest"): _nets(0.375, 0.493, 0.442),
    ("parity_multi", 30, "shortest"): _nets(0.765, 0.822, 0.786),
    ("parity_multi", 30, "longest"): _nets(0.981, 0.998, 0.992),
    ("parity_sliding", 30, "shortest"): _nets(0.720, 0.846, 0.778),
    ("parity_sliding", 30, "longest"): Band(0.937, 0.997, 0.967, "D", "mean, ± 0.03"),
    ("parity_single", 35, "shortest"): Band(0.862, 0.922, 0.892, "D", "mean of 3, ± 0.03"),
    ("parity_single", 35, "longest"): Band(0.354, 0.414, 0.384, "D", "mean of 3, ± 0.03"),
    ("parity_multi", 35, "shortest"): Band(0.723, 0.783, 0.753, "D", "mean of 4, ± 0.03"),
    ("parity_multi", 35, "longest"): Band(0.955, 1.015, 0.985, "D", "mean of 4, ± 0.03"),
}


def _between(condition: str, N: int, group: str) -> tuple[tuple[str, int, str], Band]:
    """From theirs at the next smaller N to theirs at the next larger, both included."""
    known = {
        at: band for (name, at, of), band in ABLATION.items() if (name, of) == (condition, group)
    }
    first, last = max(at for at in known if at < N), min(at for at in known if at > N)
    one, other = known[first], known[last]
    low, high = min(one.low, other.low), max(one.high, other.high)
    middle = round((one.value + other.value) / 2, 6)
    note = f"between N = {first} and N = {last}"
    return (condition, N, group), Band(low, high, middle, "D", note)


#: The same at an N that they do not show, from those beside it (ASSUMPTION: it goes one way).
ABLATION_BETWEEN: dict[tuple[str, int, str], Band] = dict(
    _between(condition, 20, group)
    for condition in ("parity_single", "parity_multi")
    for group in ("shortest", "longest")
)

#: Accuracy at p = 0.5 before any ablation (8.5): (condition, N) -> band.
ACCURACY: dict[tuple[str, int], Band] = {
    ("parity_single", 30): _nets(0.944, 0.971, 0.9575),
    ("parity_multi", 30): _nets(0.983, 0.998, 0.9905),
}

#: Size of a perturbation that halves the relative accuracy at N = 30 (8.6): (condition, target).
HALF_ACCURACY: dict[tuple[str, str], Band] = {
    ("parity_single", "recurrent"): Band(0.2, 0.4, 0.3, "D", "“near 0.3”, ± 0.1"),
}

#: The same at an N that they do not show (ASSUMPTION: smaller N are no more fragile).
HALF_BETWEEN: dict[tuple[str, int, str], Band] = {
    ("parity_single", 20, "recurrent"): Band(0.2, inf, 0.3, "D", "at least theirs at N = 30"),
    ("parity_multi", 20, "recurrent"): Band(
        0.3, inf, 0.3, "D", "later than their single-head networks at N = 30"
    ),
}
#: How many times that of single-head networks of the same seed it is (8.6): (condition, N, target).
HALF_RATIO: dict[tuple[str, int, str], Band] = {
    ("parity_multi", 30, "tau"): Band(2, inf, 2, "D", "“factor 2 or more”"),
}

# Epochs that one network (seed 0) needed for each N (8.7), and groups of N in which they are alike.
_SINGLE_EPOCHS = {
    **dict.fromkeys(range(2, 7), 1),
    **{7: 2, 8: 3, 9: 2, 10: 3, 11: 5, 12: 4},
    **dict.fromkeys(range(13, 17), 8),
    **{17: 7, 18: 9, 19: 9, 20: 18, 21: 10, 22: 19, 23: 15, 24: 12, 25: 12, 26: 21, 27: 8, 28: 46},
}
_MULTI_EPOCHS = {**dict.fromkeys(range(2, 13), 1), 6: 2}
_SLIDING_EPOCHS = {11: 5}  # all of the first window, N = 2 to 11

#: Ranges of N over which epochs are alike; the band of each N is the spread within its range.
EPOCH_GROUPS: dict[str, tuple[tuple[int, int], ...]] = {
    "parity_single": ((2, 6), (7, 12), (13, 19), (20, 28)),
    "parity_multi": ((2, 12),),
    "parity_sliding": ((11, 11),),
}


def _epochs() -> dict[tuple[str, int], Band]:
    found = {}
    for condition, epochs in (
        ("parity_single", _SINGLE_EPOCHS),
        ("parity_multi", _MULTI_EPOCHS),
        ("parity_sliding", _SLIDING_EPOCHS),
    ):
        for first, last in EPOCH_GROUPS[condition]:
            counts = [epochs[N] for N in range(first, last + 1)]
            low, high = min(counts) - 0.5, max(counts) + 0.5
            over = f"one network, spread over N = {first} to {last}"
            note = f"{over if last > first else 'one network'}, ± half an epoch"
            for N in range(first, last + 1):
                found[condition, N] = Band(low, high, epochs[N], "D", note)
    return found


#: Epochs until N is solved (8.7): (condition, N) -> band.
EPOCHS: dict[tuple[str, int], Band] = _epochs()
