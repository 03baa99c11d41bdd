"""A fork: a new session that starts with the history of another.

The runtime makes it from the journal (RPC ``sessions.fork``), also while somebody else holds the
source, and chooses its ID itself; so the name that a person wants becomes its title.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time

from copilot_magics import records
from copilot_magics.disk import refused_to_runtime, trouble
from copilot_magics.errors import BadInput, CopilotError, RuntimeUnavailable
from copilot_magics.folders import copilot_home, session_state
from copilot_magics.recovery import check_files
from copilot_magics.runtime.process import runtime
from copilot_magics.titles import check_title
from copilot_magics.transcripts import facts, find, not_found, read_journal
from copilot_magics.transcripts.prompts import messages_of


def fork_title(source: str, wanted: str) -> str:
    """Return the title of a fork: the one wanted, else the source's with ``(fork)`` behind it.

    Parameters
    ----------
    source : str
        The source's ID.
    wanted : str
        A title that no other session has; may be empty.

    Raises
    ------
    BadInput
        It cannot be a title, or another session is found by it.
    """
    if wanted:
        if taken := find(wanted):
            raise BadInput(
                f"{wanted!r} already names the session {taken!r}.", "Give the fork another name."
            )
        return check_title(wanted)
    return free_title(source, "(fork)", "(fork {})")


def free_title(source: str, ending: str, again: str = "") -> str:
    """Return a title that no session has: the source's, or its ID, with something behind it.

    Parameters
    ----------
    source : str
        The source's ID.
    ending : str
        What stands behind it.
    again : str
        What does where there is one already, with ``{}`` for a number; the same with a number in
        brackets where left out.
    """
    known = facts(source)
    named = known.title if known and known.user_named else source
    title, number = f"{named[: 99 - len(ending)]} {ending}", 2
    while _is_taken(title):
        behind = (again or f"{ending} ({{}})").format(number)
        title, number = f"{named[: 99 - len(behind)]} {behind}", number + 1
    return title


def _is_taken(title: str) -> bool:
    try:
        return find(title) is not None
    except BadInput:
        # By several.
        return True


async def fork(source: str, title: str, before: str = "") -> str:
    """Fork a session, on the runtime's loop.

    Parameters
    ----------
    source : str
        The source's ID.
    title : str
        The fork's title.
    before : str
        ID of the first event that the fork does not have; empty: it has all of them.

    Returns
    -------
    str
        The fork's ID, which the runtime chose.

    Raises
    ------
    SessionNotFound, BadInput
        There is no such session, or it has no such event.
    RuntimeUnavailable
        There is no runtime.
    StateUnusable
        The disk is full, or read-only.
    """
    from copilot.rpc import SessionsForkRequest

    if find(source) != source:
        raise not_found(source)
    check_files(source)
    if before and all(event.id != before for event in read_journal(source).events):
        raise BadInput(
            f"The session {source!r} has no event {before!r}.",
            f"The column event_id of `get_messages({source!r})` has them.",
        )
    client, began = await runtime().client(), time.time()
    try:
        forked = await client.rpc.sessions.fork(
            SessionsForkRequest(session_id=source, name=title, to_event_id=before or None)
        )
    except Exception as error:
        raise await _not_forked(source, error, began) from error
    if kept := records.settings(source):
        # Whoever answered the source answers the fork.
        records.remember(forked.session_id, kept)
    # A cell that the source answered is answered in the fork too.
    records.hand_on(source, forked.session_id, messages_of(forked.session_id))
    return forked.session_id


async def _not_forked(source: str, error: Exception, began: float) -> CopilotError:
    """Return the error for a session that could not be forked."""
    # What the runtime says is often only what followed from that.
    home = copilot_home()
    refused = refused_to_runtime(str(error), home) or await asyncio.to_thread(trouble, home)
    if refused:
        await asyncio.to_thread(_leave_nothing, began)
        return refused
    if how := await runtime().death(error):
        return RuntimeUnavailable(
            runtime().obituary(how, f" before it had forked {source!r}"), runtime().again()
        )
    return CopilotError(
        f"The session {source!r} could not be forked: {error}.",
        "Resume it once, which mends what can be mended, and fork it again.",
    )


def _leave_nothing(began: float) -> None:
    """Remove the folders, made since, of sessions for whose journals there was no room."""
    with os.scandir(session_state()) as entries:
        for entry in entries:
            is_new = entry.is_dir(follow_symlinks=False) and entry.stat().st_mtime >= began - 1
            if is_new and set(os.listdir(entry)) <= {"checkpoints"}:
                shutil.rmtree(entry, ignore_errors=True)
