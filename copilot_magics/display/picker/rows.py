"""The picker's table: one row a session, kept in step with the disk.

There may be ten thousand sessions. So a row is first what the folder tells at a glance, and is
completed later with what only the journal knows; `Table.look` is quick and `Table.fill_in` takes
as long as it is given.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from copilot_magics import binding, locking, records, stars
from copilot_magics.folders import session_state
from copilot_magics.runtime.process import runtime
from copilot_magics.transcripts.catalog import Glance, facts, glance, remember
from copilot_magics.transcripts.changes import Watch
from copilot_magics.transcripts.journal import is_sound


class Row(msgspec.Struct, frozen=True):
    """What the table shows of a session.

    Attributes
    ----------
    id, title : str
        The ID, and the title a person chose, else the first prompt.
    named : bool
        Whether a person chose the title.
    turns : int or None
        None while it is not known.
    modified, created : int
        Milliseconds since 1970; ``created`` is None while it is not known.
    model, folder : str
        Who answers, and where the agent works; empty while it is not known.
    bytes : int
        On disk; of the journal alone while the rest is not known.
    user : str
        Who uses it now, in words; empty for nobody.
    here : bool
        Whether this notebook is bound to it.
    notebook : str
        Path of a notebook that is bound to it, or empty.
    in_folder : bool
        Whether its agent, or a notebook bound to it, is in this notebook's folder.
    damaged, answered : bool or None
        Whether its journal is damaged, and whether any prompt was answered; None while it is not
        known.
    star : bool
        Whether a person starred it.
    """

    id: str
    title: str
    named: bool
    turns: int | None
    modified: int
    created: int | None
    model: str
    folder: str
    bytes: int
    user: str
    here: bool
    notebook: str
    in_folder: bool
    damaged: bool | None
    answered: bool | None
    star: bool


class Difference(NamedTuple):
    """Rows that are new or have changed, and the IDs of those that are no more."""

    rows: list[Row]
    gone: list[str]


class Table:
    """The rows of all sessions.

    Parameters
    ----------
    folder : str
        This notebook's folder.
    bound : callable
        Returns the ID that this notebook is bound to, or an empty string.
    """

    def __init__(self, folder: str, bound: Callable[[], str]) -> None:
        self._folder = os.path.realpath(folder)
        self._bound = bound
        self._watch = Watch(session_state())
        self._rows: dict[str, Row] = {}
        self._incomplete: dict[str, None] = {}
        self._notebooks: dict[str, str] = {}
        self._starred: set[str] = set()
        self._users: dict[str, str] = {}
        self._here = ""
        self._flagged_before: set[str] = set()
        self._remembered = False

    @property
    def rows(self) -> list[Row]:
        """The rows there are so far, the session used last first."""
        return sorted(self._rows.values(), key=lambda row: row.modified, reverse=True)

    @property
    def sessions(self) -> list[str]:
        """The IDs of all sessions, with a row or not yet, the one used last first."""
        return self._watch.sessions

    @property
    def complete(self) -> bool:
        """Whether every session has a row that tells all."""
        return not self._incomplete and len(self._rows) >= len(self.sessions)

    def get(self, session: str) -> Row | None:
        """Return a session's row, if it has one."""
        return self._rows.get(session)

    def look(self, most: int | None = None) -> Difference:
        """Bring the table up to date, and return what is different.

        Parameters
        ----------
        most : int, optional
            Of how many sessions, those used last, to look at more than that they exist; the rest
            comes with the next look.

        Raises
        ------
        OSError
            The folder of sessions cannot be read.
        """
        changed, gone = self._watch.look(most)
        for session in gone:
            self._rows.pop(session, None)
            self._incomplete.pop(session, None)
        new = set()
        for session in changed:
            if found := glance(session):
                self._rows[session] = self._glanced(found, self._rows.get(session))
                new.add(session)
        # What has just changed is somebody's present; the rest can wait.
        self._incomplete = dict.fromkeys([*filter(new.__contains__, changed), *self._incomplete])
        different = new | self._look_around(new)
        return Difference([self._rows[name] for name in different], gone)

    def fill_in(self, seconds: float) -> list[Row]:
        """Fill in what only their journals tell of some rows, and return those.

        Parameters
        ----------
        seconds : float
            How long to do so, at the least one row.
        """
        until = time.monotonic() + seconds
        done: list[Row] = []
        while self._incomplete and (not done or time.monotonic() < until):
            session = next(iter(self._incomplete))
            del self._incomplete[session]
            self._rows[session] = self._flagged(_completed(self._rows[session]))
            done.append(self._rows[session])
        if self.complete and not self._remembered:
            self._remembered = True
            remember()
        return done

    def _glanced(self, found: Glance, before: Row | None) -> Row:
        kept = records.settings(found.session)
        # What only the journal tells is shown as it was until it is read again.
        return Row(
            id=found.session,
            title=found.title or (before.title if before and not before.named else ""),
            named=found.user_named,
            turns=before.turns if before else None,
            modified=_milliseconds(found.modified),
            created=_milliseconds(found.created) if found.created else None,
            model=before.model if before else (kept.model or kept.kind) if kept else "",
            folder=found.cwd or (before.folder if before else ""),
            bytes=max(found.bytes, before.bytes if before else 0),
            user="",
            here=False,
            notebook="",
            in_folder=False,
            damaged=before.damaged if before else None,
            answered=before.answered if before else None,
            star=False,
        )

    def _look_around(self, new: set[str]) -> set[str]:
        """Bring up to date what is not in the sessions' own folders; return whose has changed."""
        self._notebooks, self._starred = binding.bound_notebooks(), stars.starred()
        self._here = self._bound()
        maybe_used = {*new, *locking.held_sessions(), *self._users}
        self._users = locking.users(maybe_used, runtime().pid)
        flagged = {*self._notebooks, *self._starred, *self._users, self._here}
        perhaps = (new | flagged | self._flagged_before) & self._rows.keys()
        self._flagged_before = flagged
        changed = set()
        for session in perhaps:
            row = self._flagged(self._rows[session])
            if row != self._rows[session]:
                self._rows[session] = row
                changed.add(session)
        return changed

    def _flagged(self, row: Row) -> Row:
        notebook = self._notebooks.get(row.id, "")
        return msgspec.structs.replace(
            row,
            user=self._users.get(row.id, ""),
            here=row.id == self._here,
            notebook=notebook,
            in_folder=self._is_here(row.folder) or self._is_here(os.path.dirname(notebook)),
            star=row.id in self._starred,
        )

    def _is_here(self, folder: str) -> bool:
        # Most folders are written alike, and a real path costs a look at the disk.
        return bool(folder) and (
            folder == self._folder
            or (
                os.path.basename(folder) == os.path.basename(self._folder)
                and os.path.realpath(folder) == self._folder
            )
        )


def as_listed(row: Row) -> dict[str, object]:
    """Return a row in the columns of `list_sessions`."""
    return {
        "session": row.id,
        "title": row.title,
        "turns": row.turns,
        "modified": datetime.fromtimestamp(row.modified / 1000, UTC),
        "model": row.model,
        "cwd": row.folder,
        "bytes": row.bytes,
        "notebook": row.notebook,
        # By whom is of no interest once it is saved.
        "in_use": "yes" if row.user else "",
    }


def _completed(row: Row) -> Row:
    known = facts(row.id)
    if known is None:
        return row
    return msgspec.structs.replace(
        row,
        title=known.title,
        named=known.user_named,
        turns=known.turns,
        created=_milliseconds(known.created),
        model=known.model or row.model,
        folder=known.cwd,
        bytes=known.bytes,
        damaged=not is_sound(row.id),
        answered=known.answered,
    )


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
