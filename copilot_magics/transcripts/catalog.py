"""Which sessions there are, from the files alone, and which of them a name means.

A session exists once its journal does: those are the ones the runtime lists. A folder without one
was created and neither named nor prompted; the runtime cannot resume it. The journal of a long
conversation has tens of megabytes, so it is searched for the few lines that matter here, and only
those are decoded.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from copilot_magics.config import session_state
from copilot_magics.errors import BadInput, SessionNotFound, closest
from copilot_magics.ids import is_session_id
from copilot_magics.transcripts import journal, reading

TITLE_LENGTH = 80

_TELLING = ("user.message", "session.start", "session.resume", "session.model_change")


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


@dataclass(frozen=True)
class _Workspace:
    """What ``workspace.yaml`` says; nothing, where it is missing or damaged."""

    name: str = ""
    user_named: bool = False
    created: datetime | None = None
    cwd: str = ""

    def title(self, session: str) -> str:
        """Return the title that a person chose, where it says more than the ID."""
        return self.name if self.user_named and self.name != session else ""

    def first_prompt(self, session: str) -> str:
        """Return the first prompt, which the runtime keeps as the name of what nobody named."""
        return "" if self.user_named or self.name == session else self.name


@dataclass(frozen=True)
class _Outline:
    """What the few telling lines of a journal say."""

    prompts: list[str | None]
    created: datetime | None
    model: str
    cwd: str
    answered: bool


def known_ids() -> list[str]:
    """Return the IDs of all sessions on disk, sorted."""
    try:
        with os.scandir(session_state()) as folders:
            return sorted(
                folder.name
                for folder in folders
                if is_session_id(folder.name)
                and os.path.isfile(os.path.join(folder.path, journal.FILE))
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
    titled = [session for session in known if _has_title(session, wanted)]
    if len(titled) > 1:
        raise BadInput(
            f"{len(titled)} sessions have the title {wanted!r}.",
            f"Use an ID: {', '.join(titled)}.",
        )
    return titled[0] if titled else None


def not_found(session: str) -> SessionNotFound:
    """Return the error for a session that does not exist, with the closest that do."""
    return SessionNotFound(
        f"There is no session {session!r}.",
        closest(session, known_ids()) or "`%copilot_sessions --list` shows those that exist.",
    )


def catalog() -> list[SessionFacts]:
    """Return what is known of every session on disk, the one used last first."""
    found = filter(None, map(facts, known_ids()))
    return sorted(found, key=lambda fact: fact.modified, reverse=True)


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
    try:
        status = journal.journal_path(session).stat()
    except OSError:
        return None
    workspace = _workspace(session)
    return Glance(
        session=session,
        title=workspace.title(session) or _shortened(workspace.first_prompt(session)),
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
    path = journal.journal_path(session)
    try:
        changed = path.stat().st_mtime
        blob = path.read_bytes()
    except OSError:
        return None
    modified = datetime.fromtimestamp(changed, UTC)
    workspace, outline = _workspace(session), _outline(blob)
    title = workspace.title(session)
    first = next(filter(None, outline.prompts), "")
    return SessionFacts(
        session=session,
        title=title or _shortened(first),
        user_named=bool(title),
        created=workspace.created or outline.created or modified,
        modified=modified,
        turns=len(outline.prompts),
        bytes=_size(path.parent),
        model=outline.model,
        cwd=workspace.cwd or outline.cwd,
        answered=outline.answered,
    )


def _has_title(session: str, title: str) -> bool:
    workspace = _workspace(session)
    return workspace.user_named and workspace.name.casefold() == title.casefold()


def _workspace(session: str) -> _Workspace:
    import yaml

    # Its values stay text: a title may be `yes` or `2026-01-01`.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        text = (journal.session_folder(session) / "workspace.yaml").read_bytes()
        fields = yaml.load(text, Loader=loader)
    except (OSError, UnicodeError, RecursionError, yaml.YAMLError):
        return _Workspace()
    if not isinstance(fields, dict):
        return _Workspace()
    said = {key: value for key, value in fields.items() if isinstance(value, str)}
    return _Workspace(
        name=said.get("name", ""),
        user_named=bool(said.get("name")) and said.get("user_named") == "true",
        created=_time(said.get("created_at")),
        cwd=said.get("cwd", ""),
    )


def _outline(blob: bytes) -> _Outline:
    prompts: list[str | None] = []
    created: datetime | None = None
    model = cwd = ""
    for event in journal.events_of(blob, *_TELLING):
        payload = reading.payload_of(event)
        if event.agent_id:
            continue
        if event.type == "user.message":
            if reading.is_prompt(event, payload):
                prompts.append(reading.content_of(event.type, payload))
            continue
        created = created or _time(event.timestamp)
        model = reading.model_of(payload) or model
        cwd = cwd or reading.cwd_of(payload) or ""
    answered = any(
        reading.content_of(event.type, reading.payload_of(event))
        for event in journal.events_of(blob, "assistant.message")
        if not event.agent_id
    )
    return _Outline(prompts, created, model, cwd, answered)


def _time(text: str | None) -> datetime | None:
    with contextlib.suppress(ValueError, OverflowError):
        return datetime.fromisoformat(text or "").astimezone(UTC)
    return None


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else f"{line[: TITLE_LENGTH - 1].rstrip()}…"


def _size(folder: Path) -> int:
    total = 0
    for parent, _folders, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size
    return total
