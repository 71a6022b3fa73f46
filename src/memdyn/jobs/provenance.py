"""Where a result comes from: code, packages, machine and time."""

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("memdyn", "torch", "numpy", "scipy")
_job: dict[str, str] = {}


def note_job(**facts: str) -> None:
    """Facts about the job of this process that stand in the provenance of all it writes."""
    _job.clear()
    _job.update(facts)


def provenance(**more: object) -> dict[str, str]:
    """Facts to store with a result; every value is a string.

    Args:
        more: the caller's own facts (device, seeds, wall time in seconds, ...), turned to strings.

    Returns:
        "commit" (with "+changes" where tracked files differ from it; "unknown" outside git), one
        version per package, "python", "platform", "cpu", "time" (UTC, ISO 8601), what
        ``note_job`` was told ("code" and "asked": digests of the job's code and of all that it was
        asked to do), and ``more``.
    """
    return {
        "commit": git_commit(Path(__file__).parent),
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "platform": platform.platform(),
        "cpu": _cpu(),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        **_job,
        **{name: str(value) for name, value in more.items()},
    }


def git_commit(folder: Path) -> str:
    """Commit that ``folder`` stands at, with "+changes" if tracked files differ; or "unknown"."""
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+changes" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    # Many jobs ask at once: none may hold git's index lock.
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()
