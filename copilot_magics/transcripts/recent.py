"""What was read of journals lately, so that next time only what is new is read.

Whoever follows a live session asks for its history again and again, and journals are appended to.
So the rows of the journals read last are kept, packed, with the place up to which they were read.
They are used again only for the same file, and only as long as what was read of it is unchanged: a
journal that was rewritten, cut or compacted is read anew. Of a small journal every byte is
compared; of a large one a megabyte, spread over it, and its size and time where nothing was
appended.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

from copilot_magics.transcripts.gathering import Cursor, Rows, Tell
from copilot_magics.transcripts.journal import open_journal, unreadable
from copilot_magics.transcripts.restrictions import Restrictions
from copilot_magics.transcripts.salvage import Damage
from copilot_magics.transcripts.schema import Piece

MOST = 128 * 1024**2
"""How many bytes of journals the rows that are kept come from."""

_BLOCK, _BLOCKS = 4096, 256
_Key = tuple[Path, Restrictions]


class Recent:
    """The journals read last.

    Parameters
    ----------
    most : int
        How many bytes of journals their rows may come from.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[_Key, _Followed] = OrderedDict()

    def gather(
        self, state: Path, session: str, wanted: Restrictions, tell: Tell
    ) -> tuple[list[Piece], list[Damage]]:
        """Read one session.

        Parameters
        ----------
        state : Path
            The folder that holds one folder a session.
        session : str
            The session's ID; one without a journal has no rows.
        wanted : Restrictions
            What is wanted of it.
        tell : callable
            Called after each stretch that is read.

        Returns
        -------
        tuple of list of Piece, list of Damage
        """
        key = (state / session, wanted)
        # Taken out while it is read, so that no other thread reads on with it.
        followed = self._kept.pop(key, None) or _Followed(state, session, wanted)
        try:
            found = followed.read(tell)
        except FileNotFoundError:
            return [], []
        except OSError as error:
            return [], [unreadable(error)]
        # What is wanted since some time ago is never wanted again.
        if not wanted.is_bounded and followed.size <= self._most:
            self._kept[key] = followed
            while sum(kept.size for kept in list(self._kept.values())) > self._most:
                self._kept.popitem(last=False)
        return found


class _Followed:
    """One journal, read on each time."""

    def __init__(self, state: Path, session: str, wanted: Restrictions) -> None:
        self._state, self._session, self._wanted = state, session, wanted
        self._begin()

    def _begin(self) -> None:
        self._cursor = Cursor(self._state, self._session)
        self._rows = Rows(self._wanted)
        self._file: tuple[int, ...] = ()
        self._print = b""

    @property
    def size(self) -> int:
        """How many bytes have been read."""
        return self._cursor.offset

    def read(self, tell: Tell) -> tuple[list[Piece], list[Damage]]:
        with open_journal(self._cursor.path) as file:
            status = os.fstat(file.fileno())
            if not self._is_still(file, status):
                self._begin()
            last = Rows(self._wanted)
            damage = self._cursor.read(file, self._rows, last, tell)
            self._print = _print(file, self._cursor.offset)
        self._file = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        return self._rows.pieces + last.pieces, self._cursor.damage + damage

    def _is_still(self, file: BinaryIO, now: os.stat_result) -> bool:
        """Say whether what was read of the file stands there still."""
        if (now.st_dev, now.st_ino) != self._file[:2] or now.st_size < self._cursor.offset:
            return False
        is_longer = now.st_size > self._file[2]
        if not is_longer and (now.st_size, now.st_mtime_ns) != self._file[2:]:
            return False
        return _print(file, self._cursor.offset) == self._print


def _print(file: BinaryIO, end: int) -> bytes:
    """Return a fingerprint of a file's first bytes."""
    found = hashlib.blake2b()
    blocks = min(_BLOCKS, -(-end // _BLOCK))
    for number in range(blocks):
        # The first block is at the beginning, and the last one ends where it should.
        start = (end - min(end, _BLOCK)) * number // max(blocks - 1, 1)
        file.seek(start)
        found.update(file.read(min(_BLOCK, end - start)))
    return found.digest()
