"""One way of logging for all scripts: to the rule's log file and to the terminal."""

import atexit
import logging
import sys
import traceback
from pathlib import Path

from memdyn.jobs import usage

LINE = "%(asctime)s %(message)s"
_FAILED = "the job ended with an error"


def start_log(path: Path | str, header: str = "") -> None:
    """Send log lines (INFO and above) to a fresh file and to stderr.

    An uncaught exception becomes one line in both, and its traceback goes to the file only. The
    last line of a job that succeeds says what it has used.

    Args:
        path: the log file; its folder is made.
        header: first line of the file.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Then only appended to: a traceback is not written over.
    path.write_text(f"{header}\n" if header else "")
    handlers = [logging.FileHandler(path, mode="a"), logging.StreamHandler(sys.stderr)]
    logging.basicConfig(
        level="INFO", format=LINE, datefmt="%H:%M:%S", handlers=handlers, force=True
    )
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
