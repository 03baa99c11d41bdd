"""Bringing a dataset up to date: sessions into a Parquet dataset, as far as they have changed.

What is to be done is planned from two things: the footers of the dataset's files, and the size, the
time and the identity of each journal. A session that has changed is read anew and replaced, whole:
whether it grew, was compacted, rewound, or made again under its ID, the dataset then has what
`get_messages` has. Its file is rewritten for that; so files are small, and months of old sessions
are left alone.

Every step is one file that appears, is replaced or goes. Sessions that move to another file or are
pruned go first, so at no step is a session in two files, and after a crash the next export does
what is left.
"""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from copilot_magics.transcripts.damage import Place, places
from copilot_magics.transcripts.dataset.parts import (
    UNKNOWN,
    Mark,
    Part,
    PartWriter,
    part_name,
    read_parts,
)
from copilot_magics.transcripts.dataset.storage import Storage, Workshop
from copilot_magics.transcripts.journal import FILE, decode, journal_status, unreadable
from copilot_magics.transcripts.parallel import gather_all
from copilot_magics.transcripts.progress import Progress
from copilot_magics.transcripts.restrictions import Restrictions

JOURNALS = 64 * 1024**2
"""Bytes of journals after which a month's next sessions go to a new file."""

_BATCH = 8 * 1024**2
_HEAD = 64 * 1024


@dataclass(frozen=True)
class _Source:
    """A session to be written.

    Attributes
    ----------
    session : str
        Its ID.
    mark : Mark
        Its journal's, from before it is read.
    month : str
        When it began.
    home : str or None
        The file that it is in and stays in.
    """

    session: str
    mark: Mark
    month: str
    home: str | None


class Done(NamedTuple):
    """What was done to a session: added, updated or removed; and its rows and its file."""

    session: str
    change: str
    rows: int
    file: str


class Export:
    """One export, by whoever has the right to change the dataset.

    Parameters
    ----------
    storage : Storage
        Where to.
    workshop : Workshop
        Where its files are written.
    state : Path
        The folder that holds one folder a session.

    Attributes
    ----------
    damage : list of dict
        What was unreadable, as in ``df.attrs["copilot"]["damage"]``.
    """

    def __init__(self, storage: Storage, workshop: Workshop, state: Path) -> None:
        self.damage: list[Place] = []
        self._storage = storage
        self._workshop = workshop
        self._state = state
        self._parts = {part.name: part for part in read_parts(storage)}
        held = [(name, part) for part in self._parts.values() for name in part.sessions]
        self._homes = {session: part.name for session, part in held}
        self._marks = {session: part.sessions[session] for session, part in held}
        self._unseen: dict[str, OSError] = {}

    def run(self, wanted: list[str], since: datetime | None, prune: bool) -> list[Done]:
        """Do it, and return what was done."""
        sources = list(self._changed(wanted, since))
        pruned = set(filter(self._is_gone, self._homes)) if prune else set()
        done = [Done(session, "removed", 0, self._homes[session]) for session in sorted(pruned)]
        moved = {source.session for source in sources if source.home is None}
        total = sum(source.mark.size for source in sources)
        with Progress(total, "Exporting sessions") as self._progress:
            for part in list(self._parts.values()):
                # Two exports at once to an object store can bring a session into two files.
                twice = {name for name in part.sessions if self._homes[name] != part.name}
                if leaving := twice | (part.sessions.keys() & (pruned | moved)):
                    self._write(part.name, [], leaving)
            for name, arriving in self._placed(sources).items():
                done += self._write(name, arriving)
        for session, error in self._unseen.items():
            self.damage += places(session, [unreadable(error)])
        return done

    def _changed(self, wanted: list[str], since: datetime | None) -> Iterator[_Source]:
        for session in wanted:
            status = self._look_at(session)
            if status is None:
                continue
            before = self._marks.get(session)
            begin = since if before is None else _earlier(since, before.since)
            mark = Mark(status.st_size, status.st_mtime_ns, status.st_ino, begin)
            if before is not None:
                if mark.same_journal(before) and begin == before.since:
                    continue
            # No event is newer than the file that it is in.
            elif not status.st_size or (begin and status.st_mtime < begin.timestamp()):
                continue
            month, home = _month(self._state / session / FILE), self._homes.get(session)
            stays = home is not None and month in (None, self._parts[home].month)
            yield _Source(session, mark, month or UNKNOWN, home if stays else None)

    def _look_at(self, session: str) -> os.stat_result | None:
        """Return what the disk says of a journal; None where it is gone or cannot be looked at."""
        try:
            return journal_status(self._state / session / FILE)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self._unseen[session] = error
            return None

    def _is_gone(self, session: str) -> bool:
        return self._look_at(session) is None and session not in self._unseen

    def _placed(self, sources: list[_Source]) -> dict[str, list[_Source]]:
        """Return which sessions are to be written to which files."""
        placed: dict[str, list[_Source]] = defaultdict(list)
        last = {part.month: (part.number, part.journals) for _, part in sorted(self._parts.items())}
        for source in sources:
            name = source.home
            if name is None:
                number, filled = last.get(source.month, (1, 0))
                if filled and filled + source.mark.size > JOURNALS:
                    number, filled = number + 1, 0
                last[source.month] = number, filled + source.mark.size
                name = part_name(source.month, number)
            placed[name].append(source)
        return placed

    def _write(self, name: str, sources: list[_Source], leaving: Iterable[str] = ()) -> list[Done]:
        """Write a file: sessions anew, and what it holds of others that do not leave."""
        before = self._parts.get(name, Part(name, {}))
        with self._workshop.new() as path:
            with PartWriter(path) as writer:
                written = self._read(sources, writer)
                replaced = before.sessions.keys() & {*leaving, *written}
                if before.sessions:
                    writer.add_part(self._storage, before, replaced)
                kept = {key: before.sessions[key] for key in before.sessions.keys() - replaced}
                part = Part(name, kept | written)
                writer.finish(part)
            if writer.rows:
                self._workshop.put(path, name)
                self._parts[name] = part
            elif before.sessions:
                self._workshop.remove(name)
                del self._parts[name]
        return [
            Done(session, "updated" if session in self._marks else "added", mark.rows, name)
            for session, mark in written.items()
        ]

    def _read(self, sources: list[_Source], writer: PartWriter) -> dict[str, Mark]:
        """Read sessions and write them; return the marks of those that could be read."""
        written: dict[str, Mark] = {}
        for batch in _batches(sources):
            since = batch[0].mark.since
            sessions = [source.session for source in batch]
            found = gather_all(
                self._state,
                sessions,
                Restrictions(since=since),
                self._progress.advance,
                processes=1,
            )
            self.damage += found.damage
            counts = writer.add_pieces(found.pieces, since)
            told: dict[str, list[Place]] = {session: [] for session in sessions}
            for place in found.damage:
                told[place["session"]].append(place)
            for session, mark in ((source.session, source.mark) for source in batch):
                damage, count = told[session], counts.get(session, 0)
                # What cannot be read now, or is gone since it was looked at, stays as it was.
                unread = any(not place["line"] for place in damage) or self._is_gone(session)
                if count or (session in self._marks and not unread):
                    written[session] = msgspec.structs.replace(mark, rows=count, damage=damage)
        return written


def _batches(sources: list[_Source]) -> Iterator[list[_Source]]:
    """Return the sessions in groups that are read at once: reading each by itself takes longer."""
    batch: list[_Source] = []
    size = 0
    for source in sources:
        if batch and (size + source.mark.size > _BATCH or source.mark.since != batch[0].mark.since):
            yield batch
            batch, size = [], 0
        batch.append(source)
        size += source.mark.size
    if batch:
        yield batch


def _month(journal: Path) -> str | None:
    """Return the month, in UTC, of the first event that says when it was; None if unreadable."""
    try:
        with journal.open("rb") as file:
            head = file.read(_HEAD) + file.readline()
    except OSError:
        return None
    for event in decode(head).events:
        with contextlib.suppress(ValueError, OverflowError):
            return f"{datetime.fromisoformat(event.timestamp or '').astimezone(UTC):%Y-%m}"
    return UNKNOWN


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier moment, where None is the beginning."""
    return None if one is None or other is None else min(one, other)
