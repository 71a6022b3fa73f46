"""One way of logging for all scripts: to the rule's log; what is wrong to the terminal, too."""

import atexit
import logging
import os
import sys
import traceback
from pathlib import Path

from memdyn.jobs import usage

LINE = "%(asctime)s %(message)s"
#: Set by a Snakemake that shows the warnings of its jobs itself, out of their logs.
WATCHED = "MEMDYN_WATCHED"
_FAILED = "the job ended with an error"


class _Line(logging.Formatter):
    """A line with its time; a warning says that it is one."""

    def __init__(self) -> None:
        super().__init__(LINE, "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        if record.levelno == logging.WARNING:
            record.message = f"warning: {record.message}"
        return super().formatMessage(record)


def start_log(path: Path | str, header: str = "") -> None:
    """Send log lines (INFO and above) to a fresh file, and warnings and errors to stderr.

    Where Snakemake shows the warnings of its jobs by itself, stderr is left alone. An uncaught
    exception becomes one line in both, and its traceback goes to the file only. The
    last line of a job that succeeds says what it has used.

    Args:
        path: the log file; its folder is made.
        header: first line of the file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Then only appended to: a traceback is not written over.
    path.write_text(f"{header}\n" if header else "")
    handlers: list[logging.Handler] = [logging.FileHandler(path, mode="a")]
    if not os.environ.get(WATCHED):
        handlers.append(logging.StreamHandler(sys.stderr))
        handlers[-1].setLevel(logging.WARNING)
    for handler in handlers:
        handler.setFormatter(_Line())
    logging.basicConfig(level="INFO", handlers=handlers, force=True)
    logging.captureWarnings(True)

    def log_uncaught(kind, problem, trace) -> None:
        atexit.unregister(_log_usage)
        if not issubclass(kind, Exception):  # Ctrl-C
            sys.__excepthook__(kind, problem, trace)
            return
        logging.error("%s: %s", kind.__name__, problem)
        with path.open("a") as file:
            traceback.print_exception(kind, problem, trace, file=file)
            file.write(f"{_FAILED}\n")

    sys.excepthook = log_uncaught
    atexit.unregister(_log_usage)
    atexit.register(_log_usage)


def has_ended(path: Path | str) -> bool:
    """Whether the job of a log has ended by itself; one that was killed leaves no such line."""
    try:
        text = Path(path).read_text(errors="replace")
    except OSError:
        return False
    return usage.read(path) is not None or text.endswith(f"{_FAILED}\n")


def was_killed(path: Path | str) -> bool:
    """Whether a log stops in the middle, with nobody left who writes it."""
    return Path(path).is_file() and not has_ended(path)


def _log_usage() -> None:
    logging.info(usage.line(usage.used()))
