"""What the log of a job says to those who watch: its last words, its warnings, one number."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

#: What a line of a log begins with.
_STAMP = re.compile(r"^\d{2}:\d{2}:\d{2} ", re.MULTILINE)
_WARNING = re.compile(r"^\d{2}:\d{2}:\d{2} warning: (.*)$", re.MULTILINE)
_LEFT = re.compile(r", (\d+) s left")
#: Bytes at the end of a log that are read of a running job.
_END = 2000


def text_of(path: Path | str) -> str:
    """What a log holds; "" if it does not exist."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def last_line(path: Path | str) -> str:
    """The last line of a running job's log without its time; "" if it has written none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _END))
            end = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [line for line in end.splitlines() if _STAMP.match(line)]
    return lines[-1].partition(" ")[2] if lines else ""


def seconds_left(path: Path | str) -> float | None:
    """What a running job itself says is left of it, if it does."""
    found = _LEFT.search(last_line(path))
    if not found:
        return None
    try:
        return max(0.0, float(found[1]) - (time.time() - Path(path).stat().st_mtime))
    except OSError:
        return None


def warnings(text: str) -> list[str]:
    """The warnings in a log, each once."""
    return list(dict.fromkeys(_WARNING.findall(text)))


# One number of science for each rule that has one, out of the lines that its jobs write.
def _last(pattern: str, told: str) -> Callable[[str], str]:
    """What the last match says."""

    def number(text: str) -> str:
        found = re.findall(pattern, text)
        if not found:
            return ""
        groups = found[-1] if isinstance(found[-1], tuple) else (found[-1],)
        return told.format(*groups)

    return number


def _share(pattern: str, of: str, told: str) -> Callable[[str], str]:
    """How many lines match, of how many."""

    def number(text: str) -> str:
        n = len(re.findall(of, text))
        return told.format(len(re.findall(pattern, text)), n) if n else ""

    return number


def _all(together: Callable[[list[float]], float], pattern: str, told: str) -> Callable[[str], str]:
    """What all numbers that match come to: their sum, mean or largest."""

    def number(text: str) -> str:
        found = [float(x) for x in re.findall(pattern, text)]
        return told.format(together(found)) if found else ""

    return number


def _counts(pattern: str) -> Callable[[str], str]:
    """How often each word stands there, the most frequent first."""

    def number(text: str) -> str:
        found = Counter(re.findall(pattern, text)).most_common(3)
        return ", ".join(f"{n} {word.replace('_', ' ')}" for word, n in found)

    return number


_NUMBER = r"(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
_SCIENCE: dict[str, Callable[[str], str]] = {
    "make_stimuli": _last(rf"d' = {_NUMBER}", "classes d' = {} apart"),
    "train_networks": _last(r"(\d+) of (\d+) networks below (RMSE [\d.]+)", "{} of {} below {}"),
    "test_performance": _share(r"performs: True", r"performs: ", "{} of {} perform"),
    "find_attractors": _share(r": \d+ rest \(", r" steps, ", "{} of {} always come to rest"),
    "classify_mechanisms": _counts(r"\S+: (\w+) \(authors"),
    "find_cycles": _all(sum, r"; (\d+) cycles", "{:.0f} cycles"),
    "find_fixed_points": _all(sum, r"(\d+) fixed", "{:.0f} fixed points"),
    "find_exponents": _all(max, rf"largest exponent {_NUMBER}", "largest exponent {:.2g}"),
    "vote_mechanisms": _counts(r": vote (\w+)"),
    "train_curricula": _all(max, r"N = \d+ to (\d+)", "up to N = {:.0f}"),
    "measure_timescales": _all(fmean, rf"mean tau_net {_NUMBER}", "mean τ_net {:.2g}"),
    "measure_slowness": _all(max, rf"exponent {_NUMBER}", "largest exponent {:.2g}"),
    "measure_forgetting": _all(fmean, rf"mean tau_net {_NUMBER} tau", "mean τ_net {:.2g} τ"),
    "trace_landscapes": _all(sum, r"(\d+) points", "{:.0f} points"),
    "judge_claims": _counts(r"(?m)^\S+ (holds|fails|undecided|no difference|not run):"),
}


def science(rule: str, text: str) -> str:
    """One number that a finished job has found, from its log; "" for rules that find none."""
    known = _SCIENCE.get(rule)
    return known(text) if known else ""
