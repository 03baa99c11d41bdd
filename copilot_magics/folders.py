"""Where things lie, and how what we write there is kept private.

The folders are functions and not constants, because the environment may change under a long-lived
kernel, and the tests live on that.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

import platformdirs

from copilot_magics.disk import not_yours, refused


def copilot_home() -> Path:
    """Return the folder of the Copilot CLI's data: ``COPILOT_HOME``, else ``~/.copilot``."""
    named = os.environ.get("COPILOT_HOME") or "~/.copilot"
    return Path(os.path.abspath(os.path.expanduser(named)))


def session_state() -> Path:
    """Return the folder that holds one folder a session."""
    return copilot_home() / "session-state"


def own_state() -> Path:
    """Return the folder of what we write beside the runtime's data: bindings, locks, settings."""
    return copilot_home() / "copilot_magics"


def cache() -> Path:
    """Return the user's cache for downloads: the runtime and the local model."""
    return platformdirs.user_cache_path("copilot_magics", appauthor=False)


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it, that only its user can read, and return it."""
    if not path.is_dir():
        private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def home_folder() -> Path:
    """Return `copilot_home`, made where it is missing.

    Raises
    ------
    StateUnusable
        The disk refuses.
    """
    home = copilot_home()
    try:
        private_folder(home)
    except OSError as error:
        raise refused(home, error) from error
    return home


def own_folder(path: Path) -> Path:
    """Make one of our own folders, that only its user can read, and return it.

    Raises
    ------
    StateUnusable
        The disk refuses, or the folder is somebody else's: who owns it could put other files there.
    """
    try:
        private_folder(path)
        for folder in (own_state(), path) if own_state() in path.parents else (path,):
            check_owner(folder)
            if folder.stat().st_mode & 0o077:
                folder.chmod(0o700)
    except OSError as error:
        raise refused(path, error) from error
    return path


def write_private(path: Path, data: bytes) -> None:
    """Write a file at once and whole, readable by its user alone.

    Raises
    ------
    StateUnusable
        The disk refuses, or what is there is somebody else's, or no file.
    """
    own_folder(path.parent)
    try:
        check_own_file(path)
        _write(path, data)
    except OSError as error:
        raise refused(path, error) from error


def read_private(path: Path) -> bytes:
    """Read a file that we have written.

    Raises
    ------
    StateUnusable
        What is there cannot be read, is somebody else's, or no file.
    FileNotFoundError
        It is not there.
    """
    try:
        check_own_file(path)
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise refused(path, error) from error


def check_own_file(path: Path) -> None:
    """Refuse what somebody else has put in the place of one of our files.

    Raises
    ------
    StateUnusable
        It is somebody else's, or no file; one that is not there is none.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise not_yours(path, "is no file")
        check_owner(path)


def check_owner(path: Path) -> None:
    """Refuse a file or folder, or a link to one, that is somebody else's.

    Raises
    ------
    StateUnusable
        It is.
    """
    if sys.platform == "win32":
        return
    for found in (path.lstat(), path.stat()):
        # Root needs no such trick.
        if found.st_uid not in (os.geteuid(), 0):
            raise not_yours(path, f"belongs to somebody else (user {found.st_uid})")


def unfinished(folder: Path) -> Iterator[tuple[Path, int]]:
    """Return the files in a folder that `write_private` has begun on this machine, and who did."""
    name = re.compile(rf"\..+\.{re.escape(socket.gethostname())}-(\d+)-\w+")
    for path in folder.rglob(".*"):
        if found := name.fullmatch(path.name):
            yield path, int(found[1])


def _write(path: Path, data: bytes) -> None:
    # NamedTemporaryFile creates with mode 0600, and the rename keeps it.
    prefix = f".{path.name}.{socket.gethostname()}-{os.getpid()}-"
    with NamedTemporaryFile(dir=path.parent, prefix=prefix, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(file.name)
            raise
