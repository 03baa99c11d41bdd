"""Which sessions a person has starred: one empty file each, so that nothing has to be rewritten."""

from __future__ import annotations

import os

from copilot_magics.disk import refused
from copilot_magics.folders import check_own_file, own_folder, own_state


def starred() -> set[str]:
    """Return the IDs of all starred sessions."""
    try:
        return set(os.listdir(_folder()))
    except OSError:
        return set()


def star(session: str, on: bool) -> None:
    """Star a session, or take its star away; either may have been done before."""
    from copilot_magics.transcripts.journal import session_folder

    # Through the path of a session, which refuses what is no ID.
    path = own_state() / "stars" / session_folder(session).name
    try:
        if on:
            own_folder(path.parent)
            check_own_file(path)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise refused(path, error) from error


def _folder() -> str:
    return str(own_state() / "stars")
