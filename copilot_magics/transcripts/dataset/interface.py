"""``export_transcripts()`` and ``read_transcripts()``: sessions as a Parquet dataset, and back.

Only the files, the row groups and the columns that are asked for are read. Rows come out in the
order of `get_messages`: by session, and within a session as they were written.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial, reduce
from itertools import pairwise
from operator import and_
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from copilot_magics.errors import BadInput, SessionNotFound, closest
from copilot_magics.folders import session_state
from copilot_magics.transcripts.damage import Place, warn
from copilot_magics.transcripts.dataset.export import Done, Export
from copilot_magics.transcripts.dataset.parts import (
    PARTITION,
    Part,
    arrow_schema,
    part_names,
    read_groups,
    read_parts,
)
from copilot_magics.transcripts.dataset.storage import Storage
from copilot_magics.transcripts.frame import ALL, ENGINES, is_all, resolve
from copilot_magics.transcripts.reading import ROLES
from copilot_magics.transcripts.restrictions import Restrictions, as_list, restrictions
from copilot_magics.transcripts.schema import empty
from copilot_magics.transcripts.when import moment

if TYPE_CHECKING:
    import pandas as pd

    Folder = str | os.PathLike[str]
    Moment = datetime | date | str


def export_transcripts(
    path: Folder,
    sessions: str | Iterable[str] = ALL,
    *,
    since: Moment | None = None,
    prune: bool = False,
    storage_options: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Write sessions to a Parquet dataset, or bring it up to date.

    Only what has changed since the last export is written. A session that was deleted stays in the
    dataset, unless it is to be pruned.

    Parameters
    ----------
    path : str or os.PathLike
        A folder that holds nothing else, made where it is missing; or a URL that fsspec knows,
        e.g. ``"s3://bucket/transcripts"`` with s3fs installed.
    sessions : str or list of str
        IDs, or titles that a person chose; ``"*"`` for every session on disk.
    since : datetime, date or str, optional
        Only events from then: an ISO date or time, or an age like ``"7d"``. It takes nothing out:
        of a session that is in the dataset, what was exported earlier stays.
    prune : bool
        Whether to remove from the dataset all sessions that are no longer on disk; not those that
        cannot be looked at.
    storage_options : mapping, optional
        For fsspec, e.g. an object store's credentials.

    Returns
    -------
    DataFrame
        What was done, a row a session: ``session`` (string), ``change`` (category: added, updated,
        removed), ``rows`` (int64: how many the dataset now has of it) and ``file`` (string: its
        path in the dataset). Empty where nothing had changed.

    Raises
    ------
    SessionNotFound
        Where no session has the ID; it names the closest.
    BadInput
        Where nothing can be written at the path, it holds other Parquet files (those of a dataset
        inside it, too) or damaged ones, or pyarrow is not installed.

    Warns
    -----
    UserWarning
        Where a journal is damaged or cannot be read; all that can be read is exported.

    Notes
    -----
    The files are ``month=2026-03/part-0001.parquet`` and so on, by the month (UTC) in which their
    sessions began. Each holds whole sessions, and is written anew when one of them has changed.

    Readers see finished files only, also during an export and after one that was killed. (A session
    that was made again under its ID in another month is in no file while it moves; the next export
    brings it back.) On a disk the files are readable by their user alone, and two exports to one
    folder wait for each other, by a lock in a hidden folder beside it; an object store should have
    one export at a time.
    """
    storage = Storage(path, storage_options, "export_transcripts()")
    begin = restrictions(since=since).since
    wanted = resolve(sessions)
    state = session_state()
    if prune and not state.is_dir():
        raise BadInput(
            f"There is no folder {str(state)!r}, so every session would be pruned.",
            "Set COPILOT_HOME to where the sessions are.",
        )
    # Before anything is made there.
    part_names(storage)
    with storage.exclusive() as workshop:
        export = Export(storage, workshop, state)
        done = export.run(wanted, begin, prune)
    warn(export.damage)
    return _summary(done, export.damage)


def read_transcripts(
    path: Folder,
    sessions: str | Iterable[str] = ALL,
    *,
    types: str | Iterable[str] | None = None,
    roles: str | Iterable[str] | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    columns: str | Iterable[str] | None = None,
    filters: Any = None,
    engine: str = "pandas",
    storage_options: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Read a dataset of `export_transcripts`: the rows and the dtypes of `get_messages`.

    Parameters
    ----------
    path : str or os.PathLike
        The dataset's folder, or its URL.
    sessions : str or list of str
        IDs of sessions in the dataset; ``"*"`` for all.
    types, roles, since, until, columns
        As in `get_messages`.
    filters : list or pyarrow.compute.Expression, optional
        As in `pandas.read_parquet`: ``[("tool", "==", "bash"), ("turn", ">", 3)]``, of the columns
        and of ``month``. In a list, moments without a time zone are local time.
    engine : {"pandas", "dask"}
        ``"dask"`` for a Dask DataFrame of the same rows, a partition a file, read when it is
        computed.
    storage_options : mapping, optional
        For fsspec, e.g. an object store's credentials.

    Returns
    -------
    pandas.DataFrame or dask.dataframe.DataFrame
        ``df.attrs["copilot"]["damage"]`` lists what of the journals could not be read; that of a
        Dask DataFrame does not.

    Raises
    ------
    SessionNotFound
        Where the dataset does not have the session; it names the closest.
    BadInput
        Where there is no dataset, or not only one; where a file of it is damaged; for an unknown
        role, column, engine or filter, or a moment that is none; or where pyarrow, or Dask, is not
        installed.
    """
    wanted = restrictions(types, roles, since, until, columns)
    if engine not in ENGINES:
        raise BadInput(f"There is no engine {engine!r}.", f"There are: {', '.join(ENGINES)}.")
    extra = "dask" if engine == "dask" else "parquet"
    storage = Storage(path, storage_options, "read_transcripts()", extra)
    if not storage.exists:
        raise BadInput(
            f"There is no dataset at {storage.path!r}.",
            "`export_transcripts(path)` makes one.",
        )
    named = None if is_all(sessions) else as_list(sessions, "session's ID")
    parts = _holding(read_parts(storage), named)
    query = _Query(wanted.columns, _condition(wanted, named, filters), filters is not None)
    read = partial(_read, storage, query)
    names = [part.name for part in parts]
    if engine == "dask":
        from copilot_magics.transcripts import distributed

        files = [[name] for name in names] or [[]]
        lazy = distributed.lazy(read, files, wanted.columns, "read_transcripts")
        # It has the methods of a pandas DataFrame, which is what a caller's checker should see.
        return cast("pd.DataFrame", lazy)
    frame = read(names)
    damage = [place for part in parts for mark in part.sessions.values() for place in mark.damage]
    frame.attrs["copilot"] = {"damage": sorted(damage, key=lambda place: place["session"])}
    return frame


class _Query(NamedTuple):
    """What is read: columns, and the rows of a condition, which may be one of the user's too."""

    columns: Sequence[str]
    condition: Any
    is_filtered: bool


def _holding(parts: list[Part], sessions: list[str] | None) -> list[Part]:
    """Return the files that hold some of the sessions, and say in them no others."""
    if sessions is None:
        return parts
    known = {name for part in parts for name in part.sessions}
    for session in sessions:
        if session not in known:
            raise SessionNotFound(
                f"The dataset has no session {session!r}.",
                closest(session, known) or "`read_transcripts(path)` reads them all.",
            )
    held = [
        Part(part.name, {name: part.sessions[name] for name in sessions if name in part.sessions})
        for part in parts
    ]
    return [part for part in held if part.sessions]


def _condition(wanted: Restrictions, sessions: list[str] | None, filters: Any) -> Any:
    """Return what rows are wanted, as an Arrow expression; None for all."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    conditions = [
        pc.field(name).isin(pa.array(values, pa.large_string()))
        for name, values in (("session", sessions), ("type", wanted.types), ("role", wanted.roles))
        if values is not None
    ]
    if wanted.since is not None:
        conditions.append(pc.field("timestamp") >= wanted.since)
    if wanted.until is not None:
        conditions.append(pc.field("timestamp") <= wanted.until)
    if filters is not None:
        zoned = _with_zones(filters)
        try:
            conditions.append(pq.filters_to_expression(zoned))
            # A row, because some of what is wrong shows only then.
            pa.Table.from_pylist([{}], _fields()).filter(conditions[-1])
        except (pa.ArrowException, ValueError, TypeError, KeyError) as error:
            raise _unusable(error) from error
    return reduce(and_, conditions) if conditions else None


def _with_zones(filters: Any) -> Any:
    """Return the same filters, moments without a time zone as the local time that they are."""
    if isinstance(filters, date):
        return moment(filters, "a moment in filters")
    if isinstance(filters, list | tuple | set | frozenset):
        return [_with_zones(part) for part in filters]
    return filters


def _unusable(error: Exception) -> BadInput:
    return BadInput(
        f"filters= cannot be used: {str(error).partition(chr(10))[0]}.",
        'It is a list like [("tool", "==", "bash"), ("turn", ">", 3)].',
    )


def _fields() -> Any:
    """Return the columns that a filter can name, as Arrow types."""
    import pyarrow as pa

    return arrow_schema().append(pa.field(PARTITION, pa.string()))


def _read(
    storage: Storage,
    query: _Query,
    names: list[str],
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Read files of a dataset."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.dataset as ds

    wanted = query.columns if columns is None else columns
    frame = empty(wanted)
    if not names:
        return frame
    fields, by_number = _fields(), set()
    # Sessions are read as what they are in the file, numbers of a list of names; but what works on
    # texts is not for those.
    if not query.is_filtered:
        number = pa.field("session", pa.dictionary(pa.int32(), pa.large_string()))
        fields, by_number = fields.set(0, number), {number.name}
    dataset = ds.dataset(
        [storage.full(name) for name in names],
        schema=fields,
        format=ds.ParquetFileFormat(
            dictionary_columns=by_number,
            # To read ahead is for what is far away; on a disk, pages one by one take a third of the
            # time, most of which is that of memory never touched before. To check the sums of the
            # pages would double it; that is done whenever a file is written anew.
            default_fragment_scan_options=ds.ParquetFragmentScanOptions(
                use_buffered_stream=storage.is_local, pre_buffer=not storage.is_local
            ),
        ),
        filesystem=storage.system,
        partitioning=ds.partitioning(pa.schema([(PARTITION, pa.string())]), flavor="hive"),
        partition_base_dir=storage.root,
    )
    try:
        found = dataset.to_table(list({"session", *wanted}), filter=query.condition)
    except (pa.ArrowException, OSError) as error:
        for name in names:
            # It says which one is damaged.
            deque(read_groups(storage, name), maxlen=0)
        if query.is_filtered and isinstance(error, ValueError):
            raise _unusable(error) from error
        raise
    table = _in_order(found)
    series = {name: _series(table[name], frame[name].dtype) for name in wanted}
    return pd.DataFrame(series, index=pd.RangeIndex(len(table)), columns=list(wanted))


def _in_order(table: Any) -> Any:
    """Return a table's rows by session; those of one stand together already."""
    import numpy as np
    import pyarrow as pa

    encoded = table["session"].dictionary_encode().unify_dictionaries().combine_chunks()
    sessions, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]])[: len(codes)])
    names = (sessions[code] for code in codes[starts].tolist())
    edges = pairwise([*starts.tolist(), len(table)])
    runs = [(name, start, end) for name, (start, end) in zip(names, edges, strict=True)]
    if runs == sorted(runs):
        return table
    return pa.concat_tables(table.slice(start, end - start) for _, start, end in sorted(runs))


def _series(values: Any, dtype: Any) -> Any:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(dtype, pd.CategoricalDtype):
        codes = pc.index_in(values, pa.array(ROLES, pa.large_string()))
        return pd.Categorical.from_codes(codes.to_numpy(), dtype=dtype)
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    return values.to_pandas(types_mapper=lambda _type: dtype)


def _summary(done: list[Done], damage: list[Place]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(done, columns=list(Done._fields))
    frame["change"] = pd.Categorical(frame["change"], ["added", "updated", "removed"])
    frame.attrs["copilot"] = {"damage": damage}
    return frame.astype({"session": "string", "rows": "int64", "file": "string"})
