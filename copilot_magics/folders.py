"""Where things lie, and how what we write there is kept private.

The folders are functions and not constants, because the environment may change under a long-lived
kernel, and the tests live on that.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

import platformdirs


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


def write_private(path: Path, data: bytes) -> None:
    """Write a file at once and whole, readable by its user alone."""
    private_folder(path.parent)
    # NamedTemporaryFile creates with mode 0600, and the rename keeps it.
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(file.name)
            raise
