"""What was derived from the sessions' files, kept for as long as those stay as they are.

To list ten thousand sessions means to read all their journals, once: afterwards a file whose
identity, size and time are the same says the same. It is kept for other kernels too, in one file
of ours that its user alone can read. It holds titles and first prompts, so a session that is
deleted goes out of it at once, and one that was deleted elsewhere with the next listing.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

import msgspec

from copilot_magics.folders import own_state, read_private, write_private
from copilot_magics.texts import DAMAGED
from copilot_magics.transcripts.journal import journal_status, open_journal
from copilot_magics.transcripts.outline import Outline, outline
from copilot_magics.transcripts.workspace import Workspace, read_workspace

_FILE = "catalog.msgpack"
_VERSION = 1

Mark = tuple[int, int, int]
"""A file's inode, its size in bytes and the time of its last change in nanoseconds."""

T = TypeVar("T")


class _Kept(msgspec.Struct, array_like=True):
    journal: tuple[Mark, Outline] | None = None
    workspace: tuple[Mark, Workspace] | None = None


class Memory:
    """What is known of the sessions of one home.

    Parameters
    ----------
    path : Path
        The file it is kept in; one that cannot be read, or is of another version, holds nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._changed = False
        self._kept: dict[str, _Kept] = {}
        with contextlib.suppress(OSError, *DAMAGED):
            version, kept = msgspec.msgpack.decode(
                read_private(path), type=tuple[int, dict[str, msgspec.Raw]]
            )
            if version == _VERSION:
                decoder = msgspec.msgpack.Decoder(_Kept)
                self._kept = {session: decoder.decode(raw) for session, raw in kept.items()}

    def outline(self, session: str, path: str) -> Outline:
        """Return a session's journal in outline.

        Raises
        ------
        OSError
            The journal cannot be read.
        """
        kept = self._of(session)
        kept.journal = self._still(kept.journal, mark_of(path), lambda: outline(_bytes(path)))
        return kept.journal[1]

    def workspace(self, session: str, path: str) -> Workspace:
        """Return what a session's ``workspace.yaml`` says; nothing, where there is none."""
        try:
            mark = mark_of(path)
        except OSError:
            return Workspace()
        kept = self._of(session)
        kept.workspace = self._still(kept.workspace, mark, lambda: read_workspace(path))
        return kept.workspace[1]

    def keep(self, known: Collection[str], look_again: Callable[[], Collection[str]]) -> None:
        """Write down what is new, of the sessions that there are.

        Parameters
        ----------
        known : collection of str
            The IDs of those that there are.
        look_again : callable
            Returns them anew: whoever deletes a session meanwhile may have cleared the file before
            it is written here.
        """
        with self._lock:
            while self._drop(self._kept.keys() - set(known)) or self._changed:
                self._changed = False
                # Without a file, each kernel reads for itself.
                with contextlib.suppress(OSError):
                    write_private(self._path, msgspec.msgpack.encode((_VERSION, self._kept)))
                known = look_again()

    def forget(self, session: str) -> None:
        """Let go of a session that was deleted, in the file too."""
        with self._lock:
            self._kept.pop(session, None)
        on_disk = Memory(self._path)
        known = on_disk._kept.keys() - {session}
        on_disk.keep(known, lambda: known)

    def _of(self, session: str) -> _Kept:
        return self._kept.setdefault(session, _Kept())

    def _still(
        self, kept: tuple[Mark, T] | None, mark: Mark, read: Callable[[], T]
    ) -> tuple[Mark, T]:
        if kept is not None and kept[0] == mark:
            return kept
        # The mark is older than what is read: what changes in between is read again.
        self._changed = True
        return mark, read()

    def _drop(self, gone: Collection[str]) -> bool:
        for session in gone:
            del self._kept[session]
        return bool(gone)


_memories: dict[Path, Memory] = {}


def memory() -> Memory:
    """Return the memory of this COPILOT_HOME."""
    path = own_state() / _FILE
    if path not in _memories:
        _memories[path] = Memory(path)
    return _memories[path]


def mark_of(path: str) -> Mark:
    """Return what tells whether a file has changed.

    Raises
    ------
    OSError
        There is no such file, or it is none.
    """
    status = journal_status(path)
    return status.st_ino, status.st_size, status.st_mtime_ns


def _bytes(path: str) -> bytes:
    with open_journal(path) as file:
        return file.read()
