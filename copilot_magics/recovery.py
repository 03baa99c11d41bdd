"""What became of a damaged journal: what the runtime dropped of it, or why it refuses the session.

The runtime resumes a session although lines of its journal cannot be read, and goes on without
them. With the next event that it writes it takes them out of the file, whole events that stand in
the same line included, and keeps the file as it was beside the journal. It does not say so (SDK
1.0.25), so the two files are compared. Only a journal without its first event is refused.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from copilot_magics.disk import refused_to_runtime
from copilot_magics.errors import BadInput, CopilotError
from copilot_magics.folders import copilot_home
from copilot_magics.transcripts.journal import decode, journal_path, open_journal, read_stretches
from copilot_magics.words import counted

_READ = ("events.jsonl", "workspace.yaml", "plan.md", "checkpoints/index.md")
"""What the runtime (1.0.102) reads of a session before it answers the first prompt."""

_BACKUPS = "events.jsonl.backup-before-recovery-*"
_START = b'"session.start"'
_HEAD = 64 * 1024
_OF_RUNTIME = re.compile("SERVER_SHUTTING_DOWN|Unhandled method")
_UNUSABLE = re.compile("corrupted|Session not found")


class Watch:
    """Looks for what the runtime keeps of a session's journal when it mends it.

    Parameters
    ----------
    session : str
        The session's ID; made before the session is resumed.
    """

    def __init__(self, session: str) -> None:
        self._journal = journal_path(session)
        self._known = self._backups()

    def told(self) -> str:
        """Say in one line what was dropped since the last time; nothing: an empty string."""
        new = self._backups() - self._known - _told
        _told.update(new)
        try:
            return " ".join(_dropped(backup, self._journal) for backup in sorted(new))
        except OSError:
            return ""

    def _backups(self) -> set[Path]:
        return set(self._journal.parent.glob(_BACKUPS))


_told: set[Path] = set()
"""Of which it was said already."""


def _dropped(backup: Path, journal: Path) -> str:
    with open_journal(journal) as file:
        blob = file.read()
    with open_journal(backup) as file:
        before = file.read()
    kept, known = set(blob.splitlines()), {event.id for event in decode(blob).events}
    gone, whole = [], 0
    for number, line in enumerate(before.splitlines(), 1):
        if not line.strip() or line in kept:
            continue
        events = decode(line).events
        # It may have been written anew, and be the same event.
        if not events or not all(event.id in known for event in events):
            gone.append(number)
            whole += len(events)
    also = f", with {counted(whole, 'whole event')}" if whole else ""
    return (
        f"The session's journal was damaged: the runtime has dropped {_lines(gone)}{also}. "
        f"As it was before, it is kept in {backup}."
    )


def damage(session: str) -> str:
    """Say in one sentence where a session's journal is damaged; nowhere: an empty string."""
    places = [
        place for stretch in read_stretches(journal_path(session)) for place in stretch.damage
    ]
    lines = sorted({place.line for place in places})
    if not lines:
        return ""
    return f"Its journal is damaged in {_lines(lines)}: the agent may not know what stood there."


def _lines(numbers: list[int]) -> str:
    most = 5
    listed = ", ".join(str(number) for number in numbers[:most])
    more = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return f"line{'s' if len(numbers) > 1 else ''} {listed}{more}"


def begins(session: str) -> bool:
    """Whether a session's journal is there, and has its beginning."""
    try:
        with open_journal(journal_path(session)) as file:
            return _START in file.read(_HEAD)
    except OSError:
        return False


def check_files(session: str) -> None:
    """Refuse to take up a session with what the runtime would wait for, or would read for ever.

    Raises
    ------
    BadInput
        What it reads is a pipe, a device, or a folder where a file should be.
    """
    folder = journal_path(session).parent
    for path in (folder, *(folder / name for name in _READ)):
        kind, fits = ("folder", path.is_dir()) if path is folder else ("file", path.is_file())
        if path.exists() and not fits:
            raise BadInput(
                f"{path} is no {kind}, so the session {session!r} cannot be taken up.",
                "Put there what it was, or move it away.",
            )


@contextlib.contextmanager
def nothing_left(session: str) -> Iterator[None]:
    """Let go of a session whose journal is gone, without the one that its last event would make."""
    path = journal_path(session)
    gone = not os.path.lexists(path)
    yield
    if gone:
        with contextlib.suppress(OSError):
            path.unlink()
            path.parent.rmdir()


def deleted(session: str) -> CopilotError:
    """Return the error for a session whose journal was deleted or replaced while it was held."""
    return CopilotError(
        f"The journal of the session {session!r} was deleted or replaced while it was in use "
        "here; nothing was sent.",
        f"Put {journal_path(session)} back and go on, or send the prompt again in another session.",
    )


@contextlib.contextmanager
def explained(session: str) -> Iterator[None]:
    """Say in one sentence why the runtime does not take up a session, and leave nothing of one.

    Raises
    ------
    CopilotError
        Instead of the SDK's own error.
    """
    folder = journal_path(session).parent
    was_there = folder.exists()
    try:
        yield
    except Exception as error:
        if type(error).__name__ != "JsonRpcError" or _OF_RUNTIME.search(str(error)):
            raise
        if not was_there:
            # What it began to make for a new one.
            shutil.rmtree(folder, ignore_errors=True)
        raise _explained(session, str(error)) from error


def _explained(session: str, message: str) -> CopilotError:
    if refused := refused_to_runtime(message, copilot_home()):
        return refused
    path = journal_path(session)
    if path.exists() and _UNUSABLE.search(message):
        what = "is empty" if not path.stat().st_size else "has lost its beginning"
        return CopilotError(
            f"The session {session!r} cannot be resumed, because its journal {what}.",
            f"Read what is left with `get_messages({session!r})`, and go on in another session; "
            f"`%copilot_sessions --delete {session}` gives the name free.",
        )
    reason = message.split("failed with message: ")[-1].splitlines()[0].rstrip(".")
    return CopilotError(
        f"The Copilot runtime could not take up the session {session!r}: {reason}.",
        f"Read it with `get_messages({session!r})`, or go on in another session.",
    )
