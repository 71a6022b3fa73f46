"""Stop long work in good time: asked by a signal, a time limit, or the end of Snakemake.

Work that can be stopped says so once (:func:`can_stop`), looks at :func:`asked` now and then, saves
its state and raises :class:`Stopped`. Other work just ends.
"""

from __future__ import annotations

import logging
import signal
import threading

log = logging.getLogger(__name__)


class Stopped(Exception):
    """Work was stopped before its end, and its state is saved; the message says why."""


_reason: str | None = None
_can_stop = False


def can_stop() -> None:
    """This process looks at :func:`asked`: SIGTERM and Ctrl-C no longer end it at once."""
    global _can_stop
    _can_stop = True
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _on_signal)


def looks() -> bool:
    """Whether this process looks at :func:`asked`."""
    return _can_stop


def ask(reason: str) -> None:
    """Ask this process to stop; the first reason counts."""
    global _reason
    _reason = _reason or reason


def asked() -> str | None:
    """Why this process was asked to stop; None if it was not."""
    return _reason


def _on_signal(number: int, frame: object) -> None:
    ask(f"it was sent {signal.Signals(number).name}")
    signal.signal(number, signal.SIG_DFL)  # a second one ends it at once
