"""A file that the user has asked for, written whole or not at all.

What was there before stays until all of the new is on the disk; nothing is left of what fails. A
conversation is the user's own: a new file is readable by nobody else.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from copilot_magics.disk import FULL, refused
from copilot_magics.errors import BadInput, CopilotError, StateUnusable
from copilot_magics.folders import check_own_file


def write_document(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file: a new one with mode 0600, one that is there with the mode it has.

    Parameters
    ----------
    path : Path
        The file. Where it may be replaced, a link is followed, and a device or a pipe is written
        to as it is.
    data : bytes
        What shall be in it.
    overwrite : bool
        Whether to replace a file that is there.

    Raises
    ------
    FileExistsError
        A file is there, and is not to be replaced.
    BadInput
        There is no such folder, or no file can have that name.
    StateUnusable
        The disk is full, or the file that is there is somebody else's.
    CopilotError
        The file cannot be written.
    """
    try:
        target = Path(os.path.realpath(path) if overwrite else path)
    except ValueError as error:
        raise BadInput(f"{str(path)!r} is no path: {error}.", "Give another path.") from None
    if not os.path.isdir(target.parent):
        raise BadInput(
            f"There is no folder {str(path.parent)!r}; nothing was written.", "Make it first."
        )
    try:
        if overwrite and os.path.exists(target) and not os.path.isfile(target):
            target.write_bytes(data)
        else:
            if overwrite:
                check_own_file(target)
            _write(target, data, overwrite)
    except (FileExistsError, StateUnusable):
        raise
    except OSError as error:
        if error.errno in FULL:
            raise refused(path, error) from error
        raise CopilotError(
            f"{path} cannot be written: {error.strerror or error}.",
            f"Make {os.path.abspath(target.parent)} writable for you, or give another path.",
        ) from error


def _write(target: Path, data: bytes, overwrite: bool) -> None:
    with NamedTemporaryFile(dir=target.parent, prefix=".copilot-magics-", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if overwrite:
                with suppress(FileNotFoundError):
                    os.chmod(file.name, stat.S_IMODE(target.stat().st_mode))
            else:
                # What somebody has put there meanwhile is not replaced.
                target.touch(mode=0o600, exist_ok=False)
            # It was created with mode 0600, and keeps it.
            os.replace(file.name, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(file.name)
            raise
