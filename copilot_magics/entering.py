"""How a session is created or resumed in the runtime, and with what options.

Whether it exists is the caller's to find out; here it is made sure that nothing is created over
what somebody else has left under the same ID.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from copilot_magics import records
from copilot_magics.errors import CopilotError, SessionExists
from copilot_magics.folders import session_state
from copilot_magics.ids import check_alone
from copilot_magics.providers import Provider, github_token
from copilot_magics.runtime.heard import heard
from copilot_magics.transcripts import journal_path, known_ids

if TYPE_CHECKING:
    from copilot import CopilotClient
    from copilot.session import CopilotSession


_UNASKED = ["semantic_code_search", "session_store_sql"]
"""Tools that no session has, nor a sub-agent of one, since the runtime asks nobody for leave: the
first sends the agent's words to GitHub, whoever answers; the other reads all that was said in the
terminal, here and in the cloud."""


def unchanging(session: str) -> dict[str, Any]:
    """Return what holds for every session of ours, in the SDK's words."""
    return {
        "streaming": True,
        "client_name": "copilot_magics",
        "enable_session_store": False,
        # Elsewhere a large result would be readable by all, and outlive a killed runtime.
        "large_output": {
            "output_directory": str(session_state() / session / "files" / "large"),
        },
    }


def already_exists(session: str) -> SessionExists:
    """Return the error for a session that should have been new."""
    return SessionExists(
        f"The session {session!r} exists.", "Leave out --new to resume it, or choose another ID."
    )


def of_provider(provider: Provider) -> dict[str, Any]:
    """Return what depends on who answers, beside what the provider itself says."""
    if provider.kind != "github":
        # It sends none with another provider; told so, it does not prepare any, and answers
        # 6 ms sooner.
        return {"enable_session_telemetry": False}
    # Not through the environment, which the agent's own commands can read.
    return {"github_token": token} if (token := github_token()) else {}


async def enter(
    client: CopilotClient,
    session: str,
    options: dict[str, Any],
    entered: Callable[[CopilotSession], None],
    *,
    exists: bool,
) -> None:
    """Resume a session that exists, or create one.

    Parameters
    ----------
    client : copilot.CopilotClient
        The runtime's client.
    session : str
        The session's ID.
    options : dict
        Those of the SDK's ``create_session`` and ``resume_session``.
    entered : callable
        Takes the session as soon as there is one, also where nobody waits for it any more.
    exists : bool
        Whether the runtime knows it.

    Raises
    ------
    CopilotError
        Something else is in its place.
    """
    excluded = [*options.get("excluded_tools", ()), *_UNASKED]
    options = {**options, "excluded_tools": excluded}
    if exists:
        await heard(client.resume_session(session, **options), entered)
        return
    if _journal_size(session):
        raise CopilotError(
            f"The session {session!r} has a journal that the runtime cannot resume.",
            f"Read it with `get_messages({session!r})`, or choose another ID.",
        )
    await asyncio.to_thread(lambda: check_alone(session, known_ids()))
    # Of one that was deleted under this ID by a kernel that did not live to finish.
    records.forget(session)
    # A name makes the runtime write it to disk at once.
    created = client.create_session(session_id=session, name=session[:100], **options)
    await heard(created, entered)
    from copilot.rpc import SessionsSaveRequest

    await client.rpc.sessions.save(SessionsSaveRequest(session_id=session))


def _journal_size(session: str) -> int:
    try:
        return journal_path(session).stat().st_size
    except OSError:
        return 0
