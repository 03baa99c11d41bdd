"""What runs in the background of this kernel: named, and ended with it."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any

from copilot_magics.words import one_line

if TYPE_CHECKING:
    from copilot_magics.background import BackgroundReply

_LAST_PATIENCE = 2.0
"""Seconds that the end of a kernel waits for the end of what it has in the background."""

replies: list[BackgroundReply] = []
"""The replies whose turns run in the background, oldest first."""


def of_session(session: str) -> list[BackgroundReply]:
    """Return what runs in the background of one session, oldest first."""
    return [reply for reply in replies if reply.turn.session == session]


def status(session: str, namespace: dict[str, Any]) -> str:
    """Return a sentence on each turn that runs in the background of a session.

    Parameters
    ----------
    session : str
        The session's ID.
    namespace : dict
        The user's variables, one of which may hold the reply.
    """
    return " ".join(
        f"It works in the background on “{one_line(reply.turn.prompt, 60)}” "
        f"({reply.turn.doing}): {_by_name(reply, namespace)}."
        for reply in of_session(session)
    )


def stop_all() -> list[BackgroundReply]:
    """End all that runs in the background, and wait for its end, though not for long."""
    until = time.monotonic() + _LAST_PATIENCE
    stopped = list(replies)
    for reply in stopped:
        reply.abort()
    for reply in stopped:
        with contextlib.suppress(TimeoutError):
            reply.over.result(max(0.0, until - time.monotonic()))
    return stopped


def _by_name(reply: BackgroundReply, namespace: dict[str, Any]) -> str:
    names = [name for name, value in namespace.items() if value is reply]
    found = sorted(name for name in names if not name.startswith("_"))
    kept = namespace.get("Out") or {}
    found += [f"Out[{number}]" for number, value in kept.items() if value is reply]
    if not found:
        return f"`Session({reply.turn.session!r}).abort()` ends it"
    return f"`{found[0]}.wait()` waits for it, `{found[0]}.stop()` ends it"


def end() -> None:
    """End it all with Python, and say so."""
    # A kernel's next one says it, of its journal.
    in_kernel = "ipykernel" in sys.modules
    for reply in stop_all():
        if not in_kernel:
            said = f"The turn in the background of {reply.turn.session} was ended with Python."
            print(said, file=sys.stderr)
