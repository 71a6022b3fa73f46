"""What jobs take from the configuration: durations in steps, and the error of one that is wrong."""

from __future__ import annotations

from collections.abc import Mapping


class ConfigError(ValueError):
    """A configuration that cannot be run; the message is one sentence that names the key."""


def steps(duration: float, dt: float) -> int:
    """Number of Euler steps of ``dt`` in ``duration`` (both in the same unit)."""
    return round(duration / dt)


def extra_delays(settings: Mapping) -> list[float]:
    """Added delays (tau) of the forgetting test, both ends included; ``settings`` is ``delays``."""
    extra = settings["extra"]
    count = int((extra["stop"] - extra["start"]) / extra["step"] + 1e-9) + 1
    return [round(extra["start"] + i * extra["step"], 9) for i in range(count)]
