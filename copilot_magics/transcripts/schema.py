"""The columns of a DataFrame of messages, and how one is made.

Dtypes do not depend on what is in a column, so frames of any sessions, empty ones too, can be
joined, written to one dataset, and be partitions of one Dask DataFrame.

A frame is made of pieces. Where there is pyarrow, a piece is a record batch, made without pandas,
and the texts of a frame are those of its pieces, not copied; they cannot be changed, so pieces may
be kept and used again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from copilot_magics.transcripts.reading import ROLES

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "session",
    "turn",
    "timestamp",
    "type",
    "role",
    "content",
    "tool",
    "tool_call_id",
    "model",
    "agent_id",
    "event_id",
    "parent_id",
    "data",
)
DTYPES = dict.fromkeys(COLUMNS, "string") | {
    "turn": "Int64",
    "timestamp": "datetime64[us, UTC]",
    "role": "category",
}
"""By column; the role's categories are `ROLES`, fixed."""

_EPOCH, _MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)
_FIRST = (datetime.min - _EPOCH) // _MICROSECOND
_LAST = (datetime.max - _EPOCH) // _MICROSECOND

Lists = Mapping[str, Sequence[Any]]
"""Columns as plain values, all of one length; None where nothing is. Turns are integers, timestamps
ISO 8601 text, roles places in `ROLES`, data is UTF-8 in bytes, the others are text."""

Piece = Any
"""Some rows: an Arrow record batch, or, where there is no pyarrow, `Lists`."""


def pack(lists: Lists) -> Piece:
    """Make a piece of columns given as plain values."""
    try:
        import pyarrow as pa
    except ImportError:
        return lists
    arrays = [_array(name, values) for name, values in lists.items()]
    return pa.RecordBatch.from_arrays(arrays, list(lists))


def unpack(pieces: Sequence[Piece], columns: Sequence[str] = COLUMNS) -> pd.DataFrame:
    """Make a DataFrame of pieces.

    Parameters
    ----------
    pieces : sequence of Piece
        One after another; none: no rows.
    columns : sequence of str
        Those that are wanted, in this order; each piece has them.

    Returns
    -------
    DataFrame
        With a new index from 0, and the accessor ``df.copilot``.
    """
    import pandas as pd

    from copilot_magics.transcripts.analysis import accessor  # noqa: F401  registers df.copilot

    packed = bool(pieces) and not isinstance(pieces[0], dict)
    column = _from_arrow if packed else _from_values
    made = {name: column(name, [piece[name] for piece in pieces]) for name in columns}
    return pd.DataFrame(made)


def empty(columns: Sequence[str] = COLUMNS) -> pd.DataFrame:
    """Make a DataFrame without rows, with the dtypes of all others.

    Parameters
    ----------
    columns : sequence of str
        Some of `COLUMNS`.

    Returns
    -------
    DataFrame
    """
    return unpack([], columns)


def _array(name: str, values: Sequence[Any]) -> Any:
    import pyarrow as pa

    def array(values: Sequence[Any], kind: Any) -> Any:
        # The default pool takes a third more memory for as much.
        return pa.array(values, kind, memory_pool=pa.system_memory_pool())

    if name == "turn":
        return array(values, pa.int64())
    if name == "timestamp":
        moments = pa.timestamp("us", "UTC")
        try:
            found = array(values, pa.string()).cast(moments)
        except pa.ArrowInvalid:
            found = None
        if found is None or not _has_moments(found):
            found = array(_moments(values), moments)
        return found
    if name == "role":
        return pa.DictionaryArray.from_arrays(array(values, pa.int8()), pa.array(ROLES))
    if name == "data":
        return array(values, pa.large_binary()).view(pa.large_string())
    return array(values, pa.large_string())


def _from_arrow(name: str, arrays: list[Any]) -> Any:
    """Return a column for pandas; one that can be changed in place is a copy."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    if name == "turn":
        turns = np.concatenate([array.fill_null(0).to_numpy() for array in arrays])
        unknown = np.concatenate([np.asarray(array.is_null()) for array in arrays])
        return pd.arrays.IntegerArray(turns, unknown)
    if name == "timestamp":
        moments = [array.to_numpy(zero_copy_only=False) for array in arrays]
        return pd.DatetimeIndex(np.concatenate(moments)).tz_localize("UTC")
    if name == "role":
        codes = np.concatenate([array.indices.to_numpy() for array in arrays])
        return _roles(codes)
    return pd.array(pa.chunked_array(arrays), dtype="string")


def _from_values(name: str, lists: list[Sequence[Any]]) -> Any:
    import pandas as pd

    values = list(chain.from_iterable(lists))
    if name == "turn":
        return pd.Series(values, dtype="Int64")
    if name == "timestamp":
        return pd.Series(_moments(values), dtype=DTYPES[name])
    if name == "role":
        return _roles(values)
    if name == "data":
        values = [data.decode() for data in values]
    return pd.array(values, dtype="string")


def _has_moments(found: Any) -> bool:
    """Say whether timestamps are all of the years 1 to 9999; Arrow knows others, few others do."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = pc.min_max(found.view(pa.int64())).as_py().values()
    return all(end is None or _FIRST <= end <= _LAST for end in ends)


def _moments(values: Sequence[str | None]) -> list[datetime | None]:
    return [None if text is None else _moment(text) for text in values]


def _moment(text: str) -> datetime | None:
    """Return the moment of a text, in UTC where it has no zone; None where it is none."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    # In UTC it may be before the year 1, or after 9999.
    except (ValueError, OverflowError):
        return None


def _roles(codes: Any) -> Any:
    import pandas as pd

    return pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(ROLES)))
