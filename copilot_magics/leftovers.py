"""What a kernel that was killed could not clear away: the next one does.

The system releases a dead kernel's locks, but who held them is still written beside them; and a
file that it was just writing lies unfinished under a name that tells whose it was.
"""

from __future__ import annotations

import contextlib

from copilot_magics import locking
from copilot_magics.folders import own_state, unfinished


def clear() -> None:
    """Remove the lock records and unfinished files of this machine's dead processes."""
    import psutil

    for session in locking.held_sessions():
        locking.holder(session)
    for path, pid in unfinished(own_state()):
        if not psutil.pid_exists(pid):
            with contextlib.suppress(OSError):
                path.unlink()
