"""The files of a dataset: what is in one is written in its own footer, and nowhere else.

So there is no list of files that could disagree with them: a file is in the dataset as soon as it
is in its folder, whole, and says itself which sessions it holds and as of when. A session is whole
in one file, so that replacing this file replaces the session, in one step, for every reader.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import msgspec

from copilot_magics.errors import BadInput
from copilot_magics.transcripts.dataset.storage import Storage
from copilot_magics.transcripts.schema import COLUMNS, Piece, empty

KEY = b"copilot_magics"
FORMAT = 1
PARTITION = "month"
"""What a folder's name tells: the month in which a session began, in UTC, or `UNKNOWN`."""
UNKNOWN = "unknown"

_NAME = re.compile(rf"{PARTITION}=[^/=]+/part-(\d{{4,}})\.parquet")
_GROUP = 32 * 1024**2
_REPEATED = ("session", "turn", "type", "role", "tool", "model", "agent_id")
"""Columns of few values; a dictionary of the others would only take time."""
_COMPRESSION = dict.fromkeys(COLUMNS, "lz4") | {"content": "none", "data": "zstd"}
"""Payloads are most of the bytes, and seldom read: packed tight. Texts are often read, and unpacked
in half the time, for a quarter more on the disk."""


class Mark(msgspec.Struct, frozen=True):
    """A session in a file, and the journal that it was written from.

    Attributes
    ----------
    size, mtime, inode : int
        The journal's, before it was read: bytes, and nanoseconds since 1970.
    rows : int
        How many rows the file has of it.
    since : datetime or None
        Where only the events from then are in the file.
    damage : list of dict
        What was unreadable, as in ``df.attrs["copilot"]["damage"]``.
    """

    size: int
    mtime: int
    inode: int
    since: datetime | None = None
    rows: int = 0
    damage: list[dict[str, Any]] = []

    def same_journal(self, other: Mark) -> bool:
        """Say whether nothing was written to the journal between two marks."""
        return (self.size, self.mtime, self.inode) == (other.size, other.mtime, other.inode)


class _Footer(msgspec.Struct, frozen=True):
    format: int
    sessions: dict[str, Mark]


class Part(msgspec.Struct, frozen=True):
    """One file of a dataset.

    Attributes
    ----------
    name : str
        Its path in the dataset: ``month=2026-03/part-0001.parquet``.
    sessions : dict of str to Mark
        What it holds.
    """

    name: str
    sessions: dict[str, Mark]

    @property
    def month(self) -> str:
        """The month in which its sessions began."""
        return self.name.partition("/")[0].partition("=")[2]

    @property
    def number(self) -> int:
        """Which of its month's files it is."""
        found = _NAME.fullmatch(self.name)
        return int(found[1]) if found else 0

    @property
    def journals(self) -> int:
        """How many bytes the journals had that it was written from."""
        return sum(mark.size for mark in self.sessions.values())


def part_name(month: str, number: int) -> str:
    """Return the path in the dataset of a month's n-th file."""
    return f"{PARTITION}={month}/part-{number:04}.parquet"


def part_names(storage: Storage) -> list[str]:
    """Return the paths of a dataset's files, sorted.

    Raises
    ------
    BadInput
        Where another Parquet file is anywhere in the folder, such as one of a dataset inside it:
        neither must it be taken for a part of this one, nor would other readers leave it out.
    """
    names = storage.names()
    for name in names:
        if not _NAME.fullmatch(name):
            raise BadInput(
                f"{name!r} in {storage.path!r} is no file of a dataset in this folder.",
                "Give a folder that holds nothing else.",
            )
    return names


def read_parts(storage: Storage) -> list[Part]:
    """Return the files of a dataset, by name.

    Raises
    ------
    BadInput
        For a Parquet file that is no part of a dataset of transcripts, is damaged, or is of
        another version.
    """
    return [Part(name, _sessions(storage, name)) for name in part_names(storage)]


def read_groups(storage: Storage, name: str) -> Iterator[Any]:
    """Read a file of a dataset, one Arrow table after another.

    Raises
    ------
    BadInput
        Where it is damaged.
    """
    import pyarrow.parquet as pq

    with _intact(storage, name), storage.open(name) as opened:
        file = pq.ParquetFile(opened, page_checksum_verification=True)
        for number in range(file.num_row_groups):
            yield file.read_row_group(number)


@contextlib.contextmanager
def _intact(storage: Storage, name: str) -> Iterator[None]:
    """Say of what Arrow cannot read which file it is, and how to get it back."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, UnicodeError, msgspec.DecodeError) as error:
        # What the system refuses has a number, and is no damage.
        if isinstance(error, MemoryError) or getattr(error, "errno", None) is not None:
            raise
        raise BadInput(
            f"{name!r} in {storage.path!r} is no intact Parquet file.",
            "Delete it, and export again: its sessions are then written anew.",
        ) from error


def _sessions(storage: Storage, name: str) -> dict[str, Mark]:
    import pyarrow.parquet as pq

    with _intact(storage, name), storage.open(name) as file:
        written = (pq.read_metadata(file).metadata or {}).get(KEY)
        footer = None if written is None else msgspec.json.decode(written, type=_Footer)
    if footer is None:
        raise BadInput(
            f"{name!r} in {storage.path!r} was not written by export_transcripts().",
            "Give a folder that holds nothing else.",
        )
    if footer.format != FORMAT:
        raise BadInput(
            f"{storage.path!r} was written by another version of copilot_magics.",
            "Export to a new folder.",
        )
    return footer.sessions


def arrow_schema() -> Any:
    """Return the columns of a file, as Arrow types; the month is in its path and not a column."""
    import pyarrow as pa

    special = {"turn": pa.int64(), "timestamp": pa.timestamp("us", tz="UTC")}
    schema = pa.schema([(name, special.get(name, pa.large_string())) for name in COLUMNS])
    # With the notes from which pandas itself knows the dtypes.
    return pa.Table.from_pandas(empty(), schema, preserve_index=False).schema


class PartWriter:
    """Writes a file of a dataset, in row groups of some tens of megabytes.

    Parameters
    ----------
    path : Path
        Where; the file is whole when the writer's ``with`` block has ended.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self._schema = arrow_schema()
        self._file = pq.ParquetWriter(
            path,
            self._schema,
            compression=_COMPRESSION,
            use_dictionary=list(_REPEATED),
            # So that what was damaged is not read as something else.
            write_page_checksum=True,
        )
        self._waiting: list[Any] = []
        self._bytes = 0
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def add(self, table: Any) -> None:
        """Add rows, those of a session together."""
        self.rows += len(table)
        self._waiting.append(table)
        self._bytes += table.nbytes
        if self._bytes >= _GROUP:
            self._flush()

    def add_pieces(self, pieces: list[Piece], since: datetime | None) -> dict[str, int]:
        """Add rows as they were gathered, and return how many each session has.

        Parameters
        ----------
        pieces : list of Piece
            With all columns.
        since : datetime or None
            Only the rows from then.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        if not pieces:
            return {}
        table = pa.Table.from_batches(pieces)
        if since is not None:
            table = table.filter(pc.greater_equal(table["timestamp"], since))
        # Roles are plain text in a file, so that every reader takes them for such.
        self.add(table.cast(self._schema))
        return {
            count["values"]: count["counts"]
            for count in table["session"].value_counts().to_pylist()
        }

    def add_part(self, storage: Storage, part: Part, without: Iterable[str]) -> None:
        """Add what a file holds, without some of its sessions."""
        import pyarrow as pa
        import pyarrow.compute as pc

        left_out = pa.array(list(without), pa.large_string())
        for table in read_groups(storage, part.name):
            left = pc.is_in(table["session"], left_out)
            self.add(table.filter(pc.invert(left)) if pc.any(left).as_py() else table)

    def finish(self, part: Part) -> None:
        """Write what is left, and say in the footer which sessions the file holds."""
        self._flush()
        footer = msgspec.json.encode(_Footer(FORMAT, part.sessions))
        self._file.add_key_value_metadata({KEY: footer})

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            table = pa.concat_tables(self._waiting)
            groups = max(round(table.nbytes / _GROUP), 1)
            self._file.write_table(table, row_group_size=max(-(-len(table) // groups), 1))
        self._waiting, self._bytes = [], 0
