"""What has changed among the sessions on disk since somebody last looked.

Sessions are made, changed and deleted by kernels and terminals that do not tell each other. What
tells of it everywhere, on any file system, is the size and the time of three things: a session's
folder, its journal and its ``workspace.yaml``; to look at ten thousand sessions takes a tenth of a
second.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from copilot_magics.ids import is_session_id
from copilot_magics.transcripts.journal import FILE

_Mark = tuple[int, ...]


class Changes(NamedTuple):
    """What is different.

    Attributes
    ----------
    changed : list of str
        The IDs of sessions that are new or have changed, the one used last first.
    gone : list of str
        The IDs of those that are no more.
    """

    changed: list[str]
    gone: list[str]


class Watch:
    """Remembers how the sessions of a folder looked.

    Parameters
    ----------
    folder : Path
        The folder that holds one folder a session.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._marks: dict[str, _Mark] = {}
        self._all: dict[str, _Mark] = {}

    @property
    def sessions(self) -> list[str]:
        """The IDs of all sessions there were at the last look, the one used last first."""
        return sorted(self._all, key=lambda name: self._all[name][0], reverse=True)

    def look(self, most: int | None = None) -> Changes:
        """Return what has changed since the last look; everything is new to the first one.

        Parameters
        ----------
        most : int, optional
            How many changed sessions to tell of; the others are left for the next look.

        Raises
        ------
        OSError
            The folder cannot be read. One that does not exist has no sessions.
        """
        before, self._all = self._marks, _marks(self._folder)
        self._marks = dict(self._all)
        changed = [name for name, mark in self._marks.items() if before.get(name) != mark]
        changed.sort(key=lambda name: self._marks[name][0], reverse=True)
        if most is not None:
            for name in changed[most:]:
                del self._marks[name]
        return Changes(changed[:most], [name for name in before if name not in self._marks])


def _marks(folder: Path) -> dict[str, _Mark]:
    found: dict[str, _Mark] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_session_id(entry.name) and (mark := _mark(entry.path)):
                    found[entry.name] = mark
    except FileNotFoundError:
        pass
    return found


def _mark(folder: str) -> _Mark | None:
    try:
        journal = os.stat(f"{folder}/{FILE}")
        within = os.stat(folder)
    except OSError:
        return None
    try:
        workspace = os.stat(f"{folder}/workspace.yaml")
    except OSError:
        workspace = within
    return (
        journal.st_mtime_ns,
        journal.st_size,
        journal.st_ino,
        within.st_mtime_ns,
        workspace.st_mtime_ns,
        workspace.st_size,
    )
