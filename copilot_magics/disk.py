"""What a disk refuses, as one sentence and what to do about it.

It refuses us (an `OSError`) and it refuses the runtime, which tells it in words of its own that end
in the system's number for it.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from tempfile import TemporaryFile

from copilot_magics.errors import StateUnusable

_NUMBER = re.compile(r"\(os error (\d+)\)|\b(E[A-Z]{3,12})(?:: |,|$)")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The system's numbers for no room."""
_PROBE = 64 * 1024
_FORBIDDEN = (errno.EACCES, errno.EPERM)


def refused(path: Path, error: OSError) -> StateUnusable:
    """Return the error for a file or folder of ours that the disk refuses.

    Parameters
    ----------
    path : Path
        The file or folder.
    error : OSError
        What the system said; one of ours is returned as it is.
    """
    if isinstance(error, StateUnusable):
        return error
    return StateUnusable(*_told(path, error.errno or 0, error.strerror or str(error)))


def not_yours(path: Path, why: str) -> StateUnusable:
    """Return the error for what somebody else has put where a file or folder of ours should be."""
    return StateUnusable(
        f"{path} {why}, so it is not used.",
        "Look at what it is, and remove it; then run this again.",
    )


def refused_to_runtime(message: str, home: Path) -> StateUnusable | None:
    """Return the error where the runtime says that the disk has refused something.

    Parameters
    ----------
    message : str
        What the runtime said.
    home : Path
        The folder that holds its data.
    """
    found, ours = _NUMBER.search(message), str(home) in message
    if not found:
        # Nobody has said the number.
        return trouble(home) if ours else None
    number = int(found[1]) if found[1] else getattr(errno, found[2], 0)
    # An agent's tool may be forbidden something too; a connection's numbers are others.
    if not number or not (ours or number in (*FULL, errno.EROFS)):
        return None
    return StateUnusable(*_told(home, number, os.strerror(number)))


def trouble(folder: Path) -> StateUnusable | None:
    """Return the error for a folder whose disk takes no file now, by trying."""
    try:
        with TemporaryFile(dir=folder) as file:
            file.write(bytes(_PROBE))
            file.flush()
    except OSError as error:
        return refused(folder, error)
    return None


def _told(path: Path, number: int, reason: str) -> tuple[str, str]:
    elsewhere = "or name another folder in COPILOT_HOME, and run this again."
    if number in FULL:
        return (
            f"The disk that holds {path} is full, so not all could be written.",
            "Free some space there, and run this again.",
        )
    if number == errno.EROFS:
        return f"The disk that holds {path} is read-only.", f"Have it mounted writable, {elsewhere}"
    if number in _FORBIDDEN:
        return f"You have no access to {path}.", f"Check who owns it, {elsewhere}"
    return f"{path} cannot be used: {reason}.", f"Look at what is there, {elsewhere}"
