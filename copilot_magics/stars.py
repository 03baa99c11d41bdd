"""Which sessions a person has starred: one empty file each, so that nothing has to be rewritten."""

from __future__ import annotations

import contextlib
import os

from copilot_magics.folders import own_state, private_folder
from copilot_magics.transcripts.journal import session_folder


def starred() -> set[str]:
    """Return the IDs of all starred sessions."""
    try:
        return set(os.listdir(_folder()))
    except OSError:
        return set()


def star(session: str, on: bool) -> None:
    """Star a session, or take its star away; either may have been done before."""
    # Through the path of a session, which refuses what is no ID.
    path = os.path.join(_folder(), session_folder(session).name)
    if on:
        private_folder(own_state() / "stars")
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _folder() -> str:
    return str(own_state() / "stars")
