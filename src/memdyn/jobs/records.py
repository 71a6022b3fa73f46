"""Snakemake's own records of what it made, which a failing disk may have damaged.

It passes over a record that is cut off, since another run may be writing it, and ends with a
traceback at one whose bytes are no text, or whose text is no record.
"""

from __future__ import annotations

import json
from pathlib import Path


def clear_damaged(folder: Path | str = ".snakemake") -> int:
    """Take away the records that cannot be read; how many there were.

    A record of a file that is not finished is emptied instead, since that it is there says so.

    Args:
        folder: of Snakemake, in its work folder.
    """
    count = 0
    for kind in ("metadata", "incomplete"):
        for path in Path(folder, kind).rglob("*"):
            if path.is_file() and _is_damaged(path):
                if kind == "incomplete":
                    path.write_text('{"external_jobid": null}')
                else:
                    path.unlink()
                count += 1
    return count


def _is_damaged(path: Path) -> bool:
    try:
        return not isinstance(json.loads(path.read_bytes().decode()), dict)
    except json.JSONDecodeError:
        return False  # cut off, or being written: Snakemake passes over it
    except UnicodeDecodeError:
        return True
    except OSError:
        return False
