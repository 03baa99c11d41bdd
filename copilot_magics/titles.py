"""Titles: what may be one, and how a session gets one.

A title is the runtime's friendly name of a session (RPC ``session.name.set``): it may change, while
the ID stays.
"""

from __future__ import annotations

from copilot_magics.errors import BadInput
from copilot_magics.ids import shown

_LONGEST = 100


def check_title(title: str) -> str:
    """Return a title as the runtime takes it.

    Parameters
    ----------
    title : str
        What was asked for.

    Raises
    ------
    BadInput
        It is empty, too long, has double quotes or more than one line (the runtime's rule).
    """
    clean = title.strip().strip('"')
    if not 1 <= len(clean) <= _LONGEST or '"' in clean or not clean.isprintable():
        raise BadInput(
            f"{shown(title)} cannot be a title.",
            f"Use 1 to {_LONGEST} characters in one line, without double quotes.",
        )
    return clean


async def rename(session: str, title: str) -> None:
    """Give a session a title, on the runtime's loop; it is taken up for that, and released again.

    Parameters
    ----------
    session : str
        The session's ID.
    title : str
        As `check_title` returns it.

    Raises
    ------
    SessionInUse
        Somebody else holds it.
    """
    from copilot_magics.config import CopilotMagics
    from copilot_magics.held import close, opened, repository
    from copilot_magics.settings import Options

    held_before = session in repository
    held = await opened(session, Options(), CopilotMagics.instance(), "resume")
    try:
        await held.rename(title)
    finally:
        if not held_before:
            await close(session)
