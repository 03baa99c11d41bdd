"""Which sessions there are, from the files alone, and which of them a name means.

A session exists once its journal does: those are the ones the runtime lists. A folder without one
was created and neither named nor prompted; the runtime cannot resume it. What is derived from a
session's files is remembered (`memory`), since most of them never change again.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime

from copilot_magics.errors import BadInput, SessionNotFound, closest
from copilot_magics.folders import session_state
from copilot_magics.ids import is_session_id, shown
from copilot_magics.transcripts.journal import FILE, session_folder
from copilot_magics.transcripts.memory import Memory, memory
from copilot_magics.transcripts.outline import shortened

_WORKSPACE = "workspace.yaml"


@dataclass(frozen=True)
class SessionFacts:
    """What is known of a session without reading its conversation.

    Parameters
    ----------
    session : str
        Its ID.
    title : str
        The name a person chose, where it says more than the ID; else the first prompt, shortened;
        else nothing.
    user_named : bool
        Whether a person chose the title.
    created, modified : datetime
        In UTC.
    turns : int
        How many prompts the person sent.
    bytes : int
        What all its files take on disk.
    model : str
        The model it was last set to; empty where the journal does not say.
    cwd : str
        Where its agent works; empty where nothing says it.
    answered : bool
        Whether any prompt got an answer.
    """

    session: str
    title: str
    user_named: bool
    created: datetime
    modified: datetime
    turns: int
    bytes: int
    model: str
    cwd: str
    answered: bool


@dataclass(frozen=True)
class Glance:
    """What is known of a session without its journal being read.

    Parameters
    ----------
    session : str
        Its ID.
    title : str
        As in `SessionFacts`; empty where only the journal has it.
    user_named : bool
        Whether a person chose the title.
    created : datetime or None
        In UTC; None where only the journal has it.
    modified : datetime
        In UTC.
    bytes : int
        What its journal takes on disk.
    cwd : str
        Where its agent works; empty where only the journal has it.
    """

    session: str
    title: str
    user_named: bool
    created: datetime | None
    modified: datetime
    bytes: int
    cwd: str


def known_ids() -> list[str]:
    """Return the IDs of all sessions on disk, sorted."""
    try:
        with os.scandir(session_state()) as folders:
            return sorted(
                folder.name
                for folder in folders
                if is_session_id(folder.name) and os.path.isfile(f"{folder.path}/{FILE}")
            )
    except OSError:
        return []


def find(wanted: str) -> str | None:
    """Return the ID of the session that a name means.

    Parameters
    ----------
    wanted : str
        An ID; or a title that a person chose, in any case. A title that is only the first prompt
        is none.

    Returns
    -------
    str or None
        None where there is no such session.

    Raises
    ------
    BadInput
        Where several sessions have the title.
    """
    known = known_ids()
    if wanted in known:
        return wanted
    titled = _titled(wanted, known)
    if len(titled) > 1:
        raise BadInput(
            f"{len(titled)} sessions have the title {wanted!r}.",
            f"Use an ID: {', '.join(titled)}.",
        )
    return titled[0] if titled else None


def _titled(title: str, sessions: list[str]) -> list[str]:
    state, known, title = session_state(), memory(), title.casefold()
    said = (known.workspace(session, f"{state}/{session}/{_WORKSPACE}") for session in sessions)
    return [
        session
        for session, workspace in zip(sessions, said, strict=True)
        if workspace.user_named and workspace.name.casefold() == title
    ]


def not_found(session: str) -> SessionNotFound:
    """Return the error for a session that does not exist, with the closest that do."""
    return SessionNotFound(
        f"There is no session {shown(session)}.",
        closest(session, known_ids()) or "`%copilot_sessions --list` shows those that exist.",
    )


def catalog() -> list[SessionFacts]:
    """Return what is known of every session on disk, the one used last first."""
    state, known, sessions = session_state(), memory(), known_ids()
    found = [_facts(session, f"{state}/{session}", known) for session in sessions]
    known.keep(sessions, known_ids)
    return sorted(filter(None, found), key=lambda fact: fact.modified, reverse=True)


def remember() -> None:
    """Keep what was derived from the sessions' files, for other kernels."""
    memory().keep(known_ids(), known_ids)


def glance(session: str) -> Glance | None:
    """Return what is known of one session at a glance: a hundredth of what `facts` costs.

    Parameters
    ----------
    session : str
        Its ID.

    Returns
    -------
    Glance or None
        None where there is no such session.
    """
    folder = str(session_folder(session))
    try:
        status = os.stat(f"{folder}/{FILE}")
    except OSError:
        return None
    workspace = memory().workspace(session, f"{folder}/{_WORKSPACE}")
    return Glance(
        session=session,
        title=workspace.title(session) or shortened(workspace.first_prompt(session)),
        user_named=bool(workspace.title(session)),
        created=workspace.created,
        modified=datetime.fromtimestamp(status.st_mtime, UTC),
        bytes=status.st_size,
        cwd=workspace.cwd,
    )


def facts(session: str) -> SessionFacts | None:
    """Return what is known of one session.

    Parameters
    ----------
    session : str
        Its ID.

    Returns
    -------
    SessionFacts or None
        None where there is no such session, or its files are not ours to read.
    """
    return _facts(session, str(session_folder(session)), memory())


def _facts(session: str, folder: str, known: Memory) -> SessionFacts | None:
    journal = f"{folder}/{FILE}"
    try:
        changed = os.stat(journal).st_mtime
        outline = known.outline(session, journal)
    except OSError:
        return None
    modified = datetime.fromtimestamp(changed, UTC)
    workspace = known.workspace(session, f"{folder}/{_WORKSPACE}")
    title = workspace.title(session)
    return SessionFacts(
        session=session,
        title=title or outline.first_prompt,
        user_named=bool(title),
        created=workspace.created or outline.created or modified,
        modified=modified,
        turns=outline.turns,
        bytes=_size(folder),
        model=outline.model,
        cwd=workspace.cwd or outline.cwd,
        answered=outline.answered,
    )


def _size(folder: str) -> int:
    total = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                total += _size(entry.path)
            else:
                with contextlib.suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_size
    return total
